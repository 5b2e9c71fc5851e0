package quality_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/quality"
)

func TestSuiteConfig(t *testing.T) {
	t.Parallel()
	var cfg quality.SuiteConfig
	require.NoError(t, config.NewSection(map[string]any{
		"checks": []any{map[string]any{"check": "not_null"}}, "publish": "with_checks", "staging": "/s", "storage_level": "disk_only",
		"quarantine": map[string]any{"path": "/q", "format": "orc"},
	}).Decode(&cfg))
	opts := cfg.GateOptions()
	require.Equal(t, quality.PublishWithChecks, opts.Publish)
	require.Equal(t, dataflow.StorageLevelDiskOnly, opts.StorageLevel)
	require.Equal(t, quality.Quarantine{Path: "/q", Format: "orc"}, opts.Quarantine)

	for _, bad := range []map[string]any{
		{},
		{"checks": []any{}, "publish": "later"},
		{"checks": []any{}, "quarantine": map[string]any{"path": "/q", "format": "csv"}},
		{"checks": []any{}, "quarantin": map[string]any{}},
	} {
		require.Error(t, config.NewSection(bad).Decode(&quality.SuiteConfig{}), "%v", bad)
	}
}

func TestMomentConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		block map[string]any
		want  string
	}{
		"the default is after the pipeline": {map[string]any{"table": "t"}, ""},
		"of a component":                    {map[string]any{"view": "v", "timing": "after_component", "component_name": "c"}, ""},
		"no component":                      {map[string]any{"view": "v", "moment": "after_component"}, "wants component_name"},
		"a blank component":                 {map[string]any{"view": "v", "moment": "before_component", "component_name": " "}, "wants component_name"},
		"a component for nothing":           {map[string]any{"view": "v", "component_name": "c"}, "component_name goes with"},
		"no rows":                           {map[string]any{}, "set one of table, view and query"},
		"rows twice":                        {map[string]any{"view": "v", "query": "SELECT 1"}, "set one of table, view and query"},
		"no such moment":                    {map[string]any{"view": "v", "moment": "sometimes"}, "sometimes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var where quality.MomentConfig
			err := config.NewSection(test.block).Decode(&where)
			if err == nil {
				_, err = quality.NewMomentCheck(quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}}, where)
			}
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := quality.NewMomentCheck(quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}, Action: quality.ActionDrop}, quality.MomentConfig{Table: "t"})
	require.ErrorContains(t, err, "put the check into the component")
}

func TestGroupMoments(t *testing.T) {
	t.Parallel()
	check := func(name, table string, moment quality.Moment, of string) quality.MomentCheck {
		return quality.MomentCheck{
			Rule: quality.Rule{Name: name}, Moment: moment, Component: of, Subject: quality.Subject{Table: table},
		}
	}
	all := []quality.MomentCheck{
		check("1", "a", quality.MomentAfterPipeline, ""), check("2", "b", quality.MomentAfterPipeline, ""),
		check("3", "a", quality.MomentAfterPipeline, ""), check("4", "a", quality.MomentAfterComponent, "c"),
	}
	groups := quality.GroupMoments(all, quality.MomentAfterPipeline, "")
	require.Len(t, groups, 2)
	require.Equal(t, "3", groups[0].Suite.Rules[1].Name)
	require.Len(t, quality.GroupMoments(all, quality.MomentAfterComponent, "c"), 1)
	require.Empty(t, quality.GroupMoments(all, quality.MomentAfterComponent, "d"))
}

func TestReportsConfig(t *testing.T) {
	t.Parallel()
	r, err := quality.ReportsConfig{}.Reporter(nil, nil)
	require.NoError(t, err)
	require.Nil(t, r)
	dir := t.TempDir()
	r, err = quality.ReportsConfig{JSONL: dir + "/a.jsonl", JUnit: dir + "/a.xml", Markdown: dir + "/a.md", Log: true}.Reporter(nil, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Report(t.Context(), aReport("r")))
	require.ElementsMatch(t, []string{"a.jsonl", "a.xml", "a.md"}, entries(t, dir))
	_, err = quality.ReportsConfig{JSONL: dir, Table: "t"}.Reporter(nil, nil)
	require.ErrorContains(t, err, "is a folder")
	require.ErrorContains(t, err, "there is no Spark session")

	h, err := quality.HistoryConfig{}.History(nil, nil)
	require.NoError(t, err)
	require.Nil(t, h)
	_, err = quality.HistoryConfig{Path: dir, Table: "t"}.History(nil, nil)
	require.ErrorContains(t, err, "exclude each other")
	h, err = quality.HistoryConfig{Path: dir}.History(nil, nil)
	require.NoError(t, err)
	require.NotNil(t, h)
}

func TestCheckRowsRefusals(t *testing.T) {
	t.Parallel()
	rule := quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}}
	_, err := quality.CheckRows(t.Context(), nil, quality.Suite{Rules: []quality.Rule{rule}}, quality.Subject{}, nil)
	require.ErrorContains(t, err, "set one of table, view and query")
	rule.Action = quality.ActionDrop
	_, err = quality.CheckRows(t.Context(), nil, quality.Suite{Rules: []quality.Rule{rule}}, quality.Subject{Table: "t"}, nil)
	require.ErrorContains(t, err, "write fail or expect")
}
