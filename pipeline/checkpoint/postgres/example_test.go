package postgres_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/postgres"
)

func ExampleOpen() {
	store, err := postgres.Open("postgres://etl:pass@db.example.com/runs?table=nightly&lease=1m", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	_, err = postgres.Open("postgres://etl:pass@db.example.com/runs?lease=never", nil)
	fmt.Println(err)
	// Output:
	// checkpoint location postgres://db.example.com/runs: the parameter lease is "never"; want a time such as 30s or 1m
}
