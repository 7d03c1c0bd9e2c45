package village

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

var noon = time.Date(2027, 1, 1, 4, 0, 0, 0, time.UTC)

// rowsOf are n made-up households.
func rowsOf(t testing.TB, n int, say func(i int, r *Row)) []Row {
	t.Helper()
	s, err := NewSalter(models.NewSecret("secret"))
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]Row, n)
	for i := range rows {
		id := fmt.Sprintf("farm-%06d", i)
		rows[i] = Row{Household: id, Filed: true, Salt: s.Salt(id)}
		if say != nil {
			say(i, &rows[i])
		}
	}
	return rows
}

func entryOf(roster int64) *Entry {
	return &Entry{Meta: models.Meta{ID: "e"}, Round: "430181-2026-VILLAGE", Level: OfVillages, Village: "430181108203", CutOff: "2026-12-31", Scheme: "village@1", Roster: roster}
}

func TestRowText(t *testing.T) {
	r := rowsOf(t, 1, func(_ int, r *Row) { r.Credit, r.Borrower = true, true })[0]
	want := "xinyi-village-row/1\nround 430181-2026-VILLAGE\nvillage 430181108203\nhousehold farm-000000\nfiled 1\ncredit 1\nborrower 1\nclean 0\nsalt " +
		fmt.Sprintf("%x", r.Salt) + "\n"
	if got := r.Text("430181-2026-VILLAGE", "430181108203"); got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
	if back, err := readRow(want, "430181-2026-VILLAGE", "430181108203"); err != nil || back != r {
		t.Errorf("read back: %+v, %v", back, err)
	}
}

// TestProofs: every household of trees of every small size can be shown in its place, nobody's proof shows another row, and the order
// rows come in does not matter.
func TestProofs(t *testing.T) {
	for n := 1; n <= 70; n++ {
		rows := rowsOf(t, n, func(i int, r *Row) { r.Credit = i%3 > 0 })
		f, err := Freeze(entryOf(100), rows, Loans{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		rand.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if again, err := Freeze(entryOf(100), rows, Loans{}, noon); err != nil || again.Root != f.Root || string(again.Rows) != string(f.Rows) {
			t.Fatalf("%d rows in another order have another root: %v", n, err)
		}
		hs := leaves(rows, f.Round, f.Village)
		if want := sha256.Sum256([]byte("\x00" + rows[0].Text(f.Round, f.Village))); hs[0] != want {
			t.Fatal("a leaf is not as RFC 6962 hashes it")
		}
		for i := range n {
			p, err := f.Proof(fmt.Sprintf("farm-%06d", i))
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckRow(p, f.Root, f.Size); err != nil {
				t.Fatalf("row %d of %d: %v", i, n, err)
			}
			for what, bad := range map[string]func(p *Proof){
				"another credit":  func(p *Proof) { p.Row = strings.Replace(p.Row, "credit ", "credit  ", 1) },
				"another place":   func(p *Proof) { p.Index = (p.Index + 1) % p.Size },
				"another size":    func(p *Proof) { p.Size++ },
				"another sibling": func(p *Proof) { p.Path = append([]string{f.Root}, p.Path...) },
				"another format":  func(p *Proof) { p.Format = "x" },
			} {
				forged := p
				bad(&forged)
				if n > 1 && CheckRow(forged, f.Root, f.Size) == nil {
					t.Fatalf("row %d of %d: a proof with %s holds", i, n, what)
				}
			}
		}
		if _, err := f.Proof("farm-x"); !errors.Is(err, models.NotFound) {
			t.Fatalf("a household without a row: %v", err)
		}
	}
}

func TestFreeze(t *testing.T) {
	rows := rowsOf(t, 40, func(i int, r *Row) { r.Credit, r.Borrower, r.Clean = i < 30, i < 12, i < 10 })
	f, err := Freeze(entryOf(50), rows, Loans{Balance: 900, Bad: 20, NewBad: 10, Banks: 2}, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{FactHouseholds: 50, FactFiled: 40, FactCredit: 30, FactBorrowers: 12, FactClean: 10, FactBalance: 900, FactBad: 20, FactNewBad: 10}
	if fmt.Sprint(f.Facts) != fmt.Sprint(want) || f.Size != 40 {
		t.Errorf("facts %v, want %v", f.Facts, want)
	}
	if len(f.Outbox) != 1 || f.Outbox[0].Kind != EventFrozen.Name() || f.Outbox[0].Data["village"] != "430181108203" {
		t.Errorf("told %+v", f.Outbox)
	}
	listed, err := f.RowList()
	if err != nil {
		t.Fatal(err)
	}
	if root, facts, err := listed.Sums(); err != nil || root != f.Root || facts[FactClean] != 10 || facts[FactFiled] != 40 {
		t.Errorf("the rows sum up to %v under %s: %v", facts, root, err)
	}
	listed.Rows[0], listed.Rows[1] = listed.Rows[1], listed.Rows[0]
	if _, _, err := listed.Sums(); err == nil {
		t.Error("rows out of order were taken")
	}
	none, err := Freeze(entryOf(50), nil, Loans{}, noon)
	if err != nil || none.Facts[FactFiled] != 0 {
		t.Fatalf("nobody on file: %v", err)
	}
	if _, known := none.Facts[FactBorrowers]; known {
		t.Error("nothing is known of borrowers and there is a fact")
	}
	if _, known := none.Facts[FactBalance]; known {
		t.Error("no bank told and there is a fact")
	}
	if _, err := Freeze(entryOf(1), append(rows[:1:1], rows[0]), Loans{}, noon); err == nil {
		t.Error("one household has two rows")
	}
	f.Rows = f.Rows[:len(f.Rows)-1]
	if _, err := f.List(); err == nil {
		t.Error("damaged rows were read")
	}
}

func TestSalt(t *testing.T) {
	var r Round
	if !r.Salt("one") || r.Salt("two") || r.Salts.Reveal() != "one" {
		t.Error("a round's secret is set once")
	}
	if _, err := NewSalter(models.Secret{}); err == nil {
		t.Error("salts without a secret")
	}
	a, err := NewSalter(models.NewSecret("one"))
	b, fault := NewSalter(models.NewSecret("two"))
	if err != nil || fault != nil {
		t.Fatal(err, fault)
	}
	again := a.Salt("h")
	if again == b.Salt("h") || again == a.Salt("g") || again != a.Salt("h") {
		t.Error("salts")
	}
}
