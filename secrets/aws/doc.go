// Package aws reads secrets from AWS Secrets Manager.
//
//	provider, err := aws.New(ctx, secrets.AWSConfig{Region: "eu-central-1"})
//	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"aws": provider}, nil)
//	password, err := resolver.Expand(ctx, "secret://aws/prod/orders-db#password")
//
// The path is the name of a secret or its ARN. With a key the secret is a JSON
// object, of which the member is taken: the one with exactly that name, else a.b
// is b of the object a. ?version=ID asks for one version by its id, ?stage=LABEL
// for the one with a staging label, such as AWSPREVIOUS. A binary secret has its
// bytes.
//
// Credentials come from where all tools of AWS have them: the environment, the
// shared files, a web identity, or the role of the container or the machine.
//
// # Errors
//
// A secret that is not there is [secrets.ErrNotFound], one that may not be read
// [secrets.ErrDenied]; too many requests are [secrets.ErrThrottled], and a service
// that does not answer is [secrets.ErrUnavailable]. The client tries three times
// before that is said.
//
// # Concurrency
//
// A [Provider] is safe for concurrent use and holds nothing that must be closed.
package aws
