// Package vault reads secrets from the key-value engine of HashiCorp Vault or
// OpenBao, versions 1 and 2.
//
//	provider, err := vault.New(secrets.VaultConfig{
//		Address: "https://vault.example.com:8200",
//		AppRole: &secrets.VaultAppRole{RoleID: role, SecretID: secret},
//	})
//	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"vault": provider}, nil)
//	password, err := resolver.Expand(ctx, "secret://vault/orders/db#password")
//
// # References
//
// The path is the one below the mount of the engine. A path that begins with the
// mount, as the server's own API has it (secret/data/orders/db), means the same.
// The field is the key; without one the text after a last colon in the path
// (orders/db:password), and without that "value". The field with exactly that
// name wins; else a.b is b of the object a. ?version=3 asks for a version that
// engine 2 keeps.
//
// # Logging in
//
// The token is given, read from a file, or what logging in by AppRole or with the
// service account of a Kubernetes pod gives; else it is that of the environment
// variable VAULT_TOKEN. It is renewed before it ends. Where that is no longer
// possible, or it was revoked, the file is read again or the provider logs in
// again. What VaultConfig does not set is taken from the variables that the
// server's own tools read: VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT and so on,
// and those with BAO_ instead of VAULT_, which win.
//
// # Errors
//
// A sealed server is [secrets.ErrSealed], one that wants fewer requests
// [secrets.ErrThrottled]; both are [secrets.ErrUnavailable], as is a server that
// does not answer. Each request is tried three times before that is said.
//
// # Concurrency
//
// A [Provider] is safe for concurrent use. It has one goroutine while its token
// is to be renewed, which Close ends.
package vault
