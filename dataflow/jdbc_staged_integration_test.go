package dataflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// staging lists the staging tables that are there.
func (d dbServer) staging(t testing.TB) []string {
	t.Helper()
	query := "SELECT table_name AS t FROM information_schema.tables WHERE lower(table_name) LIKE 'sparkpipe%'"
	if d.is("mariadb", "mysql driver") {
		query += " AND table_schema = DATABASE()"
	}
	if d.is("sqlite") {
		query = "SELECT name AS t FROM sqlite_master WHERE name LIKE 'sparkpipe%'"
	}
	return d.read(t, dataflow.JDBCSource{Query: query})
}

// q quotes a name.
func (d dbServer) q(name string) string {
	return d.quote + strings.ReplaceAll(name, d.quote, d.quote+d.quote) + d.quote
}

func testJDBCUpsert(t *testing.T, db dbServer) {
	table := uniqueName("t")
	db.exec(t, "CREATE TABLE "+table+" (id INT, part VARCHAR(10), name VARCHAR(40), kept INT DEFAULT 7, PRIMARY KEY (id, part))")
	db.exec(t, "INSERT INTO "+table+" (id, part, name) VALUES (1, 'a', 'old'), (2, 'a', 'old'), (3, 'a', 'old')")
	sink := dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeUpsert, Keys: []string{"ID", "part"}}
	rows := "SELECT * FROM VALUES (2, 'a', 'new'), (3, 'b', CAST(NULL AS STRING)), (4, 'a', 'new \\'; DROP TABLE x; --') AS t(id, part, name)"
	want := []string{"1 a old 7", "2 a new 7", "3 a old 7", "3 b <nil> 7", "4 a new '; DROP TABLE x; -- 7"}
	for range 2 { // twice is as good as once
		require.NoError(t, db.write(t, sink, rows))
		require.Equal(t, want, db.table(t, table))
	}
	require.NoError(t, db.write(t, sink, rows+" WHERE false"))
	require.NoError(t, db.write(t, sink, "SELECT 9 AS id, 'z' AS part"), "nothing but keys")
	require.NoError(t, db.write(t, sink, "SELECT 9 AS id, 'z' AS part"))
	require.Equal(t, append(want, "9 z <nil> 7"), db.table(t, table))
	require.Empty(t, db.staging(t))
	require.Equal(t, dataflow.EffectIdempotent, sink.Lineage().Effect)
	require.False(t, sink.Lineage().Partial)
}

func testJDBCUpsertFaults(t *testing.T, db dbServer) {
	table := uniqueName("t")
	db.exec(t, "CREATE TABLE "+table+" (id INT PRIMARY KEY, name VARCHAR(5) NOT NULL, other INT UNIQUE)")
	db.exec(t, "INSERT INTO "+table+" (id, name) VALUES (1, 'old')")
	sink := dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeUpsert, Keys: []string{"id"}}
	tests := map[string]struct{ rows, want string }{
		"keys twice":      {"SELECT * FROM VALUES (1, 'a'), (1, 'b'), (2, 'c'), (2, 'd') AS t(id, name)", "2 values of the keys id are in more than one row"},
		"null key":        {"SELECT CAST(NULL AS INT) AS id, 'a' AS name", ""},
		"no such column":  {"SELECT 1 AS id, 'a' AS nme", "the table has no column nme; it has id, name"},
		"no key":          {"SELECT 'a' AS name", "the key id is not a column of the data; they have name"},
		"not null in sql": {"SELECT 5 AS id, CAST(NULL AS STRING) AS name", ""},
	}
	for name, tt := range tests {
		if db.is("sqlite", "h2") {
			tt.want = strings.NewReplacer("keys id", "keys ID", "has id, name", "has ", "they have name", "they have ").Replace(tt.want)
			if db.is("sqlite") {
				tt.want = strings.ReplaceAll(tt.want, "keys ID", "keys id")
			}
		}
		err := db.write(t, sink, tt.rows)
		require.Error(t, err, name)
		require.ErrorContains(t, err, tt.want, name)
		require.ErrorContains(t, err, "upsert into "+table+": ", name)
		require.Equal(t, []string{"1 old <nil>"}, db.table(t, table), name)
		require.Empty(t, db.staging(t), name)
	}
	sink.Keys = []string{"name"}
	if !db.is("h2") { // it finds rows without a key of its own
		require.Error(t, db.write(t, sink, "SELECT 1 AS id, 'old' AS name"), "no unique key")
		require.Equal(t, []string{"1 old <nil>"}, db.table(t, table))
	}
	if db.is("mariadb", "mysql driver") {
		sink.Keys = []string{"id"}
		require.ErrorContains(t, db.write(t, sink, "SELECT 1 AS id, 'old' AS name, 2 AS other"), "another unique key")
		sink.Keys = []string{"name"}
		require.ErrorContains(t, db.write(t, sink, "SELECT 'old' AS name, 2 AS other"), "another unique key")
		require.ErrorContains(t, db.write(t, sink, "SELECT 'old' AS name"), "the table has no unique key of name")
	}
	sink.Table = uniqueName("no")
	err := db.write(t, sink, "SELECT 1 AS id, 'old' AS name")
	require.ErrorContains(t, err, "look at the table, which must be there")
	require.Empty(t, db.staging(t))
}

