package streaming

import (
	"context"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// quoteName writes the name of one column as SQL.
func quoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// selectExpr is the client's, with the server's whole error.
func selectExpr(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, exprs ...string) (sql.DataFrame, error) {
	out, err := df.SelectExpr(ctx, exprs...)
	if err != nil {
		return nil, spark.Error(ctx, err)
	}
	return out, nil
}

// readsTable, writesTable and writesPath are lineages. A sink that is exactly once
// goes on at its checkpoint when it runs again.
func readsTable(name string) dataflow.Lineage {
	return dataflow.TableSource{Table: name}.Lineage()
}

func writesTable(name string) dataflow.Lineage {
	l := dataflow.TableSink{Table: name}.Lineage()
	l.Effect = dataflow.EffectIdempotent
	return l
}

func writesPath(path string) dataflow.Lineage {
	return dataflow.Lineage{Outputs: []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: path}}, Effect: dataflow.EffectIdempotent}
}

// outsideTable is the dataset of something that is not Spark's, such as a topic.
// The place has a colon in it, so that no table is taken for it.
func outsideTable(place, name string) dataflow.Dataset {
	return dataflow.Dataset{Kind: dataflow.DatasetTable, Name: quoteName(place) + "." + quoteName(name)}
}
