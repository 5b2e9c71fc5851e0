package audit_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func redactor(tb testing.TB, opts *audit.RedactOptions) *audit.Redactor {
	tb.Helper()
	r, err := audit.NewRedactor(opts)
	require.NoError(tb, err)
	return r
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"password", "PASSWORD", "passwd", "pwd", "db_pwd", "jdbc_password", "jdbcPassword", "JDBCPassword", "dbpassword", "PGPASSWORD", "db.pass",
		"apiKey", "api_key", "api-key", "apikey", "APIKey", "x-api-key", "AWS_SECRET_ACCESS_KEY", "aws_access_key_id", "fs.s3a.access.key",
		"fs.s3a.secret.key", "accessKey", "accesskey", "account_key", "fs.azure.account.key.x.dfs.core.windows.net", "token", "access_token", "authToken",
		"tokens", "credential", "credentials", "aws_credentials", "auth", "basic_auth", "Authorization", "Proxy-Authorization", "private_key",
		"privateKey", "private_key_pem", "sslkey", "ssl_key", "client_secret", "clientSecret", "secret", "secrets", "hmac_key", "encryption_key",
		"storepass.passphrase", "signature", "sig", "sas", "cookie", "Set-Cookie", "bearer", "ConnectionPassword", "spark.ssl.keyPassword",
		"sasl.jaas.password", "oauth_token", "refreshToken", "masterKey", "sessionKey", "--password", "password2.password",
	} {
		require.True(t, audit.IsSecretKey(key), key)
	}
	for _, key := range []string{
		"", "author", "authors", "authority", "keyspace", "primary_keys", "primaryKey", "monkey", "key", "keys", "partition_key", "sort_key", "merge_keys",
		"keyboard", "turkey", "tokenizer", "tokenize", "secretary", "passenger", "compass", "bypass", "pass_through", "password_file", "token_type",
		"credentials_path", "public_key", "foreign_key", "key_columns", "user", "name", "spark.sql.shuffle.partitions", "max_tokens_count", "header",
		"aws_secrets_manager", "auth_type", "passed", "authored_by", "designation", "spark.app.name", "___", "größe",
	} {
		require.False(t, audit.IsSecretKey(key), key)
	}
}