func testJDBCPublish(t *testing.T, db dbServer) {
	table := db.put(t, "SELECT 1 AS id, 'a' AS name")
	sink := dataflow.JDBCSink{JDBC: db.jdbc, Table: table, Mode: dataflow.SaveModeOverwrite, Publish: dataflow.JDBCPublishAtomic}
	if db.is("sqlite", "h2") {
		require.ErrorContains(t, sink.Validate(), "publish atomic is known for PostgreSQL, MariaDB and MySQL")
		return
	}
	require.NoError(t, db.write(t, sink, "SELECT 2 AS id, 'b' AS name, 3 AS more"))
	require.Equal(t, []string{"2 b 3"}, db.table(t, table))
	// Half of the rows cannot be computed.
	err := db.write(t, sink, "SELECT id, IF(id > 900, raise_error('canary'), 'x') AS name, 1 AS more FROM range(0, 1000, 1, 2)")
	require.ErrorContains(t, err, "overwrite "+table+": the table is unchanged: ")
	require.NotErrorIs(t, err, dataflow.ErrOutcomeUnknown)
	require.Equal(t, []string{"2 b 3"}, db.table(t, table))

	appending := sink
	appending.Mode = dataflow.SaveModeAppend
	require.NoError(t, db.write(t, appending, "SELECT 3 AS id, 'c' AS name, 4 AS more"))
	err = db.write(t, appending, "SELECT CAST(id AS INT) AS id, IF(id > 900, raise_error('canary'), 'x') AS name, 1 AS more FROM range(0, 1000, 1, 2)")
	require.ErrorContains(t, err, "append to "+table+": the table is unchanged: ")
	require.Equal(t, []string{"2 b 3", "3 c 4"}, db.table(t, table))
	require.False(t, appending.Lineage().Partial)
	require.Equal(t, dataflow.EffectRepeats, appending.Lineage().Effect)

	sink.Table = uniqueName("t")
	require.NoError(t, db.write(t, sink, "SELECT 2 AS id"), "a table that is not there")
	require.Equal(t, []string{"2"}, db.table(t, sink.Table))

	sink.Table, sink.Truncate = uniqueName("t"), true
	if !db.is("postgresql") {
		require.ErrorContains(t, sink.Validate(), "cannot empty and fill a table in one step")
		require.Empty(t, db.staging(t))
		return
	}
	db.exec(t, "CREATE TABLE "+sink.Table+" (id INT PRIMARY KEY, name VARCHAR(5))")
	for range 2 {
		require.NoError(t, db.write(t, sink, "SELECT 2 AS id, 'b' AS name"))
	}
	err = db.write(t, sink, "SELECT * FROM VALUES (5, 'b'), (5, 'c') AS t(id, name)")
	require.ErrorContains(t, err, "overwrite "+sink.Table+": the table is unchanged: ", "the key is still there, and the statement has no effect")
	require.Equal(t, []string{"2 b"}, db.table(t, sink.Table))
	require.Empty(t, db.staging(t))
}

