package options_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func reveal(values []secrets.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Reveal())
	}
	return out
}

func TestSecretsByTheirKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"password", "sfPassword", "es.net.http.auth.pass", "fs.s3a.secret.key", "fs.s3a.access.key", "fs.azure.account.key.a.blob.core.windows.net",
		"fs.azure.sas.c.a.blob.core.windows.net", "gcpAccessToken", "credentials", "pem_private_key", "kafka.sasl.jaas.config", "kafka.ssl.keystore.key.password",
		"apiKey", "api-key", "pwd", "eventhubs.connectionString",
	} {
		require.Equal(t, []string{"x1"}, reveal(options.Secrets(map[string]string{key: "x1"})), key)
		require.Empty(t, options.Secrets(map[string]string{key: "true"}), key)
	}
	for _, key := range []string{
		"", "dbtable", "hoodie.datasource.write.recordkey.field", "partitionKey", "key.column", "fs.s3a.aws.credentials.provider", "credentialsFile",
		"ssl.truststore.location", "tokenUrl", "compass", "keyspace", "primaryKey", "key",
	} {
		require.Empty(t, options.Secrets(map[string]string{key: "x1"}), key)
	}
}

func TestSecretsInTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"mongodb://ann:p1@h1,h2/db?replicaSet=r":          {"p1"},
		"mongodb+srv://ann:p%40%2F1@h/db":                 {"p%40%2F1", "p@/1", "p@/1"},
		"https://ann:p/1@h/x":                             {"p/1"},
		"https://ghp_1@h/x":                               {"ghp_1"},
		"https://:p1@h":                                   {"p1"},
		"s3a://KEY:p1@bucket/a@b":                         {"p1"},
		"jdbc:oracle:thin:scott/tiger@h:1:x":              {"tiger"},
		"jdbc:postgresql://h/db?user=a&password=p1&x=1":   {"p1"},
		"jdbc:sqlserver://h;user=a;password=p1;encrypt=x": {"p1"},
		"jdbc:mysql://a:p1@h/db":                          {"p1"},
		"https://a.blob/c?sv=1&sig=a%2Bb":                 {"a%2Bb", "a+b", "a+b"},
		"Endpoint=sb://x/;SharedAccessKey=k=;EntityPath=": {"k="},
		`x required username="a" password="p\"1\\";`:      {`p\"1\\`, `p"1\`},

		"abfss://container@acc.dfs.core.windows.net/x": nil, "abfss://c:p1@acc/x": {"p1"}, "hdfs://h:9000/a@b": nil, "s3a://bucket/a:b@c": nil,
		"/a/b@c:d": nil, "": nil, "jdbc:postgresql://h:5432/db": nil, "a=b;c=d": nil, "${password}": nil, "SELECT 'a@b:c'": nil,
		"jdbc:h2:mem:x;DB_CLOSE_DELAY=-1": nil,
	} {
		require.Equal(t, want, reveal(options.SecretsIn(text)), text)
	}
}

func FuzzSecretsIn(f *testing.F) {
	for _, text := range []string{"a://b:c@d", "jdbc:oracle:thin:a/b@c", `password="\`, "?sig=%", "a://%zz:%@"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, v := range options.SecretsIn(text) {
			require.LessOrEqual(t, len(v.Reveal()), len(text))
		}
	})
}