// texts are texts with a canary in them, and what is left of them.
var texts = map[string]string{
	// URLs
	"postgres://etl:CANARY@db:5432/orders":                          "postgres://etl:[REDACTED]@db:5432/orders",
	"postgres://etl:a@CANARY@db/orders":                             "postgres://etl:[REDACTED]@db/orders",
	"postgres://etl:a/CANARY@db/orders":                             "postgres://etl:[REDACTED]@db/orders",
	"mongodb+srv://etl:CANARY@a,b:27017/db":                         "mongodb+srv://etl:[REDACTED]@a,b:27017/db",
	"https://CANARY@github.com/x/y.git":                             "https://[REDACTED]@github.com/x/y.git",
	"amqp://:CANARY@mq/":                                            "amqp://:[REDACTED]@mq/",
	"see http://a:CANARY@b/c, then d":                               "see http://a:[REDACTED]@b/c, then d",
	"https://h/p?a=1&password=CANARY&b=2":                           "https://h/p?a=1&password=[REDACTED]&b=2",
	"https://h/p?X-Amz-Signature=CANARY&X-Amz-Date=2":               "https://h/p?X-Amz-Signature=[REDACTED]&X-Amz-Date=2",
	"https://x.blob.core.windows.net/c?sv=1&sig=CANARY%3D":          "https://x.blob.core.windows.net/c?sv=1&sig=[REDACTED]",
	"sc://spark:15002/;token=CANARY;use_ssl=true":                   "sc://spark:15002/;token=[REDACTED];use_ssl=true",
	"sc://spark:15002/;user_id=a@b.example;token=CANARY":            "sc://spark:15002/;user_id=a@b.example;token=[REDACTED]",
	"abfss://data@account.dfs.core.windows.net/x?sig=CANARY":        "abfss://data@account.dfs.core.windows.net/x?sig=[REDACTED]",
	"jdbc:postgresql://h/db?user=a&password=CANARY":                 "jdbc:postgresql://h/db?user=a&password=[REDACTED]",
	"jdbc:mysql://a:CANARY@h:3306/db":                               "jdbc:mysql://a:[REDACTED]@h:3306/db",
	"jdbc:mysql://address=(host=h)(user=a)(password=CANARY)/db":     "jdbc:mysql://address=(host=h)(user=a)(password=[REDACTED])/db",
	"jdbc:mariadb://h/db?user=a&password=CANARY&useSSL=true":        "jdbc:mariadb://h/db?user=a&password=[REDACTED]&useSSL=true",
	"jdbc:sqlserver://h:1433;user=sa;password=CANARY;encrypt=true":  "jdbc:sqlserver://h:1433;user=sa;password=[REDACTED];encrypt=true",
	"jdbc:sqlserver://h;password={a;CANARY}}b};databaseName=x":      "jdbc:sqlserver://h;password=[REDACTED];databaseName=x",
	"jdbc:oracle:thin:scott/CANARY@//h:1521/svc":                    "jdbc:oracle:thin:scott/[REDACTED]@//h:1521/svc",
	"jdbc:oracle:oci:scott/CANARY@TNS":                              "jdbc:oracle:oci:scott/[REDACTED]@TNS",
	"jdbc:db2://h:50000/DB:user=a;password=CANARY;":                 "jdbc:db2://h:50000/DB:user=a;password=[REDACTED];",
	"jdbc:teradata://h/USER=a,PASSWORD=CANARY,TMODE=ANSI":           "jdbc:teradata://h/USER=a,PASSWORD=[REDACTED],TMODE=ANSI",
	"jdbc:snowflake://x.example?user=a&password=CANARY&warehouse=w": "jdbc:snowflake://x.example?user=a&password=[REDACTED]&warehouse=w",
	"jdbc:redshift://h:5439/db;UID=a;PWD=CANARY":                    "jdbc:redshift://h:5439/db;UID=a;PWD=[REDACTED]",
	"jdbc:h2:mem:x;USER=sa;PASSWORD=CANARY":                         "jdbc:h2:mem:x;USER=sa;PASSWORD=[REDACTED]",
	"jdbc:hive2://h:10000/db;user=a;password=CANARY;ssl=true":       "jdbc:hive2://h:10000/db;user=a;password=[REDACTED];ssl=true",
	"jdbc:databricks://h:443;AuthMech=3;UID=token;PWD=CANARY":       "jdbc:databricks://h:443;AuthMech=3;UID=token;PWD=[REDACTED]",
	"jdbc:clickhouse://h:8123/db?password=CANARY":                   "jdbc:clickhouse://h:8123/db?password=[REDACTED]",
	// connection strings, SQL, files
	"host=h user=a password=CANARY dbname=x":                            "host=h user=a password=[REDACTED] dbname=x",
	"host=h password='it''s CANARY' dbname=x":                           "host=h password='[REDACTED]' dbname=x",
	`{"user":"a","password":"CANARY"}`:                                  `{"user":"a","password":"[REDACTED]"}`,
	`{"password": "a\"CANARY", "b": 1}`:                                 `{"password": "[REDACTED]", "b": 1}`,
	`{\"password\":\"CANARY\",\"b\":1}`:                                 `{\"password\":\"[REDACTED]\",\"b\":1}`,
	"password: CANARY\nuser: a":                                         "password: [REDACTED]\nuser: a",
	"password = CANARY":                                                 "password = [REDACTED]",
	"CREATE USER a IDENTIFIED BY x PASSWORD 'CANARY'":                   "CREATE USER a IDENTIFIED BY x PASSWORD '[REDACTED]'",
	"OPTIONS (url 'u', password 'CANARY', fetchsize '5')":               "OPTIONS (url 'u', password '[REDACTED]', fetchsize '5')",
	`OPTIONS ("password" "CANARY")`:                                     `OPTIONS ("password" "[REDACTED]")`,
	"psql --password CANARY --host h":                                   "psql --password [REDACTED] --host h",
	"tool --token=CANARY -v":                                            "tool --token=[REDACTED] -v",
	"Authorization: Bearer CANARY":                                      "Authorization: Bearer [REDACTED]",
	"Authorization: Basic CANARY":                                       "Authorization: Basic [REDACTED]",
	"X-Api-Key: CANARY":                                                 "X-Api-Key: [REDACTED]",
	"<password>CANARY</password>":                                       "<password>[REDACTED]</password>",
	"spark.hadoop.fs.s3a.secret.key=CANARY":                             "spark.hadoop.fs.s3a.secret.key=[REDACTED]",
	"map[password:CANARY user:a]":                                       "map[password:[REDACTED] user:a]",
	"AccountName=a;AccountKey=CANARY==;EndpointSuffix=core.windows.net": "AccountName=a;AccountKey=[REDACTED];EndpointSuffix=core.windows.net",
	// what the values look like
	"key AKIAIOSFODNN7EXAMPLE here":                                                  "key [REDACTED] here",
	"with bearer abcdef.CANARY":                                                      "with bearer [REDACTED]",
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl":                              "[REDACTED]",
	"x\n-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----\ny":   "x\n[REDACTED]\ny",
	`{"k":"-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n","z":1}`: `{"k":"[REDACTED]\n","z":1}`,
	"-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY and no end":                         "[REDACTED]",
	"dapi0123456789abcdef0123456789abcdef":                                           "[REDACTED]",
	"ghp_0123456789abcdefghijABCDEFGHIJ":                                             "[REDACTED]",
	"hvs.CAESIJlUabcdefghijklmnop":                                                   "[REDACTED]",
	// nothing to hide
	"": "", "author: ann; keyspace=x; primary_keys=id": "author: ann; keyspace=x; primary_keys=id",
	"https://h:8080/a@b":                   "https://h:8080/a@b",
	"http://[::1]:8080/x@y":                "http://[::1]:8080/x@y",
	"s3a://bucket/path/x.parquet":          "s3a://bucket/path/x.parquet",
	"postgres://etl@db/orders":             "postgres://etl@db/orders",
	"the password is wrong":                "the password is wrong",
	"[TABLE_OR_VIEW_NOT_FOUND] no table t": "[TABLE_OR_VIEW_NOT_FOUND] no table t",
	"a=1;b=2&c=3, d: 4":                    "a=1;b=2&c=3, d: 4",
}

