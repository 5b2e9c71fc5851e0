package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Fingerprint returns a text that stands for the parts and their order: the same
// for equal parts in every process and on every machine, and another one for
// others. Give it what makes a component what it is, for example
//
//	checkpoint.Fingerprint(name, typ, dependencies, settings)
//
// Each part is whatever [encoding/json] can write, a [json.RawMessage] included.
// The order of keys and white space do not count; the order of lists does, and
// so does the spelling of a number: 1 and 1.0 differ. Neighbouring parts do not
// run together: ("ab", "c") and ("a", "bc") differ.
//
// A fingerprint is stored in the clear and short secrets can be guessed from
// it, so give no secrets; values of package secrets write themselves as
// [REDACTED] and may stay.
func Fingerprint(parts ...any) (string, error) {
	hash := sha256.New()
	hash.Write([]byte("sparkpipe checkpoint 1\n"))
	for i, part := range parts {
		data, err := canonical(part)
		if err != nil {
			return "", fmt.Errorf("fingerprint: part %d: %w", i+1, err)
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(data))))
		hash.Write(data)
	}
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), nil
}

// canonical writes the value as JSON with sorted keys and no white space.
func canonical(value any) ([]byte, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	if err := checkKeys(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}
