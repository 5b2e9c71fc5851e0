package connect

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Conceal has [secrets.Redacted] stand for the secrets in all that the server says
// of errors from now on, in every session of the connection: servers repeat what
// they cannot use. See [secrets.Mask] for what is found.
func (c *Conn) Conceal(values ...secrets.Value) {
	for _, value := range values {
		c.mask.Add(value)
		c.mask.Add(secrets.NewValue(javaString(value.Reveal())))
	}
}

// javaString writes a text as programs on the JVM do in JSON: unlike package
// encoding/json they leave <, > and & as they are.
func javaString(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(text) != nil {
		return text
	}
	line := strings.TrimSuffix(b.String(), "\n")
	return line[1 : len(line)-1] // without the quotes
}

// Concealed returns a text of the server without the secrets that the connection
// was told of.
func (c *Conn) Concealed(text string) string { return c.mask.Text(text) }

// concealed returns the status without those secrets, in its message and in the
// fields beside it, which the client reads.
func (l *link) concealed(st *status.Status) *status.Status {
	if l.mask.Empty() {
		return st
	}
	p := st.Proto()
	if p == nil {
		return st
	}
	p.Message = l.mask.Text(p.GetMessage())
	for i, detail := range p.GetDetails() {
		info := new(errdetails.ErrorInfo)
		if detail.UnmarshalTo(info) != nil {
			continue
		}
		for _, key := range slices.Collect(maps.Keys(info.GetMetadata())) {
			switch text := info.GetMetadata()[key]; key {
			case errorIDKey, "errorClass", "sqlState": // which say what went wrong, whatever the secrets
			case "messageParameters":
				info.Metadata[key] = l.concealedJSON(text)
			default:
				info.Metadata[key] = l.mask.Text(text)
			}
		}
		if packed, err := anypb.New(info); err == nil {
			p.Details[i] = packed
		}
	}
	return status.FromProto(p)
}

// concealedJSON does that in the texts of a JSON object, which may be escaped twice
// in its own.
func (l *link) concealedJSON(text string) string {
	var values map[string]string
	if json.Unmarshal([]byte(text), &values) != nil {
		return l.mask.Text(text)
	}
	for key, value := range values {
		values[key] = l.mask.Text(value)
	}
	out, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return string(out)
}