func TestRedactorText(t *testing.T) {
	t.Parallel()
	for _, r := range []*audit.Redactor{nil, redactor(t, nil)} {
		for text, want := range texts {
			text = strings.ReplaceAll(text, "CANARY", canary)
			require.Equal(t, want, r.Text(text), text)
			require.Equal(t, want, r.Text(want), "a second time")
		}
	}
}

var escapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// formsOf are the ways in which a secret leaks.
func formsOf(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	return map[string]string{
		"plain": secret, "in a word": "x" + secret + "y", "twice": secret + secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"lower escapes": escapes.ReplaceAllStringFunc(url.QueryEscape(secret), strings.ToLower), "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "raw base64": base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"url base64": base64.URLEncoding.EncodeToString([]byte(secret)), "json": string(quoted), "go": fmt.Sprintf("%q", secret),
		"basic auth": base64.StdEncoding.EncodeToString([]byte("etl:" + secret)), "basic auth 2": base64.StdEncoding.EncodeToString([]byte("etl2:" + secret + "@x")),
		"basic auth 3": base64.URLEncoding.EncodeToString([]byte("etl34:" + secret + "!!")),
	}
}

func TestRedactorKnowsSecretsInEveryForm(t *testing.T) {
	t.Parallel()
	secret := "s3/cr+t wörd\"'<&>?"
	r := redactor(t, nil)
	r.Add(secrets.NewValue(secret), secrets.Value{}, secrets.NewValue("abc"))
	for name, form := range formsOf(secret) {
		if strings.Contains(name, "auth") {
			got := r.Text("Header " + form)
			require.NotEqual(t, "Header "+form, got, name)
			require.Contains(t, got, secrets.Redacted, name)
			continue
		}
		require.NotContains(t, r.Text("it is "+form+"."), form, name)
		require.NotContains(t, r.Known(form), form, name)
	}
	require.Equal(t, "abc is too short to be looked for", r.Text("abc is too short to be looked for"))
	require.Equal(t, "[REDACTED]", r.Text(secret+secret), "what touches counts as one")
}

func TestRedactorOverlappingSecrets(t *testing.T) {
	t.Parallel()
	r := redactor(t, nil)
	r.Add(secrets.NewValue("abcdef"), secrets.NewValue("defghi"), secrets.NewValue("abcd"))
	require.Equal(t, "x[REDACTED]y", r.Text("xabcdefghiy"))
	require.Equal(t, "x[REDACTED]efy", redactorWith(t, "abcd").Text("xabcdefy"))
	r.Add(secrets.NewValue("REDACTED"))
	require.Equal(t, "[REDACTED]", r.Text("abcdef"), "what is part of the replacement is not looked for")
}

