package dataflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

var mergeView = regexp.MustCompile(`sparkpipe_merge_[0-9a-f]{32}`)

// everything is one merge with all kinds of clauses.
var everything = dataflow.Merge{
	Into: "cat.`my db`.t", UsingTable: "db.src", On: "target.id = source.id AND source.region = :region -- only here",
	When: []dataflow.MergeClause{
		dataflow.WhenMatched("source.deleted OR source.expired < :now").Delete(),
		dataflow.WhenMatched("source.partial").Update(map[string]string{"name": "source.name", "address.`zip code`": "coalesce(source.zip, :zip)"}),
		dataflow.WhenMatched("").UpdateAll(),
		dataflow.WhenNotMatched("NOT source.deleted").Insert(map[string]string{"id": "source.id", "`a``b`": "'x'", "name": "source.name -- given"}),
		dataflow.WhenNotMatched("").InsertAll(),
		dataflow.WhenNotMatchedBySource("target.region = :region").Update(map[string]string{"active": "false"}),
		dataflow.WhenNotMatchedBySource(" ").Delete(),
	},
	Args: map[string]any{"region": "o'brien", "now": 5, "zip": nil},
}

func TestPlansOfMerge(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	quoted := everything
	quoted.When = everything.When[2:3]
	quoted.TargetAlias, quoted.SourceAlias, quoted.SchemaEvolution, quoted.Args = "t", "s t", true, nil
	quoted.On, quoted.UsingTable = "t.id = `s t`.id", "`my view`"
	plans := map[string]json.RawMessage{}
	for name, m := range map[string]dataflow.Merge{"everything": everything, "aliases": quoted} {
		changed, err := m.Run(t.Context(), b.spark)
		require.NoError(t, err)
		require.Nil(t, changed, "the server tells nothing")
		plans[name] = b.lastPlan(t)
	}
	golden(t, "merge", plans)
	require.Len(t, b.executed(t), 3, "one more adds the columns")
}

func TestMergeOfADataFrame(t *testing.T) {
	t.Parallel()
	m := dataflow.Merge{Into: "t", On: "target.id = source.id", When: []dataflow.MergeClause{dataflow.WhenMatched("").Delete()}}
	// steps writes down what arrives.
	steps := func(b bundle, fail error) func() []string {
		var mu sync.Mutex
		var seen []string
		b.server.OnExecute(func(op *fakeconnect.Operation) error {
			mu.Lock()
			defer mu.Unlock()
			if view := op.Request.GetPlan().GetCommand().GetCreateDataframeView(); view != nil {
				seen = append(seen, "create "+view.GetName())
				return nil
			}
			var rel wire.Relation
			if err := proto.Unmarshal(op.Request.GetPlan().GetRoot(), &rel); err == nil && rel.GetCatalog() != nil {
				seen = append(seen, "drop "+rel.GetCatalog().GetDropTempView().GetViewName())
				return sendJSON(op, `[{"value":true}]`, flagField("value"))
			}
			seen = append(seen, op.SQL())
			return fail
		})
		return func() []string {
			mu.Lock()
			defer mu.Unlock()
			return seen
		}
	}
	t.Run("is a view meanwhile", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		seen := steps(b, nil)
		m := m
		m.Using = b.frame(t)
		_, err := m.Run(t.Context(), b.spark)
		require.NoError(t, err)
		name := mergeView.FindString(seen()[0])
		require.NotEmpty(t, name)
		require.Equal(t, []string{
			"create " + name,
			"MERGE INTO `t` AS `target`\nUSING `" + name + "` AS `source`\nON (target.id = source.id\n)\nWHEN MATCHED THEN DELETE",
			"drop " + name,
		}, seen())
		_, err = m.Run(t.Context(), b.spark)
		require.NoError(t, err)
		require.NotEqual(t, name, mergeView.FindString(seen()[3]), "each run has a view of its own")
	})
	t.Run("is dropped after a failure", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		seen := steps(b, notFound.Error())
		m := m
		m.Using = b.frame(t)
		_, err := m.Run(t.Context(), b.spark)
		require.EqualError(t, err, "merge into t: [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)")
		require.Contains(t, seen()[2], "drop sparkpipe_merge_")
	})
	t.Run("is dropped after a cancel", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("not today")
		var dropped atomic.Bool
		b.server.OnExecute(func(op *fakeconnect.Operation) error {
			switch {
			case op.Request.GetPlan().GetCommand().GetCreateDataframeView() != nil:
				return nil
			case op.SQL() != "":
				cancel(reason)
				return op.Wait()
			}
			dropped.Store(true)
			return sendJSON(op, `[{"value":true}]`, flagField("value"))
		})
		m := m
		m.Using = b.frame(t)
		_, err := m.Run(ctx, b.spark)
		require.ErrorIs(t, err, reason)
		require.True(t, dropped.Load())
	})
	t.Run("of another session", func(t *testing.T) {
		t.Parallel()
		b := setup(t, nil)
		m := m
		m.Using = setup(t, nil).frame(t)
		_, err := m.Run(t.Context(), b.spark)
		require.ErrorIs(t, err, dataflow.ErrForeignSession)
		require.Empty(t, b.executed(t))
	})
}

