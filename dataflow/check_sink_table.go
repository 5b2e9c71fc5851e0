package dataflow

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

var _ SinkChecker = TableSink{}

// target is a table as it is on the server.
type target struct {
	def    schema.Definition
	exists bool
}

// CheckWrite implements [SinkChecker], with at most one analysis of the table.
// The rules are those of Spark's PreprocessTableCreation for what is created or
// appended to, of PreprocessTableInsertion for what is inserted by position, and
// of TableOutputResolver with Cast.canANSIStoreAssign for types.
func (s TableSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	parts, err := splitName(s.Table)
	if err != nil {
		return nil //nolint:nilerr // Spark reads names in more ways than we do
	}
	key := scope.checks.tableKey(parts)
	creates := s.Mode == SaveModeOverwrite && !s.Insert
	made := scope.checks.findKey(key)
	if !creates && made != nil && made.why != "" {
		return notAnalysed("it writes to %s, and %s", s.Table, made.why)
	}
	var there target
	switch {
	case creates:
	case made != nil:
		there = target{def: made.def, exists: true}
	default:
		if there, err = scope.checks.target(ctx, parts); err != nil {
			return err
		}
	}
	if !there.exists {
		missing, err := scope.checks.noDatabase(ctx, parts)
		if err != nil {
			return err
		}
		if missing {
			return &ContractError{Class: "SCHEMA_NOT_FOUND", Target: s.Table, Message: "its database is not there"}
		}
	}
	s.rules(scope, in, there, key, parts)
	if creates || !there.exists && !s.Insert {
		scope.made(Dataset{Kind: DatasetTable, Name: s.Table}, key, &madeData{def: layout(nullableColumns(in), s.PartitionBy)})
	} else {
		scope.kept(s.Table, key, there.def, made)
	}
	return nil
}

// kept takes note that a table keeps the columns that it has.
func (s *CheckScope) kept(table, key string, def schema.Definition, made *madeData) {
	d := Dataset{Kind: DatasetTable, Name: table}
	if made != nil {
		s.made(d, key, &madeData{def: def})
		return
	}
	s.result.Outputs = append(s.result.Outputs, CheckedData{Dataset: d, Schema: &def})
}

// rules reports what Spark would refuse.
func (s TableSink) rules(scope *CheckScope, in schema.Definition, there target, key string, parts []string) {
	switch {
	case s.Insert && !there.exists:
		scope.fault(&ContractError{Class: "TABLE_OR_VIEW_NOT_FOUND", Target: s.Table, Message: "the table is not there, and insert does not create it"})
	case s.Insert:
		scope.byPosition(s.Table, in, there.def, scope.checks.plugged(parts, s.Format))
	case there.exists && s.Mode == SaveModeErrorIfExists:
		scope.broken("TABLE_OR_VIEW_ALREADY_EXISTS", s.Table, "", "it is there, and the mode is errorifexists")
	case there.exists && s.Mode == SaveModeIgnore:
		scope.Report(CheckWarning, &ContractError{Class: "TABLE_OR_VIEW_ALREADY_EXISTS", Target: s.Table, Message: "it is there, and the mode is ignore: nothing will be written"})
	case there.exists && s.Mode == SaveModeAppend:
		scope.byName(s.Table, in, there.def, scope.checks.plugged(parts, s.Format))
	default:
		s.created(scope, in)
	}
	if s.Mode == SaveModeOverwrite && slices.Contains(scope.bases, key) && !scope.checks.plugged(parts, s.Format) {
		scope.broken("UNSUPPORTED_OVERWRITE.TABLE", s.Table, "", "it is also read from, and would be deleted before")
	}
}

// created checks the columns of a table that is created.
func (s TableSink) created(scope *CheckScope, in schema.Definition) {
	format := strings.ToLower(cmp.Or(s.Format, scope.checks.conf["spark.sql.sources.default"], "parquet"))
	scope.columns(s.Table, format, in, s.PartitionBy)
	scope.partitions(s.Table, in, s.PartitionBy, "COLUMN_NOT_DEFINED_IN_TABLE")
	for _, name := range slices.Concat(s.BucketBy, s.SortBy) {
		if _, ok := in.Field(name); !ok {
			scope.broken("COLUMN_NOT_DEFINED_IN_TABLE", s.Table, name, "the bucket column "+schema.QuoteName(name)+" is none of its columns: "+namesOf(in))
		}
	}
}

// plugged reports whether the table may be one of a catalog with rules of its
// own, such as those of Delta and Iceberg, which add columns where they may.
func (c *CheckSession) plugged(parts []string, format string) bool {
	catalog := c.catalog
	if len(parts) > 2 {
		catalog = parts[0]
	}
	return v2Formats[strings.ToLower(format)] || catalog != "" && !strings.EqualFold(catalog, ownCatalog) ||
		c.conf["spark.sql.catalog."+ownCatalog] != ""
}