func redactorWith(t *testing.T, secret string) *audit.Redactor {
	t.Helper()
	r := redactor(t, nil)
	r.Add(secrets.NewValue(secret))
	return r
}

func TestRedactorOptions(t *testing.T) {
	t.Parallel()
	r := redactor(t, &audit.RedactOptions{
		Keys: []string{"badge number", "ssn"}, Patterns: []string{`\b\d{3}-\d{2}-\d{4}\b`, `card (\d+)`}, Passthrough: []string{"page_token", "credentials"},
		Replacement: "***REDACTED***",
	})
	require.Equal(t, "employeeBadgeNumber=***REDACTED*** lessn=5", r.Text("employeeBadgeNumber=77 lessn=5"))
	require.Equal(t, "***REDACTED*** and card ***REDACTED***", r.Text("123-45-6789 and card 4711"))
	require.Equal(t, "pageToken=5 token=***REDACTED***", r.Text("pageToken=5 token=6"))
	require.Equal(t, map[string]any{"credentials": map[string]any{"user": "a", "password": "***REDACTED***"}},
		r.Value(map[string]any{"credentials": map[string]any{"user": "a", "password": "x"}}))
	_, err := audit.NewRedactor(&audit.RedactOptions{
		Keys: []string{"ok", "--"}, Patterns: []string{"(", "x*"}, Passthrough: []string{""}, Replacement: "a b",
	})
	require.EqualError(t, err, "new redactor: redact.keys[1]: \"--\" has no letter and no digit\n"+
		"redact.passthrough[0]: \"\" has no letter and no digit\n"+
		"redact.patterns[0]: error parsing regexp: missing closing ): `(`\n"+
		"redact.patterns[1]: \"x*\" matches the empty text\n"+
		"redact.replacement: \"a b\": want 1 to 64 of letters, digits and *#.-_[]<>, and not the form of a secret")
	for _, bad := range []string{"AKIAIOSFODNN7EXAMPLE", "a=b", "...", strings.Repeat("x", 65)} {
		_, err := audit.NewRedactor(&audit.RedactOptions{Replacement: bad})
		require.Error(t, err, bad)
	}
	greedy := redactor(t, &audit.RedactOptions{Patterns: []string{`\w`}})
	require.Equal(t, greedy.Text("abc"), greedy.Text(greedy.Text("abc")))
	require.NotContains(t, greedy.Text("abc"), "abc")
}

type settings struct {
	User     string         `koanf:"user"`
	Password string         `koanf:"password"`
	Token    secrets.Value  `koanf:"token"`
	Empty    secrets.Value  `koanf:"empty"`
	Wait     time.Duration  `json:"wait"`
	Next     *settings      `yaml:"next,omitempty"`
	Any      any            `koanf:"any"`
	Lists    [][]string     `koanf:"lists"`
	Numbers  map[int]string `koanf:"numbers"`
	hidden   string
	Skipped  string `koanf:"-"`
	Func     func()
	When     time.Time
	Err      error
	Bytes    []byte
	inner
}

type inner struct{ APIKey string }

type panics struct{}

func (panics) MarshalText() ([]byte, error) { panic("no") }

func TestRedactorValue(t *testing.T) {
	t.Parallel()
	r := redactorWith(t, canary)
	in := settings{
		User: "ann", Password: canary, Token: secrets.NewValue(canary), Wait: time.Second, hidden: canary, Skipped: "x",
		Next: &settings{User: "bob"}, Any: []any{map[string]any{"pwd": []any{1, "x"}, "n": 1.5}, nil, true},
		Lists: [][]string{{"a", "jdbc:x://u:" + canary + "@h"}, {"password=" + canary}}, Numbers: map[int]string{1: canary},
		Func: func() {}, When: time.Unix(0, 0).UTC(), Err: errors.New("with " + canary), Bytes: []byte{0xff, 0xfe}, inner: inner{canary},
	}
	got := r.Value(&in)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(text), canary)
	require.Equal(t, "ann", got.(map[string]any)["user"])
	require.Equal(t, map[string]any{"pwd": []any{"[REDACTED]", "[REDACTED]"}, "n": 1.5}, got.(map[string]any)["any"].([]any)[0])
	require.Equal(t, []any{[]any{"a", "jdbc:x://u:[REDACTED]@h"}, []any{"password=[REDACTED]"}}, got.(map[string]any)["lists"])
	for key, want := range map[string]any{
		"password": "[REDACTED]", "token": "[REDACTED]", "empty": "", "wait": "1s", "Func": "func()", "When": "1970-01-01T00:00:00Z",
		"Err": "with [REDACTED]", "Bytes": "2 bytes", "APIKey": "[REDACTED]", "numbers": map[string]any{"1": "[REDACTED]"},
	} {
		require.Equal(t, want, got.(map[string]any)[key], key)
	}
	require.NotContains(t, got, "hidden")
	require.NotContains(t, got, "Skipped")
}

