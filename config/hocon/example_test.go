package hocon_test

import (
	"fmt"

	"github.com/knadh/koanf/v2"

	"github.com/sparkpipe/sparkpipe/config/hocon"
)

var _ koanf.Parser = (*hocon.HOCON)(nil)

func ExampleParser() {
	src := `
		name = orders
		output = /data/${name}   // refers to the key above
		spark_conf { "spark.sql.shuffle.partitions" = 10 }
		tags = [daily]
		tags += ${name}
	`
	values, err := hocon.Parser().Unmarshal([]byte(src))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(values["output"], values["spark_conf"], values["tags"])
	// Output: /data/orders map[spark.sql.shuffle.partitions:10] [daily orders]
}

func ExampleParser_error() {
	_, err := hocon.Parser().Unmarshal([]byte("name = \"orders\noutput = /data\n"))
	fmt.Println(err)
	// Output: 1:8: string is not closed on its line; add the closing ", or use """ for text over several lines
}

func ExampleHOCON_Marshal() {
	text, err := hocon.Parser().Marshal(map[string]any{
		"spark.master": "local[*]",
		"retries":      int64(3),
		"factor":       2.0,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	// Output:
	// {
	//   "factor": 2.0,
	//   "retries": 3,
	//   "spark.master": "local[*]"
	// }
}

func ExampleNewParser() {
	parser := hocon.NewParser(&hocon.Options{
		Env:  func(name string) (string, bool) { return "staging", name == "STAGE" },
		Warn: func(msg string) { fmt.Println("warning:", msg) },
	})
	values, err := parser.Unmarshal([]byte("include \"nowhere.conf\"\nstage = dev\nstage = ${?STAGE}\n"))
	fmt.Println(values, err)
	// Output:
	// warning: 1:1: include "nowhere.conf" is ignored: no file nowhere.conf
	// map[stage:staging] <nil>
}
