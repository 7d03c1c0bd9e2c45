package village

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
)

// RowFormat is the first line of a row.
const RowFormat = "xinyi-village-row/1"

// saltSize is the bytes of a row's salt.
const saltSize = 16

// A Row is what is frozen of one household: four yes or no, and a salt, without which somebody who knows the household could guess the
// four and check the guess against a neighbour's proof.
type Row struct {
	Household string // id of its file
	Filed     bool   // with a verified file
	Credit    bool   // a credit household
	Borrower  bool   // with a loan that is known
	Clean     bool   // a borrower without arrears
	Salt      [saltSize]byte
}

// Text is the row as the tree commits to it: one line a value, "<name> <value>", in this order, each ended by a line feed.
func (r Row) Text(round string, village models.Region) string {
	var b strings.Builder
	b.Grow(240)
	b.WriteString(RowFormat + "\nround " + round + "\nvillage " + string(village) + "\nhousehold " + r.Household)
	for _, x := range []struct {
		name string
		yes  bool
	}{{"\nfiled ", r.Filed}, {"\ncredit ", r.Credit}, {"\nborrower ", r.Borrower}, {"\nclean ", r.Clean}} {
		b.WriteString(x.name)
		b.WriteByte(bit(x.yes))
	}
	b.WriteString("\nsalt ")
	b.WriteString(hex.EncodeToString(r.Salt[:]))
	b.WriteByte('\n')
	return b.String()
}

func bit(yes bool) byte {
	if yes {
		return '1'
	}
	return '0'
}

// A Salter makes the salts of a round from its secret, so that what is frozen twice has the same root.
type Salter struct{ key []byte }

// NewSalter is the salter of a secret. Errors: Internal for a round that has none yet.
func NewSalter(secret models.Secret) (Salter, error) {
	if secret.Empty() {
		return Salter{}, models.E(models.Internal, "internal", errors.New("the round has no secret"))
	}
	return Salter{[]byte(secret.Reveal())}, nil
}

// Salt is a household's.
func (s Salter) Salt(household string) (salt [saltSize]byte) {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(household))
	copy(salt[:], mac.Sum(nil))
	return salt
}

// pack is the rows as a Frozen keeps them: for each the length of the household's id, the id, the four, the salt.
func pack(rows []Row) ([]byte, error) {
	var out []byte
	for _, r := range rows {
		if len(r.Household) == 0 || len(r.Household) > 255 || strings.ContainsAny(r.Household, "\n\r") {
			return nil, models.E(models.Internal, "internal", fmt.Errorf("a household's id of %d bytes", len(r.Household)))
		}
		out = append(out, byte(len(r.Household))) //nolint:gosec // ids are short
		out = append(out, r.Household...)
		four := byte(0)
		for i, yes := range []bool{r.Filed, r.Credit, r.Borrower, r.Clean} {
			if yes {
				four |= 1 << i
			}
		}
		out = append(append(out, four), r.Salt[:]...)
	}
	return out, nil
}

// errPacked is what is no packed rows.
var errPacked = errors.New("the frozen rows are damaged")

// List is the rows in their order. Errors: Internal for damaged ones.
func (f *Snapshot) List() ([]Row, error) {
	rows := make([]Row, 0, f.Size)
	for raw := f.Rows; len(raw) > 0; {
		n := int(raw[0])
		if len(raw) < 1+n+1+saltSize {
			return nil, models.E(models.Internal, "internal", errPacked)
		}
		four := raw[1+n]
		r := Row{Household: string(raw[1 : 1+n]), Filed: four&1 > 0, Credit: four&2 > 0, Borrower: four&4 > 0, Clean: four&8 > 0}
		copy(r.Salt[:], raw[2+n:])
		rows = append(rows, r)
		raw = raw[2+n+saltSize:]
	}
	if int64(len(rows)) != f.Size {
		return nil, models.E(models.Internal, "internal", errPacked)
	}
	return rows, nil
}

// order sorts rows by household.
func order(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Household, b.Household) })
}

// leaves are the hashes of rows' texts.
func leaves(rows []Row, round string, village models.Region) []tlog.Hash {
	hs := make([]tlog.Hash, len(rows))
	for i, r := range rows {
		hs[i] = tlog.RecordHash([]byte(r.Text(round, village)))
	}
	return hs
}

// split is the greatest power of two below n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// rootOf is the Merkle tree hash of leaves (RFC 6962, 2.1). Of none it is the hash of nothing.
func rootOf(hs []tlog.Hash) tlog.Hash {
	switch len(hs) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hs[0]
	}
	k := split(len(hs))
	return tlog.NodeHash(rootOf(hs[:k]), rootOf(hs[k:]))
}

