// Package tlstest puts TLS in front of a server of a test, with certificates that
// are made when the test runs.
//
//	ca := tlstest.NewCA(t)
//	front := tlstest.Start(t, backendAddr, ca.Server(t, nil))
//	conn, err := connect.Open(ctx, "sc://"+front.Addr()+"/;use_ssl=true",
//		&connect.Options{TLS: &connect.TLS{CAFile: ca.File(t)}})
//
// A [Front] counts what it was sent, so that a test can prove that a client which
// refuses a server sends it nothing.
package tlstest
