package dataflow_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// relationOf is what a DataFrame is made of.
func (b bundle) relationOf(t testing.TB, df sql.DataFrame) *wire.Relation {
	t.Helper()
	data, err := b.spark.Export(t.Context(), df)
	require.NoError(t, err)
	rel := new(wire.Relation)
	require.NoError(t, proto.Unmarshal(data, rel))
	return rel
}

// sentRows counts the rows of a local relation, whose stream has one batch.
func sentRows(t testing.TB, rel *wire.LocalRelation) int {
	t.Helper()
	if rel.Data == nil {
		return 0
	}
	rows, batches := 0, 0
	_, err := columnar.Read(rel.GetData(), func(r arrow.Record) error {
		rows += int(r.NumRows())
		batches++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 1, batches, "Spark 4.0 loses the rows of all but the first batch")
	return rows
}

// sentTexts are texts of a size of their own.
func sentTexts(n, size int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.Repeat(string(rune('a'+i%26)), size)
	}
	return out
}

func TestSmallLocalDataGoesWithThePlan(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, err := dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(3000), nil)
	require.NoError(t, err)
	require.Zero(t, b.trips())
	local := b.relationOf(t, df).GetLocalRelation()
	require.Equal(t, 3000, sentRows(t, local))
	def, err := schema.ParseJSON([]byte(local.GetSchema()))
	require.NoError(t, err)
	require.Equal(t, "id BIGINT, b BIGINT, s STRING, r DOUBLE", def.String())
	require.LessOrEqual(t, len(local.GetData()), dataflow.InlineLimit)
}

func TestTheSizeDecidesTheWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size   int
		inline bool
	}{
		"just below":  {dataflow.InlineLimit - 4 - 8, true}, // a length of 4 bytes
		"just beyond": {dataflow.InlineLimit, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			df, err := dataflow.CreateDataFrame(t.Context(), b.spark, sentTexts(1, test.size), nil)
			require.NoError(t, err)
			require.Equal(t, test.inline, b.relationOf(t, df).GetLocalRelation() != nil)
			require.Equal(t, test.inline, len(b.server.Artifacts()) == 0)
		})
	}
}

func TestCachedLocalDataIsSentOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	uploads := 0
	b.server.OnArtifact(func(string, []byte) error {
		uploads++
		return nil
	})
	cached := &dataflow.LocalDataOptions{Strategy: dataflow.LocalDataStrategyCached}
	var hashes []string
	for _, n := range []int{5000, 5000, 5001} {
		df, err := dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(n), cached)
		require.NoError(t, err)
		hash := b.relationOf(t, df).GetCachedLocalRelation().GetHash()
		data := b.server.Artifacts()["cache/"+hash]
		sum := sha256.Sum256(data)
		require.Equal(t, hex.EncodeToString(sum[:]), hash)
		var local wire.LocalRelation
		require.NoError(t, proto.Unmarshal(data, &local))
		require.Equal(t, n, sentRows(t, &local))
		hashes = append(hashes, hash)
	}
	require.Equal(t, hashes[0], hashes[1])
	require.NotEqual(t, hashes[0], hashes[2])
	require.Len(t, b.server.Artifacts(), 2)
	require.Len(t, b.server.Requests("ArtifactStatus"), 3)
	require.Equal(t, 2, uploads)
}

func TestLargeCachedLocalDataIsAUnion(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	df, err := dataflow.CreateDataFrame(t.Context(), b.spark, sentTexts(9, 4<<20), &dataflow.LocalDataOptions{Strategy: dataflow.LocalDataStrategyCached})
	require.NoError(t, err)
	require.NotEmpty(t, at(t, b.planOf(t, df), "root", "setOp", "leftInput", "cachedLocalRelation"))
	rows := 0
	for _, data := range b.server.Artifacts() {
		var local wire.LocalRelation
		require.NoError(t, proto.Unmarshal(data, &local))
		rows += sentRows(t, &local)
	}
	require.Len(t, b.server.Artifacts(), 2)
	require.Equal(t, 9, rows)
}

