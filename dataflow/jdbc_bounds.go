package dataflow

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// bounds are the least and the greatest value of a column, as Spark's options
// have them. Both are nil when there is none.
type bounds struct {
	Lo *string `spark:"lo"`
	Hi *string `spark:"hi"`
}

// bounded returns the source with bounds that the database was asked for, or not
// split when the column has no value.
func (s JDBCSource) bounded(ctx context.Context, spark *Session) (JDBCSource, error) {
	whole := s
	whole.FindBounds, whole.PartitionColumn, whole.NumPartitions = false, "", 0
	field, err := whole.column(ctx, spark, s.PartitionColumn)
	if err != nil {
		return s, err
	}
	as, err := boundText(field)
	if err != nil {
		return s, err
	}
	all := whole.sparkOptions(whole.readOptions())
	column := quoter(option(all, "url"))(field.Name)
	more := map[string]string{"customSchema": "lo " + field.Type.String() + ", hi " + field.Type.String()}
	for _, key := range []string{"prepareQuery", "sessionInitStatement", "preferTimestampNTZ"} {
		if value := option(all, key); value != "" {
			more[key] = value
		}
	}
	df, err := s.ask(ctx, spark, "SELECT min("+column+") AS lo, max("+column+") AS hi FROM "+option(all, "dbtable"), more)
	if err != nil {
		return s, err
	}
	df, err = df.SelectExpr(ctx, fmt.Sprintf(as, "lo")+" AS lo", fmt.Sprintf(as, "hi")+" AS hi")
	if err != nil {
		return s, spark.Error(ctx, err)
	}
	found, err := One[bounds](ctx, df)
	if err != nil {
		return s, err
	}
	return whole.within(found, field, s.NumPartitions), nil
}

// column is the column that is meant by a name, as Spark looks for it.
func (s JDBCSource) column(ctx context.Context, spark *Session, name string) (schema.Field, error) {
	df, err := s.read(ctx, spark)
	if err != nil {
		return schema.Field{}, err
	}
	def, err := SchemaOf(ctx, df)
	if err != nil {
		return schema.Field{}, err
	}
	quote := quoter(option(s.options(nil), "url"))
	var known []string
	for _, field := range def.Fields {
		if strings.EqualFold(field.Name, name) || quote(field.Name) == name {
			return field, nil
		}
		known = append(known, field.Name)
	}
	return schema.Field{}, fmt.Errorf("there is no such column; there are %s", strings.Join(known, ", "))
}

// boundText is the expression of Spark that makes a text of a bound.
func boundText(field schema.Field) (string, error) {
	switch field.Type.Kind {
	case schema.KindByte, schema.KindShort, schema.KindInteger, schema.KindLong, schema.KindFloat, schema.KindDouble, schema.KindDecimal:
		return "CAST(CAST(floor(%s) AS BIGINT) AS STRING)", nil
	case schema.KindDate, schema.KindTimestamp, schema.KindTimestampNTZ:
		return "CAST(%s AS STRING)", nil
	}
	return "", fmt.Errorf("the column is %s; a read is split by a number, a date or a timestamp", field.Type)
}

// within returns the source split between the bounds.
func (s JDBCSource) within(found bounds, field schema.Field, parts int) JDBCSource {
	if found.Lo == nil || found.Hi == nil {
		return s
	}
	s.PartitionColumn, s.NumPartitions = field.Name, parts
	s.LowerBound, s.UpperBound = *found.Lo, *found.Hi
	// Spark makes no more ranges than there are whole numbers between the two.
	if hi, err := strconv.ParseInt(s.UpperBound, 10, 64); err == nil && hi < math.MaxInt64 {
		s.UpperBound = strconv.FormatInt(hi+1, 10)
	}
	return s
}
