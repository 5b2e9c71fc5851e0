package nearest

import "strings"

// longest bounds the words that are compared, in bytes.
const longest = 64

var fold = strings.NewReplacer("-", "", "_", "")

// Word returns the candidate that a slip of the pen could have turned into word,
// or "" when none is close: up to one slip for every three letters, three at
// most. Case, "-" and "_" count for nothing; of equally close candidates the
// first wins.
func Word(word string, candidates []string) string {
	word = strings.ToLower(fold.Replace(word))
	if word == "" || len(word) > longest {
		return ""
	}
	limit := max(1, min(3, len(word)/3))
	best, bestDistance := "", limit+1
	for _, candidate := range candidates {
		folded := strings.ToLower(fold.Replace(candidate))
		if len(folded) > len(word)+limit || len(folded) < len(word)-limit {
			continue
		}
		if d := distance(word, folded); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b.
func distance(a, b string) int {
	previous, row := make([]int, len(b)+1), make([]int, len(b)+1)
	before := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, previous, row = previous, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
