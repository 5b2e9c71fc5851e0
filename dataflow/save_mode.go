package dataflow

import (
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// SaveMode says what a write does when its target has data already.
type SaveMode uint8

// The save modes of Spark. The zero value is SaveModeErrorIfExists, as Spark has
// it.
const (
	// SaveModeErrorIfExists fails.
	SaveModeErrorIfExists SaveMode = iota
	// SaveModeAppend adds to what is there.
	SaveModeAppend
	// SaveModeOverwrite replaces what is there.
	SaveModeOverwrite
	// SaveModeIgnore writes nothing.
	SaveModeIgnore
	// SaveModeUpsert updates the rows whose keys are there and adds the others. It
	// is none of Spark's: [JDBCSink] knows it, and a [Writer] refuses it.
	SaveModeUpsert
)

var saveModeNames = [...]string{"errorifexists", "append", "overwrite", "ignore", "upsert"}

// String returns Spark's name of the mode.
func (m SaveMode) String() string {
	if int(m) < len(saveModeNames) {
		return saveModeNames[m]
	}
	return fmt.Sprintf("SaveMode(%d)", uint8(m))
}

// MarshalText implements [encoding.TextMarshaler]. It refuses values that are no
// save mode.
func (m SaveMode) MarshalText() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return []byte(m.String()), nil
}

func (m SaveMode) check() error {
	if int(m) >= len(saveModeNames) {
		return fmt.Errorf("%s is no save mode", m)
	}
	return nil
}

// UnmarshalText reads the names that Spark accepts, in any case: append,
// overwrite, ignore, and errorifexists, error or default; and upsert.
func (m *SaveMode) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "errorifexists", "error", "default":
		*m = SaveModeErrorIfExists
	case "append":
		*m = SaveModeAppend
	case "overwrite":
		*m = SaveModeOverwrite
	case "ignore":
		*m = SaveModeIgnore
	case "upsert":
		*m = SaveModeUpsert
	default:
		return fmt.Errorf("unknown save mode %q; write append, overwrite, errorifexists or ignore", text)
	}
	return nil
}

func (m SaveMode) wire() wire.WriteOperation_SaveMode {
	switch m {
	case SaveModeAppend:
		return wire.WriteOperation_SAVE_MODE_APPEND
	case SaveModeOverwrite:
		return wire.WriteOperation_SAVE_MODE_OVERWRITE
	case SaveModeIgnore:
		return wire.WriteOperation_SAVE_MODE_IGNORE
	default:
		return wire.WriteOperation_SAVE_MODE_ERROR_IF_EXISTS
	}
}
