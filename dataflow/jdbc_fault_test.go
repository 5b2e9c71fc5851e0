package dataflow_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func jdbcAt(url string) dataflow.JDBC { return dataflow.JDBC{URL: secrets.NewValue(url)} }

func TestFaultsOfJDBCSources(t *testing.T) {
	t.Parallel()
	h2, postgres := jdbcAt("jdbc:h2:mem:x"), jdbcAt("jdbc:postgresql://h/db")
	capitals, spark := jdbcAt("jdbc:mysql://h/db"), postgres
	capitals.Options = map[string]string{"serverTimezone": "Europe/Berlin", "useSSL": "true"}
	spark.Options = map[string]string{"sessionInitStatement": "x", "connectionProvider": "basic", "fetchSize": "3"}
	slow, negative := h2, h2
	slow.QueryTimeout, negative.QueryTimeout = math.MaxInt64, -time.Second
	for name, tt := range map[string]struct {
		source dataflow.JDBCSource
		want   string
	}{
		"bounds twice":          {dataflow.JDBCSource{JDBC: h2, Table: "t", PartitionColumn: "id", NumPartitions: 2, LowerBound: "1", FindBounds: true}, `"find_bounds" excludes lower_bound and upper_bound`},
		"bounds of no column":   {dataflow.JDBCSource{JDBC: h2, Table: "t", FindBounds: true}, `"find_bounds" wants partition_column and num_partitions`},
		"no partitions":         {dataflow.JDBCSource{JDBC: h2, Table: "t", FindBounds: true, PartitionColumn: "id", NumPartitions: -1}, `"find_bounds" wants`},
		"bounds of a query":     {dataflow.JDBCSource{JDBC: h2, Query: "q", FindBounds: true, PartitionColumn: "id", NumPartitions: 2}, `a parallel read wants "table"`},
		"split twice":           {dataflow.JDBCSource{JDBC: h2, Table: "t", FindBounds: true, PartitionColumn: "id", NumPartitions: 2, Predicates: []string{"1=1"}}, `"predicates" and "partition_column"`},
		"predicates of a query": {dataflow.JDBCSource{JDBC: h2, Query: "q", Predicates: []string{"1=1"}}, `a parallel read wants "table"`},
		"empty predicate":       {dataflow.JDBCSource{JDBC: h2, Table: "t", Predicates: []string{"1=1", " "}}, "predicates[1] is empty; 1=1 stands for all rows"},
		"fetch size":            {dataflow.JDBCSource{JDBC: h2, Table: "t", FetchSize: math.MaxInt32 + 1}, "no number that Spark takes"},
		"capitals":              {dataflow.JDBCSource{JDBC: capitals, Table: "t"}, "the option serverTimezone would reach the driver in small letters, which it does not know; put it into the URL"},
		"Spark's own":           {dataflow.JDBCSource{JDBC: spark, Table: "t"}, ""},
		"too slow":              {dataflow.JDBCSource{JDBC: slow, Table: "t"}, `"query_timeout" is longer`},
		"negative timeout":      {dataflow.JDBCSource{JDBC: negative, Table: "t"}, `"query_timeout" is negative`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tt.source.Validate(); tt.want != "" {
				require.ErrorContains(t, err, tt.want)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

func TestFaultsOfJDBCSinks(t *testing.T) {
	t.Parallel()
	postgres, maria, oracle := jdbcAt("jdbc:postgresql://h/db"), jdbcAt("JDBC:mariadb://h/db"), jdbcAt("jdbc:oracle:thin:@h:1521:x")
	dbtable := postgres
	dbtable.Options = map[string]string{"DBTABLE": "u"}
	sink := func(jdbc dataflow.JDBC, mode dataflow.SaveMode, publish dataflow.JDBCPublish, keys ...string) dataflow.JDBCSink {
		return dataflow.JDBCSink{JDBC: jdbc, Table: "s.t", Mode: mode, Publish: publish, Keys: keys}
	}
	truncating := sink(maria, dataflow.SaveModeOverwrite, dataflow.JDBCPublishAtomic)
	truncating.Truncate = true
	for name, tt := range map[string]struct {
		sink dataflow.JDBCSink
		want string
	}{
		"no keys":            {sink(postgres, dataflow.SaveModeUpsert, ""), `"keys" and the mode upsert go together`},
		"keys of an append":  {sink(postgres, dataflow.SaveModeAppend, "", "id"), `"keys" and the mode upsert go together`},
		"keys twice":         {sink(postgres, dataflow.SaveModeUpsert, "", "id", "ID"), "keys[1] is empty or given twice"},
		"upsert, atomic":     {sink(postgres, dataflow.SaveModeUpsert, "atomic", "id"), "an upsert is atomic as it is"},
		"upsert elsewhere":   {sink(oracle, dataflow.SaveModeUpsert, "", "id"), "upsert is known for PostgreSQL, MariaDB, MySQL, SQLite and H2"},
		"atomic elsewhere":   {sink(oracle, dataflow.SaveModeOverwrite, "atomic"), "publish atomic is known for PostgreSQL, MariaDB and MySQL"},
		"atomic ignore":      {sink(postgres, dataflow.SaveModeIgnore, "atomic"), "publish atomic goes with overwrite and append, not with ignore"},
		"atomic truncate":    {truncating, "cannot empty and fill a table in one step"},
		"publish":            {sink(postgres, dataflow.SaveModeAppend, "later"), `publish "later" is unknown; write direct or atomic`},
		"staged dbtable":     {sink(dbtable, dataflow.SaveModeUpsert, "", "id"), "the option dbtable would replace the staging table"},
		"isolation":          {dataflow.JDBCSink{JDBC: postgres, Table: "t", IsolationLevel: "SNAPSHOT"}, `isolation_level "SNAPSHOT" is none; there are NONE, `},
		"cascade":            {dataflow.JDBCSink{JDBC: postgres, Table: "t", CascadeTruncate: true}, `"cascade_truncate" wants truncate`},
		"numbers":            {dataflow.JDBCSink{JDBC: postgres, Table: "t", NumPartitions: -1}, "no number that Spark takes"},
		"truncate of SQLite": {dataflow.JDBCSink{JDBC: jdbcAt("jdbc:sqlite:x"), Table: "t", Mode: dataflow.SaveModeOverwrite, Truncate: true}, "Spark does not empty a table of SQLite"},
		"option as a table":  {dataflow.JDBCSink{JDBC: dbtable, Table: "x y"}, ""},
		"upsert":             {sink(maria, dataflow.SaveModeUpsert, "direct", "id"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tt.sink.Validate(); tt.want != "" {
				require.ErrorContains(t, err, tt.want)
			} else {
				require.NoError(t, err)
			}
		})
	}
	b := setup(t, nil)
	require.ErrorIs(t, dataflow.Writer{Mode: dataflow.SaveModeUpsert}.Save(t.Context(), b.spark, b.frame(t), "/x"), dataflow.ErrWriterConflict)
	require.Zero(t, b.trips())
}

// A read gives the keys of options on in small letters, which drivers do not know.
func TestPropertiesWithCapitals(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	options := map[string]string{"currentSchema": "a b&c", "sslmode": "require", "fetchSize": "3"}
	for url, want := range map[string]string{
		"jdbc:postgresql://h/db":          "jdbc:postgresql://h/db?currentSchema=a+b%26c",
		"jdbc:postgresql://h/db?x=y":      "jdbc:postgresql://h/db?x=y&currentSchema=a+b%26c",
		"jdbc:oracle:thin:@h:1521:x":      "jdbc:oracle:thin:@h:1521:x",
		"jdbc:sqlserver://h;encrypt=true": "jdbc:sqlserver://h;encrypt=true",
	} {
		jdbc := jdbcAt(url)
		jdbc.Options = options
		df, err := dataflow.JDBCSource{JDBC: jdbc, Table: "t"}.Load(t.Context(), b.spark)
		require.NoError(t, err)
		var got string
		require.NoError(t, json.Unmarshal(at(t, b.planOf(t, df), "root", "read", "dataSource", "options", "url"), &got))
		require.Equal(t, want, got)
	}
}

func TestURLsOfMariaDBForSpark(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const driver = "org.mariadb.jdbc.Driver"
	for _, tt := range []struct{ url, driver, wantURL, wantDriver string }{
		{"jdbc:mariadb://h/db", "", "jdbc:mysql://h/db?permitMysqlScheme", driver},
		{"jdbc:mariadb://h/db?a=b", driver, "jdbc:mysql://h/db?a=b&permitMysqlScheme", driver},
		{"JDBC:MariaDB:replication://h,i/db", "", "jdbc:mysql:replication://h,i/db?permitMysqlScheme", driver},
		{"jdbc:mariadb://h/db?permitMysqlScheme=true", "", "jdbc:mysql://h/db?permitMysqlScheme=true", driver},
		{"jdbc:mysql://h/db", driver, "jdbc:mysql://h/db?permitMysqlScheme", driver},
		{"jdbc:mysql://h/db", "", "jdbc:mysql://h/db", ""},
		{"jdbc:mysql://h/db", "com.mysql.cj.jdbc.Driver", "jdbc:mysql://h/db", "com.mysql.cj.jdbc.Driver"},
		{"jdbc:mariadb://h/db", "com.x.Proxy", "jdbc:mariadb://h/db", "com.x.Proxy"},
		{"jdbc:postgresql://h/db", "", "jdbc:postgresql://h/db", ""},
	} {
		df, err := dataflow.JDBCSource{JDBC: dataflow.JDBC{URL: secrets.NewValue(tt.url), Driver: tt.driver}, Table: "t"}.Load(t.Context(), b.spark)
		require.NoError(t, err)
		options := at(t, b.planOf(t, df), "root", "read", "dataSource", "options")
		require.JSONEq(t, `"`+tt.wantURL+`"`, string(at(t, options, "url")), tt.url)
		if tt.wantDriver == "" {
			require.NotContains(t, string(options), `"driver"`)
		} else {
			require.JSONEq(t, `"`+tt.wantDriver+`"`, string(at(t, options, "driver")), tt.url)
		}
	}
}
