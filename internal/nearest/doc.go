// Package nearest finds the word that somebody meant, for "did you mean" in
// errors.
package nearest
