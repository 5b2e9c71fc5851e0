package faultproxy_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
)

func Example() {
	p, err := faultproxy.New("127.0.0.1:15002")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Stop()
	p.CutAfter(func() int64 { return 1000 }) // every connection ends after 1,000 bytes
	fmt.Println(p.Accepted())
	// Output: 0
}
