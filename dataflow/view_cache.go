package dataflow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// UnmarshalText implements [encoding.TextUnmarshaler] for configuration files: a
// name of a level in any case, "true" for [StorageLevelMemoryAndDisk] and "false"
// for none.
func (l *StorageLevel) UnmarshalText(text []byte) error {
	word := strings.ToUpper(strings.TrimSpace(string(text)))
	switch word {
	case "TRUE":
		*l = StorageLevelMemoryAndDisk
		return nil
	case "", "FALSE":
		*l = ""
		return nil
	}
	level := StorageLevel(word)
	if _, err := level.wire(); err != nil {
		levels := slices.Sorted(maps.Keys(storageFlags))
		levels = append(levels, slices.Sorted(maps.Keys(storageCopies))...)
		return fmt.Errorf("%q is no storage level; write true, false or one of %s", text, joinLevels(levels))
	}
	*l = level
	return nil
}

func joinLevels(levels []StorageLevel) string {
	words := make([]string, len(levels))
	for i, level := range levels {
		words[i] = string(level)
	}
	return strings.Join(words, ", ")
}

// register makes a temporary view of the rows. With a level other than "" the
// cluster keeps them, from the first use of the view until the session is closed.
func (s *Session) register(ctx context.Context, df sql.DataFrame, view string, level StorageLevel) error {
	if err := s.CreateTempView(ctx, df, view); err != nil || level == "" {
		return err
	}
	// The view and not df: Spark finds kept rows by their plan, and two analyses of
	// one query need not give equal plans (text files on Spark 4.0).
	kept, err := TableSource{Table: quotedPart(view)}.Load(ctx, s)
	if err == nil {
		err = Persist(ctx, kept, level)
	}
	if err != nil {
		return fmt.Errorf("cache the view %s: %w", view, err)
	}
	s.atClose(func(ctx context.Context) error {
		if err := Unpersist(ctx, kept, false); err != nil && classOf(err) != "TABLE_OR_VIEW_NOT_FOUND" { // a view that is gone keeps nothing
			return err
		}
		return nil
	})
	return nil
}

// viewEnd is the end of rows that become a temporary view.
func (s *Session) viewEnd(view string, level StorageLevel) End {
	return End{View: view, Deliver: func(ctx context.Context, rows sql.DataFrame) error {
		return s.register(ctx, rows, view, level)
	}}
}
