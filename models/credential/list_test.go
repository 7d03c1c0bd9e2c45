package credential

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

func list(t testing.TB) *StatusList {
	l, err := NewList(1, strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Every place is handed out once, and the order is not the order of issue.
func TestPlacesAreShuffledAndNeverTwice(t *testing.T) {
	l := list(t)
	seen := make([]bool, ListSize)
	near := 0
	for n, last := 0, 0; n < ListSize; n++ {
		i := l.shuffled(n)
		if i < 0 || i >= ListSize || seen[i] {
			t.Fatalf("the %dth place is %d", n, i)
		}
		if seen[i] = true; n > 0 && i-last < 64 && last-i < 64 {
			near++
		}
		last = i
	}
	if near > ListSize/500 { // by chance one in a thousand
		t.Errorf("%d neighbours follow one another", near)
	}
	other, err := NewList(2, strings.Repeat("cd", 32))
	if err != nil {
		t.Fatal(err)
	}
	if other.shuffled(0) == l.shuffled(0) && other.shuffled(1) == l.shuffled(1) {
		t.Error("two lists have one order")
	}
	if _, err := NewList(1, "short"); err == nil {
		t.Error("a list without a secret")
	}
}

// A place waits for its credential, is the same if asked again, and is lost when nobody came: it is not handed out anew.
func TestHoldsEndByThemselves(t *testing.T) {
	l := list(t)
	first, err := l.Reserve("c1", Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Reserve("c1", Standard, noon.Add(time.Minute)); err != nil || again != first || l.Next != 1 {
		t.Errorf("%d %v", again, err)
	}
	second, err := l.Reserve("c2", Standard, noon.Add(time.Minute))
	if err != nil || second == first || !l.WakeAt.Equal(noon.Add(Standard.HoldIndex)) {
		t.Errorf("%d %v %v", second, err, l.WakeAt)
	}
	if !l.Use("c1") || l.Use("c1") || !l.WakeAt.Equal(noon.Add(time.Minute+Standard.HoldIndex)) {
		t.Errorf("%+v", l.Held)
	}
	if err := l.Wake(noon.Add(time.Minute + Standard.HoldIndex)); err != nil || len(l.Held) != 0 || l.WakeAt != nil {
		t.Errorf("%v %+v", err, l.Held)
	}
	third, err := l.Reserve("c2", Standard, noon.Add(3*time.Hour))
	if err != nil || third == second || third == first {
		t.Errorf("a lost place was handed out again: %d %v", third, err)
	}
}

func TestAFullListSaysSo(t *testing.T) {
	l := list(t)
	l.Next = ListSize - 1
	if _, err := l.Reserve("last", Standard, noon); err != nil || l.State != Full {
		t.Errorf("%v %s", err, l.State)
	}
	before := *l
	if _, err := l.Reserve("one more", Standard, noon); !errors.Is(err, models.Conflict) || !reflect.DeepEqual(*l, before) {
		t.Errorf("%v", err)
	}
}

// What is marked is read back, and nothing else, whatever is marked.
func TestListsAreReadBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		l := list(t)
		marked := map[int]bool{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, ListSize-1), 0, 40).Draw(r, "marked") {
			if l.Mark(i) == marked[i] {
				r.Fatal("news twice, or none at all")
			}
			marked[i] = true
		}
		text, err := l.Token(by, Standard, noon)
		if err != nil {
			r.Fatal(err)
		}
		back, err := ReadList(text, public(ours))
		if err != nil || back.URI != by.StatusURI("1") || l.Gone != len(marked) {
			r.Fatalf("%v %+v", err, back)
		}
		for i := range ListSize {
			if got := back.bits[i/8]&(1<<(i%8)) != 0; got != marked[i] {
				r.Fatalf("place %d: %v", i, got)
			}
		}
	})
	if l := list(t); l.Mark(-1) || l.Mark(ListSize) {
		t.Error("a place outside the list")
	}
}

// The example of the draft: bits 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1 are the bytes b9 a3.
func TestBitsLieAsInTheDraft(t *testing.T) {
	l := list(t)
	for i, bit := range []int{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1} {
		if bit == 1 {
			l.Mark(i)
		}
	}
	if got := fmt.Sprintf("%x", l.Bits[:2]); got != "b9a3" {
		t.Error(got)
	}
	packed, err := decode("eNrbuRgAAhcBXQ") // the draft's own, compressed
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var two [2]byte
	if _, err := z.Read(two[:]); err != nil && two != [2]byte{0xb9, 0xa3} || two[0] != 0xb9 {
		t.Errorf("%x %v", two, err)
	}
}

func TestStanding(t *testing.T) {
	c, l := issued(t), list(t)
	seen, err := Check(must(t, c, nil), public(ours))
	if err != nil {
		t.Fatal(err)
	}
	at := func(mark bool, uri string, when time.Time) *List {
		l := *l
		l.Bits = bytes.Clone(l.Bits)
		if mark {
			l.Mark(c.Index)
		}
		text, err := l.Token(Issuer{uri, ours}, Standard, when)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadList(text, public(ours))
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		list  *List
		fresh time.Duration
		now   time.Time
		want  Status
		err   error
	}{
		"good":                        {at(false, by.Address, noon), day, noon, StatusValid, nil},
		"revoked":                     {at(true, by.Address, noon), day, noon, StatusRevoked, nil},
		"no list":                     {nil, day, noon, StatusUnknown, nil},
		"the list of others":          {at(false, "https://elsewhere", noon), day, noon, StatusUnknown, ErrOther},
		"within the day":              {at(false, by.Address, noon), day, noon.Add(day - time.Second), StatusValid, nil},
		"its own time is over":        {at(false, by.Address, noon), 30 * day, noon.Add(day), StatusUnknown, ErrStale},
		"too old for the verifier":    {at(false, by.Address, noon), time.Hour, noon.Add(2 * time.Hour), StatusUnknown, ErrStale},
		"of a time to come":           {at(false, by.Address, noon.Add(time.Hour)), day, noon, StatusUnknown, ErrAhead},
		"expired":                     {at(false, by.Address, c.Ends()), day, c.Ends(), StatusExpired, nil},
		"expired, and nobody can ask": {nil, day, c.Ends(), StatusExpired, nil},
		"a moment before":             {at(false, by.Address, c.Ends().Add(-time.Minute)), day, c.Ends().Add(-time.Second), StatusValid, nil},
	} {
		if got, err := seen.Stands(tc.list, tc.fresh, tc.now); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

func TestForeignListsAreRefused(t *testing.T) {
	text, err := list(t).Token(Issuer{by.Address, seals("another seal, another seal, anot")}, Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	own, err := list(t).Token(by, Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	same, err := list(t).Token(by, Standard, noon.Add(59*time.Second))
	if err != nil || same != own {
		t.Errorf("within a minute it is another: %v", err)
	}
	for name, text := range map[string]string{"a foreign key": text, "altered": own[:len(own)-3] + "AAA", "a credential": must(t, issued(t), nil), "nothing": "", "long": strings.Repeat("a", mostList+1)} {
		if _, err := ReadList(text, public(ours)); !errors.Is(err, ErrList) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(own); n > 1000 {
		t.Errorf("an empty list is %d bytes", n)
	}
}
