package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
)

var (
	noon = models.Day("2026-11-24").Clock(12, 0)
	ours = seals("0123456789abcdef0123456789abcdef")
	by   = Issuer{"https://xinyi.example", ours}
)

func seals(seed string) models.Seals {
	s, err := models.NewSeal([]byte(seed), noon)
	if err != nil {
		panic(err)
	}
	return models.Seals{s}
}

// public are the seals as others have them.
func public(s models.Seals) models.Seals { return models.Seals{models.SealOf(s[0].Public, noon)} }

func issue() Issue {
	return Issue{
		ID: "c1", Of: "award-1", Kind: Honour, Holder: models.Subject{Kind: models.Organisation, Ref: "91430104MA4L0000X1"}, Name: "长沙市<诚信>食品&饮料公司",
		Facts: Facts{
			Title: models.Words{ZH: "诚信经营企业", EN: "Honest enterprise"}, Level: 3, No: "4301-2026-0000000001", Since: "2026-11-24", Until: "2028-11-23",
			Code: "91430104MA4L0000X1", Deed: "十年无投诉", Region: "430104", Place: "岳麓区", Unit: "长沙市信用办",
		},
		Code: "CODE", Secret: strings.Repeat("5a", 32), List: "1", Index: 77,
	}
}

func issued(t testing.TB) *Credential {
	c, err := New(issue(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func in(t testing.TB, s State) *Credential {
	c := issued(t)
	ok := true
	switch s {
	case Valid:
	case Expired:
		ok = c.Wake(*c.WakeAt) == nil
	case Revoked:
		ok = c.Revoke(noon)
	case Replaced:
		ok = c.Replace(noon)
	}
	if !ok || c.State != s {
		t.Fatalf("not in %s: %s", s, c.State)
	}
	c.Outbox = nil
	return c
}

func TestEveryActInEveryState(t *testing.T) {
	acts := map[string]func(*Credential) bool{
		"revoke": func(c *Credential) bool { return c.Revoke(noon) }, "replace": func(c *Credential) bool { return c.Replace(noon) },
		"expire": func(c *Credential) bool { return c.Expire(noon) },
		"show": func(c *Credential) bool {
			_, err := c.Present("p", []string{"name"}, Token, Standard, noon)
			return err == nil
		},
	}
	for _, s := range States {
		for name, act := range acts {
			c, before := in(t, s), in(t, s)
			if changed := act(c); changed != (s == Valid) || !changed && !reflect.DeepEqual(c, before) {
				t.Errorf("%s in %s: %v", name, s, changed)
			}
		}
		c, before := in(t, s), in(t, s)
		if err := c.Wake(noon); err != nil || !reflect.DeepEqual(c, before) {
			t.Errorf("wake before its time in %s: %v", s, err)
		}
	}
	if c := in(t, Revoked); c.Slot != "" || c.WakeAt != nil {
		t.Errorf("%+v", c)
	}
}

// It holds to the last moment of the award's last day, and its exp is that moment.
func TestEndsWithTheAward(t *testing.T) {
	c := issued(t)
	end := models.Day("2028-11-24").Start()
	if !c.Ends().Equal(end) || c.Standing(end.Add(-1)) != Valid || c.Standing(end) != Expired || !c.WakeAt.Equal(end) {
		t.Errorf("%v %v", c.Ends(), c.WakeAt)
	}
	if err := c.Wake(end); err != nil || c.State != Expired || c.Outbox[len(c.Outbox)-1].Kind != EventExpired.Name() {
		t.Errorf("%v %s", err, c.State)
	}
	if _, err := New(issue(), end); !errors.Is(err, models.Conflict) {
		t.Errorf("issued after its end: %v", err)
	}
	token := must(t, issued(t), nil)
	seen, err := Check(token, public(ours))
	if err != nil || seen.Exp != end.Unix() {
		t.Errorf("%v %d", err, seen.Exp)
	}
}

func must(t testing.TB, c *Credential, shows []string) string {
	t.Helper()
	token, err := c.Token(by, shows)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIncompleteIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Issue){
		"award": func(i *Issue) { i.Of = "" }, "code": func(i *Issue) { i.Code = "" }, "secret": func(i *Issue) { i.Secret = "short" }, "list": func(i *Issue) { i.List = "" },
		"place": func(i *Issue) { i.Index = ListSize }, "holder": func(i *Issue) { i.Holder.Ref = "" }, "name": func(i *Issue) { i.Name = "" }, "number": func(i *Issue) { i.Facts.No = "" },
		"end": func(i *Issue) { i.Facts.Until = "" },
	} {
		i := issue()
		if spoil(&i); true {
			if _, err := New(i, noon); err == nil {
				t.Errorf("without %s", name)
			}
		}
	}
	if _, err := issued(t).Token(Issuer{"https://x", public(ours)}, nil); models.CodeOf(err) != models.Internal {
		t.Errorf("signed without a private key: %v", err)
	}
}

// What is always there is there, what was not chosen cannot be found in it, and nothing else is in it at all.
func TestShowsOnlyWhatWasChosen(t *testing.T) {
	c := issued(t)
	token := must(t, c, []string{"unit", "name"})
	seen, err := Check(token, public(ours))
	if err != nil {
		t.Fatal(err)
	}
	if seen.Name != "长沙市<诚信>食品&饮料公司" || seen.Unit != "长沙市信用办" || seen.USCC != "" || seen.Deed != "" || seen.Place != nil || !slices.Equal(seen.Shown, []string{"name", "unit"}) {
		t.Errorf("%+v", seen)
	}
	if seen.Iss != by.Address || seen.Vct != "https://xinyi.example/v1/credentials/types/honour" || seen.Title != "诚信经营企业" || seen.Level != 3 || seen.Until != "2028-11-23" || len(seen.SD) != Digests {
		t.Errorf("%+v", seen.Claims)
	}
	for _, hidden := range []string{"十年无投诉", "91430104MA4L0000X1", "岳麓区"} {
		if strings.Contains(inside(t, token), hidden) {
			t.Errorf("%s can be read", hidden)
		}
	}
	all := must(t, c, Selectable)
	if s, err := Parse(all); err != nil || s.Present([]string{"unit", "name"}).String() != token {
		t.Errorf("a presentation is not the token less what was dropped: %v", err)
	}
	if again := must(t, c, Selectable); again != all {
		t.Error("the same credential made other bytes")
	}
	if seen, err := Check(all, public(ours)); err != nil || seen.Place == nil || *seen.Place != (Place{"430104", "岳麓区"}) || seen.USCC != "91430104MA4L0000X1" {
		t.Errorf("%v %+v", err, seen)
	}
	if _, err := c.Token(by, []string{"phone"}); models.CodeOf(err) != models.Invalid {
		t.Errorf("a claim there is none of: %v", err)
	}
}

// inside is all text of a token that can be read.
func inside(t *testing.T, token string) string {
	t.Helper()
	var out strings.Builder
	for _, part := range strings.FieldsFunc(token, func(r rune) bool { return r == '~' || r == '.' }) {
		raw, err := decode(part)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(raw)
	}
	return out.String()
}

// A person's credential has no code of an organisation, whatever it is made from, and as many digests as any.
func TestAPersonHasNoCode(t *testing.T) {
	i := issue()
	i.Holder, i.Name = models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}, "王**"
	c, err := New(i, noon)
	if err != nil {
		t.Fatal(err)
	}
	token := must(t, c, []string{"name"})
	seen, err := Check(token, public(ours))
	if err != nil || len(seen.SD) != Digests || slices.Contains(c.Names(), "uscc") || strings.Contains(inside(t, token), "hash") || strings.Contains(inside(t, token), "ann") {
		t.Errorf("%v %v", err, c.Names())
	}
	if !c.Says("王**", i.Facts) || c.Says("王小明", i.Facts) {
		t.Error("it does not know what it says")
	}
	if _, err := c.Token(by, []string{"uscc"}); models.CodeOf(err) != models.Invalid {
		t.Errorf("%v", err)
	}
}

// Any choice verifies and shows exactly itself; any byte of it changed, and it does not.
func TestAnyChoiceVerifiesAndNoChangeDoes(t *testing.T) {
	c, keys := issued(t), public(ours)
	rapid.Check(t, func(r *rapid.T) {
		shows := rapid.SliceOfDistinct(rapid.SampledFrom(Selectable), rapid.ID[string]).Draw(r, "shows")
		token := must(t, c, shows)
		seen, err := Check(token, keys)
		if err != nil {
			r.Fatal(err)
		}
		slices.SortFunc(shows, func(a, b string) int { return slices.Index(Selectable, a) - slices.Index(Selectable, b) })
		if fmt.Sprint(seen.Shown) != fmt.Sprint(shows) {
			r.Fatalf("shows %v, chosen %v", seen.Shown, shows)
		}
		raw := []byte(token)
		i := rapid.IntRange(0, len(raw)-1).Draw(r, "at")
		if b := rapid.Byte().Draw(r, "byte"); b != raw[i] {
			raw[i] = b
			if _, err := Check(string(raw), keys); err == nil {
				r.Fatalf("byte %d as %q passes", i, b)
			}
		}
	})
}

func TestForgeriesAreFound(t *testing.T) {
	c, keys := issued(t), public(ours)
	token := must(t, c, []string{"name"})
	forged, err := disclose(c.salt("name"), "name", "别家公司")
	if err != nil {
		t.Fatal(err)
	}
	extra, err := disclose(c.salt("rank"), "rank", 1)
	if err != nil {
		t.Fatal(err)
	}
	other := seals("another seal, another seal, anot")
	if len(other) != 1 {
		t.Fatal(other)
	}
	jwt, rest, _ := strings.Cut(token, "~")
	signed := func(typ string, claims any) string {
		text, err := sign(ours, typ, claims)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	foreign, err := c.Token(Issuer{by.Address, other}, nil)
	if err != nil {
		t.Fatal(err)
	}
	none := b64.EncodeToString([]byte(`{"alg":"none","typ":"dc+sd-jwt","kid":"`+ours[0].ID+`"}`)) + "." + strings.Split(jwt, ".")[1] + "."
	for name, tc := range map[string]struct {
		text string
		want error
	}{
		"another claim":           {jwt + "~" + forged.text + "~", ErrDisclosure},
		"a claim more":            {token + extra.text + "~", ErrDisclosure},
		"a claim twice":           {token + rest, ErrDisclosure},
		"a key of somebody's":     {foreign, ErrForeign},
		"no algorithm":            {none + "~", ErrForm},
		"another type":            {signed(ListType, Claims{}) + "~", ErrForm},
		"nothing in it":           {signed(Type, Claims{}) + "~", ErrForm},
		"a key binding":           {token + "eyJ.eyJ.x", ErrForm},
		"no end":                  {strings.TrimSuffix(token, "~"), ErrForm},
		"a line end":              {strings.Replace(token, "~", "\n~", 1), ErrForm},
		"empty":                   {"", ErrForm},
		"long":                    {strings.Repeat("~", mostText+1), ErrForm},
		"only ends":               {"~~~", ErrForm},
		"the signature of others": {strings.Split(jwt, ".")[0] + "." + strings.Split(jwt, ".")[1] + "." + strings.Split(strings.Split(foreign, "~")[0], ".")[2] + "~", ErrForged},
	} {
		if _, err := Check(tc.text, keys); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An older seal's signature stays good while it is in the ring.
func TestOlderSealsStayGood(t *testing.T) {
	newer := seals("the seal after, the seal after..")
	token := must(t, issued(t), nil)
	if seen, err := Check(token, append(public(newer), public(ours)...)); err != nil || seen.Key != ours[0].ID {
		t.Errorf("%v %s", err, seen.Key)
	}
	if _, err := Check(token, public(newer)); !errors.Is(err, ErrForeign) {
		t.Errorf("%v", err)
	}
}

// A look at what is in the signed text: no field but those that are meant to be.
func TestNothingElseIsSigned(t *testing.T) {
	raw, err := decode(strings.Split(must(t, issued(t), nil), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var says map[string]any
	if err := json.Unmarshal(raw, &says); err != nil {
		t.Fatal(err)
	}
	for name := range says {
		if !slices.Contains([]string{"iss", "vct", "iat", "exp", "kind", "holder_kind", "number", "title", "title_en", "level", "valid_from", "valid_until", "status", "_sd", "_sd_alg"}, name) {
			t.Errorf("%s is signed", name)
		}
	}
}

func TestPresentationsAreKeptForAWhile(t *testing.T) {
	p, err := issued(t).Present("p1", []string{"deed", "name", "deed"}, Token, Standard, noon)
	if err != nil || !slices.Equal(p.Shows, []string{"name", "deed"}) || !p.GoneAt.Equal(models.Day("2028-11-24").Start()) {
		t.Errorf("%v %+v", err, p)
	}
	if _, err := issued(t).Present("p1", nil, Token, Standard, models.Day("2028-11-24").Start()); !errors.Is(err, models.Conflict) {
		t.Errorf("shown after its end: %v", err)
	}
}

// FuzzCheck reads anything: it never falls over, and takes nothing that was not signed.
func FuzzCheck(f *testing.F) {
	c, keys := issued(f), public(ours)
	for _, shows := range [][]string{nil, {"name"}, Selectable} {
		f.Add(must(f, c, shows))
	}
	l, err := NewList(1, strings.Repeat("ab", 32))
	if err != nil {
		f.Fatal(err)
	}
	list, err := l.Token(by, Standard, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add("eyJhbGciOiJub25lIn0.e30.~W10~")
	all := must(f, c, Selectable)
	jwt, _, _ := strings.Cut(all, "~")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Check(text, keys); err == nil && !strings.HasPrefix(text, jwt+"~") {
			t.Errorf("%q passes", text)
		}
		if s, err := Parse(text); err == nil && s.String() != text {
			t.Errorf("%q is read as %q", text, s)
		}
		if l, err := ReadList(text, keys); err == nil && text != list {
			t.Errorf("%q is a list: %v", text, l)
		}
	})
}

var _ models.Sleeper = (*Credential)(nil)
var _ models.Sleeper = (*StatusList)(nil)
