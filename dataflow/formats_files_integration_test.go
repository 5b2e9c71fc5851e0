package dataflow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// put makes a file and the folders above it.
func put(t testing.TB, text string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	return file
}

// filesIn gives the contents of the data files below a folder, joined.
func filesIn(t testing.TB, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "part-*"))
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}

func testText(t *testing.T, spark *dataflow.Session) {
	dir := t.TempDir()
	lines := "SELECT * FROM VALUES ('grün'), ('a;b'), (''), (NULL) AS t(line)"
	sink := dataflow.TextSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "out")}, LineSeparator: "|"}
	require.NoError(t, sink.Write(t.Context(), spark, mustSQL(t, spark, lines)))
	require.Equal(t, "grün|a;b|||", filesIn(t, filepath.Join(dir, "out")), "a null is an empty line")
	_, got := load(t, spark, dataflow.TextSource{FileSource: files(filepath.Join(dir, "out")), LineSeparator: "|"})
	require.Equal(t, []string{"", "", "a;b", "grün"}, got)
	put(t, "one\ntwo\r\nthree", dir, "in", "kind=x", "a.txt")
	_, got = load(t, spark, dataflow.TextSource{FileSource: files(filepath.Join(dir, "in"))})
	require.Equal(t, []string{"one x", "three x", "two x"}, got)
	df, got := load(t, spark, dataflow.TextSource{FileSource: files(filepath.Join(dir, "in")), WholeText: true})
	require.Equal(t, []string{"one\ntwo\r\nthree x"}, got)
	require.Equal(t, "value string", schemaOf(t, spark, df)[0])

	parted := dataflow.TextSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "parted"), PartitionBy: []string{"kind"}}}
	require.NoError(t, parted.Write(t.Context(), spark, mustSQL(t, spark, "SELECT 'v' AS line, 'k' AS kind")))
	require.FileExists(t, put(t, "", dir, "parted", "kind=k", "_x"))
	for _, wide := range []string{"SELECT 'a' AS x, 'b' AS y", "SELECT 1 AS x", "SELECT 'k' AS kind"} {
		df := mustSQL(t, spark, wide)
		require.Error(t, sink.Write(t.Context(), spark, df), wide)
	}
}

func testXML(t *testing.T, spark *dataflow.Session) {
	dir, none := t.TempDir(), ""
	sink := dataflow.XMLSink{
		FileSink: dataflow.FileSink{Path: filepath.Join(dir, "out")}, RootTag: "books", Declaration: &none,
		XML: dataflow.XML{RowTag: "book", AttributePrefix: "@", ValueTag: "text"},
	}
	df := mustSQL(t, spark, "SELECT 1 AS `@id`, 'a < b & \"c\" ]]>' AS title, named_struct('@lang', 'de', 'text', 'grün') AS note, array(1, 2) AS n")
	require.NoError(t, sink.Write(t.Context(), spark, df))
	text := filesIn(t, filepath.Join(dir, "out"))
	require.Contains(t, text, `<note lang="de">grün</note>`)
	require.Contains(t, text, `a &lt; b &amp; "c" ]]&gt;`)
	require.True(t, strings.HasPrefix(text, "<books>"), text)
	back, got := load(t, spark, dataflow.XMLSource{FileSource: files(filepath.Join(dir, "out")), XML: sink.XML})
	require.Equal(t, []string{"@id bigint", "n array<bigint>", "note struct<@lang:string,text:string>", "title string"}, schemaOf(t, spark, back))
	require.Equal(t, []string{`1 [1 2] map[@lang:de text:grün] a < b & "c" ]]>`}, got)
	put(t, `<r><x a="1"><b>2</b></x><x><b>3</b></x></r>`, dir, "in.xml")
	_, got = load(t, spark, dataflow.XMLSource{
		FileSource: files(filepath.Join(dir, "in.xml")), XML: dataflow.XML{RowTag: "x"}, ExcludeAttribute: true,
	})
	require.Equal(t, []string{"2", "3"}, got)
}

func testBinaryFiles(t *testing.T, spark *dataflow.Session) {
	dir := t.TempDir()
	put(t, "\x00\xffabc", dir, "k=1", "a.bin")
	put(t, "b", dir, "k=2", "b.txt")
	put(t, "", dir, "k=2", "empty.txt")
	source := dataflow.BinaryFileSource{FileSource: files(dir)}
	df, err := source.Load(t.Context(), spark)
	require.NoError(t, err)
	require.Equal(t, []string{"path string", "modificationTime timestamp", "length bigint", "content binary", "k int"}, schemaOf(t, spark, df)[:5])
	view := uniqueName("bin")
	require.NoError(t, spark.CreateTempView(t.Context(), df, view))
	require.Equal(t, []string{"5 00FF616263 1", "1 62 2"}, rows(t, spark, "SELECT length, hex(content), k FROM "+view+" ORDER BY k"), "an empty file is left out")
	source.NoContent, source.PathGlobFilter = true, "*.txt"
	df, err = source.Load(t.Context(), spark)
	require.NoError(t, err)
	require.Equal(t, []string{"path string", "modificationTime timestamp", "length bigint", "k int"}, schemaOf(t, spark, df)[:4])
	require.Len(t, rowsOf(t, spark, df), 1)
}

