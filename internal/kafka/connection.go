package kafka

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Connection says how a cluster is reached. Its fields are those of
// dataflow.Kafka, which is converted to it.
type Connection struct {
	// BootstrapServers are host:port of one broker or more, with commas.
	BootstrapServers string
	// SecurityProtocol is how brokers are spoken to; default PLAINTEXT.
	SecurityProtocol string
	// SASLMechanism is how to log in; required with SASL.
	SASLMechanism string
	// Username and Password log in with PLAIN and SCRAM.
	Username string
	Password secrets.Value
	// SASLJAASConfig is the whole line of JAAS, instead of Username and Password.
	SASLJAASConfig secrets.Value
	// The stores of SSL are files on every machine of the cluster.
	SSLTruststoreLocation string
	SSLTruststorePassword secrets.Value
	SSLTruststoreType     string
	SSLKeystoreLocation   string
	SSLKeystorePassword   secrets.Value
	SSLKeystoreType       string
	SSLKeyPassword        secrets.Value
	// KafkaOptions are settings of the Kafka client under Kafka's own keys, with or
	// without "kafka." before them. They are no place for secrets.
	KafkaOptions map[string]string
	// Options are passed to Spark under its own keys, and win over the rest.
	Options map[string]string
}

const kafkaPrefix = "kafka."

// clientKey is the key of a setting of the Kafka client as Spark wants it.
func clientKey(key string) string {
	if strings.HasPrefix(strings.ToLower(key), kafkaPrefix) {
		return kafkaPrefix + key[len(kafkaPrefix):]
	}
	return kafkaPrefix + key
}

// Settings are Spark's, without those of the user, which come last.
func (k Connection) Settings() options.Set {
	o := options.Set{}
	o.Text("kafka.bootstrap.servers", k.BootstrapServers)
	o.Text("kafka.security.protocol", strings.ToUpper(k.SecurityProtocol))
	o.Text("kafka.sasl.mechanism", strings.ToUpper(k.SASLMechanism))
	o.Secret("kafka.sasl.jaas.config", k.jaas())
	o.Text("kafka.ssl.truststore.location", k.SSLTruststoreLocation)
	o.Secret("kafka.ssl.truststore.password", k.SSLTruststorePassword)
	o.Text("kafka.ssl.truststore.type", strings.ToUpper(k.SSLTruststoreType))
	o.Text("kafka.ssl.keystore.location", k.SSLKeystoreLocation)
	o.Secret("kafka.ssl.keystore.password", k.SSLKeystorePassword)
	o.Text("kafka.ssl.keystore.type", strings.ToUpper(k.SSLKeystoreType))
	o.Secret("kafka.ssl.key.password", k.SSLKeyPassword)
	client := map[string]string{}
	for _, key := range options.Keys(k.KafkaOptions) {
		client[clientKey(key)] = k.KafkaOptions[key]
	}
	return options.Set(options.Merge(o, client))
}

// Setting is one of the Kafka client, wherever it is given.
func (k Connection) Setting(key string) (string, bool) {
	if value, ok := options.Lookup(k.Options, kafkaPrefix+key); ok {
		return value, ok
	}
	return options.Lookup(k.Settings(), kafkaPrefix+key)
}

// jaas is the line that logs in. The login module reads it as Java reads quoted
// strings.
func (k Connection) jaas() secrets.Value {
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

// Check reports what is wrong with the connection. refused are settings of the
// client that Spark keeps for itself.
func (k Connection) Check(f *options.Faults, refused map[string]string) {
	if servers, ok := k.Setting("bootstrap.servers"); !ok || servers == "" {
		f.Add("bootstrap_servers is missing; write host:port, several with commas")
	} else {
		checkServers(f, servers)
	}
	f.OneOf("security_protocol", k.SecurityProtocol, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
	f.OneOf("sasl_mechanism", k.SASLMechanism, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER")
	f.OneOf("ssl_truststore_type", k.SSLTruststoreType, "JKS", "PKCS12", "PEM")
	f.OneOf("ssl_keystore_type", k.SSLKeystoreType, "JKS", "PKCS12", "PEM")
	k.checkLogin(f)
	k.checkStores(f)
	for _, set := range []map[string]string{k.KafkaOptions, k.Options} {
		for _, key := range options.Keys(set) {
			name := strings.TrimPrefix(strings.ToLower(key), kafkaPrefix)
			if why, ok := refused[name]; ok {
				f.Add("the option %s is not allowed: %s", key, why)
			}
		}
	}
}

func checkServers(f *options.Faults, servers string) {
	for _, server := range strings.Split(servers, ",") {
		server = strings.TrimSpace(server)
		if i := strings.Index(server, "://"); i >= 0 { // Kafka takes a listener's name before it
			server = server[i+3:]
		}
		host, port, err := net.SplitHostPort(server)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
			f.Add("bootstrap_servers: %q is not host:port", server)
		}
	}
}

func (k Connection) checkLogin(f *options.Faults) {
	protocol, _ := k.Setting("security.protocol")
	mechanism, _ := k.Setting("sasl.mechanism")
	_, hasJAAS := k.Setting("sasl.jaas.config")
	sasl := strings.HasPrefix(strings.ToUpper(protocol), "SASL_")
	switch {
	case sasl && mechanism == "":
		f.Add("sasl_mechanism is missing, and security_protocol is %s", protocol)
	case !sasl && (mechanism != "" || hasJAAS):
		f.Add("logging in wants security_protocol SASL_SSL or SASL_PLAINTEXT")
	}
	if !k.SASLJAASConfig.IsZero() && (k.Username != "" || !k.Password.IsZero()) {
		f.Add("sasl_jaas_config excludes username and password")
	}
	if (k.Username == "") != k.Password.IsZero() {
		f.Add("username and password want each other")
	}
	byPassword := []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	if k.Username != "" && mechanism != "" && !slices.Contains(byPassword, strings.ToUpper(mechanism)) {
		f.Add("%s does not log in with username and password; write sasl_jaas_config", mechanism)
	}
	if sasl && !hasJAAS && slices.Contains(byPassword, strings.ToUpper(mechanism)) {
		f.Add("%s wants username and password, or sasl_jaas_config", mechanism)
	}
}

func (k Connection) checkStores(f *options.Faults) {
	protocol, _ := k.Setting("security.protocol")
	stores := k.SSLTruststoreLocation != "" || k.SSLKeystoreLocation != ""
	if stores && !strings.HasSuffix(strings.ToUpper(protocol), "SSL") {
		f.Add("the stores of SSL want security_protocol SSL or SASL_SSL")
	}
	if k.SSLTruststoreLocation == "" && (!k.SSLTruststorePassword.IsZero() || k.SSLTruststoreType != "") {
		f.Add("ssl_truststore_location is missing")
	}
	if k.SSLKeystoreLocation == "" && (!k.SSLKeystorePassword.IsZero() || !k.SSLKeyPassword.IsZero() || k.SSLKeystoreType != "") {
		f.Add("ssl_keystore_location is missing")
	}
}

// Place stands before topics in lineages.
func (k Connection) Place() string {
	servers, _ := k.Setting("bootstrap.servers")
	return "kafka:" + servers
}