// withFiles is a session with a fake server that tells of files, and its log.
func withFiles(t testing.TB, master string) (bundle, *observer.ObservedLogs) {
	t.Helper()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.master", master)
	core, logs := observer.New(zap.DebugLevel)
	return bundle{server: server, spark: connectTo(t, filesOf(t, server), &dataflow.ConnectOptions{Logger: zap.New(core)})}, logs
}

func TestLargeLocalDataIsStagedUntilClose(t *testing.T) {
	t.Parallel()
	b, logs := withFiles(t, "local[2]")
	dir := t.TempDir()
	opts := &dataflow.LocalDataOptions{StagingDir: dir}
	for i := range 2 {
		df, err := dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(20_000), opts)
		require.NoError(t, err)
		source := b.relationOf(t, df).GetRead().GetDataSource()
		require.Equal(t, "parquet", source.GetFormat())
		require.Len(t, source.GetPaths(), 1)
		file := strings.TrimPrefix(source.GetPaths()[0], "file://")
		require.True(t, strings.HasPrefix(file, dir), file)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(20_000*(8+8+8)))
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		require.NoError(t, err)
		require.Len(t, files, 2+i, "the probe, and one a DataFrame")
	}
	require.Empty(t, b.server.Artifacts())
	require.Zero(t, logs.Len())
	require.NoError(t, b.spark.Close(t.Context()))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestLocalDataIsForwardedToAnotherFileSystem(t *testing.T) {
	t.Parallel()
	b, _ := withFiles(t, "yarn")
	opts := &dataflow.LocalDataOptions{Strategy: dataflow.LocalDataStrategyStaged, StagingDir: "hdfs://nn:8020/stage/"}
	df, err := dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(100), opts)
	require.NoError(t, err)
	own := "/stage/sparkpipe-" + b.spark.ID()
	require.Equal(t, []string{"hdfs://nn:8020" + own + "/data-00002.parquet"}, b.relationOf(t, df).GetRead().GetDataSource().GetPaths())
	require.ElementsMatch(t, []string{"forward_to_fs" + own + "/data-00001.parquet", "forward_to_fs" + own + "/data-00002.parquet"},
		slices.Collect(maps.Keys(b.server.Artifacts())))
	for _, data := range b.server.Artifacts() {
		require.Equal(t, "PAR1", string(data[:4]))
		require.Equal(t, "PAR1", string(data[len(data)-4:]))
	}
	value, ok := b.server.Conf(dataflow.ConfCopyToLocalFS)
	require.True(t, ok)
	require.Equal(t, "true", value)
	require.Empty(t, b.executed(t))
	require.NoError(t, b.spark.Close(t.Context()))
	write := at(t, b.lastPlan(t), "command", "writeOperation")
	require.JSONEq(t, `"hdfs://nn:8020`+own+`"`, string(at(t, write, "path")), "Close overwrites the folder with nothing")
	require.JSONEq(t, `"SAVE_MODE_OVERWRITE"`, string(at(t, write, "mode")))
}

