package village_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// byHand is how an outsider draws: each row's number after the seed and the root, by the hash, the first n.
func byHand(seed, root string, size, n int) []int {
	type ticket struct {
		hash string
		row  int
	}
	var all []ticket
	for i := range size {
		sum := sha256.Sum256([]byte(seed + "\n" + root + "\n" + strconv.Itoa(i)))
		all = append(all, ticket{hex.EncodeToString(sum[:]), i})
	}
	slices.SortFunc(all, func(a, b ticket) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	var rows []int
	for _, x := range all[:n] {
		rows = append(rows, x.row)
	}
	slices.Sort(rows)
	return rows
}
