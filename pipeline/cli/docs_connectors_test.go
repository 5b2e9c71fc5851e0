package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

const connectorDocs = "../../docs/connectors"

// connectorPrefixes are how the types of connectors begin, in the order of a page.
var connectorPrefixes = []string{"read_", "write_", "read_stream_", "write_stream_"}

// connectorOf gives the page of a type and its place there.
func connectorOf(typ string) (name string, rank int) {
	rank = -1
	for i, prefix := range connectorPrefixes { // the longer ones come last and win
		if rest, is := strings.CutPrefix(typ, prefix); is {
			name, rank = rest, i
		}
	}
	return name, rank
}

// connectorPages are the types of each page.
func connectorPages(t *testing.T) map[string][]typeDoc {
	t.Helper()
	list := sparkpipe(t, "components", "--json")
	require.Equal(t, cli.ExitSucceeded, list.code)
	var types []typeDoc
	require.NoError(t, json.Unmarshal([]byte(list.stdout), &types))
	pages := make(map[string][]typeDoc)
	for at := range connectorPrefixes {
		for _, typ := range types {
			if name, rank := connectorOf(typ.Type); rank == at {
				pages[name] = append(pages[name], typ)
			}
		}
	}
	return pages
}

// TestConnectorPages holds docs/connectors against the component types. With
// -update it writes the pages: their heads are in docs/connectors/heads.
func TestConnectorPages(t *testing.T) {
	t.Parallel()
	pages := connectorPages(t)
	want := map[string]string{"README": connectorIndex(t, pages)}
	for name, types := range pages {
		want[name] = connectorPage(t, name, types)
	}
	for name, text := range want {
		page := filepath.Join(connectorDocs, name+".md")
		if *update {
			require.NoError(t, os.WriteFile(page, []byte(text), 0o644))
		}
		got, err := os.ReadFile(page)
		require.NoError(t, err, "a type has no page: make generate")
		require.Equal(t, text, string(got), "%s is stale: make generate", page)
	}
	for _, folder := range []string{"", "heads"} {
		files, err := filepath.Glob(filepath.Join(connectorDocs, folder, "*.md"))
		require.NoError(t, err)
		for _, file := range files {
			require.Contains(t, want, strings.TrimSuffix(filepath.Base(file), ".md"), "no component type is on %s", file)
		}
	}
}

// connectorHead is the written part of a page: what it is for, a line "Jar: ...", a
// file that validates, and the traps.
func connectorHead(t *testing.T, name string) (title, jar, text string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(connectorDocs, "heads", name+".md"))
	require.NoError(t, err, "write the head of the page")
	text = string(src)
	first, _, _ := strings.Cut(text, "\n")
	title, isTitle := strings.CutPrefix(first, "# ")
	require.True(t, isTitle, "%s: begin the head with its title", name)
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(line, "Jar: "); is {
			jar = strings.TrimSpace(rest)
		}
	}
	require.NotEmpty(t, jar, `%s: say "Jar: none" or which`, name)
	require.Contains(t, text, "\n## Traps\n", name)
	return title, jar, text
}

func connectorPage(t *testing.T, name string, types []typeDoc) string {
	t.Helper()
	_, _, head := connectorHead(t, name)
	block := docBlock.FindStringSubmatch(head)
	require.NotNil(t, block, "%s: give an example", name)
	require.True(t, slices.ContainsFunc(types, func(typ typeDoc) bool { return strings.Contains(block[2], "type: "+typ.Type) }),
		"%s: the example has none of its types", name)
	got := sparkpipe(t, "validate", writeFile(t, "p.yaml", block[2]))
	require.Equal(t, cli.ExitSucceeded, got.code, "%s: %s", name, got.stderr)

	var b bytes.Buffer
	fmt.Fprintf(&b, "<!-- Written by make generate: change heads/%s.md, or the tags of the structs. -->\n\n%s", name, head)
	for _, typ := range types {
		also := ""
		if len(typ.Aliases) > 0 {
			also = ", also `" + strings.Join(typ.Aliases, "`, `") + "`"
		}
		fmt.Fprintf(&b, "\n## `%s`%s\n\nThe type %s.\n\n| key | type | default | |\n|---|---|---|---|\n", typ.Type, also, typ.Summary)
		for _, f := range typ.Fields {
			def := f.Default
			switch {
			case f.Required:
				def = "**required**"
			case def != "":
				def = "`" + def + "`"
			}
			doc := f.Doc
			if len(f.Values) > 0 {
				doc += ": `" + strings.Join(f.Values, "`, `") + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, def, cell(doc))
		}
	}
	return b.String()
}

// cell keeps a text from ending its cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`).Replace(text)
}

func connectorIndex(t *testing.T, pages map[string][]typeDoc) string {
	t.Helper()
	const intro = `<!-- Written by make generate. -->

# Connectors

Each page says what the connector is for, what the server needs for it, an example, its traps, and every key. In a file, ` + "`sources`" + ` and
targets of ` + "`sequences`" + ` leave the ` + "`read_` and `write_`" + ` out; [any data source](format.md) of Spark can be named too. ` + "`sparkpipe components TYPE`" + `
prints the keys of this binary.

A jar that Spark does not bring must be on the class path of the **server**: ` + "`spark: {connectors: [...]}`" + ` sees to it where sparkpipe starts
the server ([local-spark.md](../local-spark.md)), and ` + "`sparkpipe doctor FILE`" + ` says of any server what it lacks and how to start it.

| | reads | writes | streams | jar |
|---|---|---|---|---|
`
	var b strings.Builder
	b.WriteString(intro)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		title, jar, _ := connectorHead(t, name)
		has := func(typ string) bool {
			return slices.ContainsFunc(pages[name], func(d typeDoc) bool { return d.Type == typ })
		}
		yes := func(typ string) string {
			if has(typ) {
				return "`" + typ + "`"
			}
			return ""
		}
		streams := strings.Join(slices.DeleteFunc([]string{yes("read_stream_" + name), yes("write_stream_" + name)}, func(s string) bool { return s == "" }), ", ")
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s | %s |\n", title, name, yes("read_"+name), yes("write_"+name), streams, jar)
	}
	return b.String()
}
