// Package disguise knows the ways in which programs print a secret without meaning to
// hide it.
package disguise
