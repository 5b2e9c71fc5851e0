package dataflow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestQueriesCostNoRoundTrip(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"SELECT 1", "select 1", "  \n\tSeLeCt 1", "VALUES (1), (2)", "TABLE t", "table t",
		"-- a comment\nSELECT 1", "/* DROP TABLE t; /* nested */ */ SELECT 1", "(SELECT 1) UNION (SELECT 2)",
		"((( -- deep\n VALUES (1))))", "SELECT/**/1", "\ufeffSELECT 1",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			df, err := b.spark.SQL(t.Context(), query)
			require.NoError(t, err)
			require.Zero(t, b.trips(), "SQL costs no round trip")
			rows, err := df.Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, rows, 1)
			require.Equal(t, 1, b.trips(), "the action costs one")
			require.Equal(t, query, b.executed(t)[0].SQL())
		})
	}
}

func TestOtherStatementsRunAtOnce(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		"CREATE TABLE t (a INT)", "insert into t select 1", "DROP TABLE t", "SHOW TABLES", "SET a = 1", "USE db",
		"WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q", "FROM t INSERT INTO u SELECT *", "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
		"-- SELECT 1\nDROP TABLE t", "/* SELECT */ TRUNCATE TABLE t", "CACHE TABLE t AS SELECT 1", "EXPLAIN SELECT 1", "",
		"TABLES", "SELECTED", "`SELECT` 1",
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			_, err := b.spark.SQL(t.Context(), statement)
			require.NoError(t, err)
			require.Equal(t, 1, b.trips())
			require.Equal(t, statement, b.executed(t)[0].SQL())
			require.NotNil(t, b.executed(t)[0].Request.GetPlan().GetCommand().GetSqlCommand())
		})
	}
}

// answerCommands answers a SQL command with a relation, as Spark does.
func answerCommands(rel *wire.Relation) fakeconnect.Script {
	return func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() == nil {
			return fakeconnect.ErrUnscripted
		}
		data, err := proto.Marshal(rel)
		if err != nil {
			return err
		}
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_SqlCommandResult_{
			SqlCommandResult: &wire.ExecutePlanResponse_SqlCommandResult{Relation: data},
		}})
	}
}

func TestStatementRunsOnceHoweverOftenItsResultIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ddl := "a INT"
	b.server.OnExecute(answerCommands(&wire.Relation{
		Common:  &wire.RelationCommon{PlanId: proto.Int64(1)},
		RelType: &wire.Relation_LocalRelation{LocalRelation: &wire.LocalRelation{Schema: &ddl}},
	}))
	df, err := b.spark.SQL(t.Context(), "CREATE TABLE t (a INT)")
	require.NoError(t, err)
	for range 2 {
		_, err = df.Collect(t.Context())
		require.NoError(t, err)
	}
	require.NoError(t, dataflow.Writer{Format: "noop"}.Save(t.Context(), b.spark, df, ""))
	commands := 0
	for _, op := range b.executed(t) {
		if op.Request.GetPlan().GetCommand().GetSqlCommand() != nil {
			commands++
			continue
		}
		require.Empty(t, op.SQL(), "the statement is not in a plan that runs later")
	}
	require.Equal(t, 1, commands)
	require.JSONEq(t, `{"root":{"common":{"planId":"1"},"localRelation":{"schema":"a INT"}}}`, string(b.planOf(t, df)))
}

func TestResultOfACommandThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_SqlCommandResult_{
			SqlCommandResult: &wire.ExecutePlanResponse_SqlCommandResult{Relation: []byte{0xff}},
		}})
	})
	_, err := b.spark.SQL(t.Context(), "SHOW TABLES")
	require.ErrorContains(t, err, "read the result of a statement")
}

func TestExecRunsEveryStatementOnce(t *testing.T) {
	t.Parallel()
	t.Run("command", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		require.NoError(t, b.spark.Exec(t.Context(), "DROP TABLE t"))
		require.Equal(t, 1, b.trips())
	})
	t.Run("query", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		require.NoError(t, b.spark.Exec(t.Context(), "SELECT raise_error(:why)", dataflow.Named("why", "x")))
		require.Equal(t, 1, b.trips())
	})
	t.Run("query that begins like a command", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		b.server.OnExecute(answerCommands(&wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: "WITH q AS (SELECT 1) SELECT * FROM q"}}}))
		require.NoError(t, b.spark.Exec(t.Context(), "WITH q AS (SELECT 1) SELECT * FROM q"))
		all := b.executed(t)
		require.Len(t, all, 2, "the server gives such a query back unrun")
		require.JSONEq(t, `"noop"`, string(at(t, b.lastPlan(t), "command", "writeOperation", "source")))
		require.JSONEq(t, `"WITH q AS (SELECT 1) SELECT * FROM q"`, string(at(t, b.lastPlan(t), "command", "writeOperation", "input", "sql", "query")))
	})
}

func TestExecTellsTheErrorOfTheServer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(*fakeconnect.Operation) error {
		return fakeconnect.Failure{Class: "DIVIDE_BY_ZERO", State: "22012", Message: "Division by zero."}.Error()
	})
	for _, statement := range []string{"SELECT 1/0", "INSERT INTO t SELECT 1/0"} {
		err := b.spark.Exec(t.Context(), statement)
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		require.Equal(t, "DIVIDE_BY_ZERO", spark.Class)
		require.Equal(t, "22012", spark.SQLState)
	}
}

func TestSQLUnderACancelledContextSendsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errReason)
	require.ErrorIs(t, b.spark.Exec(ctx, "DROP TABLE t"), errReason)
	require.ErrorIs(t, b.spark.Exec(ctx, "SELECT 1"), errReason)
	require.Zero(t, b.trips())
}