func TestLargeLocalDataIsCachedWhereItCannotBeStaged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		master string
		opts   *dataflow.LocalDataOptions
		rows   func(b bundle, opts *dataflow.LocalDataOptions) (sql.DataFrame, error)
		reason string
	}{
		"no shared folder": {"spark://m:7077", nil, nil, "name one in LocalDataOptions.StagingDir"},
		"executors apart":  {"local-cluster[2,1,1024]", nil, nil, "name one in LocalDataOptions.StagingDir"},
		"a pattern":        {"local", &dataflow.LocalDataOptions{StagingDir: "/tmp/{a}"}, nil, "takes for a pattern"},
		"no such type": {"local", &dataflow.LocalDataOptions{StagingDir: "."}, func(b bundle, opts *dataflow.LocalDataOptions) (sql.DataFrame, error) {
			return dataflow.CreateDataFrame(context.Background(), b.spark, make([]value.CalendarInterval, 40_000), opts)
		}, `column "value": a file cannot carry the type`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, logs := withFiles(t, test.master)
			create := test.rows
			if create == nil {
				create = func(b bundle, opts *dataflow.LocalDataOptions) (sql.DataFrame, error) {
					return dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(20_000), opts)
				}
			}
			df, err := create(b, test.opts)
			require.NoError(t, err)
			require.NotEmpty(t, b.relationOf(t, df).GetCachedLocalRelation().GetHash())
			require.Len(t, b.server.Artifacts(), 1)
			warnings := logs.FilterLevelExact(zap.WarnLevel).All()
			require.Len(t, warnings, 1)
			require.Contains(t, warnings[0].Message, "sent as a cached relation")
			require.Contains(t, warnings[0].ContextMap()["error"], test.reason)
		})
	}
}

func TestStagingThatWasAskedForIsNotReplaced(t *testing.T) {
	t.Parallel()
	b, _ := withFiles(t, "spark://m:7077")
	_, err := dataflow.CreateDataFrame(t.Context(), b.spark, uploadRows(1), &dataflow.LocalDataOptions{Strategy: dataflow.LocalDataStrategyStaged})
	require.ErrorContains(t, err, "create a DataFrame: stage the data: there is no folder")
	require.Empty(t, b.server.Artifacts())
}

func TestLocalDataWithoutRows(t *testing.T) {
	t.Parallel()
	for name, strategy := range strategies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := withFiles(t, "local[2]")
			df, err := dataflow.CreateDataFrame[uploadRow](t.Context(), b.spark, nil, &dataflow.LocalDataOptions{Strategy: strategy, StagingDir: t.TempDir()})
			require.NoError(t, err)
			rel := b.relationOf(t, df)
			local := rel.GetLocalRelation()
			switch name {
			case "cached":
				local = new(wire.LocalRelation)
				require.NoError(t, proto.Unmarshal(b.server.Artifacts()["cache/"+rel.GetCachedLocalRelation().GetHash()], local))
			case "staged":
				require.NotEmpty(t, rel.GetRead().GetDataSource().GetSchema())
				require.FileExists(t, strings.TrimPrefix(rel.GetRead().GetDataSource().GetPaths()[0], "file://"))
				return
			}
			require.Nil(t, local.Data)
			require.NotEmpty(t, local.GetSchema())
		})
	}
}

func TestLocalDataThatIsRefused(t *testing.T) {
	t.Parallel()
	notNull, err := schema.Parse("id INT NOT NULL, name STRING")
	require.NoError(t, err)
	errRows := errors.New("the file ends in the middle")
	tests := map[string]struct {
		rows iter.Seq2[[]any, error]
		want string
	}{
		"null": {func(yield func([]any, error) bool) {
			_ = yield([]any{1, nil}, nil) && yield([]any{nil, "x"}, nil)
		}, `row 1: column "id": it is null and the schema says NOT NULL`},
		"error of the rows": {func(yield func([]any, error) bool) {
			_ = yield([]any{1, nil}, nil) && yield(nil, errRows)
		}, "the file ends in the middle"},
		"error after much": {func(yield func([]any, error) bool) {
			for i := range 100_000 {
				if !yield([]any{i, "some text"}, nil) {
					return
				}
			}
			yield(nil, errRows)
		}, "the file ends in the middle"},
		"no rows at all": {nil, "create a DataFrame: the rows are nil"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, strategy := range strategies {
				b, _ := withFiles(t, "local[2]")
				dir := t.TempDir()
				opts := &dataflow.LocalDataOptions{Schema: notNull, Strategy: strategy, StagingDir: dir}
				_, err := dataflow.CreateDataFrameFromSeq(t.Context(), b.spark, test.rows, opts)
				require.ErrorContains(t, err, test.want)
				if strings.HasPrefix(name, "error") {
					require.ErrorIs(t, err, errRows)
				}
				require.Empty(t, b.server.Artifacts())
				files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
				require.NoError(t, err)
				require.LessOrEqual(t, len(files), 1, "the probe is all that is there: %v", files)
			}
		})
	}
	b := setup(t, nil)
	_, err = dataflow.CreateDataFrame(t.Context(), b.spark, []int{1}, &dataflow.LocalDataOptions{Strategy: 9})
	require.EqualError(t, err, "create a DataFrame: there is no LocalDataStrategy 9")
}

func TestLocalDataEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, strategy := range strategies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := withFiles(t, "local[2]")
			ctx, cancel := context.WithCancelCause(t.Context())
			last := 0
			_, err := dataflow.CreateDataFrameFromSeq(ctx, b.spark, func(yield func(int, error) bool) {
				for last = range 1_000_000 {
					if last == 50_000 {
						cancel(errReason)
					}
					if !yield(last, nil) {
						return
					}
				}
			}, &dataflow.LocalDataOptions{Strategy: strategy, StagingDir: t.TempDir()})
			require.ErrorIs(t, err, errReason)
			require.Less(t, last, 60_000)
		})
	}
}

// TestColumnsThatSparkCastsAreNamedInTheEnd has columns that Spark takes under
// another type, and names that it cannot tell apart.
func TestColumnsThatSparkCastsAreNamedInTheEnd(t *testing.T) {
	t.Parallel()
	b, _ := withFiles(t, "local[2]")
	for ddl, want := range map[string]string{
		"a INTERVAL DAY, `b c` CHAR(3)": `[{"alias":{"expr":{"expressionString":{"expression":"CAST(c0 AS INTERVAL DAY)"}},"name":["a"]}},` +
			`{"alias":{"expr":{"expressionString":{"expression":"CAST(c1 AS CHAR(3))"}},"name":["b c"]}}]`,
		"a INT, A INT":                `[{"alias":{"expr":{"expressionString":{"expression":"c0"}},"name":["a"]}},{"alias":{"expr":{"expressionString":{"expression":"c1"}},"name":["A"]}}]`,
		"a INTERVAL YEAR COMMENT 'x'": `[{"alias":{"expr":{"expressionString":{"expression":"CAST(c0 AS INTERVAL YEAR)"}},"name":["a"],"metadata":"{\"comment\":\"x\"}"}}]`,
	} {
		def, err := schema.Parse(ddl)
		require.NoError(t, err)
		for _, strategy := range strategies {
			df, err := dataflow.CreateDataFrame[dataflow.Row](t.Context(), b.spark, nil, &dataflow.LocalDataOptions{Schema: def, Strategy: strategy, StagingDir: t.TempDir()})
			require.NoError(t, err)
			require.JSONEq(t, want, string(at(t, b.planOf(t, df), "root", "project", "expressions")))
		}
	}
}

func TestStructsThatNoFileCarries(t *testing.T) {
	t.Parallel()
	b, _ := withFiles(t, "local[2]")
	for _, ddl := range []string{
		"c STRUCT<a: INT, b: STRUCT<x: INT, X: INT>>", "c ARRAY<STRUCT<x: INT, X: INT>>", "c MAP<STRING, STRUCT<x: INT, X: INT>>", "c MAP<STRUCT<x: INT, X: INT>, INT>",
	} {
		def, err := schema.Parse(ddl)
		require.NoError(t, err)
		opts := &dataflow.LocalDataOptions{Schema: def, Strategy: dataflow.LocalDataStrategyStaged}
		_, err = dataflow.CreateDataFrame[dataflow.Row](t.Context(), b.spark, nil, opts)
		require.ErrorContains(t, err, `column "c": a file cannot carry a struct with two fields "X"`, ddl)
	}
	_, err := schema.Parse("a INT, a INT")
	require.NoError(t, err, "Spark has columns of one name")
}
