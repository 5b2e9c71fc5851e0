package vault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/vault"
)

func ExampleNew() {
	ctx := context.Background()
	// In place of a server: what one answers to a read.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"data": map[string]any{"password": "correct horse"}}})
	}))
	defer server.Close()

	provider, err := vault.New(secrets.VaultConfig{Address: server.URL, Token: secrets.NewValue("s.token"), KVVersion: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	resolver, err := secrets.NewResolver(map[string]secrets.Provider{"vault": provider}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resolver.Close(ctx)

	password, err := resolver.Expand(ctx, "secret://vault/orders/db#password")
	fmt.Println(password, len(password.Reveal()), err)
	// Output:
	// [REDACTED] 13 <nil>
}