func TestRedactorValueOfOddThings(t *testing.T) {
	t.Parallel()
	r := redactorWith(t, "12345678")
	cycle := map[string]any{}
	cycle["again"] = cycle
	var none *settings
	for name, test := range map[string]struct{ in, want any }{
		"nil": {nil, nil}, "nil pointer": {none, nil}, "nil map": {map[string]any(nil), nil}, "nil slice": {[]string(nil), nil},
		"a number that is a secret": {12345678, "[REDACTED]"}, "another": {1, int64(1)}, "unsigned": {uint8(1), uint64(1)},
		"pair":         {map[string]any{"name": "DB_PASSWORD", "value": "x"}, map[string]any{"name": "DB_PASSWORD", "value": "[REDACTED]"}},
		"arguments":    {[]string{"run", "--password", "x", "--user", "a"}, []any{"run", "--password", "[REDACTED]", "--user", "a"}},
		"key is one":   {map[string]string{"12345678": "x"}, map[string]any{"[REDACTED]": "x"}},
		"panics":       {panics{}, "audit_test.panics"},
		"raw":          {json.RawMessage(`{"password":"x"}`), `{"password":"[REDACTED]"}`},
		"flag is kept": {map[string]any{"token": true, "password": ""}, map[string]any{"token": true, "password": ""}},
	} {
		require.Equal(t, test.want, r.Value(test.in), name)
	}
	_, err := json.Marshal(r.Value(cycle))
	require.NoError(t, err, "a cycle ends")
	_, err = json.Marshal(r.Value(map[string]any{"inf": 1 / zero()}))
	require.NoError(t, err)
}

func zero() float64 { return 0 }

func TestEnvironment(t *testing.T) {
	t.Setenv("SPARK_HOME", "/opt/spark")
	t.Setenv("JAVA_HOME", "/opt/java?token="+canary)
	t.Setenv("MY_PASSWORD", canary)
	t.Setenv("HOME", "/root")
	r := redactor(t, nil)
	got := r.Environment(audit.DefaultEnvironment())
	require.Equal(t, "/opt/spark", got["SPARK_HOME"])
	require.Equal(t, "/opt/java?token=[REDACTED]", got["JAVA_HOME"])
	require.NotContains(t, got, "HOME")
	require.NotContains(t, got, "PATH")
	require.Equal(t, map[string]string{"MY_PASSWORD": "[REDACTED]"}, r.Environment([]string{"MY_PASSWORD", "NOT_SET_AT_ALL"}))
	require.Nil(t, r.Environment(nil))
}

func FuzzRedactor(f *testing.F) {
	for text := range texts {
		f.Add(text, canary, "")
	}
	f.Add("[REDACTED][REDACTED", "abcdef", `\w+`)
	f.Add("password=[REDACTED]x", "password", "x")
	f.Add("aaaaaaaaa", "aaaa", "[a]")
	f.Fuzz(func(t *testing.T, text, secret, pattern string) {
		r, err := audit.NewRedactor(&audit.RedactOptions{Patterns: []string{pattern}})
		if err != nil {
			r = redactor(t, nil)
		}
		r.Add(secrets.NewValue(secret))
		text = strings.ReplaceAll(text, "CANARY", secret)
		mask := secrets.Redacted
		known := len(secret) >= 4 && !strings.Contains(mask, secret)
		for _, do := range []func(string) string{r.Text, r.Known} {
			once := do(text)
			require.Equal(t, once, do(once), "a second time")
			for name, form := range formsOf(secret) {
				if known && !strings.Contains(name, "auth") {
					require.NotContains(t, once, form, name)
				}
			}
			if once = do(text + secret + text); known {
				require.NotContains(t, once, secret)
			}
		}
		value, err := json.Marshal(r.Value(map[string]any{text: []any{text, secret}, "password": text}))
		require.NoError(t, err)
		if quoted, _ := json.Marshal(secret); known && json.Valid(quoted) {
			var back any
			require.NoError(t, json.Unmarshal(value, &back))
		}
	})
}
