package dataflow

import "strings"

// create makes the staging table with the types that the table has.
func (w *stagedWrite) create() string {
	return "CREATE TABLE " + w.stage.text() + " AS SELECT " + quoteAll(w.quote, w.columns) + " FROM " + w.target.text() + " WHERE 1=0"
}

// countKeys counts the keys that are there twice, and the rows without one.
func (w *stagedWrite) countKeys() string {
	keys := quoteAll(w.quote, w.keys)
	without := make([]string, len(w.keys))
	for i, key := range w.keys {
		without[i] = w.quote(key) + " IS NULL"
	}
	null := strings.Join(without, " OR ")
	return "SELECT (SELECT count(*) FROM (SELECT count(*) AS n FROM " + w.stage.text() + " WHERE NOT (" + null + ") GROUP BY " + keys +
		" HAVING count(*) > 1) d) AS " + w.quote("twice") + ", (SELECT count(*) FROM " + w.stage.text() + " WHERE " + null + ") AS " + w.quote("without")
}

// takeOver is the statement that brings the rows of the staging table into the
// table: whole or not at all, and once. Where the database can, it consumes the
// staging table in the same transaction, so that another run finds nothing to do
// or fails; elsewhere it is an upsert, of which another run changes nothing.
func (w *stagedWrite) takeOver() string {
	switch w.dialect {
	case dialectPostgres:
		return w.inPostgres()
	case dialectMariaDB, dialectMySQL:
		if w.swaps() {
			return w.rename()
		}
		if w.dialect == dialectMySQL {
			return w.insert()
		}
		return "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; START TRANSACTION; " +
			w.insert() + "; DELETE FROM " + w.stage.text() + "; COMMIT; END"
	}
	return w.insert()
}

// dropAfter is the table that is of no use after takeOver, or empty.
func (w *stagedWrite) dropAfter() string {
	switch {
	case w.dialect == dialectPostgres, w.swaps() && !w.there:
		return ""
	case w.swaps():
		return w.old.text()
	}
	return w.stage.text()
}

// inPostgres is one block, hence one transaction. Its quotes are of this write
// alone, so that no name can end it.
func (w *stagedWrite) inPostgres() string {
	stage, target := w.stage.text(), w.target.text()
	body := "LOCK TABLE " + stage + " IN ACCESS EXCLUSIVE MODE; "
	switch {
	case w.swaps():
		body += "DROP TABLE IF EXISTS " + target + "; ALTER TABLE " + stage + " RENAME TO " + w.target.last + "; "
	case w.sink.Mode == SaveModeOverwrite:
		cascade := ""
		if w.sink.CascadeTruncate {
			cascade = " CASCADE"
		}
		body += "TRUNCATE TABLE " + target + cascade + "; " + w.insert() + "; DROP TABLE " + stage + "; "
	default:
		body += w.insert() + "; DROP TABLE " + stage + "; "
	}
	quote := "$" + w.stage.table + "$"
	return "DO " + quote + " BEGIN " + body + "END " + quote
}

// rename puts the staging table in the place of the table, in one step.
func (w *stagedWrite) rename() string {
	swap := w.stage.text() + " TO " + w.target.text()
	if w.there {
		swap = w.target.text() + " TO " + w.old.text() + ", " + swap
	}
	return "RENAME TABLE " + swap
}

// insert brings the rows of the staging table into the table.
func (w *stagedWrite) insert() string {
	columns := quoteAll(w.quote, w.columns)
	rows := "SELECT " + columns + " FROM " + w.stage.text()
	into := w.target.text() + " (" + columns + ") "
	if len(w.keys) == 0 {
		return "INSERT INTO " + into + rows
	}
	keys := quoteAll(w.quote, w.keys)
	switch w.dialect {
	case dialectH2:
		return "MERGE INTO " + into + "KEY (" + keys + ") " + rows
	case dialectMariaDB, dialectMySQL:
		return "INSERT INTO " + into + rows + " ON DUPLICATE KEY UPDATE " + w.assign("VALUES(", ")", true)
	case dialectSQLite:
		rows += " WHERE true" // or else it reads ON as that of a join
	default:
		rows += " ORDER BY " + keys // two at once wait for each other and do not block each other
	}
	conflict := " ON CONFLICT (" + keys + ") DO "
	set := w.assign("excluded.", "", false)
	if set == "" {
		return "INSERT INTO " + into + rows + conflict + "NOTHING"
	}
	return "INSERT INTO " + into + rows + conflict + "UPDATE SET " + set
}

// assign sets the columns to the new values: those that are no keys, or with all
// the keys too if there are no others.
func (w *stagedWrite) assign(before, after string, all bool) string {
	var set []string
	for _, column := range w.columns {
		if _, isKey := sameName(w.keys, column); !isKey || (all && len(w.keys) == len(w.columns)) {
			set = append(set, w.quote(column)+" = "+before+w.quote(column)+after)
		}
	}
	return strings.Join(set, ", ")
}
