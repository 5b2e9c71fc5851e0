package config_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
)

// migrateTypes are the types of these tests.
type (
	migrateSQL struct {
		SQL        string `koanf:"sql"`
		OutputView string `koanf:"output_view"`
	}
	migrateWriter struct {
		Path    string            `koanf:"path"`
		Mode    string            `koanf:"mode"`
		Options map[string]string `koanf:"options"`
	}
)

func migrateLookup(typ string) (string, reflect.Type, bool) {
	switch typ[strings.LastIndexByte(typ, '.')+1:] {
	case "sql", "SqlTransform":
		return "sql", reflect.TypeFor[migrateSQL](), true
	case "write_csv", "WriteCsv":
		return "write_csv", reflect.TypeFor[migrateWriter](), true
	}
	return "", nil, false
}

var migrateOptions = &config.MigrateOptions{Lookup: migrateLookup}

// migrated is what two texts must have in common.
type migrated struct {
	Pipeline config.Pipeline
	Steps    []config.Component
	Settings []map[string]any
	Faults   int
}

func meaningOf(t *testing.T, src []byte, name string, format config.Format, env map[string]string) migrated {
	t.Helper()
	p, err := config.Parse(src, format, &config.Options{Name: name, Env: func(key string) (string, bool) {
		value, ok := env[key]
		return value, ok
	}})
	var out migrated
	var faults *config.Errors
	if errors.As(err, &faults) {
		out.Faults, p = len(faults.List), faults.Partial
	} else {
		require.NoError(t, err)
	}
	if p == nil {
		return out
	}
	out.Steps, out.Pipeline = p.Components, *p
	out.Pipeline.Components, out.Pipeline.Root = nil, config.Section{}
	for _, block := range []**config.Section{&out.Pipeline.Quality, &out.Pipeline.SchemaValidation, &out.Pipeline.Hooks.Audit} {
		settings := map[string]any{"written": *block != nil}
		if *block != nil {
			_ = (*block).Decode(&settings) // what it cannot take is no difference
			*block = nil
		}
		out.Settings = append(out.Settings, settings)
	}
	for i := range out.Steps {
		c := &out.Steps[i]
		settings := map[string]any{}
		require.NoError(t, c.Config.Decode(&settings))
		if name, _, ok := migrateLookup(c.Type); ok {
			c.Type = name
			for key, value := range settings {
				delete(settings, key)
				settings[strings.ReplaceAll(key, "-", "_")] = value
			}
		}
		c.Type = c.Type[strings.LastIndexByte(c.Type, '.')+1:]
		c.Config, c.Where, c.Path = config.Section{}, "", ""
		out.Settings = append(out.Settings, settings)
	}
	return out
}

// requireSame migrates a text and requires that it means the same, and that
// migrating it again changes nothing.
func requireSame(t *testing.T, src []byte, name string, format config.Format) (string, []config.Note) {
	t.Helper()
	text, notes, err := config.Migrate(src, name, format, migrateOptions)
	require.NoError(t, err, "%s", src)
	for _, env := range []map[string]string{nil, {"ENV": "prod", "TRIES": "4", "HOST": "h:1", "REMOTE": "sc://h:1"}} {
		require.Equal(t, meaningOf(t, src, name, format, env), meaningOf(t, text, name, format, env), "%s\n-----\n%s", src, text)
	}
	again, _, err := config.Migrate(text, name, format, migrateOptions)
	require.NoError(t, err)
	require.Equal(t, string(text), string(again), "to migrate twice is to migrate once\n%s\n%v", src, notes)
	return string(text), notes
}

func TestMigrateKeepsTheMeaningOfEveryExample(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"../examples/*/*.conf", "../examples/*/*.yaml", "../examples/*/*.json", "testdata/full.*", "testdata/migrate/*"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.Greater(t, len(files), 10)
	for _, file := range files {
		format, ok := config.FormatOf(file)
		if !ok || strings.HasSuffix(file, "expected.json") {
			continue
		}
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		requireSame(t, src, file, format)
	}
}

// documents is how many texts of each form and format are made.
const documents = 100

func TestMigrateKeepsTheMeaningOfGeneratedFiles(t *testing.T) {
	t.Parallel()
	forms := map[string]func(*migrateMaker) *migrateNode{
		"seed": (*migrateMaker).seed, "elder": (*migrateMaker).elder, "everest": (*migrateMaker).everest,
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed, faulty := 0, 0
			for n := range uint64(documents) {
				for format := config.FormatHOCON; format <= config.FormatJSON; format++ {
					g := &migrateMaker{Rand: rand.New(rand.NewPCG(n, uint64(format)))}
					doc := form(g)
					var src string
					switch format {
					case config.FormatHOCON:
						src = g.hoconRoot(doc)
					case config.FormatYAML:
						src = g.yamlRoot(doc)
					default:
						src = g.json(doc, "")
					}
					if n%10 == 0 {
						src = strings.ReplaceAll(src, "\n", "\r\n")
					}
					if meaningOf(t, []byte(src), "p", format, nil).Faults > 0 {
						faulty++
					}
					if text, _ := requireSame(t, []byte(src), "p", format); text != src {
						changed++
					}
				}
			}
			t.Logf("%d of %d changed, %d have faults", changed, 3*documents, faulty)
			require.Greater(t, changed, 2*documents)
			require.Less(t, faulty, documents/3)
		})
	}
}

