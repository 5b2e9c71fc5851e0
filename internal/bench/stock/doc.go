// Package main is the program stock. It does the work of the demo with the stock
// Go client and nothing else: three SQL statements. It is the floor for a
// compiled client, with no framework around it.
//
//	stock REMOTE CSV OUT QUERY
package main
