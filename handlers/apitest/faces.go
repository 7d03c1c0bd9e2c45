package apitest

import (
	"encoding/binary"
	"testing"
)

// Covered are the characters of a TrueType face, read from its table of segments (cmap format 4).
func Covered(t *testing.T, face []byte) map[rune]bool {
	t.Helper()
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(face[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(face[at:])) }
	cmap := 0
	for i := range u16(4) {
		if at := 12 + 16*i; string(face[at:at+4]) == "cmap" {
			cmap = u32(at + 8)
		}
	}
	found := map[rune]bool{}
	for i := range u16(cmap + 2) {
		table := cmap + u32(cmap+4+8*i+4)
		if u16(table) != 4 {
			continue
		}
		n := u16(table + 6)
		ends, starts := table+14, table+16+n
		for s := 0; s < n; s += 2 {
			for r := u16(starts + s); r <= u16(ends+s) && r < 0xFFFF; r++ {
				found[rune(r)] = true
			}
		}
	}
	return found
}
