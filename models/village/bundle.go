package village

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
	"xinyi/models/score"
)

// BundleFormat names the form of a bundle's content; a seal signs it together with the content's hash.
const BundleFormat = "xinyi-village/1"

// A Bundle is what is published of an entry, so that anybody can score it again: the scheme word for word, the facts (exactly, or as
// ranges that hide counts below K), the root that the households' rows are committed to by, and the result.
type Bundle struct {
	Format     string        `json:"format"`
	K          int64         `json:"k"` // households at least behind an exact count
	Entry      string        `json:"entry"`
	Round      string        `json:"round"`
	Level      Level         `json:"level"`
	Place      models.Region `json:"place"`
	Name       string        `json:"name"`
	CutOff     models.Day    `json:"cutOff"`
	Scheme     string        `json:"scheme"`     // the indicator set as JSON text
	SchemeHash string        `json:"schemeHash"` // SHA-256 of that text, in hex
	Facts      Published     `json:"facts"`
	Root       string        `json:"root,omitempty"` // RFC 6962, base64; none of a town, and of a plaque that was reviewed since
	Size       *score.Span   `json:"size,omitempty"` // rows in the tree
	Items      []score.Reach `json:"items"`
	Total      Reaching      `json:"total"`
	Grade      string        `json:"grade"`
	Stars      int           `json:"stars"`
}

// Reaching is the least and the most points of the whole, in hundredths.
type Reaching struct {
	Least score.Points `json:"least"`
	Most  score.Points `json:"most"`
}

// NewBundle is what is published of an entry that was scored. f is what was frozen of it. Errors: NotFound for one that is not scored.
func NewBundle(e *Entry, f *Snapshot, s *Scheme, name string) (Bundle, error) {
	if e.Result == nil || s.ID != e.Scheme {
		return Bundle{}, models.E(models.NotFound, "not_found")
	}
	set, err := s.Read()
	if err != nil {
		return Bundle{}, err
	}
	told := suppressionOf(s.Hash, set).Publish(e.Facts)
	if e.Level == OfTowns {
		maps.Copy(told, f.Published)
	}
	got, err := set.Scorer().Reach(told)
	if err != nil {
		return Bundle{}, err
	}
	b := Bundle{
		Format: BundleFormat, K: MinimumCell, Entry: e.ID, Round: e.Round, Level: e.Level, Place: e.Village, Name: name, CutOff: e.CutOff,
		Scheme: string(s.Set), SchemeHash: hashText(s.Set), Facts: told, Items: got.Items, Total: Reaching{got.Least, got.Most},
		Grade: e.Result.Grade, Stars: StarsOf(e.Result.Grade),
	}
	if e.Level == OfVillages && maps.Equal(e.Frozen, f.Facts) { // else the facts are those of a later review, and no rows stand behind them
		size := told[FactFiled] // a row is a household with a verified file
		b.Root, b.Size = f.Root, &size
	}
	return b, nil
}

// veils are made once for each scheme's hash: finding the floors scores some ten thousand made-up shares.
var veils sync.Map

func suppressionOf(hash string, set *score.Set) *Suppression {
	made, ok := veils.Load(hash)
	if !ok {
		made, _ = veils.LoadOrStore(hash, NewSuppression(set, MinimumCell))
	}
	return made.(*Suppression) //nolint:errcheck,forcetypeassert // nothing else is kept there
}

