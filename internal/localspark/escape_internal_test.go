package localspark

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestHeapSize(t *testing.T) {
	t.Parallel()
	for memory, want := range map[string]string{"2g": "2g", "2GB": "2g", "512m": "512m", "1024": "1024m", "3tb": "3t"} {
		require.Equal(t, want, heapSize(memory), memory)
	}
}

func TestSplitOptions(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"":                        nil,
		"  ":                      nil,
		"-Da=b":                   {"-Da=b"},
		" -Da=b \t-XX:+X\n":       {"-Da=b", "-XX:+X"},
		`-Da="b c" '-Dd=e "f"'`:   {"-Da=b c", `-Dd=e "f"`},
		`"" -Dx`:                  {"", "-Dx"},
		`-Dopen="never closed -D`: {"-Dopen=never closed -D"},
	}
	for text, want := range tests {
		require.Equal(t, want, splitOptions(text), text)
	}
}

func TestDialHost(t *testing.T) {
	t.Parallel()
	for bound, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "localhost/127.0.0.1": "127.0.0.1", "0.0.0.0/0.0.0.0": "127.0.0.1", "": "127.0.0.1",
		"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1", "/[0:0:0:0:0:0:0:0]": "127.0.0.1", "10.1.2.3": "10.1.2.3", "[::1]": "::1",
	} {
		require.Equal(t, want, dialHost(bound), bound)
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	text := "one\n\n[ERROR]\r\ntwo  \n[ERROR] To see more, re-run Maven with -e\n\tat a.b(C.java:1)\n\t... 3 more\nthree"
	require.Equal(t, []string{"two", "three"}, lastLines([]byte(text), 2))
	require.Equal(t, []string{"one", "two", "three"}, lastLines([]byte(text), 10))
	require.Empty(t, lastLines(nil, 3))
}

func TestArgsText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "\"-Da=b c\"\n\"a\\\\b\\\"c\\n\"\n", argsText([]string{"-Da=b c", "a\\b\"c\n"}))
}

// FuzzPropertiesText checks that a settings file gives back what was put in,
// read as Java reads it.
func FuzzPropertiesText(f *testing.F) {
	for _, value := range []string{"", " lead", "trail ", "a=b:c#d!e", `\`, "\n\r\t\x00", "grüße 🎉", "#x"} {
		f.Add("spark.a", value)
		f.Add(value, "x")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			t.Skip("Java knows no broken text")
		}
		text := propertiesText(map[string]string{key: value})
		require.Equal(t, 1, strings.Count(text, "\n"), "one line")
		gotKey, gotValue := readProperty(strings.TrimSuffix(text, "\n"))
		require.Equal(t, key, gotKey)
		require.Equal(t, value, gotValue)
	})
}

// readProperty reads one line of a properties file by the rules of
// java.util.Properties.load.
func readProperty(line string) (key, value string) {
	end := len(line)
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			continue
		}
		if strings.IndexByte("=: \t\f", line[i]) >= 0 {
			end = i
			break
		}
	}
	rest := strings.TrimLeft(line[end:], " \t\f")
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = strings.TrimLeft(rest[1:], " \t\f")
	}
	return unescapeProperty(line[:end]), unescapeProperty(rest)
}

func unescapeProperty(text string) string {
	var units []uint16
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 == len(text) {
			units = append(units, uint16(c))
			continue
		}
		i++
		switch text[i] {
		case 'n':
			units = append(units, '\n')
		case 'r':
			units = append(units, '\r')
		case 't':
			units = append(units, '\t')
		case 'u':
			n, _ := strconv.ParseUint(text[i+1:i+5], 16, 16)
			units = append(units, uint16(n))
			i += 4
		default:
			units = append(units, uint16(text[i]))
		}
	}
	return string(utf16.Decode(units))
}

// FuzzFindBytes checks that a broken message is no more than that.
func FuzzFindBytes(f *testing.F) {
	f.Add(appendBytes(nil, fieldAnalyzedVersion, stringField(fieldVersionText, "4.0.1")))
	f.Add([]byte{0x0a, 0xff})
	f.Fuzz(func(t *testing.T, message []byte) {
		found := findBytes(message, fieldAnalyzedVersion)
		require.LessOrEqual(t, len(found), len(message))
	})
}
