package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
)

func fromYAML(t *testing.T, text string) (*pipeline.Pipeline, error) {
	t.Helper()
	cfg, err := config.Parse([]byte(text), config.FormatYAML, &config.Options{Name: "p.yaml"})
	require.NoError(t, err)
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	return pipeline.FromConfig(cfg, registry)
}

func TestQualityBlocks(t *testing.T) {
	t.Parallel()
	p, err := fromYAML(t, `
name: n
quality:
  on_failed_run: run
  reports: {jsonl: /tmp/quality.jsonl, log: false}
  checks:
    - {check: row_count, table: shop.orders, min: 1, timing: before_pipeline}
    - {check: not_null, view: v, column: id, component_name: a, moment: after_component, failure_mode: warn_only}
components:
  - name: a
    type: sql
    config: {sql: "SELECT 1 AS id", output_view: v}
    quality:
      publish: after_checks
      quarantine: {path: /bad}
      checks:
        - {check: not_null, columns: [id], action: quarantine}
        - {check: range, column: id, min: 0, max: 9, where: "id > 1", max_bad: 2, action: drop, name: small}
        - {check: row_count_check, min_rows: 1}
`)
	require.NoError(t, err)
	require.True(t, p.Quality.AfterFailedRun)
	require.Equal(t, "/tmp/quality.jsonl", p.Quality.Reports.JSONL)
	require.Len(t, p.Quality.Checks, 2)
	require.Equal(t, quality.MomentBeforePipeline, p.Quality.Checks[0].Moment)
	require.Equal(t, quality.Subject{Table: "shop.orders"}, p.Quality.Checks[0].Subject)
	require.Equal(t, quality.ActionExpect, p.Quality.Checks[1].Rule.Action)
	require.Equal(t, "a", p.Quality.Checks[1].Component)
	rules := p.Steps[0].Quality.Suite.Rules
	require.Len(t, rules, 3)
	require.Equal(t, "small", rules[1].Name)
	require.EqualValues(t, 2, rules[1].MaxBad)
	require.Equal(t, quality.PublishAfterChecks, p.Steps[0].Quality.Options.Publish)
}

func TestQualityFaults(t *testing.T) {
	t.Parallel()
	for block, want := range map[string]string{
		"{checks: [{check: not_nul, columns: [id]}]}": `p.yaml:3:100: components[0].quality.checks[0].check: component "a" (sql): "not_nul" is no kind of check; did you mean "not_null"?`,
		"{checks: [{columns: [id]}]}":                 `components[0].quality.checks[0].check: component "a" (sql): required key is missing`,
		"{checks: [{check: not_null, colums: [id]}]}": `components[0].quality.checks[0].colums: component "a" (sql): unknown key; did you mean "columns"?`,
		"{checks: [7]}": `components[0].quality.checks[0]: component "a" (sql): want a block, found the number 7`,
		"{chekcs: []}":  `components[0].quality.chekcs: component "a" (sql): unknown key; did you mean "checks"?`,
		"{checks: [{check: unique, columns: [id], action: drop}]}":         `components[0].quality`,
		"{checks: [{check: not_null, columns: [id], action: quarantine}]}": `quarantine`,
	} {
		_, err := fromYAML(t, "name: n\ncomponents:\n  - {name: a, type: sql, config: {sql: SELECT 1 AS id, output_view: v}, quality: "+block+"}\n")
		require.ErrorContains(t, err, want, block)
	}
	for block, want := range map[string]string{
		"{check: row_count, min: 1}":                                                        "set one of table, view and query",
		"{check: row_count, min: 1, table: t, timing: after_component}":                     "the moment after_component wants component_name",
		"{check: row_count, min: 1, table: t, timing: after_component, component_name: aa}": `there is no component "aa"; did you mean "a"?`,
		"{check: not_null, column: id, table: t, action: drop}":                             "the action drop leaves rows out",
		"{check: row_count, min: 1, table: t, timing: sometimes}":                           "p.yaml:4:65: quality.checks[0].timing: want one of",
	} {
		_, err := fromYAML(t, "name: n\ncomponents:\n  - {name: a, type: sql, config: {sql: SELECT 1 AS id, output_view: v}}\nquality: {checks: ["+block+"]}\n")
		require.ErrorContains(t, err, want, block)
	}
}

func TestSchemaBlocks(t *testing.T) {
	t.Parallel()
	const steps = `
components:
  - {name: a, type: sql, config: {sql: SELECT 1 AS id, output_view: v}, schema: {output: "id INT"}}
  - {name: b, type: sql, config: {sql: SELECT * FROM v, output_view: w}, schema: {inputs: {v: "id STRING"}}}
`
	_, err := fromYAML(t, "name: n"+steps)
	require.NoError(t, err, "contracts of components are compared when the file asks for it")
	_, err = fromYAML(t, "name: n"+steps+"schema_validation: {enabled: true}\n")
	require.NoError(t, err)
	p, err := fromYAML(t, "name: n"+steps+"schema_validation: {enabled: true}\n")
	require.NoError(t, err)
	require.ErrorContains(t, p.Validate(), `component "b" (sql): `)
	require.ErrorContains(t, p.Validate(), "id")
	for block, want := range map[string]string{
		`{output: "id INTT"}`: "components[0].schema",
		`{outputs: "id INT"}`: `components[0].schema.outputs: component "a" (sql): unknown key; did you mean "output"?`,
	} {
		_, err := fromYAML(t, "name: n\ncomponents:\n  - {name: a, type: sql, config: {sql: SELECT 1 AS id, output_view: v}, schema: "+block+"}\n")
		require.ErrorContains(t, err, want, block)
	}
}

func TestSchemaThatTheSinkCannotHave(t *testing.T) {
	t.Parallel()
	_, err := fromYAML(t, "name: n\ncomponents:\n  - {name: a, type: write_jdbc, config: {query: SELECT 1, url: 'jdbc:postgresql://h/d', table: t}, schema: {evolution: add_columns}}\n")
	require.ErrorContains(t, err, `components[0].schema: component "a" (write_jdbc): evolution add_columns: Spark cannot change the table t of another database`)
}