// testJDBCOnce counts how often the statement runs that takes the rows over: a
// table counts what is inserted, in any number of partitions.
func testJDBCOnce(t *testing.T, db dbServer) {
	if !db.is("postgresql", "mariadb") {
		t.Log("the count needs a trigger, of which one dialect of each kind is enough")
		return
	}
	table, log := uniqueName("t"), uniqueName("log")
	db.exec(t, "CREATE TABLE "+table+" (id INT PRIMARY KEY, n INT)")
	db.exec(t, "CREATE TABLE "+log+" (what VARCHAR(10))")
	if db.is("postgresql") {
		db.exec(t, fmt.Sprintf("DO $x$ BEGIN CREATE FUNCTION f_%[1]s() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO %[2]s VALUES (TG_OP); RETURN NULL; END $f$; "+
			"CREATE TRIGGER tr AFTER INSERT ON %[1]s FOR EACH STATEMENT EXECUTE FUNCTION f_%[1]s(); END $x$", table, log))
	} else {
		db.exec(t, fmt.Sprintf("CREATE TRIGGER tr_%[1]s AFTER INSERT ON %[1]s FOR EACH ROW INSERT INTO %[2]s VALUES ('INSERT')", table, log))
	}
	sink := dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeUpsert, Keys: []string{"id"}}
	rows := "SELECT CAST(id AS INT) AS id, 1 AS n FROM range(0, 100, 1, 4)"
	want := "100"
	if db.is("postgresql") {
		want = "1"
	}
	require.NoError(t, db.write(t, sink, rows))
	require.Equal(t, want, db.ask(t, "SELECT count(*) AS n FROM "+log))
	require.Equal(t, "100 100", db.ask(t, "SELECT count(*) AS n, CAST(sum(n) AS CHAR(3)) AS s FROM "+table))
}

func testJDBCNames(t *testing.T, db dbServer) {
	// What Spark would put as it is into CREATE TABLE.
	for _, name := range []string{"", " ", "x (id int); DROP TABLE y; --", "x; y", "x y", "x\ny", `"x`, `x"y"`, "a..b", ".a", "a.", "(SELECT 1) x", `"a""`, "x--", "x/*"} {
		err := db.write(t, dataflow.JDBCSink{Table: name, Mode: dataflow.SaveModeOverwrite}, "SELECT 1 AS id")
		require.ErrorContains(t, err, "which is not the name of a table", name)
	}
	// Names that need quotes are what they are.
	id := uniqueName("n")
	hostile := []string{id + `; DROP TABLE x; --`, id + `'"` + "`" + `$$`, id + " new\nline ü 漢"}
	columns := []string{"id", `a"b`, "c`d", "e;f -- g", "h'i\nj", "k?l", "$stage$"}
	values := "SELECT 1 AS id, " + "'\\'; DROP TABLE x; --' AS `a\"b`, '\"' AS `c``d`, '\n$$' AS `e;f -- g`, '`' AS `h'i\nj`, '?' AS `k?l`, '{x}' AS `$stage$`"
	want := []string{"1 '; DROP TABLE x; -- \" \n$$ ` ? {x}"}
	for _, name := range hostile {
		table := db.q(name)
		require.NoError(t, db.write(t, dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeOverwrite}, values), name)
		require.Equal(t, want, db.table(t, table), name)
		var definition []string
		for _, column := range columns {
			kind := "VARCHAR(50)"
			if column == "id" {
				kind = "INT PRIMARY KEY"
			}
			definition = append(definition, db.q(column)+" "+kind)
		}
		keyed := db.q("k" + name)
		db.exec(t, "CREATE TABLE "+keyed+" ("+strings.Join(definition, ", ")+")")
		sink := dataflow.JDBCSink{Table: keyed, Mode: dataflow.SaveModeUpsert, Keys: []string{"id"}}
		require.NoError(t, db.write(t, sink, values), name)
		require.NoError(t, db.write(t, sink, values), name)
		require.Equal(t, want, db.table(t, keyed), name)
		if !db.is("sqlite", "h2") {
			sink = dataflow.JDBCSink{Table: table, Mode: dataflow.SaveModeOverwrite, Publish: dataflow.JDBCPublishAtomic}
			require.NoError(t, db.write(t, sink, values), name)
			require.Equal(t, want, db.table(t, table), name)
		}
	}
	require.Empty(t, db.staging(t))
}

