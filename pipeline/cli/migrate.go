package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/config"
)

// migration is one call of the command migrate.
type migration struct {
	*app
	file, output   string
	inPlace, check bool
}

func (a *app) migrateCommand() *cobra.Command {
	m := &migration{app: a}
	cmd := &cobra.Command{
		Use:   "migrate FILE",
		Short: "Rewrite a configuration file of an older form into the present one",
		Long: `Rewrites a configuration file of pyspark-pipeline-framework, of its elder in Scala
or of pyspark-framework-everest, or one with older spellings of keys, and prints
the new text. Comments, order and substitutions stay as they are, no variable is
read, and included files are not rewritten. What the text means stays the same; an
edit that would change it is not made. What is left to do is told on the standard
error, with file, line and column.

Exit codes: 0 rewritten, or nothing to change, 1 --check found something to
change, or a file could not be written, 3 faulty configuration, 64 wrong usage.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(_ *cobra.Command, args []string) error {
			m.file = args[0]
			return m.run()
		},
	}
	cmd.Flags().StringVarP(&m.output, "output", "o", "", "file to write instead of the standard output")
	cmd.Flags().BoolVar(&m.inPlace, "in-place", false, "rewrite FILE and keep it as FILE.bak")
	cmd.Flags().BoolVar(&m.check, "check", false, "print notes only, and exit with 1 when something would change")
	return cmd
}

func (m *migration) run() error {
	if err := m.oneTarget(); err != nil {
		return wrongUsage(err)
	}
	src, text, notes, err := config.MigrateFile(m.file, &config.MigrateOptions{Lookup: m.lookup})
	if err != nil {
		return m.tellFaults(m.file, err)
	}
	for _, note := range notes {
		fmt.Fprintln(m.stderr, note)
	}
	changed := string(src) != string(text)
	switch {
	case m.check && changed:
		fmt.Fprintf(m.stderr, "%s: %s would change\n", m.opts.Name, m.file)
		return &exitError{code: ExitFailed}
	case m.check, m.inPlace && !changed:
		return nil
	case m.inPlace:
		return replaceFile(m.file, src, text)
	case m.output != "":
		return writeNew(m.output, text)
	}
	_, err = m.stdout.Write(text)
	return err
}

// oneTarget refuses flags that contradict, and a file that is its own output.
func (m *migration) oneTarget() error {
	given := 0
	for _, is := range []bool{m.output != "", m.inPlace, m.check} {
		if is {
			given++
		}
	}
	if given > 1 {
		return errors.New("--output, --in-place and --check exclude each other")
	}
	from, err1 := os.Stat(m.file)
	to, err2 := os.Stat(m.output)
	if err1 == nil && err2 == nil && os.SameFile(from, to) {
		return fmt.Errorf("%s is the file itself; --in-place rewrites it", m.output)
	}
	return nil
}

// lookup finds a component type and its config.
func (a *app) lookup(typ string) (string, reflect.Type, bool) {
	factory, err := a.registry.Lookup(typ)
	if err != nil {
		return "", nil, false
	}
	return factory.Info().Type, factory.ConfigType(), true
}

// replaceFile keeps src as path.bak and gives path the text. An older path.bak is
// not overwritten: it may be the only copy of what stood there first.
func replaceFile(path string, src, text []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	backup, err := os.OpenFile(path+".bak", os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s.bak exists already: move it away", path)
	}
	if err != nil {
		return err
	}
	_, err = backup.Write(src)
	if err := errors.Join(err, backup.Sync(), backup.Close()); err != nil {
		return err
	}
	return writeOver(path, text, info.Mode().Perm())
}

// writeNew writes a file that may exist.
func writeNew(path string, text []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() { // a device or a pipe is written to
			return os.WriteFile(path, text, mode)
		}
	}
	return writeOver(path, text, mode)
}

// writeOver replaces a file at once, so that it is never half written.
func writeOver(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
