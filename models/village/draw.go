package village

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"xinyi/models/score"
)

// panel draws; it gives way to the engine of that name.
var panel draws

type draws struct{}

func (draws) Draw(seed string, ids []string, n int) []string {
	of := func(s string) string { x := sha256.Sum256([]byte(s)); return hex.EncodeToString(x[:]) }
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(of(seed+"\n"+a), of(seed+"\n"+b)) })
	return ids[:min(n, len(ids))]
}

func (draws) Commit(seed string) string {
	x := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(x[:])
}

func (draws) Sample(n, bp, least int) int { return min(n, max((n*bp+9999)/10000, least)) }

// Agreement is how many pairs of points lie no further apart than within, of how many.
func Agreement(pairs [][2]score.Points, within score.Points) (agree, of int) {
	for _, p := range pairs {
		if max(p[0]-p[1], p[1]-p[0]) <= within {
			agree++
		}
	}
	return agree, len(pairs)
}
