package streaming

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Kafka says how Spark reaches a Kafka cluster. The server needs the jar
// org.apache.spark:spark-sql-kafka-0-10_2.13 of its own version.
type Kafka struct {
	// BootstrapServers are host:port of one broker or more, with commas.
	BootstrapServers string `koanf:"bootstrap_servers" required:"true" doc:"host:port of one broker or more, with commas"`
	// SecurityProtocol is how brokers are spoken to; default PLAINTEXT.
	SecurityProtocol string `koanf:"security_protocol" enum:"PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL" doc:"how brokers are spoken to; by default PLAINTEXT"`
	// SASLMechanism is how to log in; required with SASL.
	SASLMechanism string `koanf:"sasl_mechanism" enum:"PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,GSSAPI,OAUTHBEARER" doc:"how to log in where security_protocol is one of SASL"`
	// Username and Password log in with PLAIN and SCRAM.
	Username string        `koanf:"username" doc:"user of PLAIN and SCRAM"`
	Password secrets.Value `koanf:"password" doc:"password of PLAIN and SCRAM"`
	// SASLJAASConfig is the whole line of JAAS, instead of Username and Password.
	SASLJAASConfig secrets.Value `koanf:"sasl_jaas_config" alias:"jaas" doc:"whole line of JAAS, instead of username and password"`
	// The stores of SSL are files on every machine of the cluster.
	SSLTruststoreLocation string        `koanf:"ssl_truststore_location" doc:"file with trusted certificates, on every machine of the cluster"`
	SSLTruststorePassword secrets.Value `koanf:"ssl_truststore_password" doc:"password of the trust store"`
	SSLTruststoreType     string        `koanf:"ssl_truststore_type" enum:"JKS,PKCS12,PEM" doc:"kind of the trust store; by default JKS"`
	SSLKeystoreLocation   string        `koanf:"ssl_keystore_location" doc:"file with the client's certificate, on every machine of the cluster"`
	SSLKeystorePassword   secrets.Value `koanf:"ssl_keystore_password" doc:"password of the key store"`
	SSLKeystoreType       string        `koanf:"ssl_keystore_type" enum:"JKS,PKCS12,PEM" doc:"kind of the key store; by default JKS"`
	SSLKeyPassword        secrets.Value `koanf:"ssl_key_password" doc:"password of the key in the key store"`
	// KafkaOptions are settings of the Kafka client under Kafka's own keys, with or
	// without "kafka." before them. They are no place for secrets.
	KafkaOptions map[string]string `koanf:"kafka_options" alias:"consumer_options,producer_options" doc:"settings of the Kafka client under Kafka's own keys; no place for secrets"`
	// Options are passed to Spark under its own keys, and win over the rest.
	Options map[string]string `koanf:"options" doc:"options of Spark's Kafka connector under its own keys"`
}

const kafkaPrefix = "kafka."

// clientKey is the key of a setting of the Kafka client as Spark wants it.
func clientKey(key string) string {
	if strings.HasPrefix(strings.ToLower(key), kafkaPrefix) {
		return kafkaPrefix + key[len(kafkaPrefix):]
	}
	return kafkaPrefix + key
}

// options are Spark's, without those of the user, which come last.
func (k Kafka) options() optionSet {
	o := optionSet{}
	o.text("kafka.bootstrap.servers", k.BootstrapServers)
	o.text("kafka.security.protocol", strings.ToUpper(k.SecurityProtocol))
	o.text("kafka.sasl.mechanism", strings.ToUpper(k.SASLMechanism))
	o.secret("kafka.sasl.jaas.config", k.jaas())
	o.text("kafka.ssl.truststore.location", k.SSLTruststoreLocation)
	o.secret("kafka.ssl.truststore.password", k.SSLTruststorePassword)
	o.text("kafka.ssl.truststore.type", strings.ToUpper(k.SSLTruststoreType))
	o.text("kafka.ssl.keystore.location", k.SSLKeystoreLocation)
	o.secret("kafka.ssl.keystore.password", k.SSLKeystorePassword)
	o.text("kafka.ssl.keystore.type", strings.ToUpper(k.SSLKeystoreType))
	o.secret("kafka.ssl.key.password", k.SSLKeyPassword)
	client := map[string]string{}
	for _, key := range keys(k.KafkaOptions) {
		client[clientKey(key)] = k.KafkaOptions[key]
	}
	return withOptions(o, client)
}

// setting is one of the Kafka client, wherever it is given.
func (k Kafka) setting(key string) (string, bool) {
	if value, ok := lookup(k.Options, kafkaPrefix+key); ok {
		return value, ok
	}
	return lookup(k.options(), kafkaPrefix+key)
}

