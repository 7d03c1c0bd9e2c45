package village

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
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
