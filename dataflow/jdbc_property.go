package dataflow

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// connectionOptions are the options that Spark knows beside readOptions.
var connectionOptions = map[string]bool{
	"url": true, "user": true, "password": true, "driver": true, "querytimeout": true, "connectionprovider": true,
	"keytab": true, "principal": true, "refreshkrb5config": true, "hint": true,
}

// capitals are the options that are properties of the connection with capitals in
// their names. Spark Connect gives the keys of a read on in small letters, and the
// drivers of PostgreSQL, MariaDB and MySQL know theirs only as they are written: a
// read would go without currentSchema, say, and a write with it.
func capitals(all map[string]string) []string {
	var keys []string
	if d := dialectOf(option(all, "url")); d != dialectPostgres && d != dialectMySQL {
		return nil
	}
	for _, key := range options.Keys(all) {
		if small := strings.ToLower(key); key != small && !readOptions[small] && !connectionOptions[small] {
			keys = append(keys, key)
		}
	}
	return keys
}

// withCapitals returns the URL with those properties, where they keep their names.
func withCapitals(all map[string]string) string {
	address := option(all, "url")
	for _, key := range capitals(all) {
		address += separator(address) + key + "=" + url.QueryEscape(all[key])
	}
	return address
}

// lostProperties reports those that cannot be put there: MariaDB's driver takes a
// URL as it is written.
func (j JDBC) lostProperties() []error {
	all := j.options(nil)
	if dialectOf(option(all, "url")) != dialectMySQL {
		return nil
	}
	var faults []error
	for _, key := range capitals(all) {
		if url.QueryEscape(all[key]) != all[key] {
			faults = append(faults, fmt.Errorf("the option %s would reach the driver in small letters, which it does not know; put it into the URL", key))
		}
	}
	return faults
}

// separator is what stands before one more parameter of a URL.
func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}
