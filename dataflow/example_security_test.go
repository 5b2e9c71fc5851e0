package dataflow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Everything that is wrong with the settings shows before a server is asked.
func ExampleConnectOptions_Validate() {
	opts := &dataflow.ConnectOptions{
		TLS:   &dataflow.TLSOptions{CertFile: "/etc/spark/client.pem"},
		Token: dataflow.TokenOptions{Value: secrets.NewValue("s3cr3t"), File: "/run/token"},
	}
	fmt.Println(opts.Validate("sc://spark.example.com"))
	// Output:
	// the client certificate (cert_file) wants its key beside it (key_file)
	// there are two tokens, token in the settings and token_file; keep one of them
}

// A token from a file that somebody else keeps fresh.
func ExampleTokenOptions() {
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	dir, err := os.MkdirTemp("", "token")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("s3cr3t\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	// In plain text, which is for servers on this machine: without use_ssl=false
	// a token asks for TLS.
	session, err := dataflow.Connect(ctx, server.Remote()+"/;use_ssl=false", &dataflow.ConnectOptions{
		Token: dataflow.TokenOptions{File: file},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close(ctx)
	fmt.Println(server.Requests()[0].Headers.Get("authorization"))
	// Output: [Bearer s3cr3t]
}
