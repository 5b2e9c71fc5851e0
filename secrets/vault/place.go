package vault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openbao/openbao/api/v2"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// defaultField is the one of a reference that names none.
const defaultField = "value"

// place is what a reference asks for.
type place struct {
	path, field, version string
}

// locate takes a reference apart.
func locate(ref secrets.Ref) (place, error) {
	where := place{path: strings.TrimPrefix(ref.Path, "/"), field: ref.Key, version: ref.Version}
	if where.field == "" {
		where.field = defaultField
		if i := strings.LastIndexByte(where.path, ':'); i >= 0 {
			where.path, where.field = where.path[:i], where.path[i+1:]
		}
	}
	if where.field == "" {
		return place{}, fmt.Errorf("%w: the field after the colon is empty", secrets.ErrInvalid)
	}
	for segment := range strings.SplitSeq(where.path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return place{}, fmt.Errorf("%w: the path has a part that is empty or leads up", secrets.ErrInvalid)
		}
	}
	if ref.Stage != "" {
		return place{}, fmt.Errorf("%w: the provider vault has versions and no stages", secrets.ErrInvalid)
	}
	if where.version != "" {
		if n, err := strconv.ParseUint(where.version, 10, 31); err != nil || n == 0 {
			return place{}, fmt.Errorf("%w: a version is a number from 1 on", secrets.ErrInvalid)
		}
	}
	return where, nil
}

// request is the path on the server, and the options with it.
func (w place) request(mount string, version int) (path string, options map[string][]string, err error) {
	path, below := strings.CutPrefix(w.path, mount+"/")
	if version == 1 {
		if w.version != "" {
			return "", nil, fmt.Errorf("%w: the engine at %q is of version 1 and keeps no versions", secrets.ErrInvalid, mount)
		}
		return mount + "/" + path, nil, nil
	}
	if below {
		path = strings.TrimPrefix(path, "data/")
	}
	if w.version != "" {
		options = map[string][]string{"version": {w.version}}
	}
	return mount + "/data/" + path, options, nil
}

// secret takes the field out of the server's answer.
func (w place) secret(answer *api.Secret, version int) (secrets.Secret, error) {
	if answer == nil {
		return secrets.Secret{}, fmt.Errorf("%w: the server has no such path", secrets.ErrNotFound)
	}
	out := secrets.Secret{}
	fields := answer.Data
	if version == 2 {
		metadata, _ := answer.Data["metadata"].(map[string]any)
		if number, ok := metadata["version"].(json.Number); ok {
			out.Version = number.String()
		}
		inner, ok := answer.Data["data"].(map[string]any)
		switch {
		case !ok && metadata != nil:
			return secrets.Secret{}, fmt.Errorf("%w: the version %s was deleted", secrets.ErrNotFound, out.Version)
		case !ok:
			return secrets.Secret{}, fmt.Errorf("%w: the server has no such path", secrets.ErrNotFound)
		}
		fields = inner
	} else if answer.LeaseDuration > 0 {
		out.Expires = time.Now().Add(time.Duration(answer.LeaseDuration) * time.Second)
	}
	var document bytes.Buffer
	encoder := json.NewEncoder(&document)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		return secrets.Secret{}, fmt.Errorf("%w: the fields are no JSON", secrets.ErrInvalid)
	}
	var err error
	out.Value, err = secrets.Member(secrets.NewValue(document.String()), w.field)
	return out, err
}

func trimSlashes(text string) string { return strings.Trim(text, "/") }

func trimSpace(text string) string { return strings.TrimSpace(text) }
