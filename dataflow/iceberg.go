package dataflow

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// icebergTable is the name of a table with its catalog, which stands before a
// name with no dot.
func icebergTable(catalog, table string) string {
	if catalog == "" || strings.Contains(table, ".") {
		return table
	}
	return catalog + "." + table
}

var (
	partitionOfTime = regexp.MustCompile(`(?i)^\s*(year|month|day|hour)s?\s*\((.+)\)\s*$`)
	partitionBucket = regexp.MustCompile(`(?i)^\s*bucket\s*\(\s*([0-9]+)\s*,(.+)\)\s*$`)
)

// ParsePartition reads a partition as SQL's PARTITIONED BY has it: a column, or
// years, months, days or hours of one, such as "days(at)", or "bucket(16, id)". It
// is what [Partition.String] gives.
func ParsePartition(text string) (Partition, error) {
	if parts := partitionBucket.FindStringSubmatch(text); parts != nil {
		count, err := strconv.ParseInt(parts[1], 10, 32)
		if err != nil || count < 1 {
			return Partition{}, fmt.Errorf("the partition %q: %s is no number of buckets", text, parts[1])
		}
		var columns []string
		for column := range strings.SplitSeq(parts[2], ",") {
			columns = append(columns, strings.TrimSpace(column))
		}
		return checkedPartition(text, PartitionBucket(int(count), columns...))
	}
	if parts := partitionOfTime.FindStringSubmatch(text); parts != nil {
		return checkedPartition(text, transformOf(strings.ToLower(parts[1])+"s", strings.TrimSpace(parts[2])))
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "`") && strings.ContainsAny(text, "()") {
		return Partition{}, fmt.Errorf("the partition %q: write a column, years, months, days or hours of one, or bucket(16, column); "+
			"a name with brackets stands in backquotes", text)
	}
	return checkedPartition(text, PartitionColumn(strings.TrimSpace(text)))
}

// checkedPartition refuses columns that are no names.
func checkedPartition(text string, p Partition) (Partition, error) {
	for _, column := range p.columns {
		_, err := splitName(column)
		if err == nil {
			err = noSubstitution(column)
		}
		if err != nil {
			return Partition{}, fmt.Errorf("the partition %q: %w", text, err)
		}
	}
	return p, nil
}
