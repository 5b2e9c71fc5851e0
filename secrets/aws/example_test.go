package aws_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/aws"
)

func ExampleNew() {
	ctx := context.Background()
	// In place of the service: what it answers to a read.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Name":"prod/db","VersionId":"1","SecretString":"{\"user\":\"ann\",\"password\":\"a,b\"}"}`)
	}))
	defer server.Close()

	provider, err := aws.New(ctx, secrets.AWSConfig{Region: "eu-central-1", Endpoint: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	secret, err := provider.Fetch(ctx, secrets.Ref{Provider: "aws", Path: "prod/db", Key: "password"})
	fmt.Println(secret.Value, len(secret.Value.Reveal()), err)
	// Output:
	// [REDACTED] 3 <nil>
}
