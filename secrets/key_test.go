package secrets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// secretKeys are names of settings whose values nobody may see.
const secretKeys = `
password PASSWORD passwd pwd db_pwd pw db_pw userpass dbpass jdbcpass pass db.pass pass1 db.pass.value my.passwd passwort passphrase
pass.phrase pass_code passkey pass_key storepass.passphrase jdbc_password jdbcPassword JDBCPassword dbpassword PGPASSWORD sfPassword
connectionpassword javax.jdo.option.ConnectionPassword spark.hadoop.javax.jdo.option.ConnectionPassword password2 password2.password
--password spark.ssl.keyPassword spark.ssl.keyStorePassword ssl.truststore.password ssl.keystore.key ssl.key.password sslpassword sslkey
ssl_key key.pass es.net.http.auth.pass
secret secrets spark.my.SECRET client_secret clientSecret clientsecret secretvalue spark.authenticate.secret secret_key secretId
AWS_SECRET_ACCESS_KEY aws_access_key_id accesskeyid fs.s3a.access.key fs.s3a.secret.key fs.s3a.bucket.x.secret.key s3.access-key-id
s3.secret-access-key secretaccesskey fs.s3a.server-side-encryption.key spark.hadoop.fs.s3a.session.token
token TOKEN tokens access_token authToken refreshToken tokenvalue token1 spark.connect.authenticate.token gcpAccessToken delegationToken
credential credentials aws.credentials aws_credentials credentialsJson temporary_credentials cred creds
apiKey apikey api_key api-key APIKey X-Api-Key x-api-key apiKeys accessKey accesskey account_key accountkey account_key1 AccountKey
SharedAccessKey SharedAccessSignature shared_key private_key privateKey privatekey private_key_pem pem_private_key private.key.passphrase
encryption_key encryption.key parquet.encryption.key.list masterKey master_key sessionKey signing_key signingKey hmac_key license_key
subscription_key webhook_key deploy_key pgp_key rsaKey jwt jwt_key
sas sas_token sasToken sas_url fs.azure.sas.fixed.token.x.dfs.core.windows.net fs.azure.sas.c.acc.blob.core.windows.net
fs.azure.account.key.x.dfs.core.windows.net fs.azure.account.oauth2.client.secret.x.dfs.core.windows.net
sasl.jaas.config kafka.sasl.jaas.config sasl.jaas.password eventhubs.connectionString connection_string connectionstring connStr
conn_string azure-connection-string auth basic_auth Authorization Proxy-Authorization spark.redis.auth Cookie Set-Cookie bearer
signature sig otp github_pat oauth_token
`

// plainKeys are those that only look like them.
const plainKeys = `
key keys monkey donkey turkey keyboard keynote keyword keywords keyspace keytab spark.yarn.keytab partition_key partitionKey sort_key
primary_key primaryKey primary_keys foreign_key merge_keys mergeKeys key_columns recordKey hoodie.datasource.write.recordkey.field
join_keys dedup_keys business_key cache_key group_key row_key object_key routing_key idempotency_key public_key key.deserializer
key_column spark.io.encryption.keySizeBits spark.network.crypto.keyLength spark.ssl.keyStore ssl.keystore.location ssl.keystore.type
ssl.truststore.location private_key_file privatekeyfile private_key_path key_alias
author authors authority authored_by coauthor authenticated auth_type authType auth_url
fs.azure.account.auth.type.x.dfs.core.windows.net fs.azure.account.oauth.provider.type.x.dfs.core.windows.net
fs.azure.account.oauth2.client.endpoint.x.dfs.core.windows.net
tokenizer tokenize tokenization tokenized token_type token_url sasl.oauthbearer.token.endpoint.url spark.kafka.sasl.token.mechanism
max_tokens_count tokens_column token_ttl
secretary secretariat secretion secretive aws_secrets_manager secrets.provider secret_store
passenger passengers passed passing passport compass bypass bypassed surpass multipass pass_through passThrough pass_rate pass.count
password_file passwordFile passwordfile password_column credentials_path credentialsFile fs.s3a.aws.credentials.provider
credentialsprovider credential_location sasl.login.class
signal design designation assign sigma sashimi path patch pattern patterns spark.app.name spark.sql.shuffle.partitions user username
name header columns url dbtable host connection conn string query_string cookieless recookie jwk_set_column pwdx otpion dsnx
___ größe
`

func TestIsKey(t *testing.T) {
	t.Parallel()
	secret, plain := strings.Fields(secretKeys), strings.Fields(plainKeys)
	require.Greater(t, len(secret), 100)
	require.Greater(t, len(plain), 100)
	for _, key := range secret {
		require.True(t, secrets.IsKey(key), key)
		require.True(t, secrets.IsKey("spark.hadoop."+key), "behind a prefix: %s", key)
	}
	for _, key := range append(plain, "") {
		require.False(t, secrets.IsKey(key), key)
	}
}

func TestKeyWords(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"": "", "___": "", "APIKey": "api key", "fs.s3a.accessKey": "fs s3a access key", "JDBC_Password-2": "jdbc password 2", "größeÄrger": "größe ärger",
		"a\xffb": "a b", "x\xff": "x", "ABC": "abc", "aB": "a b",
	} {
		require.Equal(t, want, strings.Join(secrets.KeyWords(key), " "), key)
	}
}

func FuzzIsKey(f *testing.F) {
	for _, key := range strings.Fields(secretKeys + plainKeys) {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		secrets.IsKey(key)
		require.True(t, secrets.IsKey(key+"_password"), key)
		require.Equal(t, secrets.IsKey(key), secrets.IsKey("_"+key), key)
	})
}
