package dataflow

import (
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Conceal has [secrets.Redacted] stand for the values in every error of the server
// from now on, in all sessions of the connection, also where it writes them in
// Base64, in hexadecimal or as URLs do: servers repeat what they cannot use. The
// sources and sinks of this module do that with what they are given; a [Source] of
// one's own does it before it reveals a secret.
func (s *Session) Conceal(values ...secrets.Value) { s.conn.Conceal(values...) }

// Concealed returns a text that the server has sent without the secrets of
// [Session.Conceal].
func (s *Session) Concealed(text string) string { return s.conn.Concealed(text) }

// concealProperties conceals the secrets of properties, which Spark shows nowhere.
func (s *Session) concealProperties(set map[string]string) { s.Conceal(options.Secrets(set)...) }

// concealSecrets conceals every value of options that nobody must see.
func (o FormatOptions) concealSecrets(spark *Session) {
	for _, value := range o.SecretOptions {
		spark.Conceal(value)
	}
}

// conceal conceals the password, and the URL unless it can hold none.
func (j JDBC) conceal(spark *Session) {
	spark.Conceal(j.Password)
	if url := j.URL.Reveal(); string(placeOfJDBC(url)) != url {
		spark.Conceal(j.URL)
	}
}