func TestMergeReadsTheNumbersOfRows(t *testing.T) {
	t.Parallel()
	m := dataflow.Merge{Into: "t", UsingTable: "s", On: "true", When: []dataflow.MergeClause{dataflow.WhenMatched("").Delete()}}
	number := func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true}
	}
	delta := []arrow.Field{number("num_affected_rows"), number("num_updated_rows"), number("num_deleted_rows"), number("num_inserted_rows")}
	tests := map[string]struct {
		rows   string
		fields []arrow.Field
		want   *dataflow.MergeMetrics
	}{
		"as Delta tells them": {`[{"num_affected_rows":12,"num_updated_rows":4,"num_deleted_rows":3,"num_inserted_rows":5}]`, delta, &dataflow.MergeMetrics{Affected: 12, Updated: 4, Deleted: 3, Inserted: 5}},
		"none changed":        {`[{"num_affected_rows":0,"num_updated_rows":0,"num_deleted_rows":0,"num_inserted_rows":0}]`, delta, &dataflow.MergeMetrics{}},
		"no rows":             {`[]`, delta, nil},
		"NULL":                {`[{"num_affected_rows":null,"num_updated_rows":null,"num_deleted_rows":null,"num_inserted_rows":null}]`, delta, nil},
		"other columns":       {`[{"count":1}]`, []arrow.Field{number("count")}, nil},
		"other types":         {`[{"num_affected_rows":"12"}]`, []arrow.Field{textField("num_affected_rows")}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.server.OnExecute(func(op *fakeconnect.Operation) error {
				data, err := arrowJSON(tt.rows, tt.fields...)
				require.NoError(t, err)
				local, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_LocalRelation{LocalRelation: &wire.LocalRelation{Data: data}}})
				require.NoError(t, err)
				return op.Send(&wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_SqlCommandResult_{
					SqlCommandResult: &wire.ExecutePlanResponse_SqlCommandResult{Relation: local},
				}})
			})
			changed, err := m.Run(t.Context(), b.spark)
			require.NoError(t, err)
			require.Equal(t, tt.want, changed)
			require.Len(t, b.executed(t), 1)
		})
	}
}

func TestMergeFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	on, del := "true", []dataflow.MergeClause{dataflow.WhenMatched("").Delete()}
	update := func(set map[string]string) []dataflow.MergeClause {
		return []dataflow.MergeClause{dataflow.WhenMatched("").Update(set)}
	}
	tests := map[string]struct {
		merge dataflow.Merge
		want  string
	}{
		"nothing":            {dataflow.Merge{}, "merge into : the table: the name \"\": a part is empty\nthe source: the name \"\": a part is empty\nthere is no condition for rows to match\nno clause says what becomes of the rows"},
		"two sources":        {dataflow.Merge{Into: "t", Using: b.frame(t), UsingTable: "s", On: on, When: del}, "there are two sources, a DataFrame and the table s"},
		"open backquote":     {dataflow.Merge{Into: "`t", UsingTable: "s", On: on, When: del}, "the table: the name \"`t\": a backquote is not closed"},
		"text after a quote": {dataflow.Merge{Into: "`t`x", UsingTable: "s", On: on, When: del}, "something other than a dot follows a closing backquote"},
		"quote within":       {dataflow.Merge{Into: "a`b", UsingTable: "s", On: on, When: del}, "a backquote stands in the middle of a part; quote the whole part"},
		"empty part":         {dataflow.Merge{Into: "db..t", UsingTable: "s", On: on, When: del}, "a part is empty"},
		"empty last part":    {dataflow.Merge{Into: "db.", UsingTable: "s", On: on, When: del}, "a part is empty"},
		"empty quoted part":  {dataflow.Merge{Into: "db.``", UsingTable: "s", On: on, When: del}, "a part is empty"},
		"same alias":         {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: del, TargetAlias: "SOURCE"}, "table and source have the same alias SOURCE"},
		"zero clause":        {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: []dataflow.MergeClause{{}}}, "clause 1: it is empty; make it with WhenMatched"},
		"update of nothing":  {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: update(nil)}, "clause 1: update set names no columns"},
		"column without":     {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: update(map[string]string{"a": " "})}, "clause 1: the column a has no value; write NULL for none"},
		"bad column":         {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: update(map[string]string{"a.": "1"})}, `clause 1: a column: the name "a.": a part is empty`},
		"never reached": {dataflow.Merge{Into: "t", UsingTable: "s", On: on, When: []dataflow.MergeClause{
			dataflow.WhenMatched("").Delete(), dataflow.WhenNotMatched("").InsertAll(), dataflow.WhenMatched("true").UpdateAll(),
		}}, `clause 3: an earlier "WHEN MATCHED" has no condition, so that this one is never reached`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.merge.Run(t.Context(), b.spark)
			require.ErrorContains(t, err, tt.want)
			require.Error(t, tt.merge.Validate())
		})
	}
	require.Zero(t, b.trips(), "a fault sends nothing")
}
