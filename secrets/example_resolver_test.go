package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func ExampleParseRef() {
	ref, err := secrets.ParseRef("${secret:vault://orders/db?version=3#password}")
	fmt.Println(ref, err)
	fmt.Printf("%q %q %q %q\n", ref.Provider, ref.Path, ref.Version, ref.Key)

	_, err = secrets.ParseRef("secret://Vault/orders")
	fmt.Println(err)
	// Output:
	// secret://vault/orders/db?version=3#password <nil>
	// "vault" "orders/db" "3" "password"
	// secret reference: offset 9: the provider is one word of lower-case letters, digits, _ and -: write secret://provider/path#key
}

func ExampleExpand() {
	value, err := secrets.Expand("user=ann;password=${secret:env://DB_PASSWORD}", func(secrets.Ref) (secrets.Value, error) {
		return secrets.NewValue(`it's "${secret:env://HOME}"`), nil
	})
	fmt.Println(value, err)
	fmt.Println(value.Reveal())
	// Output:
	// [REDACTED] <nil>
	// user=ann;password=it's "${secret:env://HOME}"
}

func ExampleResolver() {
	ctx := context.Background()
	vault := secrets.ProviderFunc(func(_ context.Context, ref secrets.Ref) (secrets.Secret, error) {
		if ref.Path != "orders/db" {
			return secrets.Secret{}, fmt.Errorf("%w: no such path", secrets.ErrNotFound)
		}
		return secrets.Secret{Value: secrets.NewValue("correct horse"), Version: "7"}, nil
	})
	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"vault": vault}, &secrets.ResolverOptions{
		OnAccess: func(a secrets.Access) {
			fmt.Printf("read %s, version %q, cached %t, failure %q\n", a.Ref, a.Version, a.Cached, a.Failure)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resolver.Close(ctx)

	for _, path := range []string{"orders/db", "orders/db", "orders/none"} {
		value, err := resolver.Resolve(ctx, secrets.Ref{Provider: "vault", Path: path})
		fmt.Println(value, err, errors.Is(err, secrets.ErrNotFound))
	}
	// Output:
	// read secret://vault/orders/db, version "7", cached false, failure ""
	// [REDACTED] <nil> false
	// read secret://vault/orders/db, version "7", cached true, failure ""
	// [REDACTED] <nil> false
	// read secret://vault/orders/none, version "", cached false, failure "not_found"
	//  read secret://vault/orders/none: not found: no such path true
}

func ExampleBuild() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "secrets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(dir+"/db", []byte(`{"user": "ann", "password": "correct horse"}`), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	// The block "secrets" of a configuration file.
	resolver, err := secrets.Build(secrets.Config{Providers: map[string]secrets.ProviderConfig{
		"mounted": {File: &secrets.FileConfig{Root: dir}},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resolver.Close(ctx)

	login, err := resolver.Expand(ctx, "${secret:mounted://db#user}:${secret:mounted://db#password}")
	fmt.Println(login, len(login.Reveal()), err)
	_, err = resolver.Expand(ctx, "secret://mountd/db")
	fmt.Println(err)
	// Output:
	// [REDACTED] 17 <nil>
	// read secret://mountd/db: unknown provider "mountd"; did you mean "mounted"?
}
