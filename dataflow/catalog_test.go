package dataflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// arrowJSON gives rows that are written as JSON in the form of Arrow's IPC.
func arrowJSON(rows string, fields ...arrow.Field) ([]byte, error) {
	schema := arrow.NewSchema(fields, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		return nil, err
	}
	defer record.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema))
	err = errors.Join(w.Write(record), w.Close())
	return buf.Bytes(), err
}

// sendJSON answers with rows that are written as JSON.
func sendJSON(op *fakeconnect.Operation, rows string, fields ...arrow.Field) error {
	data, err := arrowJSON(rows, fields...)
	if err != nil {
		return err
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(rows), &list); err != nil {
		return err
	}
	anything := &wire.DataType{Kind: &wire.DataType_Struct_{Struct: &wire.DataType_Struct{}}} // the client wants one and reads the rows' own
	return op.Send(&wire.ExecutePlanResponse{Schema: anything, ResponseType: &wire.ExecutePlanResponse_ArrowBatch_{
		ArrowBatch: &wire.ExecutePlanResponse_ArrowBatch{RowCount: int64(len(list)), Data: data},
	}})
}

func textField(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
}

func flagField(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.FixedWidthTypes.Boolean}
}

// answerBool answers everything with one bool.
func answerBool(value string) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		return sendJSON(op, `[{"value":`+value+`}]`, flagField("value"))
	}
}

// answerText answers everything with one text.
func answerText(op *fakeconnect.Operation) error { return op.SendStrings("value", "one") }

// errOf drops the answer of a call.
func errOf[T any](call func(ctx context.Context, name string) (T, error), name string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx, name)
		return err
	}
}

func TestPlansOfTheCatalog(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	c := b.spark.Catalog()
	table := &dataflow.NewTable{
		Format: "parquet", Path: "/data/t", Description: "d", Options: map[string]string{"compression": "zstd"},
		Schema: schema.Definition{Fields: []schema.Field{{Name: "id", Type: schema.Long()}, {Name: "tags", Type: schema.ArrayOf(schema.String(), true), Nullable: true}}},
	}
	calls := map[string]func(ctx context.Context) error{
		"currentCatalog":        func(ctx context.Context) error { _, err := c.CurrentCatalog(ctx); return err },
		"currentDatabase":       func(ctx context.Context) error { _, err := c.CurrentDatabase(ctx); return err },
		"setCurrentCatalog":     func(ctx context.Context) error { return c.SetCurrentCatalog(ctx, "ice") },
		"setCurrentDatabase":    func(ctx context.Context) error { return c.SetCurrentDatabase(ctx, "db") },
		"listCatalogs":          errOf(c.ListCatalogs, "i*"),
		"listDatabases":         errOf(c.ListDatabases, ""),
		"listDatabases pattern": errOf(c.ListDatabases, "d*|e*"),
		"listTables":            func(ctx context.Context) error { _, err := c.ListTables(ctx, "", ""); return err },
		"listTables in":         func(ctx context.Context) error { _, err := c.ListTables(ctx, "cat.db", "t*"); return err },
		"listFunctions":         func(ctx context.Context) error { _, err := c.ListFunctions(ctx, "db", "abs*"); return err },
		"listColumns":           errOf(c.ListColumns, "db.`t.1`"),
		"getDatabase":           errOf(c.Database, "db"),
		"getTable":              errOf(c.Table, "cat.db.t"),
		"getFunction":           errOf(c.Function, "abs"),
		"databaseExists":        errOf(c.DatabaseExists, "db"),
		"tableExists":           errOf(c.TableExists, "db.t"),
		"functionExists":        errOf(c.FunctionExists, "abs"),
		"createTable":           func(ctx context.Context) error { return c.CreateTable(ctx, "db.t", nil) },
		"createTable all":       func(ctx context.Context) error { return c.CreateTable(ctx, "db.t", table) },
		"dropTempView":          errOf(c.DropTempView, "v"),
		"dropGlobalTempView":    errOf(c.DropGlobalTempView, "v"),
		"recoverPartitions":     func(ctx context.Context) error { return c.RecoverPartitions(ctx, "db.t") },
		"isCached":              errOf(c.IsCached, "db.t"),
		"cacheTable":            func(ctx context.Context) error { return c.CacheTable(ctx, "db.t", "") },
		"cacheTable level":      func(ctx context.Context) error { return c.CacheTable(ctx, "db.t", dataflow.StorageLevelDiskOnly2) },
		"uncacheTable":          func(ctx context.Context) error { return c.UncacheTable(ctx, "db.t") },
		"clearCache":            c.ClearCache,
		"refreshTable":          func(ctx context.Context) error { return c.RefreshTable(ctx, "db.t") },
		"refreshByPath":         func(ctx context.Context) error { return c.RefreshByPath(ctx, "/data/t") },
	}
	plans := map[string]json.RawMessage{}
	for what, call := range calls {
		before := len(b.executed(t))
		if what == "currentCatalog" || what == "currentDatabase" {
			b.server.OnExecute(answerText)
		} else {
			b.server.OnExecute(answerBool("true"))
		}
		require.NoError(t, call(t.Context()), what)
		require.Len(t, b.executed(t), before+1, "%s is one execution", what)
		plans[what] = b.lastPlan(t)
	}
	golden(t, "catalog", plans)
}

