package dataflow

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// jdbcCleanup bounds the removal of a staging table after a failure.
const jdbcCleanup = 30 * time.Second

// staged reports whether the rows go to a staging table first.
func (s JDBCSink) staged() bool {
	return s.Mode == SaveModeUpsert || s.Publish == JDBCPublishAtomic
}

// stagedFaults are those of a write over a staging table.
func (s JDBCSink) stagedFaults() []error {
	var faults []error
	if (s.Mode == SaveModeUpsert) != (len(s.Keys) > 0) {
		faults = append(faults, errors.New(`"keys" and the mode upsert go together`))
	}
	for i, key := range s.Keys {
		if key == "" || slices.ContainsFunc(s.Keys[:i], func(other string) bool { return strings.EqualFold(other, key) }) {
			faults = append(faults, fmt.Errorf("keys[%d] is empty or given twice", i))
		}
	}
	if !s.staged() {
		return faults
	}
	faults = append(faults, s.lostProperties()...)
	all := s.options(nil)
	d := dialectOf(option(all, "url"))
	if option(all, "dbtable") != "" {
		faults = append(faults, errors.New(`the option dbtable would replace the staging table; set "table"`))
	}
	mysql := d == dialectMySQL
	switch {
	case s.Mode == SaveModeUpsert && s.Publish == JDBCPublishAtomic:
		faults = append(faults, errors.New("an upsert is atomic as it is; leave publish out"))
	case s.Mode == SaveModeUpsert && s.Truncate:
		faults = append(faults, errors.New("truncate is for overwrite, not for upsert"))
	case s.Mode == SaveModeUpsert && d == dialectOther:
		faults = append(faults, errors.New("upsert is known for PostgreSQL, MariaDB, MySQL, SQLite and H2, and the URL is of none of them"))
	case s.Mode == SaveModeUpsert:
	case s.Mode != SaveModeOverwrite && s.Mode != SaveModeAppend:
		faults = append(faults, fmt.Errorf("publish atomic goes with overwrite and append, not with %s", s.Mode))
	case d != dialectPostgres && !mysql:
		faults = append(faults, errors.New("publish atomic is known for PostgreSQL, MariaDB and MySQL, and the URL is of none of them"))
	case s.Truncate && mysql:
		faults = append(faults, errors.New("MariaDB and MySQL cannot empty and fill a table in one step; leave truncate or publish atomic out"))
	}
	return faults
}

// stagedWrite is a write over a staging table.
type stagedWrite struct {
	sink    JDBCSink
	spark   *Session
	dialect dialect
	quote   func(string) string
	target  dbName
	stage   dbName
	old     dbName // what MariaDB and MySQL call the table that is replaced
	there   bool   // the target
	// columns and keys are named as in the target.
	columns, keys []string
}

// writeStaged writes the rows to a staging table and has the database take them
// over. It says what is left when it fails.
func (s JDBCSink) writeStaged(ctx context.Context, spark *Session, df sql.DataFrame) error {
	w := s.stagedWrite(spark)
	if err := w.prepare(ctx, df); err != nil {
		return fmt.Errorf("%s %s: %w", s.verb(), s.Table, err)
	}
	if err := w.fill(ctx, df); err != nil {
		left := w.discard(ctx)
		return fmt.Errorf("%s %s: the table is unchanged%s: %w", s.verb(), s.Table, w.leftover(left), err)
	}
	if err := s.run(ctx, spark, w.takeOver()); err != nil {
		return w.notTakenOver(ctx, err)
	}
	if drop := w.dropAfter(); drop != "" {
		if err := s.run(ctx, spark, "DROP TABLE "+drop); err != nil {
			return fmt.Errorf("%s %s: the rows are in the table, but %s is left behind; drop it: %w", s.verb(), s.Table, drop, err)
		}
	}
	return nil
}

func (s JDBCSink) verb() string {
	switch s.Mode {
	case SaveModeAppend:
		return "append to"
	case SaveModeUpsert:
		return "upsert into"
	}
	return s.Mode.String()
}

func (s JDBCSink) stagedWrite(spark *Session) *stagedWrite {
	id := make([]byte, 6)
	_, _ = rand.Read(id) // it never fails
	url := option(s.options(nil), "url")
	target, _ := parseDBName(s.Table) // Validate has looked at it
	return &stagedWrite{
		sink: s, spark: spark, dialect: dialectOf(url), quote: quoter(url), target: target,
		stage: target.beside("sparkpipe_stage_" + hex.EncodeToString(id)), old: target.beside("sparkpipe_old_" + hex.EncodeToString(id)),
	}
}

// prepare learns what must be known of the data and the table, and changes
// nothing.
func (w *stagedWrite) prepare(ctx context.Context, df sql.DataFrame) error {
	if w.dialect == dialectMySQL {
		if err := w.askMySQL(ctx); err != nil {
			return err
		}
	}
	if w.sink.Mode == SaveModeOverwrite {
		if err := w.look(ctx); err != nil {
			return err
		}
	}
	if w.swaps() {
		return nil
	}
	return w.match(ctx, df)
}

