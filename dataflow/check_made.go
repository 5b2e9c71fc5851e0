package dataflow

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// globalTemp is the database of the views that all sessions see.
const globalTemp = "global_temp"

// keysOf gives the keys under which a relation of that name may have been made,
// the first that is there counts.
func (c *CheckSession) keysOf(parts []string) []string {
	switch {
	case len(parts) == 1:
		return []string{viewKey(parts...), c.tableKey(parts)}
	case len(parts) == 2 && strings.EqualFold(parts[0], globalTemp):
		return []string{viewKey(parts...)}
	}
	return []string{c.tableKey(parts)}
}

func viewKey(parts ...string) string { return "view " + strings.ToLower(QuoteName(parts...)) }

// tableKey is the same for all ways to write the name of a table.
func (c *CheckSession) tableKey(parts []string) string {
	if len(parts) == 1 && c.database != "" {
		parts = []string{c.database, parts[0]}
	}
	if len(parts) == 2 && c.catalog != "" {
		parts = []string{c.catalog, parts[0], parts[1]}
	}
	return "table " + strings.ToLower(QuoteName(parts...))
}

// pathKey is the same for all ways to write an absolute path.
func pathKey(path string) string {
	if rest, ok := strings.CutPrefix(path, "file:"); ok {
		path = "/" + strings.TrimLeft(rest, "/")
	}
	return "path " + strings.TrimRight(path, "/")
}

// keyOf is the key of what a component makes; empty for a name that cannot be
// read.
func (c *CheckSession) keyOf(d Dataset) string {
	if d.Kind == DatasetPath {
		return pathKey(c.spark.outputPath(d.Name))
	}
	parts, err := splitName(d.Name)
	switch {
	case err != nil:
		return ""
	case d.Kind == DatasetView:
		return viewKey(parts...)
	}
	return c.tableKey(parts)
}

// find gives what a component made under a name, or nil.
func (c *CheckSession) find(parts []string) *madeData {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range c.keysOf(parts) {
		if m := c.made[key]; m != nil {
			return m
		}
	}
	return nil
}

func (c *CheckSession) findKey(key string) *madeData {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[key]
}

func (c *CheckSession) put(key string, m *madeData) {
	if key == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[key] = m
	delete(c.targets, key)
}

// belowPath finds a folder that a component makes above a path.
func (c *CheckSession) belowPath(key string) *madeData {
	c.mu.Lock()
	defer c.mu.Unlock()
	for have, m := range c.made {
		if strings.HasPrefix(have, "path ") && strings.HasPrefix(key, have+"/") {
			return m
		}
	}
	return nil
}

// basesOf are the tables and files that a component reads, also through views.
func (c *CheckSession) basesOf(lineage Lineage) []string {
	var bases []string
	for _, in := range lineage.Inputs {
		key := c.keyOf(in)
		if in.Kind != DatasetPath {
			parts, err := splitName(in.Name)
			if err != nil {
				continue
			}
			for _, view := range c.keysOf(parts) {
				if m := c.findKey(view); m != nil && strings.HasPrefix(view, "view ") {
					key = ""
					bases = append(bases, m.bases...)
				}
			}
		}
		if key != "" && !strings.HasPrefix(key, "view ") {
			bases = append(bases, key)
		}
	}
	slices.Sort(bases)
	return slices.Compact(bases)
}

// empty makes a frame of those columns without rows; it reports false for a type
// that cannot be sent.
func (c *CheckSession) empty(def schema.Definition) (sql.DataFrame, bool) {
	if !sendable(schema.StructOf(def.Fields...)) || hasTwins(def.Fields, true) {
		return nil, false
	}
	text, err := def.JSON()
	if err != nil {
		return nil, false
	}
	df, err := c.declared(string(text))
	return df, err == nil
}

// declared makes a frame without rows of the columns that a DDL text or JSON
// says.
func (c *CheckSession) declared(text string) (sql.DataFrame, error) {
	return c.spark.relation(&wire.Relation{RelType: &wire.Relation_LocalRelation{
		LocalRelation: &wire.LocalRelation{Schema: &text},
	}})
}

// sendable reports whether the server takes the type back as it gave it.
func sendable(t schema.DataType) bool {
	switch t.Kind {
	case schema.KindUnknown, schema.KindUDT, schema.KindChar, schema.KindVarChar:
		return false
	}
	for _, f := range t.Fields {
		if !sendable(f.Type) {
			return false
		}
	}
	return (t.Key == nil || sendable(*t.Key)) && (t.Elem == nil || sendable(*t.Elem))
}

// hasTwins reports whether two columns have one name.
func hasTwins(fields []schema.Field, anyCase bool) bool { return twin(fields, anyCase) != "" }

// twin gives a name that two columns have, or nothing.
func twin(fields []schema.Field, anyCase bool) string {
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		name := f.Name
		if anyCase {
			name = strings.ToLower(name)
		}
		if seen[name] {
			return f.Name
		}
		seen[name] = true
	}
	return ""
}

// importView makes a temporary view of the outer session known, when one has that
// name.
func (c *CheckSession) importView(ctx context.Context, name string) error {
	c.importing.Lock() // whoever needs the view too waits until it is there
	defer c.importing.Unlock()
	if !c.views[strings.ToLower(name)] {
		return nil
	}
	delete(c.views, strings.ToLower(name))
	df, err := TableSource{Table: QuoteName(name)}.Load(ctx, c.outer)
	if err != nil {
		return err
	}
	def, err := c.analyze(ctx, df)
	if err != nil {
		return err
	}
	empty, ok := c.empty(def)
	if !ok || c.opts.Sample > 0 {
		c.put(viewKey(name), &madeData{why: "the view " + name + " of the session cannot be had in another one"})
		return nil
	}
	if err := c.spark.CreateTempView(ctx, empty, name); err != nil {
		return err
	}
	c.put(viewKey(name), &madeData{def: def, registered: true})
	return nil
}

// analyze asks the server for the columns of a frame.
func (c *CheckSession) analyze(ctx context.Context, df sql.DataFrame) (schema.Definition, error) {
	c.analyses.Add(1)
	resp, err := analyze(ctx, df, func(plan *wire.Plan) *wire.AnalyzePlanRequest {
		return &wire.AnalyzePlanRequest{Analyze: &wire.AnalyzePlanRequest_Schema_{Schema: &wire.AnalyzePlanRequest_Schema{Plan: plan}}}
	})
	if err != nil {
		return schema.Definition{}, err
	}
	return definition(resp.GetSchema().GetSchema())
}
