package hocon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// file reads and parses a file; at is the include statement, if any.
func (p *parser) file(path, name string, at tree.Pos) (tree.Node, error) {
	truth, err := filepath.EvalSymlinks(path)
	if err == nil {
		truth, err = filepath.Abs(truth)
	}
	if err != nil {
		return nil, readError(name, at, err)
	}
	if i := slices.IndexFunc(p.load.open, func(f openFile) bool { return f.path == truth }); i >= 0 {
		return nil, p.includeCycle(i, name, at)
	}
	src, err := readLimited(truth)
	if err != nil {
		return nil, readError(name, at, err)
	}
	p.load.open = append(p.load.open, openFile{path: truth, name: name})
	defer func() { p.load.open = p.load.open[:len(p.load.open)-1] }()
	if filepath.Ext(name) == ".json" && len(p.load.open) == 1 {
		if err := checkJSON(src, name); err != nil {
			return nil, err
		}
	}
	return p.source(src, name)
}

func (p *parser) includeCycle(from int, name string, at tree.Pos) error {
	var chain []string
	for _, f := range p.load.open[from:] {
		chain = append(chain, f.name)
	}
	return errorAt(at, "files include each other: "+strings.Join(append(chain, name), " -> "), "remove one of the includes")
}

func readError(name string, at tree.Pos, cause error) error {
	var inner *fs.PathError
	if errors.As(cause, &inner) {
		cause = inner.Err
	}
	e := errorAt(at, "read "+name, "")
	e.Err = cause
	return e
}

func readLimited(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("larger than %d MiB", maxFileSize>>20)
	}
	return os.ReadFile(path)
}

// checkJSON holds a .json file that is read for itself to the rules of JSON. An
// included one may use more, as in the Typesafe library.
func checkJSON(src []byte, name string) error {
	src = bytes.TrimPrefix(src, []byte(byteOrderMark))
	var any json.RawMessage
	err := json.Unmarshal(src, &any)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	l, lexErr := newLexer(src, name)
	if lexErr != nil {
		return lexErr
	}
	at := min(max(int(syntax.Offset)-1, 0), len(src))
	return errorAt(l.place(at), "not valid JSON: "+syntax.Error(), "use the suffix .conf for HOCON")
}
