// Package jury keeps juries of raters (评审) honest without accusing anybody: who looks at what is drawn by a seed that was committed to
// before, and what the raters gave is looked at for what chance does not explain.
package jury

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"xinyi/models/score"
)

// Draw picks n of ids by a seed. Whoever knows the seed can do it again in any language: put the ids in the order of the lower-case hex
// SHA-256 of seed + "\n" + id, and take the first n. The order of ids and repeated ids do not matter; n over their number takes all.
//
// Source: docs/sources.md#panel-draw.
func Draw(seed string, ids []string, n int) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	at := make(map[string]string, len(ids))
	for _, id := range ids {
		at[id] = digest(seed + "\n" + id)
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(at[a], at[b]) })
	return ids[:max(0, min(n, len(ids)))]
}

// Commit is what is published of a seed before its draw: the lower-case hex SHA-256 of the seed.
func Commit(seed string) string { return digest(seed) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Sample is how many of n are looked at: bp basis points of them, rounded up, at least least, and never more than n. n, bp and least
// are ≥ 0.
func Sample(n, bp, least int) int { return min(n, max((n*bp+9999)/10000, least)) }

// Agreement counts pairs of points, the first look's and the blind second's, that lie no further apart than within.
func Agreement(pairs [][2]score.Points, within score.Points) (agree, of int) {
	for _, p := range pairs {
		if max(p[0]-p[1], p[1]-p[0]) <= within {
			agree++
		}
	}
	return agree, len(pairs)
}
