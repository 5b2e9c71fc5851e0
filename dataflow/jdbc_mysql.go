package dataflow

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// look finds out whether the table is there.
func (w *stagedWrite) look(ctx context.Context) error {
	query := "SELECT count(*) AS there FROM information_schema.tables WHERE " + w.inSchema()
	if w.dialect == dialectPostgres {
		quote := "$" + w.stage.table + "$"
		query = "SELECT CASE WHEN to_regclass(" + quote + w.target.text() + quote + ") IS NULL THEN 0 ELSE 1 END AS there"
	}
	df, err := w.sink.ask(ctx, w.spark, query, map[string]string{"customSchema": "there BIGINT"})
	if err != nil {
		return err
	}
	count, err := Value[int64](ctx, df)
	if err != nil {
		return fmt.Errorf("look whether the table is there: %w", err)
	}
	w.there = count > 0
	return nil
}

// inSchema is the condition for the table in the views of information_schema of
// MariaDB and MySQL.
func (w *stagedWrite) inSchema() string {
	schema := "DATABASE()"
	if w.target.schema != "" {
		schema = hexText(w.target.schema)
	}
	return "table_schema = " + schema + " AND table_name = " + hexText(w.target.table)
}

// hexText writes a text so that no character of it means anything.
func hexText(text string) string {
	return "CONVERT(0x" + hex.EncodeToString([]byte(text)) + " USING utf8mb4)"
}

// askMySQL tells MariaDB from MySQL, and refuses what MySQL cannot do once.
func (w *stagedWrite) askMySQL(ctx context.Context) error {
	df, err := w.sink.ask(ctx, w.spark, "SELECT VERSION() AS version", nil)
	if err != nil {
		return err
	}
	version, err := Value[string](ctx, df)
	if err != nil {
		return fmt.Errorf("ask for the version of the database: %w", err)
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		w.dialect = dialectMariaDB
		return nil
	}
	if w.sink.Mode == SaveModeAppend {
		return fmt.Errorf("MySQL %s has no block that appends the rows once; publish atomic goes with overwrite there", version)
	}
	return nil
}

// keyColumn is a column of a unique key.
type keyColumn struct {
	Key    string `spark:"k"`
	Column string `spark:"c"`
}

// uniqueInMySQL makes sure that the keys are a unique key of the table, without
// which MariaDB and MySQL would add rows twice, and that no other unique key
// could find a row.
func (w *stagedWrite) uniqueInMySQL(ctx context.Context) error {
	if len(w.keys) == 0 {
		return nil
	}
	df, err := w.sink.ask(ctx, w.spark, "SELECT index_name AS k, column_name AS c FROM information_schema.statistics WHERE non_unique = 0 AND sub_part IS NULL AND "+
		w.inSchema(), nil)
	if err != nil {
		return err
	}
	unique := map[string][]string{}
	for row, err := range RowsAs[keyColumn](ctx, df) {
		if err != nil {
			return fmt.Errorf("look at the unique keys of the table: %w", err)
		}
		unique[row.Key] = append(unique[row.Key], row.Column)
	}
	has := false
	for name, columns := range unique {
		written := !slices.ContainsFunc(columns, func(c string) bool { _, ok := sameName(w.columns, c); return !ok })
		own := len(columns) == len(w.keys) && !slices.ContainsFunc(columns, func(c string) bool { _, ok := sameName(w.keys, c); return !ok })
		has = has || own
		if written && !own {
			return fmt.Errorf("the table has another unique key, %s of %s, by which %s would find rows too; leave one of its columns out or use its columns as keys",
				name, strings.Join(columns, ", "), w.dialect)
		}
	}
	if !has {
		return fmt.Errorf("the table has no unique key of %s; make one, or %s would add rows that are there", strings.Join(w.keys, ", "), w.dialect)
	}
	return nil
}