// swaps reports whether the staging table itself becomes the table.
func (w *stagedWrite) swaps() bool {
	return w.sink.Mode == SaveModeOverwrite && (!w.sink.Truncate || !w.there)
}

// match finds the columns of the table for those of the data.
func (w *stagedWrite) match(ctx context.Context, df sql.DataFrame) error {
	data, err := SchemaOf(ctx, df)
	if err != nil {
		return err
	}
	table, err := JDBCSource{JDBC: w.sink.JDBC, Table: w.sink.Table}.read(ctx, w.spark)
	if err != nil {
		return err
	}
	def, err := SchemaOf(ctx, table)
	if err != nil {
		return fmt.Errorf("look at the table, which must be there: %w", err)
	}
	var known []string
	for _, field := range def.Fields {
		known = append(known, field.Name)
	}
	for _, field := range data.Fields {
		name, ok := sameName(known, field.Name)
		if !ok {
			return fmt.Errorf("the table has no column %s; it has %s", field.Name, strings.Join(known, ", "))
		}
		if slices.Contains(w.columns, name) {
			return fmt.Errorf("the data have the column %s twice", name)
		}
		w.columns = append(w.columns, name)
	}
	for _, key := range w.sink.Keys {
		name, ok := sameName(w.columns, key)
		if !ok {
			return fmt.Errorf("the key %s is not a column of the data; they have %s", key, strings.Join(w.columns, ", "))
		}
		w.keys = append(w.keys, name)
	}
	if w.dialect == dialectMySQL || w.dialect == dialectMariaDB {
		return w.uniqueInMySQL(ctx)
	}
	return nil
}

// sameName finds a name, exactly or else whatever its case.
func sameName(names []string, name string) (string, bool) {
	if slices.Contains(names, name) {
		return name, true
	}
	i := slices.IndexFunc(names, func(other string) bool { return strings.EqualFold(other, name) })
	if i < 0 {
		return "", false
	}
	return names[i], true
}

// fill makes the staging table and writes the rows to it.
func (w *stagedWrite) fill(ctx context.Context, df sql.DataFrame) error {
	mode := SaveModeErrorIfExists
	if !w.swaps() {
		mode = SaveModeAppend
		if err := w.sink.run(ctx, w.spark, w.create()); err != nil {
			return fmt.Errorf("make a staging table: %w", err)
		}
	}
	all := mergeOptions(w.sink.sparkOptions(w.sink.writeOptions()), map[string]string{"dbtable": w.stage.text(), "truncate": "false"})
	if err := (Writer{Format: "jdbc", Mode: mode, Options: all}).Save(ctx, w.spark, df, ""); err != nil {
		return err
	}
	if len(w.keys) == 0 {
		return nil
	}
	return w.differentKeys(ctx)
}

// keyFaults counts the keys of the staging table that no upsert can take.
type keyFaults struct {
	Twice   int64 `spark:"twice"`
	Without int64 `spark:"without"`
}

// differentKeys makes sure that each row has a key of its own.
func (w *stagedWrite) differentKeys(ctx context.Context) error {
	df, err := w.sink.ask(ctx, w.spark, w.countKeys(), map[string]string{"customSchema": "twice BIGINT, without BIGINT"})
	if err != nil {
		return err
	}
	found, err := One[keyFaults](ctx, df)
	switch {
	case err != nil:
		return fmt.Errorf("look for keys that are there twice: %w", err)
	case found.Without > 0:
		return fmt.Errorf("%d rows have a null in the keys %s", found.Without, strings.Join(w.keys, ", "))
	case found.Twice > 0:
		return fmt.Errorf("%d values of the keys %s are in more than one row; leave one row of each", found.Twice, strings.Join(w.keys, ", "))
	}
	return nil
}

// discard drops the staging table after a failure, also when ctx has ended.
func (w *stagedWrite) discard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), jdbcCleanup)
	defer cancel()
	return w.sink.run(ctx, w.spark, "DROP TABLE IF EXISTS "+w.stage.text())
}

// leftover says what a failed removal means.
func (w *stagedWrite) leftover(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf(", but the staging table %s may be left behind; drop it", w.stage.text())
}

// notTakenOver says what is known after the statement that takes the rows over
// has failed. It is whole or has no effect. On PostgreSQL it drops the staging
// table too, so whoever can still drop that knows that it had none.
func (w *stagedWrite) notTakenOver(ctx context.Context, err error) error {
	s := w.sink
	if w.dialect == dialectPostgres {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), jdbcCleanup)
		defer cancel()
		if s.run(within, w.spark, "DROP TABLE "+w.stage.text()) == nil {
			return fmt.Errorf("%s %s: the table is unchanged: %w", s.verb(), s.Table, err)
		}
	}
	left := w.leftover(w.discard(ctx))
	if w.swaps() && w.there && w.dialect != dialectPostgres {
		left += "; if it was replaced, its old rows are in " + w.old.text()
	}
	return fmt.Errorf("%s %s: %w: the table has all of the rows or is unchanged%s: %w", s.verb(), s.Table, ErrOutcomeUnknown, left, err)
}
