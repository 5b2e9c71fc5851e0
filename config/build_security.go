package config

import (
	"slices"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// tokenKeys are the keys of the block "spark" that give a token.
var tokenKeys = []string{"token", "token_file", "token_command"}

// security takes over TLS and the token of the block "spark".
func (b *builder) security(at Section, out *Spark) {
	s := &b.shape.Spark
	out.Token, out.TokenFile, out.TokenCommand = s.Token, s.TokenFile, s.TokenCommand
	out.AllowPlaintextToken = s.AllowPlaintextToken
	given := b.filled(at, tokenKeys)
	for _, key := range given[min(1, len(given)):] {
		pos, path := at.at(key)
		b.add(pos, path, "given beside "+join(at.path, given[0]), "keep one of them")
	}
	if s.TLS != nil {
		out.TLS = &TLS{CAFile: s.TLS.CAFile, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile, ServerName: s.TLS.ServerName}
		b.tls(at)
		given = append(given, "tls")
	}
	if s.AllowPlaintextToken {
		given = append(given, "allow_plaintext_token")
	}
	if !s.Remote.IsZero() || b.unset {
		return
	}
	for _, key := range given {
		f := at.field(key)
		b.add(f.KeyPos, join(at.path, f.Key), "only for a server that is named by spark.remote", "name the server there, or remove the key")
	}
}

// tls checks the block "spark.tls".
func (b *builder) tls(at Section) {
	f := at.field("tls")
	block := Section{path: join(at.path, f.Key), value: f.Value}
	given := b.filled(block, []string{"ca_file", "cert_file", "key_file", "server_name"})
	for _, pair := range [][2]string{{"cert_file", "key_file"}, {"key_file", "cert_file"}} {
		if slices.Contains(given, pair[0]) && block.field(pair[1]) == nil {
			pos, path := block.at(pair[0])
			b.add(pos, path, "wants "+pair[1]+" beside it", "a certificate is shown with its key")
		}
	}
}

// filled returns the keys of the block that have a value. An empty one is a
// fault: it would ask for less protection than the file means.
func (b *builder) filled(block Section, keys []string) []string {
	var out []string
	for _, key := range keys {
		f := block.field(key)
		switch {
		case f == nil || f.Value.Kind == tree.Null:
		case isEmpty(f.Value):
			b.add(f.Value.Pos, join(block.path, f.Key), "must not be empty", "")
		default:
			out = append(out, key)
		}
	}
	return out
}
