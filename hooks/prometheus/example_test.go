package prometheus_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/prometheus"
)

func Example() {
	exporter := prometheus.New(nil)
	exporter.Count("shop.orders", 3, hooks.Label{Name: "country", Value: "ch"})

	w := httptest.NewRecorder()
	exporter.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "shop") {
			fmt.Print(line)
		}
	}
	// Output:
	// shop_orders_total{country="ch"} 3
}
