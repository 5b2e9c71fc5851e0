package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{
		"secret://env/A", "secret://vault/a/b:c", "secret://aws/a%23?version=1#k.x", "${secret:env://A}", "${secret:vault:// a # b }",
		"secret://", "${secret:", "secret://env/%", "${secret:a://b?stage=x&version=y#}", "secret://env/\xff", "secret://env/A#\xe0\tb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := secrets.ParseRef(text)
		if err != nil {
			var fault *secrets.SyntaxError
			if !errors.As(err, &fault) || fault.Offset < 0 || fault.Offset > len(text) || ref != (secrets.Ref{}) {
				t.Fatalf("ParseRef(%q) = %v, %#v", text, ref, err)
			}
			return
		}
		again, err := secrets.ParseRef(ref.String())
		if err != nil || again != ref {
			t.Fatalf("%#v is written as %q, which is read as %#v, %v", ref, ref, again, err)
		}
		found, err := secrets.FindRefs(text)
		if err != nil || len(found) != 1 || found[0].Ref != ref {
			t.Fatalf("FindRefs(%q) = %v, %v", text, found, err)
		}
	})
}

func FuzzExpand(f *testing.F) {
	f.Add("a ${secret:env://A} b", "${secret:env://A}")
	f.Add("secret://env/A", "secret://env/A")
	f.Add("$${secret:x} ${secret:env://A#b}${secret:", "}\"\n")
	f.Add("${secret:env://A}{secret:env://A}", "$")
	f.Fuzz(func(t *testing.T, text, value string) {
		calls := 0
		out, err := secrets.Expand(text, func(secrets.Ref) (secrets.Value, error) {
			calls++
			return secrets.NewValue(value), nil
		})
		refs, findErr := secrets.FindRefs(text)
		if (err == nil) != (findErr == nil) {
			t.Fatalf("Expand(%q) says %v, FindRefs %v", text, err, findErr)
		}
		if err != nil {
			return
		}
		// What stands between the references stays; the values are put between.
		var want strings.Builder
		at := 0
		for _, ref := range refs {
			want.WriteString(strings.ReplaceAll(text[at:ref.Start], "$${secret:", "${secret:"))
			want.WriteString(value)
			at = ref.End
		}
		want.WriteString(strings.ReplaceAll(text[at:], "$${secret:", "${secret:"))
		if out.Reveal() != want.String() {
			t.Fatalf("Expand(%q) with %q = %q, want %q", text, value, out.Reveal(), want.String())
		}
		if calls > len(refs) {
			t.Fatalf("%d calls for %d references", calls, len(refs))
		}
	})
}

func FuzzMember(f *testing.F) {
	f.Add(`{"a":{"b":"c"},"a.b":1}`, "a.b")
	f.Add(`{"a":null}`, "a")
	f.Add(`[1]`, "0")
	f.Fuzz(func(_ *testing.T, document, key string) {
		_, _ = secrets.Member(secrets.NewValue(document), key)
	})
}
