package dataflow

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Partition says how rows are told apart into partitions of a table: by a
// column, or by what a function makes of one. The functions below make one; the
// zero value is none. A column is written as in SQL: "a.b" is a field of a
// struct, a name with a dot in it stands in backquotes.
type Partition struct {
	transform string // empty for the column itself
	buckets   int
	columns   []string
}

// PartitionColumn partitions by the values of a column.
func PartitionColumn(name string) Partition { return Partition{columns: []string{name}} }

// PartitionColumns partitions by the values of columns, the outermost first.
func PartitionColumns(names ...string) []Partition {
	out := make([]Partition, len(names))
	for i, name := range names {
		out[i] = PartitionColumn(name)
	}
	return out
}

// PartitionYears partitions by the year of a date or timestamp.
func PartitionYears(column string) Partition { return transformOf("years", column) }

// PartitionMonths partitions by the month, of its year, of a date or timestamp.
func PartitionMonths(column string) Partition { return transformOf("months", column) }

// PartitionDays partitions by the day of a date or timestamp.
func PartitionDays(column string) Partition { return transformOf("days", column) }

// PartitionHours partitions by the hour, of its day, of a timestamp.
func PartitionHours(column string) Partition { return transformOf("hours", column) }

// PartitionBucket partitions by the hash of columns into that many buckets, at
// least one. Iceberg takes one column, Delta none.
func PartitionBucket(buckets int, columns ...string) Partition {
	return Partition{transform: "bucket", buckets: buckets, columns: columns}
}

func transformOf(name, column string) Partition {
	return Partition{transform: name, columns: []string{column}}
}

// String returns the partition as SQL's PARTITIONED BY has it.
func (p Partition) String() string {
	columns := strings.Join(p.columns, ", ")
	switch p.transform {
	case "":
		return columns
	case "bucket":
		return fmt.Sprintf("bucket(%d, %s)", p.buckets, columns)
	}
	return p.transform + "(" + columns + ")"
}

// expression gives the partition in the one form that Spark knows: a reference,
// or a call with references. It takes no SQL text here.
func (p Partition) expression() ([]byte, error) {
	if len(p.columns) == 0 {
		return nil, errors.New("it names no column")
	}
	columns := make([][]byte, len(p.columns))
	for i, name := range p.columns {
		if strings.TrimSpace(name) == "" {
			return nil, errors.New("a column has no name")
		}
		column, err := proto.Marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedAttribute_{
			UnresolvedAttribute: &wire.Expression_UnresolvedAttribute{UnparsedIdentifier: readTwice(name)},
		}})
		if err != nil {
			return nil, err
		}
		columns[i] = column
	}
	if p.transform == "" {
		return columns[0], nil
	}
	call := &wire.Expression_UnresolvedFunction{FunctionName: p.transform}
	if p.transform == "bucket" {
		if p.buckets < 1 || p.buckets > math.MaxInt32 {
			return nil, fmt.Errorf("%d is no number of buckets", p.buckets)
		}
		count, err := marshalLiteral(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Integer{Integer: int32(p.buckets)}})
		if err != nil {
			return nil, err
		}
		call.Arguments = append(call.Arguments, count)
	}
	call.Arguments = append(call.Arguments, columns...)
	return proto.Marshal(&wire.Expression{ExprType: &wire.Expression_UnresolvedFunction_{UnresolvedFunction: call}})
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readTwice writes the name of a column so that it is the same when Spark has read
// it twice: it makes a text of what it has read, with quotes around parts with a
// dot alone, and reads that.
func readTwice(name string) string {
	parts, err := splitName(name)
	if err != nil {
		return name // Spark says what is wrong
	}
	again := false
	for i, part := range parts {
		switch doubled := strings.ReplaceAll(part, "`", "``"); {
		case plainName.MatchString(part):
		case strings.Contains(part, "."):
			again = again || doubled != part
			parts[i] = doubled
		default:
			again = true
			parts[i] = "`" + doubled + "`"
		}
	}
	if !again {
		return name
	}
	return QuoteName(parts...)
}
