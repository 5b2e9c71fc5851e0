package localspark

import (
	"testing"

	_ "github.com/apache/spark-connect-go/v40/spark/sql" // registers spark.connect
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func TestProbe_fieldNumbersAreThoseOfSparkConnect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		message protoreflect.FullName
		field   protoreflect.Name
		number  protoreflect.FieldNumber
	}{
		{"AnalyzePlanRequest", "session_id", fieldSessionID},
		{"AnalyzePlanRequest", "user_context", fieldUserContext},
		{"AnalyzePlanRequest", "spark_version", fieldAnalyzeVersion},
		{"AnalyzePlanResponse", "spark_version", fieldAnalyzedVersion},
		{"AnalyzePlanResponse.SparkVersion", "version", fieldVersionText},
		{"UserContext", "user_id", fieldUserID},
		{"ExecutePlanRequest", "session_id", fieldSessionID},
		{"ExecutePlanRequest", "user_context", fieldUserContext},
		{"ExecutePlanRequest", "plan", fieldExecutePlan},
		{"Plan", "root", fieldPlanRoot},
		{"Relation", "sql", fieldRelationSQL},
		{"SQL", "query", fieldSQLQuery},
		{"ReleaseSessionRequest", "session_id", fieldSessionID},
		{"ReleaseSessionRequest", "user_context", fieldUserContext},
	}
	for _, test := range tests {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName("spark.connect." + test.message)
		require.NoError(t, err)
		field := found.(protoreflect.MessageDescriptor).Fields().ByName(test.field)
		require.NotNil(t, field, "%s.%s", test.message, test.field)
		require.Equal(t, test.number, field.Number(), "%s.%s", test.message, test.field)
	}
}