// testJDBCCanary looks for the password in what is said of faults.
func testJDBCCanary(t *testing.T, db dbServer) {
	if db.is("sqlite", "h2") {
		t.Log("no password")
		return
	}
	const canary = "c4n4ry-s3cret"
	wrong := db.jdbc
	wrong.Password = secrets.NewValue(canary)
	inURL := db.jdbc
	inURL.URL, inURL.User, inURL.Password = secrets.NewValue(db.jdbc.URL.Reveal()+"?user=ann&password="+canary), "", secrets.Value{}
	gone := inURL
	gone.URL = secrets.NewValue(strings.Replace(inURL.URL.Reveal(), "127.0.0.1:", "127.0.0.1:1", 1))
	unknown := inURL
	unknown.URL = secrets.NewValue("jdbc:nothing://h/db?password=" + canary)
	for name, jdbc := range map[string]dataflow.JDBC{"wrong": wrong, "in the url": inURL, "unreachable": gone, "no driver": unknown} {
		db.jdbc = jdbc
		_, err := db.readErr(t, dataflow.JDBCSource{Table: "t"})
		errs := []error{err}
		_, err = db.readErr(t, dataflow.JDBCSource{Table: "t", PartitionColumn: "id", NumPartitions: 2, FindBounds: true})
		errs = append(errs, err)
		for _, sink := range []dataflow.JDBCSink{
			{Table: "t"},
			{Table: "t", Mode: dataflow.SaveModeUpsert, Keys: []string{"id"}},
			{Table: "t", Mode: dataflow.SaveModeOverwrite, Publish: dataflow.JDBCPublishAtomic},
		} {
			errs = append(errs, db.write(t, sink, "SELECT 1 AS id"))
		}
		for _, err := range errs {
			require.Error(t, err, name)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), canary, name)
		}
	}
}

// TestRealDatabaseThatStops stops the server while rows are being written.
func TestRealDatabaseThatStops(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("NOT RUN with -short: it starts a Spark server")
	}
	spark := sparkAt(t, jdbcServer(t))
	for name, tt := range map[string]struct {
		start func(testing.TB) *storetest.Database
		url   string
		sink  dataflow.JDBCSink
		want  []string
	}{
		"append": {
			storetest.PostgresServer, "jdbc:postgresql://", dataflow.JDBCSink{Mode: dataflow.SaveModeAppend},
			[]string{"append to t: the command may or may not have taken effect: some rows may be in the table: "},
		},
		"overwrite": {
			storetest.PostgresServer, "jdbc:postgresql://", dataflow.JDBCSink{Mode: dataflow.SaveModeOverwrite},
			[]string{"overwrite t: its old rows are gone and some of the new may be in it; another overwrite puts that right: "},
		},
		"upsert": {
			storetest.PostgresServer, "jdbc:postgresql://", dataflow.JDBCSink{Mode: dataflow.SaveModeUpsert, Keys: []string{"id"}},
			[]string{"upsert into t: the table is unchanged, but the staging table sparkpipe_stage_", " may be left behind; drop it: "},
		},
		"atomic": {
			storetest.MariaDB, "jdbc:mariadb://", dataflow.JDBCSink{Mode: dataflow.SaveModeOverwrite, Publish: dataflow.JDBCPublishAtomic},
			[]string{"overwrite t: the table is unchanged, but the staging table sparkpipe_stage_", " may be left behind; drop it: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := tt.start(t)
			db := dbServer{name: "x", spark: spark, jdbc: jdbcTo(tt.url, server)}
			db.exec(t, "CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR(100))")
			tt.sink.Table = "t"
			began := make(chan error, 1)
			go func() {
				tt.sink.JDBC = db.jdbc
				df, err := spark.SQL(t.Context(), "SELECT id, CAST(id AS STRING) AS name FROM range(0, 50000000, 1, 2)")
				if err == nil {
					err = tt.sink.Write(t.Context(), spark, df)
				}
				began <- err
			}()
			server.WaitGrown(t, 40<<20)
			server.Stop(t)
			err := <-began
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), storetest.Password)
		})
	}
}