func hashText(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// A Finding is how a bundle's recomputation came out.
type Finding string

// The findings.
const (
	Proven     Finding = "PROVEN"     // from what is published only the published grade is possible
	Consistent Finding = "CONSISTENT" // it is possible, and what is hidden leaves others possible too
	Untrue     Finding = "WRONG"      // something does not follow from what is published
)

// A Recomputed is what a bundle's facts come to by its scheme.
type Recomputed struct {
	Finding Finding
	Items   []Compared
	Total   Reaching
	Grades  []string // possible ones, the best first
	Differs []string // what is wrong, by its place in the bundle
}

// Compared is one indicator as it was published and as it comes out.
type Compared struct {
	Name            models.Words
	Published, Made score.Reach
}

// Recompute scores a bundle's facts by its scheme and compares. It trusts nothing in the bundle but the facts and the scheme; whether those
// are what was sealed is the seal's to say.
func Recompute(b Bundle) Recomputed {
	r := Recomputed{Finding: Untrue}
	differs := func(bad bool, at, what string, args ...any) {
		if bad {
			r.Differs = append(r.Differs, at+": "+fmt.Sprintf(what, args...))
		}
	}
	differs(b.Format != BundleFormat, "/format", "%q is not %q", b.Format, BundleFormat)
	differs(b.K < 2, "/k", "counts of %d households are not hidden", b.K-1)
	differs(hashText([]byte(b.Scheme)) != b.SchemeHash, "/schemeHash", "it is not the hash of the scheme")
	if b.Root != "" {
		_, err := tlog.ParseHash(b.Root)
		differs(err != nil, "/root", "it is no hash")
	}
	for _, d := range b.Facts.impossible() {
		differs(true, "/facts", "%s", d)
	}
	filed, told := b.Facts[FactFiled]
	differs(b.Size != nil && told && *b.Size != filed, "/size", "it is not the households on file")
	var set score.Set
	if err := json.Unmarshal([]byte(b.Scheme), &set); err != nil || set.Check(Total, nil) != nil {
		differs(true, "/scheme", "it cannot be read")
		return r
	}
	got, err := set.Scorer().Reach(b.Facts)
	if err != nil {
		differs(true, "/facts", "they cannot be scored")
		return r
	}
	r.Total, r.Grades = Reaching{got.Least, got.Most}, got.Grades
	r.compare(b, &set, got.Items, differs)
	differs(b.Total != r.Total, "/total", "%s, and it comes to %s", b.Total, r.Total)
	differs(!slices.Contains(got.Grades, b.Grade), "/grade", "%s, and only %v is possible", b.Grade, got.Grades)
	differs(b.Stars != StarsOf(b.Grade), "/stars", "%d of grade %s", b.Stars, b.Grade)
	switch {
	case len(r.Differs) > 0:
	case len(got.Grades) == 1:
		r.Finding = Proven
	default:
		r.Finding = Consistent
	}
	return r
}

// compare looks at item by item.
func (r *Recomputed) compare(b Bundle, set *score.Set, made []score.Reach, differs func(bool, string, string, ...any)) {
	differs(len(b.Items) != len(made), "/items", "%d, and the scheme has %d", len(b.Items), len(made))
	i := 0
	set.Indicators(func(x *score.Indicator) {
		c := Compared{Name: x.Name, Made: made[i]}
		if i < len(b.Items) {
			c.Published = b.Items[i]
			p, m := b.Items[i], made[i]
			differs(p.Code != m.Code || p.Least != m.Least || p.Most != m.Most || p.Max != m.Max, fmt.Sprintf("/items/%d", i),
				"%s of %s, and %s comes to %s of %s", Reaching{p.Least, p.Most}, p.Max, m.Code, Reaching{m.Least, m.Most}, m.Max)
		}
		r.Items = append(r.Items, c)
		i++
	})
}

// String writes points, or the least and the most.
func (r Reaching) String() string {
	if r.Least == r.Most {
		return r.Least.String()
	}
	return r.Least.String() + "–" + r.Most.String()
}

// impossible lists facts that cannot be: a part greater than its whole, a range the wrong way round.
func (t Published) impossible() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if s := t[name]; s.Least > s.Most || s.Least < 0 || s.Most > score.MaxFact {
			out = append(out, name+" has no such range")
		}
	}
	for _, c := range counts {
		for _, w := range c.within {
			part, there := t[c.name]
			whole, told := t[w]
			if there && told && part.Least > whole.Most {
				out = append(out, c.name+" are more than "+w)
			}
		}
	}
	return out
}

// Holds says whether a proof shows that its household is among those the bundle commits to. Errors say what is not so.
func (b Bundle) Holds(p Proof) error {
	switch {
	case b.Root == "" || b.Size == nil:
		return errors.New("this bundle commits to no rows")
	case p.Root != "" && p.Root != b.Root:
		return errors.New("the proof is of another root")
	case !b.Size.Has(p.Size):
		return fmt.Errorf("the proof is of a tree of %d rows", p.Size)
	}
	if err := CheckRow(p, b.Root, p.Size); err != nil {
		return err
	}
	if _, err := readRow(p.Row, b.Round, b.Place); err != nil {
		return errors.New("the row is not of this round and village")
	}
	return nil
}

// Sums says whether all rows have the bundle's root and sum up to its facts. Errors say what is not so.
func (b Bundle) Sums(s RowList) (map[string]int64, error) {
	if s.Round != b.Round || s.Village != b.Place || b.Root == "" {
		return nil, errors.New("the rows are not of this bundle's round and village")
	}
	root, facts, err := s.Sums()
	if err != nil {
		return nil, err
	}
	if root != b.Root {
		return facts, fmt.Errorf("the rows' root is %s", root)
	}
	for _, name := range []string{FactFiled, FactCredit, FactBorrowers, FactClean} {
		span, told := b.Facts[name]
		if n, known := facts[name]; told && (known && !span.Has(n) || !known && !span.Absent) {
			return facts, fmt.Errorf("%s: the rows sum up to %d", name, n)
		}
	}
	return facts, nil
}