// target looks a table up, once for all who write to it.
func (c *CheckSession) target(ctx context.Context, parts []string) (target, error) {
	key := c.tableKey(parts)
	c.mu.Lock()
	known := c.targets[key]
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	if len(parts) == 1 && c.database != "" {
		parts = []string{c.database, parts[0]} // a temporary view of the name is another thing
	}
	if len(parts) == 2 && c.catalog != "" {
		parts = []string{c.catalog, parts[0], parts[1]}
	}
	df, err := TableSource{Table: QuoteName(parts...)}.Load(ctx, c.spark)
	if err != nil {
		return target{}, err
	}
	def, err := c.analyze(ctx, df)
	found := target{def: def, exists: err == nil}
	if err != nil && classOf(err) != "TABLE_OR_VIEW_NOT_FOUND" {
		return target{}, err
	}
	c.mu.Lock()
	c.targets[key] = &found
	c.mu.Unlock()
	return found, nil
}

// noDatabase reports whether the database of a table is known not to be there.
func (c *CheckSession) noDatabase(ctx context.Context, parts []string) (bool, error) {
	if len(parts) < 2 {
		return false, nil
	}
	name := QuoteName(parts[:len(parts)-1]...)
	c.mu.Lock()
	there, known := c.databases[strings.ToLower(name)]
	c.mu.Unlock()
	if known {
		return !there, nil
	}
	there, err := c.spark.Catalog().DatabaseExists(ctx, name)
	if err != nil {
		if cannotCheck(ctx, err) {
			return false, err
		}
		there = true // a catalog that cannot say so
	}
	c.mu.Lock()
	c.databases[strings.ToLower(name)] = there
	c.mu.Unlock()
	return !there, nil
}

// byName checks an append, for which the columns have the names of the table's.
func (s *CheckScope) byName(table string, in, have schema.Definition, lenient bool) {
	if s.twins(table, in); hasTwins(in.Fields, !s.checks.caseSensitive()) {
		return
	}
	if !lenient && len(in.Fields) != len(have.Fields) {
		s.broken("_LEGACY_ERROR_TEMP_1161", table, "", "the table has "+columnsOf(have)+", and what is written "+columnsOf(in))
		return
	}
	for _, to := range have.Fields {
		from, ok := in.Field(to.Name)
		switch {
		case ok:
			s.assign(table, from, to)
		case !lenient:
			s.broken("_LEGACY_ERROR_TEMP_1162", table, to.Name, "the table's column "+schema.QuoteName(to.Name)+" is none of those that are written: "+namesOf(in))
		case !to.Nullable:
			s.broken("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA", table, to.Name, "the table's column "+schema.QuoteName(to.Name)+" must not be null and is not written")
		}
	}
	for _, from := range in.Fields {
		if _, ok := have.Field(from.Name); !ok && lenient {
			s.Report(CheckWarning, &ContractError{
				Class: "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", Target: table, Column: from.Name,
				Message: "the table has no column " + schema.QuoteName(from.Name) + "; it is refused unless the table may grow",
			})
		}
	}
}

// byPosition checks an insert.
func (s *CheckScope) byPosition(table string, in, have schema.Definition, lenient bool) {
	class, word := "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS", "not enough"
	if len(in.Fields) > len(have.Fields) {
		class, word = "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", "too many"
	}
	if len(in.Fields) != len(have.Fields) {
		broken := &ContractError{Class: class, Target: table, Message: word + " columns: the table has " + columnsOf(have) + ", and what is written " + columnsOf(in)}
		severity := CheckError
		if lenient {
			severity = CheckWarning
		}
		s.Report(severity, broken)
		return
	}
	for i, to := range have.Fields {
		s.assign(table, in.Fields[i], to)
	}
}

// assign reports that a column does not fit into one of a table.
func (s *CheckScope) assign(table string, from, to schema.Field) {
	policy := strings.ToUpper(cmp.Or(s.checks.conf["spark.sql.storeAssignmentPolicy"], "ANSI"))
	if policy == "ANSI" && !storable(from.Type, to.Type) {
		s.broken("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", table, to.Name,
			"the column "+schema.QuoteName(from.Name)+" of the type "+from.Type.String()+" cannot safely be cast to "+to.Type.String()+" of the table's "+schema.QuoteName(to.Name))
	}
}

func columnsOf(def schema.Definition) string {
	if len(def.Fields) == 1 {
		return "1 column, " + namesOf(def)
	}
	return countOf(len(def.Fields)) + " columns, " + namesOf(def)
}
