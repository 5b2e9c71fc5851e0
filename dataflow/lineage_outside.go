package dataflow

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// outside is the place of tables that are not Spark's. Their datasets have it as
// the first part of their name, with a colon in it, so that no table of Spark is
// taken for them.
type outside string

// table is the dataset of a table there.
func (o outside) table(name string) Dataset {
	parts := sqltext.ParseName(name)
	if parts == nil {
		parts = sqltext.Name{strings.TrimSpace(name)}
	}
	return o.dataset(parts)
}

func (o outside) dataset(parts sqltext.Name) Dataset {
	return Dataset{DatasetTable, append(sqltext.Name{string(o)}, parts...).String()}
}

// query is the lineage of a query that is run there: what it reads, as far as it
// is written as Spark would write it.
func (o outside) query(text string) Lineage {
	st := sqltext.Parse(text)
	if !st.Query || !st.Complete {
		return Lineage{Effect: EffectNone, Opaque: true}
	}
	l := Lineage{Effect: EffectNone}
	for _, name := range st.Reads {
		l.Inputs = addDataset(l.Inputs, o.dataset(name))
	}
	return l
}

// placeOfJDBC returns what can be told of a JDBC URL: never a user, a password or
// another parameter. Where one can stand before the host, only the driver is
// left.
func placeOfJDBC(url string) outside {
	if !strings.HasPrefix(url, "jdbc:") {
		return "jdbc:"
	}
	kind, _, _ := strings.Cut(url[len("jdbc:"):], ":")
	if i := strings.IndexAny(kind, "/@?;=&"); i >= 0 {
		kind = ""
	}
	end := len(url)
	if i := strings.IndexAny(url, "?;&"); i >= 0 {
		end = i
	}
	if strings.ContainsAny(url, "@") || strings.ContainsAny(url[:end], "=,") {
		return outside("jdbc:" + kind)
	}
	return outside(url[:end])
}

// readsTable is the lineage of reading what stands where a table is expected,
// which can be a query in brackets with an alias.
func (o outside) readsTable(table string) Lineage {
	if strings.HasPrefix(strings.TrimSpace(table), "(") {
		return o.query("SELECT * FROM " + table)
	}
	return reads(o.table(table))
}

// bigQuery is where the tables of BigQuery are.
const bigQuery outside = "bigquery:"

// bigQueryTable is the dataset of project.dataset.table, which may also be
// written with a colon.
func bigQueryTable(name string) Dataset {
	name = strings.Trim(strings.TrimSpace(name), "`")
	return bigQuery.dataset(strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == ':' }))
}

// bigQueryQuery is the lineage of a query of BigQuery, where a whole name may
// stand in one pair of backquotes.
func bigQueryQuery(text string) Lineage {
	st := sqltext.Parse(text)
	if !st.Query || !st.Complete {
		return Lineage{Effect: EffectNone, Opaque: true}
	}
	l := Lineage{Effect: EffectNone}
	for _, name := range st.Reads {
		l.Inputs = addDataset(l.Inputs, bigQueryTable(strings.Join(name, ".")))
	}
	return l
}
