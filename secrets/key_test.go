package secrets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestIsKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"spark.hadoop.javax.jdo.option.ConnectionPassword", "spark.my.SECRET", "fs.s3a.secret.key", "fs.s3a.access.key",
		"spark.connect.authenticate.token", "my.passwd", "aws.credentials", "spark.ssl.keyPassword", "my.apiKey",
	} {
		require.True(t, secrets.IsKey(key), key)
	}
	for _, key := range []string{"", "spark.sql.shuffle.partitions", "spark.app.name"} {
		require.False(t, secrets.IsKey(key), key)
	}
}
