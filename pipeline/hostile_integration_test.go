package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// hostileTexts do harm where they are read as SQL or as a path, or have something
// replaced in them. DB is the database of the victim.
func hostileTexts() map[string]string {
	return map[string]string{
		"statement": "a; drop table DB.t", "quoted statement": "a`; drop table DB.t; --", "text": "a'; drop table DB.t; --", "union": "t union select * from DB.t",
		"backquote": "a`b", "two backquotes": "a``b", "only a backquote": "`", "double quote": `a"b`, "single quote": "a'b", "backslash": `a\b`, "last backslash": `a\`,
		"variable": "${spark.app.name}", "quoted variable": "`${spark.app.name}`", "property": "${system:user.dir}", "template": "{{ name }}", "shell": "$(id) `id`",
		"line": "a\nb", "nul": "a\x00b", "comment": "a--b", "block": "a/*b*/", "format": "%s%n%d", "look-alike": "\u0430dmin", "direction": "a\u202eb", "emoji": "grün 🚀",
		"up": "../up", "up in it": "a/../../b", "dots": "..", "dot": "a.b.c.d", "space": " a b ", "empty": "", "blank": " ", "star": "*", "bracket": "a[0]", "comma": "a,b",
		"equals": "a=b", "colon": "a:b", "question": "a?b", "long": strings.Repeat("x", 300), "very long": strings.Repeat("y", 20_000), "reserved": "select",
	}
}

// hostileRun is one pipeline with a hostile text somewhere.
type hostileRun struct {
	v    checkVictim
	name string // of what it makes
	dir  string // where it may write
	text string
}

// run runs components from a file; the text stands in the settings as TEXT.
func (h hostileRun) run(t *testing.T, components ...map[string]any) error {
	t.Helper()
	var steps []any
	for i, settings := range components {
		typ := settings["type"]
		delete(settings, "type")
		steps = append(steps, map[string]any{"name": fmt.Sprint("c", i), "type": typ, "config": h.fill(settings)})
	}
	data, err := json.Marshal(map[string]any{"name": "p", "components": steps})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "p.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	cfg, err := config.Load(file, nil)
	if err != nil {
		return err
	}
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	p, err := pipeline.FromConfig(cfg, registry)
	if err != nil {
		return err
	}
	runner, err := pipeline.NewSimplePipelineRunner(h.v.spark, nil)
	require.NoError(t, err)
	if len(components) < 3 { // which must do no harm either
		_, err = runner.Check(t.Context(), p, nil)
		var faults *pipeline.CheckError
		require.True(t, err == nil || errors.As(err, &faults), "%v", err)
	}
	_, err = runner.Run(t.Context(), p)
	return err
}

// fill puts the text in, written so that the file means just this text.
func (h hostileRun) fill(value any) any {
	switch v := value.(type) {
	case string:
		return strings.NewReplacer("TEXT", strings.ReplaceAll(h.text, "${", "$${"), "NAME", h.name, "DIR", h.dir, "DB", h.v.db).Replace(v)
	case []string:
		out := slices.Clone(v)
		for i := range out {
			out[i], _ = h.fill(out[i]).(string)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			text, _ := h.fill(key).(string)
			out[text] = h.fill(item)
		}
		return out
	}
	return value
}

// clear checks that a refusal says what is wrong: it names the component and comes
// from us or from Spark's own reading, which has a class.
func (h hostileRun) clear(t *testing.T, err error) {
	t.Helper()
	require.NotContains(t, err.Error(), "panic")
	require.Greater(t, len(err.Error()), 10)
	var spark *component.SparkError
	if errors.As(err, &spark) {
		require.NotEmpty(t, spark.Class+spark.JavaClass, "%v", err)
	}
	var parts []map[string]any
	require.Error(t, json.Unmarshal([]byte(err.Error()), &parts), "an error is a sentence")
}

// hostilePlace is a place of a file where a text can stand.
type hostilePlace struct {
	components func() []map[string]any
	// made looks at what a run made that succeeded; nil is for what makes nothing.
	made func(t *testing.T, h hostileRun)
	// few takes only the worst texts, where another place has had them all.
	few bool
}

// worst are the names of the texts that do most harm.
var worst = []string{"quoted statement", "quoted variable", "two backquotes", "line", "nul", "up", "emoji"}

func hostilePlaces() map[string]hostilePlace {
	sql := func(text, view string) map[string]any {
		return map[string]any{"type": "sql", "sql": text, "output_view": view}
	}
	quoted := func(h hostileRun) string { return dataflow.QuoteName(h.text) }
	places := map[string]hostilePlace{
		"view": {func() []map[string]any { return []map[string]any{sql("SELECT 7 AS n", "TEXT")} }, func(t *testing.T, h hostileRun) {
			t.Helper()
			if h.text == "" {
				return // a statement without a view
			}
			require.Equal(t, []string{"7"}, h.v.rows(t, "SELECT n FROM "+quoted(h)))
			require.NoError(t, h.v.spark.Exec(t.Context(), "DROP VIEW "+quoted(h)))
		}, false},
		"input view": {func() []map[string]any {
			return []map[string]any{{"type": "view", "input_view": "TEXT", "output_view": "NAME"}}
		}, nil, false},
		"table to read": {func() []map[string]any {
			return []map[string]any{{"type": "read_table", "table_name": "TEXT", "output_view": "NAME"}}
		}, nil, false},
		"table to write": {func() []map[string]any {
			return []map[string]any{sql("SELECT 7 AS n", "NAME"), {"type": "write_table", "input_view": "NAME", "output_table": "DB.`TEXT`", "format": "parquet"}}
		}, func(t *testing.T, h hostileRun) {
			t.Helper()
			require.NoError(t, h.v.spark.Exec(t.Context(), "DROP TABLE "+h.v.db+".`"+h.text+"`"))
		}, false},
		"bare table to write": {func() []map[string]any {
			return []map[string]any{sql("SELECT 7 AS n", "NAME"), {"type": "write_table", "input_view": "NAME", "output_table": "DB.TEXT", "format": "parquet", "mode": "append"}}
		}, func(t *testing.T, h hostileRun) {
			t.Helper()
			if h.text != "select" { // else it is a name as it stands
				require.Fail(t, "a name of several words was taken", h.text)
			}
			require.NoError(t, h.v.spark.Exec(t.Context(), "DROP TABLE "+h.v.db+".`select`"))
		}, false},
		"format table": {func() []map[string]any {
			return []map[string]any{{"type": "read_format", "table": "TEXT", "output_view": "NAME"}}
		}, nil, false},
		"format": {func() []map[string]any {
			return []map[string]any{{"type": "read_format", "format": "TEXT", "path": "DIR/none", "output_view": "NAME"}}
		}, nil, false},
		"filter": {func() []map[string]any {
			return []map[string]any{{"type": "read_table", "table_name": "DB.t", "output_view": "NAME", "filter_condition": "name = 'TEXT"}}
		}, nil, false},
		"value": {func() []map[string]any {
			return []map[string]any{{"type": "sql", "sql": "SELECT :v AS s", "args": map[string]any{"v": "TEXT"}, "output_view": "NAME"}}
		}, func(t *testing.T, h hostileRun) {
			t.Helper()
			require.Equal(t, []string{h.text}, h.v.rows(t, "SELECT s FROM "+h.name))
		}, false},
		"broadcast join": {func() []map[string]any {
			return []map[string]any{sql("SELECT 1 AS id", "NAME"), {
				"type": "join", "left": "NAME", "joins": []any{map[string]any{"view": "NAME", "alias": "o", "on": []string{"TEXT"}}}, "output_view": "NAMEj",
			}}
		}, nil, false},
		"metric": {func() []map[string]any {
			return []map[string]any{{"type": "metrics", "query": "SELECT 1 AS id", "metrics": map[string]any{"TEXT": "count(*)"}, "output_view": "NAME"}}
		}, nil, false},
	}
	for format, more := range map[string]map[string]any{
		"parquet": nil, "orc": nil, "json": nil, "csv": nil, "xml": {"row_tag": "row"}, "text": nil, "format": {"format": "orc"},
	} {
		with := func(base map[string]any) map[string]any {
			out := maps.Clone(base)
			maps.Copy(out, more)
			return out
		}
		columns := "SELECT 'v' AS s"
		if format != "text" {
			columns = "SELECT 'v' AS s, :v AS part"
		}
		source := map[string]any{"type": "sql", "sql": columns, "output_view": "NAME"}
		if format != "text" {
			source["args"] = map[string]any{"v": "TEXT"}
		}
		trip := func(read, write map[string]any) func() []map[string]any {
			return func() []map[string]any {
				return []map[string]any{
					maps.Clone(source), with(with(map[string]any{"type": "write_" + format, "input_view": "NAME", "path": write["path"], "partition_by": write["partition_by"], "options": write["options"]})),
					with(map[string]any{"type": "read_" + format, "path": read["path"], "options": read["options"], "output_view": "NAMEback", "schema": read["schema"]}),
				}
			}
		}
		inFolder := map[string]any{"path": "DIR/TEXT", "options": map[string]any{}, "partition_by": []string{}, "schema": ""}
		options := map[string]any{"path": "DIR/out", "options": map[string]any{"x": "TEXT", "xTEXT": "y"}, "partition_by": []string{}, "schema": ""}
		if format == "csv" { // or else a line break in a value is the end of a row
			inFolder["options"] = map[string]any{"multiLine": "true"}
			options["options"] = map[string]any{"multiLine": "true", "x": "TEXT", "xTEXT": "y"}
		}
		partition := map[string]any{"path": "DIR/out", "options": map[string]any{}, "partition_by": []string{"part"}, "schema": ""}
		places["path of "+format] = hostilePlace{trip(inFolder, inFolder), func(t *testing.T, h hostileRun) {
			t.Helper()
			require.Equal(t, []string{"1"}, h.v.rows(t, "SELECT count(*) FROM "+h.name+"back"))
			entries, err := os.ReadDir(filepath.Join(h.dir, h.text))
			require.NoError(t, err, "the folder has just that name")
			require.NotEmpty(t, entries)
		}, format != "parquet"}
		places["options of "+format] = hostilePlace{trip(options, options), func(t *testing.T, h hostileRun) {
			t.Helper()
			require.Equal(t, []string{"1"}, h.v.rows(t, "SELECT count(*) FROM "+h.name+"back"))
		}, true}
		if format != "text" {
			places["partition of "+format] = hostilePlace{trip(partition, partition), func(t *testing.T, h hostileRun) {
				t.Helper()
				require.Equal(t, []string{"1"}, h.v.rows(t, "SELECT count(*) FROM "+h.name+"back"))
			}, true}
		}
	}
	return places
}

// onlyNewFolders makes sure that every file is as it was, and that what is new lies
// beside the tables of the database: Spark writes the files of a table before it
// refuses its name, and leaves them there.
func (v checkVictim) onlyNewFolders(t *testing.T, before map[string]string, now any) {
	t.Helper()
	after, _ := now.(map[string]string)
	for path, data := range before {
		require.Equal(t, data, after[path], path)
	}
	for path := range after {
		if _, old := before[path]; old {
			continue
		}
		table, inside := strings.CutPrefix(path, filepath.Join(v.dir, "db")+"/")
		require.True(t, inside, "%s is outside of the database", path)
		table, _, _ = strings.Cut(table, "/")
		require.NotContains(t, []string{"t", "u", "v"}, table, path)
	}
}

// TestRealHostileFiles puts hostile texts wherever a file has a name, a path, a
// value or an option: what comes of it has just that name, or is refused, and
// nothing else is touched.
func TestRealHostileFiles(t *testing.T) {
	t.Parallel()
	v := newCheckVictim(t, sparktest.Remote(t))
	before := v.state(t)
	files, _ := before["files"].(map[string]string)
	delete(before, "files")
	names := slices.Sorted(maps.Keys(hostileTexts()))
	taken, refused := 0, 0
	for place, p := range hostilePlaces() {
		t.Run(place, func(t *testing.T) {
			session, err := v.spark.NewSession(t.Context(), nil)
			require.NoError(t, err)
			defer session.Close(context.WithoutCancel(t.Context()))
			for i, name := range names {
				if p.few && !slices.Contains(worst, name) {
					continue
				}
				outer := t.TempDir()
				h := hostileRun{v: v, name: fmt.Sprintf("h%d", i), dir: filepath.Join(outer, "d"), text: strings.ReplaceAll(hostileTexts()[name], "DB", v.db)}
				require.NoError(t, os.Mkdir(h.dir, 0o755))
				h.v.spark = session
				if err := h.run(t, p.components()...); err != nil {
					refused++
					h.clear(t, err)
				} else {
					taken++
					if p.made != nil {
						p.made(t, h)
					}
				}
				if strings.HasPrefix(place, "path") && strings.Contains(h.text, "..") {
					continue // that is where the path leads
				}
				entries, err := os.ReadDir(outer)
				require.NoError(t, err)
				require.Len(t, entries, 1, "%s: something was written beside the folder", name)
			}
			for _, query := range []string{"SHOW TABLES IN DB", "SELECT * FROM DB.t", "SELECT * FROM DB.u"} {
				require.Equal(t, before[query], v.rows(t, query), place)
			}
		})
	}
	after := v.state(t)
	v.onlyNewFolders(t, files, after["files"])
	delete(after, "files")
	require.Equal(t, before, after)
	t.Logf("%d texts in %d places: %d were taken at their word, %d refused", len(names), len(hostilePlaces()), taken, refused)
}
