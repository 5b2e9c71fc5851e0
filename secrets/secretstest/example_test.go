package secretstest_test

import (
	"encoding/base64"
	"fmt"

	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/secrets/secretstest"
)

func ExampleShows() {
	settings := struct{ User, Password any }{"ann", secrets.NewValue("hunter22")}
	fmt.Printf("%q\n", secretstest.Shows(settings, "hunter22"))

	header := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("hunter22"))}
	fmt.Println(secretstest.Shows(header, "hunter22") != "")
	// Output:
	// ""
	// true
}