var updateMigrated = flag.Bool("update", false, "rewrite the golden files")

// TestMigrateExamples shows what becomes of a file of each form: the text, then
// the notes.
func TestMigrateExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/migrate/*")
	require.NoError(t, err)
	for _, file := range files {
		format, ok := config.FormatOf(file)
		if !ok {
			continue
		}
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		text, notes := requireSame(t, src, file, format)
		for _, note := range notes {
			text += "\n" + strings.TrimPrefix(note.String(), "testdata/migrate/")
		}
		golden := file + ".golden"
		if *updateMigrated {
			require.NoError(t, os.WriteFile(golden, []byte(text), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err, "go test ./config -run MigrateExamples -update makes it")
		require.Equal(t, string(want), text, file)
	}
}

func TestMigrateLeavesWhatItCannotMove(t *testing.T) {
	t.Parallel()
	const component = "components: [{name: a, type: sql}]\n"
	tests := []struct{ name, file, src, note string }{
		{"a key that a substitution names", "p.conf", "name = n, " + component + "spark { connect_string = \"sc://h:1\" }, tags { at = ${spark.connect_string} }",
			`p.conf:2:9: connect_string: left as it is, because rewritten it would not mean the same: a substitution, an included file or a path of keys has it in this spelling too`},
		{"the block pipeline by reference", "p.conf", "x-p { pipeline-name = n, pipeline-components = [{instance-name = a, instance-type = sql, instance-config {}}] }\npipeline = ${x-p}",
			`p.conf:2:1: the block pipeline is left as it is and runs as before: it is not one plain block`},
		{"a policy for all in JSON", "p.json", `{"pipeline": {"pipeline-name": "n", "retry-policy": {}, "pipeline-components": [{"instance-name": "a", "instance-type": "sql", "instance-config": {}}]}}`,
			`p.json:1:37: the block pipeline is left as it is and runs as before: retry-policy is for all components: write it into each of them`},
		{"spark_conf beside spark", "p.yaml", "name: n\nspark: {master: local}\nspark_conf: {a: b}\n" + component,
			`p.yaml:3:1: spark_conf: left at the root, where it is still read: the block spark is the place for it`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			format, _ := config.FormatOf(test.file)
			text, notes := requireSame(t, []byte(test.src), test.file, format)
			require.Equal(t, test.src, text)
			require.NotEmpty(t, notes)
			require.Equal(t, test.note, notes[0].String())
		})
	}
}

func TestMigrateFaultyText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		src, want string
		format    config.Format
	}{
		{"name = [", `p:1:9: expected "]", found the end of the file; the array was opened at p:1:8`, config.FormatHOCON},
		{"a: b: c", `p:1: not YAML: mapping values are not allowed in this context`, config.FormatYAML},
		{`{"name": }`, `p:1:10: not JSON: invalid character '}' looking for beginning of value`, config.FormatJSON},
		{"a = ${b}\nb = ${a}", "is part of a cycle", config.FormatHOCON},
		{"include required(\"none.conf\")", "no file", config.FormatHOCON},
		{"", "the format 9 is unknown", 9},
	} {
		text, notes, err := config.Migrate([]byte(test.src), "p", test.format, nil)
		require.ErrorContains(t, err, test.want, test.src)
		require.Nil(t, text)
		require.Nil(t, notes)
	}
}

func TestMigrateNeverShowsTheEnvironment(t *testing.T) {
	t.Parallel()
	src := "name = n, components = [{name = a, class_path = x.SqlTransform, retry { max_attempts = ${SECRET} }}]\n" +
		"spark { connect_string = ${SECRET}, master = ${SECRET}, driver_memory = ${SECRET} }"
	text, notes, err := config.Migrate([]byte(src), "p", config.FormatHOCON, &config.MigrateOptions{
		Lookup: migrateLookup, Env: func(string) (string, bool) { return "hunter2", true },
	})
	require.NoError(t, err)
	for _, said := range append([]config.Note{{Text: string(text)}}, notes...) {
		require.NotContains(t, said.Text, "hunter2")
	}
	require.Contains(t, string(text), "remote = ${SECRET}")
}

func FuzzMigrate(f *testing.F) {
	files, err := filepath.Glob("testdata/migrate/*")
	require.NoError(f, err)
	for _, file := range files {
		if format, ok := config.FormatOf(file); ok {
			src, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(src, uint8(format))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, format uint8) {
		text, _, err := config.Migrate(src, "p", config.Format(format%3), migrateOptions)
		if err != nil {
			return
		}
		require.Equal(t, meaningOf(t, src, "p", config.Format(format%3), nil), meaningOf(t, text, "p", config.Format(format%3), nil))
	})
}

func ExampleMigrate() {
	text, notes, err := config.Migrate([]byte(`
spark { connect_string = ${?SPARK} }   # where it runs
components = [{ name = report, class_path = acme.jobs.Report }]
name = daily
`), "daily.conf", config.FormatHOCON, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	for _, note := range notes {
		fmt.Println(note)
	}
	// Output:
	// spark { remote = ${?SPARK} }   # where it runs
	// components = [{ name = report, type = Report }]
	// name = daily
	// daily.conf:3:45: acme.jobs.Report is no component type of this program: port the class to Go and register it as "Report", with component.NewFactory
}
