// Package secrets holds texts that must not be seen, such as passwords, tokens and
// URLs with either in them, and reads them from where they are kept.
//
// A [Value] travels through settings, logs and errors like any other value, but
// every way of printing or marshalling it says [REDACTED]. It is filled from a
// configuration file, by a [Resolver] or with [NewValue], and opened with
// [Value.Reveal] at the last line before it is used:
//
//	password := secrets.NewValue(os.Getenv("DB_PASSWORD"))
//	log.Printf("connect as %s with %v", user, password) // ... with [REDACTED]
//	db.Connect(user, password.Reveal())
//
// # References
//
// A [Ref] says where a secret is. It is written in two forms, of which the first
// is a whole text and the second may stand anywhere in one, several times:
//
//	secret://vault/orders/db#password
//	jdbc:postgresql://h/orders?password=${secret:aws://prod/orders-db#password}
//
// After the provider comes the path; ?version= or ?stage= asks for another
// version than the current one where the provider keeps several, and #key for one
// member of a secret that has several. [Expand] puts the secrets in place of the
// references in one go: what a secret is, whether it has quotes, line ends or
// looks like a reference, does not matter.
//
// # Providers
//
// [Env] reads environment variables, [File] files of one folder, [Exec] what a
// program prints. Packages secrets/vault and secrets/aws read from HashiCorp Vault
// or OpenBao and from AWS Secrets Manager. Anything else with a method Fetch is a
// [Provider] too; package secretstest has the tests for it.
//
// [Build] makes a resolver of what a configuration file says:
//
//	resolver, err := secrets.Build(cfg, &secrets.BuildOptions{
//		Makers: map[string]secrets.Maker{secrets.KindVault: vault.Maker, secrets.KindAWS: aws.Maker},
//	})
//	defer resolver.Close(ctx)
//	password, err := resolver.Expand(ctx, "secret://vault/orders/db#password")
//
// # Errors
//
// What a resolver or a provider gives is an [*Error], in which [errors.Is] finds
// [ErrNotFound], [ErrDenied], [ErrUnavailable] and so on. A reference that cannot
// be read is a [*SyntaxError]. No error has a secret in it.
//
// # Concurrency
//
// A Value is safe for concurrent use and may be compared with ==. So are the
// providers and the Resolver, which calls a provider once for all who want the
// same secret at the same time.
package secrets
