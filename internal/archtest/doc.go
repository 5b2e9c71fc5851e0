// Package archtest holds the test that keeps the rooms of this module apart:
// who may import whom, that every package explains itself and shows an example,
// and that no file grows past what can be read. It has no code of its own.
package archtest
