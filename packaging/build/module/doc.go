// Package module has the tests of what "go get" and "go install" of the library
// bring: the files of the commit as a module. It has no code of its own.
package module