func TestCatalogReadsByTheNamesOfColumns(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	c := b.spark.Catalog()
	namespace := arrow.Field{Name: "namespace", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		return sendJSON(op, `[
			{"isTemporary":false,"name":"t","catalog":"cat","namespace":["a","b"],"description":"all","tableType":"MANAGED","more":"x"},
			{"isTemporary":true,"name":"v","catalog":null,"namespace":null,"description":null,"tableType":"TEMPORARY","more":"y"}]`,
			flagField("isTemporary"), textField("name"), textField("catalog"), namespace, textField("description"), textField("tableType"), textField("more"))
	})
	tables, err := c.ListTables(t.Context(), "", "")
	require.NoError(t, err)
	require.Equal(t, []dataflow.TableInfo{
		{Name: "t", Catalog: "cat", Namespace: []string{"a", "b"}, Description: "all", Type: "MANAGED"},
		{Name: "v", Type: "TEMPORARY", Temporary: true},
	}, tables)
	_, err = c.Table(t.Context(), "t")
	require.EqualError(t, err, "look up the table t: the server sent 2 rows where one was due")
	_, err = c.TableExists(t.Context(), "t")
	require.EqualError(t, err, "look for the table t: the server sent 2 rows where one value was due")

	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		return sendJSON(op, `[{"name":"id","description":"key","dataType":"bigint","nullable":true,"isPartition":true,"isBucket":false,"isCluster":true}]`,
			textField("name"), textField("description"), textField("dataType"), flagField("nullable"), flagField("isPartition"), flagField("isBucket"), flagField("isCluster"))
	})
	columns, err := c.ListColumns(t.Context(), "t")
	require.NoError(t, err)
	require.Equal(t, []dataflow.ColumnInfo{{Name: "id", Description: "key", DataType: "bigint", Nullable: true, Partition: true, Cluster: true}}, columns)

	b.server.OnExecute(answerText)
	_, err = c.IsCached(t.Context(), "t")
	require.EqualError(t, err, "look for t in the cache: the server sent a string")
}

func TestCatalogFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.EqualError(t, b.spark.Catalog().CacheTable(t.Context(), "t", "DISK"),
		`cache t: "DISK" is no storage level; write one such as MEMORY_AND_DISK or DISK_ONLY`)
	require.Zero(t, b.trips())
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	const cause = ": [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)"
	_, err := b.spark.Catalog().Table(t.Context(), "t")
	require.EqualError(t, err, "look up the table t"+cause)
	require.EqualError(t, b.spark.Catalog().RefreshTable(t.Context(), "t"), "refresh t"+cause)
}

func TestQuoteName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "`t`", dataflow.QuoteName("t"))
	require.Equal(t, "`cat`.`my.db`.`a``b`", dataflow.QuoteName("cat", "my.db", "a`b"))
}

// TestCreateTableTakesWhateverTheServerAnswers has an interval, which the client
// cannot read.
func TestCreateTableTakesWhateverTheServerAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		return sendJSON(op, `[]`, arrow.Field{Name: "i", Type: arrow.FixedWidthTypes.MonthInterval}, arrow.Field{Name: "v", Type: &arrow.Time64Type{Unit: arrow.Nanosecond}})
	})
	require.NoError(t, b.spark.Catalog().CreateTable(t.Context(), "t", nil))
	require.NoError(t, b.spark.Catalog().CacheTable(t.Context(), "t", ""))
}

func TestCreateTableTellsWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "TABLE_OR_VIEW_ALREADY_EXISTS", State: "42P07", Message: "It exists."}.Error()
	})
	err := b.spark.Catalog().CreateTable(t.Context(), "db.t", nil)
	require.ErrorContains(t, err, "create the table db.t: [TABLE_OR_VIEW_ALREADY_EXISTS] It exists.")
	requireClass(t, "TABLE_OR_VIEW_ALREADY_EXISTS", err)
}