// pathOf is the audit path of the i-th leaf (RFC 6962, 2.1.1), the nearest first.
func pathOf(hs []tlog.Hash, i int) []tlog.Hash {
	if len(hs) <= 1 {
		return nil
	}
	if k := split(len(hs)); i < k {
		return append(pathOf(hs[:k], i), rootOf(hs[k:]))
	} else {
		return append(pathOf(hs[k:], i-k), rootOf(hs[:k]))
	}
}

// ProofFormat names the form of a proof.
const ProofFormat = "xinyi-village-proof/1"

// A Proof shows that a household's row is among those a bundle's root commits to.
type Proof struct {
	Format string   `json:"format"`
	Row    string   `json:"row"` // its text, with the line feeds
	Index  int64    `json:"index"`
	Size   int64    `json:"size"` // rows in the tree
	Path   []string `json:"path"` // hashes, the nearest first, base64
	Root   string   `json:"root"` // base64
}

// Proof is a household's. Errors: NotFound for one that has no row.
func (f *Snapshot) Proof(household string) (Proof, error) {
	rows, err := f.List()
	if err != nil {
		return Proof{}, err
	}
	i, there := slices.BinarySearchFunc(rows, household, func(r Row, id string) int { return cmp.Compare(r.Household, id) })
	if !there {
		return Proof{}, models.E(models.NotFound, "not_found")
	}
	p := Proof{Format: ProofFormat, Row: rows[i].Text(f.Round, f.Village), Index: int64(i), Size: f.Size, Path: []string{}, Root: f.Root}
	for _, h := range pathOf(leaves(rows, f.Round, f.Village), i) {
		p.Path = append(p.Path, h.String())
	}
	return p, nil
}

// errProof is a text that is no proof.
var errProof = errors.New("not a proof of a village's row")

// CheckRow says whether a proof's row is at its place in a tree of this root and size.
func CheckRow(p Proof, root string, size int64) error {
	if p.Format != ProofFormat || !strings.HasPrefix(p.Row, RowFormat+"\n") {
		return errProof
	}
	if p.Index < 0 || p.Index >= size || p.Size != size {
		return fmt.Errorf("place %d of %d lies outside a tree of %d rows", p.Index, p.Size, size)
	}
	want, err := tlog.ParseHash(root)
	if err != nil {
		return fmt.Errorf("the root is none: %w", err)
	}
	path := make([]tlog.Hash, len(p.Path))
	for i, text := range p.Path {
		if path[i], err = tlog.ParseHash(text); err != nil {
			return fmt.Errorf("the path is none: %w", err)
		}
	}
	if err := tlog.CheckRecord(path, size, want, p.Index, tlog.RecordHash([]byte(p.Row))); err != nil {
		return fmt.Errorf("the row is not in the tree at its place: %w", err)
	}
	return nil
}

// A RowList is rows as an auditor is given them: their texts, in order.
type RowList struct {
	Round   string        `json:"round"`
	Village models.Region `json:"village"`
	Rows    []string      `json:"rows"`
}

// RowList is all rows. Errors: Internal for damaged ones.
func (f *Snapshot) RowList() (RowList, error) {
	rows, err := f.List()
	s := RowList{Round: f.Round, Village: f.Village, Rows: make([]string, len(rows))}
	for i, r := range rows {
		s.Rows[i] = r.Text(f.Round, f.Village)
	}
	return s, err
}

// Sums are the root of the rows and what they count. Errors: for a text that is no row of this round and village, and for rows that
// are not in their order.
func (s RowList) Sums() (root string, facts map[string]int64, err error) {
	t := tally{}
	hs := make([]tlog.Hash, len(s.Rows))
	last := ""
	for i, text := range s.Rows {
		r, err := readRow(text, s.Round, s.Village)
		if err != nil || i > 0 && r.Household <= last {
			return "", nil, fmt.Errorf("line %d is no row of this village in its place", i+1)
		}
		last, hs[i] = r.Household, tlog.RecordHash([]byte(text))
		t.add(r)
	}
	return rootOf(hs).String(), t.facts(), nil
}

// readRow reads what Text wrote.
func readRow(text, round string, village models.Region) (Row, error) {
	var r Row
	lines := strings.Split(text, "\n")
	if len(lines) != 10 {
		return r, errProof
	}
	r.Household = strings.TrimPrefix(lines[3], "household ")
	r.Filed, r.Credit, r.Borrower, r.Clean = lines[4] == "filed 1", lines[5] == "credit 1", lines[6] == "borrower 1", lines[7] == "clean 1"
	salt, err := hex.DecodeString(strings.TrimPrefix(lines[8], "salt "))
	if err != nil || len(salt) != saltSize {
		return r, errProof
	}
	copy(r.Salt[:], salt)
	if r.Text(round, village) != text {
		return r, errProof
	}
	return r, nil
}

// errTwice is two rows of one household.
var errTwice = errors.New("a household has two rows")
