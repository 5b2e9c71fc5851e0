package dataflow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseDBName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dbName{
		"t":               {"", "t", "", "t"},
		" a.b.t ":         {"a.b.", "t", "b", "t"},
		`"a.b"."c""d;"`:   {`"a.b".`, `"c""d;"`, "a.b", `c"d;`},
		"`a``b`.[x y]":    {"`a``b`.", "[x y]", "a`b", "x y"},
		"Größe_1.$t#@":    {"Größe_1.", "$t#@", "Größe_1", "$t#@"},
		"\"line\nbreak\"": {"", "\"line\nbreak\"", "", "line\nbreak"},
	} {
		got, ok := parseDBName(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", ".", "a.", ".a", "a b", "a;b", "a-b", `"a`, `""`, `"a"b`, "a(b)", "a--", "[a]]", "\"\x00\"", "a\n.b", "(SELECT 1) x", "a'b"} {
		_, ok := parseDBName(text)
		require.False(t, ok, text)
	}
}

// FuzzParseDBName: what is taken for a name is whole, and each part of it ends
// where its quotes do.
func FuzzParseDBName(f *testing.F) {
	for _, seed := range []string{"a.b", `"a"".b"`, "`x`", "[y]", "a;b", `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, ok := parseDBName(text)
		if !ok {
			return
		}
		require.Equal(t, strings.TrimSpace(text), name.text())
		bare := dbNamePart.ReplaceAllString(name.last, "")
		require.Empty(t, bare)
		again, ok := parseDBName(name.beside("x").text())
		require.True(t, ok)
		require.Equal(t, name.schema, again.schema)
	})
}

func TestStatementsThatTakeOver(t *testing.T) {
	t.Parallel()
	stage, _ := parseDBName("s.sparkpipe_stage_0")
	old, _ := parseDBName("s.sparkpipe_old_0")
	target, _ := parseDBName(`s."T x"`)
	write := func(d dialect, mode SaveMode, there bool, keys ...string) string {
		quote := quoter("jdbc:postgresql:")
		if d == dialectMySQL || d == dialectMariaDB {
			quote = quoter("jdbc:mysql:")
		}
		w := &stagedWrite{sink: JDBCSink{Mode: mode}, dialect: d, quote: quote, target: target, stage: stage, old: old, there: there, columns: []string{"id", "b"}, keys: keys}
		return w.takeOver() + " | " + w.dropAfter()
	}
	const lock = "DO $sparkpipe_stage_0$ BEGIN LOCK TABLE s.sparkpipe_stage_0 IN ACCESS EXCLUSIVE MODE; "
	for name, tt := range map[string]struct{ got, want string }{
		"postgres": {write(dialectPostgres, SaveModeUpsert, true, "id"), lock + `INSERT INTO s."T x" ("id", "b") SELECT "id", "b" FROM s.sparkpipe_stage_0 ORDER BY "id" ` +
			`ON CONFLICT ("id") DO UPDATE SET "b" = excluded."b"; DROP TABLE s.sparkpipe_stage_0; END $sparkpipe_stage_0$ | `},
		"postgres, keys": {write(dialectPostgres, SaveModeUpsert, true, "id", "b"), lock + `INSERT INTO s."T x" ("id", "b") SELECT "id", "b" FROM s.sparkpipe_stage_0 ORDER BY "id", "b" ` +
			`ON CONFLICT ("id", "b") DO NOTHING; DROP TABLE s.sparkpipe_stage_0; END $sparkpipe_stage_0$ | `},
		"postgres, swap": {write(dialectPostgres, SaveModeOverwrite, true), lock + `DROP TABLE IF EXISTS s."T x"; ALTER TABLE s.sparkpipe_stage_0 RENAME TO "T x"; END $sparkpipe_stage_0$ | `},
		"sqlite":         {write(dialectSQLite, SaveModeUpsert, true, "id"), `INSERT INTO s."T x" ("id", "b") SELECT "id", "b" FROM s.sparkpipe_stage_0 WHERE true ON CONFLICT ("id") DO UPDATE SET "b" = excluded."b" | s.sparkpipe_stage_0`},
		"h2":             {write(dialectH2, SaveModeUpsert, true, "id"), `MERGE INTO s."T x" ("id", "b") KEY ("id") SELECT "id", "b" FROM s.sparkpipe_stage_0 | s.sparkpipe_stage_0`},
		"mysql": {write(dialectMySQL, SaveModeUpsert, true, "id"), "INSERT INTO s.\"T x\" (`id`, `b`) SELECT `id`, `b` FROM s.sparkpipe_stage_0 " +
			"ON DUPLICATE KEY UPDATE `b` = VALUES(`b`) | s.sparkpipe_stage_0"},
		"mariadb": {write(dialectMariaDB, SaveModeUpsert, true, "id"), "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; START TRANSACTION; " +
			"INSERT INTO s.\"T x\" (`id`, `b`) SELECT `id`, `b` FROM s.sparkpipe_stage_0 ON DUPLICATE KEY UPDATE `b` = VALUES(`b`); " +
			"DELETE FROM s.sparkpipe_stage_0; COMMIT; END | s.sparkpipe_stage_0"},
		"mariadb, swap": {write(dialectMariaDB, SaveModeOverwrite, true), `RENAME TABLE s."T x" TO s.sparkpipe_old_0, s.sparkpipe_stage_0 TO s."T x" | s.sparkpipe_old_0`},
		"mariadb, new":  {write(dialectMariaDB, SaveModeOverwrite, false), `RENAME TABLE s.sparkpipe_stage_0 TO s."T x" | `},
	} {
		require.Equal(t, tt.want, tt.got, name)
	}
}
