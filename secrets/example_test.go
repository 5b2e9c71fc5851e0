package secrets_test

import (
	"encoding/json"
	"fmt"

	"github.com/sparkpipe/sparkpipe/secrets"
)

func ExampleValue() {
	settings := struct {
		User     string        `json:"user"`
		Password secrets.Value `json:"password"`
	}{User: "ann", Password: secrets.NewValue("correct horse")}

	fmt.Printf("%+v\n", settings)
	line, _ := json.Marshal(settings)
	fmt.Println(string(line))
	fmt.Println(len(settings.Password.Reveal()))
	// Output:
	// {User:ann Password:[REDACTED]}
	// {"user":"ann","password":"[REDACTED]"}
	// 13
}
