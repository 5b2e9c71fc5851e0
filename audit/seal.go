package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// The algorithms of a hash, as they stand before it.
const (
	plainHash  = "sha256:"
	signedHash = "hmac-sha256:"
)

// hashMember begins the last member of a line.
const hashMember = `,"hash":"`

// Head is the end of a chain: the number and the hash of its last entry. Keep a
// copy of it where who writes the log cannot, to find out later whether the log
// was put back to an older state.
type Head struct {
	// Seq is the number of the last entry; 0 means that there is none.
	Seq int64 `json:"seq"`
	// Hash is its hash with the algorithm, for example "sha256:9f86…".
	Hash string `json:"hash"`
}

// String returns SEQ:HASH, which [ParseHead] reads.
func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash }

// ParseHead reads SEQ:HASH, such as 12:sha256:9f86…. The algorithm may be left
// out for sha256.
func ParseHead(text string) (Head, error) {
	number, hash, found := strings.Cut(strings.TrimSpace(text), ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if !found || err != nil || seq < 1 {
		return Head{}, fmt.Errorf("head %q: want SEQ:HASH, for example 12:%s…", text, plainHash)
	}
	if !strings.Contains(hash, ":") {
		hash = plainHash + hash
	}
	hash = strings.ToLower(hash)
	if !isHash(hash) {
		return Head{}, fmt.Errorf("head %q: want 64 hexadecimal digits behind the number", text)
	}
	return Head{Seq: seq, Hash: hash}, nil
}

// isHash reports whether text is an algorithm and 64 digits.
func isHash(text string) bool {
	digits, plain := strings.CutPrefix(text, plainHash)
	if !plain {
		var signed bool
		if digits, signed = strings.CutPrefix(text, signedHash); !signed {
			return false
		}
	}
	_, err := hex.DecodeString(digits)
	return err == nil && len(digits) == 2*sha256.Size
}

// signer hashes the entries of one chain; without a key it does not sign.
type signer struct{ key secrets.Value }

func (s signer) algorithm() string {
	if s.key.IsZero() {
		return plainHash
	}
	return signedHash
}

func (s signer) sum(body []byte) string {
	var sum [sha256.Size]byte
	if s.key.IsZero() {
		sum = sha256.Sum256(body)
	} else {
		mac := hmac.New(sha256.New, []byte(s.key.Reveal()))
		mac.Write(body)
		mac.Sum(sum[:0])
	}
	return s.algorithm() + hex.EncodeToString(sum[:])
}

// seal gives the event its place behind last and returns its line, which ends
// with a line feed, and its hash.
func (s signer) seal(e Event, last Head) ([]byte, Head, error) {
	e.SchemaVersion, e.Seq, e.Prev, e.Hash = SchemaVersion, last.Seq+1, last.Hash, ""
	body, err := encode(e)
	if err != nil {
		return nil, Head{}, err
	}
	if len(body) > MaxEventSize {
		e = withoutLoad(e)
		if body, err = encode(e); err != nil {
			return nil, Head{}, err
		}
	}
	head := Head{Seq: e.Seq, Hash: s.sum(body)}
	line := make([]byte, 0, len(body)+len(hashMember)+len(head.Hash)+3)
	line = append(line, body[:len(body)-1]...)
	line = append(line, hashMember...)
	line = append(line, head.Hash...)
	return append(line, '"', '}', '\n'), head, nil
}

// MaxEventSize is the length of the longest line in bytes. An event that would be
// longer loses its configuration, its samples and then its metadata; the metadata
// then say so.
const MaxEventSize = 1 << 20

// withoutLoad leaves out what can be large.
func withoutLoad(e Event) Event {
	e.Config, e.Samples, e.Environment, e.Error = nil, nil, nil, nil
	e.Metadata = map[string]string{"left_out": "the event was longer than " + strconv.Itoa(MaxEventSize) + " bytes"}
	for _, field := range []*string{&e.Actor, &e.Resource, &e.Pipeline, &e.RunID, &e.TraceID, &e.Server, &e.Session, &e.User, &e.Host, &e.ID} {
		*field = cut(*field, maxField)
	}
	e.Action = Action(cut(string(e.Action), maxField))
	return e
}

// encode writes a value as JSON, without a line feed and with <, > and & as they
// are.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("write %T as JSON: %w", v, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

var errNoEntry = errors.New("no audit entry")

// open takes a line apart; intact tells whether the hash is that of the line.
// The line has no line feed.
func (s signer) open(line []byte) (e Event, intact bool, err error) {
	at := bytes.LastIndex(line, []byte(hashMember))
	if at < 0 || !bytes.HasSuffix(line, []byte(`"}`)) {
		return Event{}, false, errNoEntry
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return Event{}, false, fmt.Errorf("%w: %w", errNoEntry, err)
	}
	if e.Seq < 1 || string(line[at+len(hashMember):len(line)-2]) != e.Hash || !isHash(e.Hash) {
		return e, false, errNoEntry
	}
	body := append(bytes.Clone(line[:at]), '}')
	return e, hmac.Equal([]byte(s.sum(body)), []byte(e.Hash)), nil
}

// cut returns at most so many runes of text, valid UTF-8.
func cut(text string, runes int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= runes {
		return text
	}
	for at := range text {
		if runes == 0 {
			return text[:at]
		}
		runes--
	}
	return text
}