// jaas is the line that logs in. The login module reads it as Java reads quoted
// strings.
func (k Kafka) jaas() secrets.Value {
	if !k.SASLJAASConfig.IsZero() || k.Username == "" {
		return k.SASLJAASConfig
	}
	module := "org.apache.kafka.common.security.plain.PlainLoginModule"
	if strings.HasPrefix(strings.ToUpper(k.SASLMechanism), "SCRAM-") {
		module = "org.apache.kafka.common.security.scram.ScramLoginModule"
	}
	return secrets.NewValue(module + " required username=" + jaasQuote(k.Username) + " password=" + jaasQuote(k.Password.Reveal()) + ";")
}

func jaasQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(text) + `"`
}

// check reports what is wrong with the connection. refused are settings of the
// client that Spark keeps for itself.
func (k Kafka) checkCluster(f *faultList, refused map[string]string) {
	if servers, ok := k.setting("bootstrap.servers"); !ok || servers == "" {
		f.add("bootstrap_servers is missing; write host:port, several with commas")
	} else {
		checkServers(f, servers)
	}
	f.oneOf("security_protocol", k.SecurityProtocol, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
	f.oneOf("sasl_mechanism", k.SASLMechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER")
	f.oneOf("ssl_truststore_type", k.SSLTruststoreType, "JKS", "PKCS12", "PEM")
	f.oneOf("ssl_keystore_type", k.SSLKeystoreType, "JKS", "PKCS12", "PEM")
	k.checkLogin(f)
	k.checkStores(f)
	for _, options := range []map[string]string{k.KafkaOptions, k.Options} {
		for _, key := range keys(options) {
			name := strings.TrimPrefix(strings.ToLower(key), kafkaPrefix)
			if why, ok := refused[name]; ok {
				f.add("the option %s is not allowed: %s", key, why)
			}
		}
	}
}

func checkServers(f *faultList, servers string) {
	for _, server := range strings.Split(servers, ",") {
		server = strings.TrimSpace(server)
		if i := strings.Index(server, "://"); i >= 0 { // Kafka takes a listener's name before it
			server = server[i+3:]
		}
		host, port, err := net.SplitHostPort(server)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
			f.add("bootstrap_servers: %q is not host:port", server)
		}
	}
}

func (k Kafka) checkLogin(f *faultList) {
	protocol, _ := k.setting("security.protocol")
	mechanism, _ := k.setting("sasl.mechanism")
	_, hasJAAS := k.setting("sasl.jaas.config")
	sasl := strings.HasPrefix(strings.ToUpper(protocol), "SASL_")
	switch {
	case sasl && mechanism == "":
		f.add("sasl_mechanism is missing, and security_protocol is %s", protocol)
	case !sasl && (mechanism != "" || hasJAAS):
		f.add("logging in wants security_protocol SASL_SSL or SASL_PLAINTEXT")
	}
	if !k.SASLJAASConfig.IsZero() && (k.Username != "" || !k.Password.IsZero()) {
		f.add("sasl_jaas_config excludes username and password")
	}
	if (k.Username == "") != k.Password.IsZero() {
		f.add("username and password want each other")
	}
	byPassword := []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	if k.Username != "" && mechanism != "" && !slices.Contains(byPassword, strings.ToUpper(mechanism)) {
		f.add("%s does not log in with username and password; write sasl_jaas_config", mechanism)
	}
	if sasl && !hasJAAS && slices.Contains(byPassword, strings.ToUpper(mechanism)) {
		f.add("%s wants username and password, or sasl_jaas_config", mechanism)
	}
}

func (k Kafka) checkStores(f *faultList) {
	protocol, _ := k.setting("security.protocol")
	stores := k.SSLTruststoreLocation != "" || k.SSLKeystoreLocation != ""
	if stores && !strings.HasSuffix(strings.ToUpper(protocol), "SSL") {
		f.add("the stores of SSL want security_protocol SSL or SASL_SSL")
	}
	if k.SSLTruststoreLocation == "" && (!k.SSLTruststorePassword.IsZero() || k.SSLTruststoreType != "") {
		f.add("ssl_truststore_location is missing")
	}
	if k.SSLKeystoreLocation == "" && (!k.SSLKeystorePassword.IsZero() || !k.SSLKeyPassword.IsZero() || k.SSLKeystoreType != "") {
		f.add("ssl_keystore_location is missing")
	}
}

// place stands before topics in lineages.
func (k Kafka) place() string {
	servers, _ := k.setting("bootstrap.servers")
	return "kafka:" + servers
}