func testFileSelection(t *testing.T, spark *dataflow.Session) {
	dir := t.TempDir()
	for i, name := range []string{"a.txt", "b.csv", "sub/c.txt", "sub/j/d.txt"} {
		file := put(t, name, dir, name)
		at := time.Date(2024, time.May, i+1, 12, 0, 0, 0, time.UTC)
		require.NoError(t, os.Chtimes(file, at, at))
	}
	yes := true
	for name, tt := range map[string]struct {
		selection dataflow.FileSelection
		want      []string
	}{
		"all":    {dataflow.FileSelection{}, []string{"a.txt", "b.csv"}},
		"glob":   {dataflow.FileSelection{PathGlobFilter: "*.txt"}, []string{"a.txt"}},
		"below":  {dataflow.FileSelection{RecursiveFileLookup: true, PathGlobFilter: "{a,c,d}.txt"}, []string{"a.txt", "sub/c.txt", "sub/j/d.txt"}},
		"before": {dataflow.FileSelection{RecursiveFileLookup: true, ModifiedBefore: "2024-05-02T12:00:01Z"}, []string{"a.txt", "b.csv"}},
		"after":  {dataflow.FileSelection{RecursiveFileLookup: true, ModifiedAfter: "2024-05-02"}, []string{"b.csv", "sub/c.txt", "sub/j/d.txt"}},
		"ignore": {dataflow.FileSelection{IgnoreMissingFiles: &yes, IgnoreCorruptFiles: &yes}, []string{"a.txt", "b.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := load(t, spark, dataflow.TextSource{FileSource: dataflow.FileSource{Path: dir, FileSelection: tt.selection}})
			require.Equal(t, tt.want, got)
		})
	}
	broken := t.TempDir()
	put(t, "no ORC", broken, "x.orc")
	require.NoError(t, dataflow.ORCSink{FileSink: dataflow.FileSink{Path: broken, Mode: dataflow.SaveModeAppend}}.Write(t.Context(), spark, mustSQL(t, spark, "SELECT 1 AS id")))
	source := dataflow.ORCSource{FileSource: dataflow.FileSource{Path: broken, Schema: "id INT", FileSelection: dataflow.FileSelection{IgnoreCorruptFiles: &yes}}}
	_, got := load(t, spark, source)
	require.Equal(t, []string{"1"}, got)
}

func testMalformedRecords(t *testing.T, spark *dataflow.Session) {
	dir := t.TempDir()
	csv := put(t, "1,a\nx,b\n", dir, "x.csv")
	json := put(t, `{"id": 1, "name": "a"}`+"\n"+`{"id": "x", "name": "b"}`+"\n", dir, "x.json")
	xml := put(t, "<r><row><id>1</id><name>a</name></row><row><id>x</id><name>b</name></row></r>", dir, "x.xml")
	const ddl = "id INT, name STRING"
	sources := map[string]func(ddl string, m dataflow.MalformedRecords) dataflow.Source{
		"csv": func(ddl string, m dataflow.MalformedRecords) dataflow.Source {
			return dataflow.CSVSource{FileSource: dataflow.FileSource{Path: csv, Schema: ddl}, MalformedRecords: m}
		},
		"json": func(ddl string, m dataflow.MalformedRecords) dataflow.Source {
			return dataflow.JSONSource{FileSource: dataflow.FileSource{Path: json, Schema: ddl}, MalformedRecords: m}
		},
		"xml": func(ddl string, m dataflow.MalformedRecords) dataflow.Source {
			return dataflow.XMLSource{FileSource: dataflow.FileSource{Path: xml, Schema: ddl}, XML: dataflow.XML{RowTag: "row"}, MalformedRecords: m}
		},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			_, got := load(t, spark, source(ddl, dataflow.MalformedRecords{}))
			require.Len(t, got, 2)
			require.Contains(t, got[0], "<nil>", "a null for what cannot be read")
			require.Equal(t, "1 a", got[1])
			_, got = load(t, spark, source(ddl, dataflow.MalformedRecords{RecordMode: "dropmalformed"}))
			require.Equal(t, []string{"1 a"}, got)
			_, got = load(t, spark, source(ddl+", `_b ad` STRING", dataflow.MalformedRecords{RecordMode: "permissive", CorruptRecordColumn: "_b ad"}))
			require.Len(t, got, 2)
			require.Contains(t, strings.Join(got, " "), "x")
			df, err := source(ddl, dataflow.MalformedRecords{RecordMode: "failfast"}).Load(t.Context(), spark)
			require.NoError(t, err)
			_, err = df.Collect(t.Context())
			var failed *component.SparkError
			require.ErrorAs(t, spark.Error(t.Context(), err), &failed)
			require.Regexp(t, "^(FAILED_READ_FILE|MALFORMED_RECORD)", failed.Class)
		})
	}
}
