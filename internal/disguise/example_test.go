package disguise_test

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/disguise"
)

func ExampleForms() {
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:hunter2hunter2"))
	for _, form := range disguise.Forms("hunter2hunter2") {
		header = strings.ReplaceAll(header, form, "…")
	}
	fmt.Println(header)
	// Output: Basic YW5uOm…
}
