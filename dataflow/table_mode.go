package dataflow

import (
	"fmt"
	"strings"
)

// TableMode says what a write does to a table of a format that has more than the
// save modes of Spark, such as Delta and Iceberg. Which modes there are is said by
// the sink.
type TableMode uint8

// The modes. The zero value is TableModeCreate.
const (
	// TableModeCreate makes the table and fails when it exists. Files may also write
	// errorifexists, error or default.
	TableModeCreate TableMode = iota
	// TableModeAppend adds rows.
	TableModeAppend
	// TableModeOverwrite replaces the rows.
	TableModeOverwrite
	// TableModeIgnore makes the table and leaves one alone that exists.
	TableModeIgnore
	// TableModeOverwritePartitions replaces the partitions for which there are rows.
	TableModeOverwritePartitions
	// TableModeReplace puts a new table in the place of one that exists.
	TableModeReplace
	// TableModeCreateOrReplace makes the table, in the place of the one that exists
	// if there is one.
	TableModeCreateOrReplace
	// TableModeMerge updates the rows that match and inserts the others.
	TableModeMerge
)

var tableModeNames = [...]string{"create", "append", "overwrite", "ignore", "overwrite_partitions", "replace", "create_or_replace", "merge"}

// String returns the name of the mode.
func (m TableMode) String() string {
	if int(m) < len(tableModeNames) {
		return tableModeNames[m]
	}
	return fmt.Sprintf("TableMode(%d)", uint8(m))
}

// MarshalText implements [encoding.TextMarshaler]. It refuses values that are no
// mode.
func (m TableMode) MarshalText() ([]byte, error) {
	if int(m) >= len(tableModeNames) {
		return nil, fmt.Errorf("%s is no mode of a table", m)
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads a name, in any case and with hyphens too. Besides those of
// the modes there are errorifexists, error and default for create, and upsert for
// merge.
func (m *TableMode) UnmarshalText(text []byte) error {
	word := strings.ReplaceAll(strings.ToLower(string(text)), "-", "_")
	switch word {
	case "errorifexists", "error", "default":
		*m = TableModeCreate
		return nil
	case "upsert":
		*m = TableModeMerge
		return nil
	}
	for i, name := range tableModeNames {
		if word == name {
			*m = TableMode(i)
			return nil
		}
	}
	return fmt.Errorf("unknown mode of a table %q; write one of %s", text, strings.Join(tableModeNames[:], ", "))
}

// saveMode is the same among the save modes of Spark; false for one that is none.
func (m TableMode) saveMode() (SaveMode, bool) {
	switch m {
	case TableModeCreate:
		return SaveModeErrorIfExists, true
	case TableModeAppend:
		return SaveModeAppend, true
	case TableModeOverwrite:
		return SaveModeOverwrite, true
	case TableModeIgnore:
		return SaveModeIgnore, true
	}
	return 0, false
}

// effect says what a second run of a write does: everything but an append leaves
// the same data, or fails because it is there.
func (m TableMode) effect() Effect {
	switch {
	case m == TableModeAppend:
		return EffectRepeats
	case int(m) < len(tableModeNames):
		return EffectIdempotent
	}
	return EffectUnknown
}
