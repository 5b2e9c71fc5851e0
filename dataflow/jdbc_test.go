package dataflow_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestJDBCKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	database := dataflow.JDBC{URL: secrets.NewValue("jdbc:x://h/db?password=s3cr3t"), User: "ann", Password: secrets.NewValue("s3cr3t")}
	for _, part := range []any{
		dataflow.JDBCSource{JDBC: database, Table: "t"}, dataflow.JDBCSink{JDBC: database, Table: "t"},
		dataflow.Steps{Source: dataflow.JDBCSource{JDBC: database}}, dataflow.ReadView{Source: dataflow.JDBCSource{JDBC: database}},
	} {
		text, err := json.Marshal(part)
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%s %v %+v %#v", text, part, part, part), "s3cr3t")
	}
	require.NotContains(t, fmt.Sprintf("%v %+v", dataflow.Component(dataflow.ReadView{Source: dataflow.JDBCSource{JDBC: database}}), database), "s3cr3t")

	b := setup(t, nil)
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	err := dataflow.JDBCSink{JDBC: database, Table: "t"}.Write(t.Context(), b.spark, b.frame(t))
	require.ErrorContains(t, err, "save in the format jdbc: ")
	require.NotContains(t, err.Error(), "s3cr3t")
}
