package value_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

func ExampleDecimal() {
	price := value.Decimal("12.50")
	precision, scale, err := price.Digits()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s is a DECIMAL(%d,%d)\n", price, precision, scale)

	exact, err := price.Rat()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(value.DecimalOf(exact.Mul(exact, exact), 2))
	// Output:
	// 12.50 is a DECIMAL(4,2)
	// 156.25
}

func ExampleVariant_JSON() {
	v := value.Variant{Metadata: []byte{1, 1, 0, 4, 'c', 'i', 't', 'y'}, Value: []byte{2, 1, 0, 0, 5, 17, 'O', 's', 'l', 'o'}}
	text, err := v.JSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	// Output:
	// {"city":"Oslo"}
}
