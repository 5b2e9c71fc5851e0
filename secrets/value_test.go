package secrets_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"go.yaml.in/yaml/v3"

	"github.com/sparkpipe/sparkpipe/secrets"
)

const text = "s3cr3t"

// hexText is the text as %x and %X print it.
var hexText = []string{fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)}

// exposed holds a secret where package fmt may call its methods.
type exposed struct {
	Password secrets.Value `json:"password" yaml:"password" xml:"password"`
}

type pointing struct{ Password *secrets.Value }

// hidden holds one where package fmt may not.
type hidden struct{ password secrets.Value }

func requireHidden(t testing.TB, out string) {
	t.Helper()
	require.NotContains(t, out, text)
	for _, form := range hexText {
		require.NotContains(t, out, form)
	}
}

func TestNoVerbPrintsTheText(t *testing.T) {
	t.Parallel()
	secret := secrets.NewValue(text)
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%c", "%U", "%t", "%e", "%p", "%b", "%20s", "%-20v|", "%.2s"}
	for _, verb := range verbs {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			holders := map[string]any{
				"value": secret, "pointer": &secret, "slice": []secrets.Value{secret}, "map": map[string]secrets.Value{"k": secret},
				"key": map[secrets.Value]int{secret: 1}, "field": exposed{secret}, "pointer to field": &exposed{secret}, "any": []any{secret},
			}
			for name, holder := range holders {
				out := fmt.Sprintf(verb, holder)
				requireHidden(t, out)
				if verb != "%p" && name != "pointer" {
					require.Contains(t, out, secrets.Redacted, name)
				}
			}
			for _, holder := range []any{hidden{secret}, &hidden{secret}, []hidden{{secret}}, struct{ h *hidden }{&hidden{secret}}} {
				requireHidden(t, fmt.Sprintf(verb, holder))
			}
		})
	}
	require.Equal(t, secrets.Redacted, fmt.Sprint(secret))
	require.Equal(t, secrets.Redacted, secret.String())
	require.Equal(t, secrets.Redacted, secret.GoString())
	requireHidden(t, fmt.Errorf("connect with %w and %v", errors.New("x"), secret).Error())
}

func TestNoEncodingHoldsTheText(t *testing.T) {
	t.Parallel()
	secret := secrets.NewValue(text)
	encodings := map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal, "XML": xml.Marshal}
	for name, marshal := range encodings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := marshal(exposed{secret})
			require.NoError(t, err)
			requireHidden(t, string(out))
			require.Contains(t, string(out), secrets.Redacted)
			out, err = marshal(pointing{&secret})
			require.NoError(t, err)
			requireHidden(t, string(out))
			out, err = marshal(hidden{secret})
			require.NoError(t, err)
			requireHidden(t, string(out))
		})
	}
	out, err := secret.MarshalText()
	require.NoError(t, err)
	require.Equal(t, secrets.Redacted, string(out))
	out, err = json.Marshal(map[secrets.Value]string{secret: "v"})
	require.NoError(t, err)
	require.JSONEq(t, `{"[REDACTED]":"v"}`, string(out))
}

func TestNoLogHoldsTheText(t *testing.T) {
	t.Parallel()
	secret := secrets.NewValue(text)
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", secret, "config", exposed{secret}, "hidden", hidden{secret})
	}
	core, logs := observer.New(zapcore.InfoLevel)
	zap.New(core).Info("x", zap.Any("secret", secret), zap.Stringer("text", secret), zap.Reflect("config", exposed{secret}))
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	line, err := encoder.EncodeEntry(logs.All()[0].Entry, logs.All()[0].Context)
	require.NoError(t, err)
	out.WriteString(line.String())
	requireHidden(t, out.String())
	require.Contains(t, out.String(), secrets.Redacted)
}

func TestReveal(t *testing.T) {
	t.Parallel()
	require.Equal(t, text, secrets.NewValue(text).Reveal())
	require.False(t, secrets.NewValue(text).IsZero())
	require.Equal(t, secrets.NewValue(text), secrets.NewValue(text))
	require.True(t, secrets.NewValue(text) == secrets.NewValue(text), "equal under ==")
	require.NotEqual(t, secrets.NewValue("a"), secrets.NewValue("b"))
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, empty := range []secrets.Value{{}, secrets.NewValue("")} {
		require.True(t, empty.IsZero())
		require.Empty(t, empty.Reveal())
		require.Empty(t, fmt.Sprintf("%v%s%#v", empty, empty, empty), "that there is no secret is no secret")
		require.Equal(t, secrets.Value{}, empty)
		out, err := json.Marshal(exposed{empty})
		require.NoError(t, err)
		require.JSONEq(t, `{"password":""}`, string(out))
	}
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	var fromJSON, fromYAML exposed
	require.NoError(t, json.Unmarshal([]byte(`{"password":"s3cr3t"}`), &fromJSON))
	require.NoError(t, yaml.Unmarshal([]byte("password: s3cr3t"), &fromYAML))
	require.Equal(t, exposed{secrets.NewValue(text)}, fromJSON)
	require.Equal(t, fromJSON, fromYAML)
	require.NoError(t, fromJSON.Password.UnmarshalText(nil))
	require.True(t, fromJSON.Password.IsZero())
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	secret := secrets.NewValue(text)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if secret.Reveal() != text || fmt.Sprint(secret) != secrets.Redacted || secret != secrets.NewValue(text) {
				t.Error("a concurrent reader sees something else")
			}
		})
	}
	wg.Wait()
}
