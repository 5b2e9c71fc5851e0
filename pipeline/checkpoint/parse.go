package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Parse reads one record. It refuses what is not one as [ErrCorrupt], unknown
// and doubled keys included, and a record of a newer version as [ErrNewer].
func Parse(data []byte) (*Record, error) {
	r, err := parse(data)
	if err == nil || errors.Is(err, ErrNewer) {
		return r, err
	}
	return nil, &CorruptError{Err: err}
}

func parse(data []byte) (*Record, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("it has %d bytes and may have %d", len(data), MaxSize)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty")
	}
	if !utf8.Valid(data) {
		return nil, errors.New("it is not valid UTF-8")
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, err
	}
	switch {
	case head.Version == nil:
		return nil, errors.New("version: it is missing")
	case *head.Version > Version:
		return nil, &VersionError{Version: *head.Version}
	case *head.Version < 1:
		return nil, fmt.Errorf("version: there is no version %d", *head.Version)
	}
	if err := checkKeys(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	r := new(Record)
	if err := dec.Decode(r); err != nil {
		return nil, err
	}
	if r.Created.IsZero() || r.Updated.IsZero() {
		return nil, errors.New("created and updated: both are required")
	}
	return r, r.Validate()
}

// checkKeys refuses objects that have a key twice: of two states of one
// component nobody knows which is true.
func checkKeys(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	type level struct {
		keys  map[string]bool // nil in an array
		value bool            // the next token is the value of a key
	}
	var levels []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].keys != nil {
			top := &levels[n-1]
			if key, ok := token.(string); ok && !top.value {
				if top.keys[key] {
					return fmt.Errorf("the key %q is there twice", key)
				}
				top.keys[key] = true
			}
			top.value = !top.value
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{keys: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}

// Format writes the record as JSON that [Parse] reads, indented and with a line
// break at the end. In the texts of errors and reasons, bytes that are not valid
// UTF-8 become U+FFFD; names must be valid.
func (r *Record) Format() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("checkpoint of run %q: %w", r.RunID, err)
	}
	c := *r
	c.Version = Version
	if c.Components == nil {
		c.Components = []Component{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&c); err != nil {
		return nil, fmt.Errorf("checkpoint of run %q: %w", r.RunID, err)
	}
	if out.Len() > MaxSize {
		return nil, fmt.Errorf("checkpoint of run %q: it has %d bytes and may have %d", r.RunID, out.Len(), MaxSize)
	}
	return out.Bytes(), nil
}

// next returns the record that a save writes, and its JSON.
func (r *Record) next(now time.Time) (*Record, []byte, error) {
	c := *r
	c.Version = Version
	c.Revision++
	c.Updated = now.UTC().Truncate(time.Microsecond)
	if c.Created.IsZero() {
		c.Created = c.Updated
	}
	c.Created = c.Created.UTC().Truncate(time.Microsecond)
	data, err := c.Format()
	if err != nil {
		return nil, nil, err
	}
	// What cannot be read must not replace what can.
	if _, err := Parse(data); err != nil {
		return nil, nil, fmt.Errorf("checkpoint of run %q: %w", r.RunID, err)
	}
	return &c, data, nil
}

// saved takes over what a save changed.
func (r *Record) saved(as *Record) {
	r.Version, r.Revision, r.Created, r.Updated = as.Version, as.Revision, as.Created, as.Updated
}
