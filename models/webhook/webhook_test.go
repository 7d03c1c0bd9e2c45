package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

var (
	noon     = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	his      = models.Actor{Role: models.Hospital, Org: "h1", Region: "430181", Client: "c1"}
	other    = models.Actor{Role: models.Hospital, Org: "h2", Region: "430181", Client: "c2"}
	moved    = models.Actor{Role: models.Hospital, Org: "h2", Region: "430181", Client: "c1"} // the client acts for another hospital now
	bank     = models.Actor{Role: models.Bank, Org: "b1", Client: "c3"}
	clerk    = models.Actor{Role: models.HospitalFinance, Org: "h1", Person: "clerk"}
	operator = models.Actor{Role: models.Operator, Person: "op", Org: "xinyi"}
)

func seeds(fill byte) Seeds {
	return Seeds{HMAC: []byte(strings.Repeat(string(rune(fill)), 32)), Ed: []byte(strings.Repeat(string(rune(fill)), 32))}
}

// at makes an endpoint of his in a state; by is who disabled it.
func at(t *testing.T, s State, by models.Actor) *Endpoint {
	t.Helper()
	e, err := New("e1", his, Wish{URL: "https://his.example/hook"}, seeds('a'), noon)
	if err == nil && s == Disabled {
		err = e.Disable(by, "why", noon)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Outbox, e.FailingSince = nil, models.At(noon.Add(-time.Hour))
	return e
}

func TestNew(t *testing.T) {
	long := "https://his.example/" + strings.Repeat("x", MaxURL)
	tests := map[string]struct {
		by   models.Actor
		wish Wish
		keys Seeds
		want error
	}{
		"all kinds":               {his, Wish{URL: "https://a.example"}, seeds('a'), nil},
		"some kinds":              {his, Wish{"https://a.example", []string{"medical.bill_paid", "medical.bill_issued", "medical.bill_paid"}}, seeds('a'), nil},
		"a bank":                  {bank, Wish{URL: "https://a.example"}, seeds('a'), nil},
		"a bank hears of no bill": {bank, Wish{"https://a.example", []string{"medical.bill_paid"}}, seeds('a'), models.Invalid},
		"nobody's kind":           {his, Wish{"https://a.example", []string{"medical.bill_paid", "medical.payment_started"}}, seeds('a'), models.Invalid},
		"no address":              {his, Wish{}, seeds('a'), models.Invalid},
		"a long address":          {his, Wish{URL: long}, seeds('a'), models.Invalid},
		"a person":                {clerk, Wish{URL: "https://a.example"}, seeds('a'), models.Forbidden},
		"no organisation":         {models.Actor{Role: models.Hospital, Client: "c"}, Wish{URL: "https://a.example"}, seeds('a'), models.Forbidden},
		"short HMAC":              {his, Wish{URL: "https://a.example"}, Seeds{make([]byte, 23), make([]byte, 32)}, models.Invalid},
		"long HMAC":               {his, Wish{URL: "https://a.example"}, Seeds{make([]byte, 65), make([]byte, 32)}, models.Invalid},
		"short Ed25519":           {his, Wish{URL: "https://a.example"}, Seeds{make([]byte, 32), make([]byte, 31)}, models.Invalid},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := New("e1", tc.by, tc.wish, tc.keys, noon)
			if tc.want != nil {
				if !errors.Is(err, tc.want) || e != nil {
					t.Fatalf("New = %v, %v, want %v", e, err, tc.want)
				}
				return
			}
			if err != nil || e.State != Active || len(e.Outbox) != 1 || e.Outbox[0].Kind != EventRegistered.Name() || e.Outbox[0].Person != "" {
				t.Fatalf("New = %+v, %v", e, err)
			}
			if len(tc.wish.Kinds) == 3 && strings.Join(e.Kinds, " ") != "medical.bill_issued medical.bill_paid" {
				t.Errorf("kinds are %v", e.Kinds)
			}
		})
	}
	_, err := New("e1", his, Wish{"https://a.example", []string{"x", "medical.bill_paid", "y"}}, seeds('a'), noon)
	if e := (*models.Error)(nil); !errors.As(err, &e) || len(e.Fields) != 2 || e.Fields[1].Pointer != "/kinds/2" {
		t.Errorf("%+v", err)
	}
}

// TestActs goes through every state and act. A refused call changes nothing.
func TestActs(t *testing.T) {
	type act = func(*Endpoint) error
	change := func(by models.Actor, w Wish) act { return func(e *Endpoint) error { return e.Change(by, w, noon) } }
	rotate := func(by models.Actor, s Seeds, d time.Duration) act {
		return func(e *Endpoint) error { return e.Rotate(by, s, d, noon) }
	}
	disable := func(by models.Actor, why string) act {
		return func(e *Endpoint) error { return e.Disable(by, why, noon) }
	}
	enable := func(by models.Actor) act { return func(e *Endpoint) error { return e.Enable(by, noon) } }
	good := Wish{URL: "https://new.example"}
	tests := map[string]struct {
		state State
		by    models.Actor // who disabled it
		act   act
		want  error
		ends  State
		told  string
	}{
		"change, active":               {Active, his, change(his, good), nil, Active, EventChanged.Name()},
		"change, disabled":             {Disabled, his, change(his, good), nil, Disabled, EventChanged.Name()},
		"change, another's":            {Active, his, change(other, good), models.NotFound, Active, ""},
		"change, client moved on":      {Active, his, change(moved, good), models.NotFound, Active, ""},
		"change, operator":             {Active, his, change(operator, good), models.NotFound, Active, ""},
		"change, person":               {Active, his, change(clerk, good), models.NotFound, Active, ""},
		"change, bad kind":             {Active, his, change(his, Wish{"https://new.example", []string{"x"}}), models.Invalid, Active, ""},
		"change, no address":           {Active, his, change(his, Wish{}), models.Invalid, Active, ""},
		"rotate, active":               {Active, his, rotate(his, seeds('b'), time.Hour), nil, Active, EventChanged.Name()},
		"rotate, disabled":             {Disabled, his, rotate(his, seeds('b'), 0), nil, Disabled, EventChanged.Name()},
		"rotate, another's":            {Active, his, rotate(other, seeds('b'), 0), models.NotFound, Active, ""},
		"rotate, operator":             {Active, his, rotate(operator, seeds('b'), 0), models.NotFound, Active, ""},
		"rotate, too long":             {Active, his, rotate(his, seeds('b'), MaxOverlap+1), models.Invalid, Active, ""},
		"rotate, backwards":            {Active, his, rotate(his, seeds('b'), -1), models.Invalid, Active, ""},
		"rotate, short":                {Active, his, rotate(his, Seeds{}, 0), models.Invalid, Active, ""},
		"disable, active":              {Active, his, disable(his, "maintenance"), nil, Disabled, EventDisabled.Name()},
		"disable, operator":            {Active, his, disable(operator, "noisy"), nil, Disabled, EventDisabled.Name()},
		"disable, time":                {Active, his, disable(models.Clockwork, WhyClient), nil, Disabled, EventDisabled.Name()},
		"disable, disabled":            {Disabled, his, disable(his, ""), models.InvalidTransition, Disabled, ""},
		"disable, another's":           {Active, his, disable(other, ""), models.NotFound, Active, ""},
		"disable, long reason":         {Active, his, disable(his, strings.Repeat("x", 201)), models.Invalid, Active, ""},
		"enable, disabled":             {Disabled, his, enable(his), nil, Active, EventEnabled.Name()},
		"enable, by the operator":      {Disabled, his, enable(operator), nil, Active, EventEnabled.Name()},
		"enable, disabled by time":     {Disabled, models.Clockwork, enable(his), nil, Active, EventEnabled.Name()},
		"enable, operator's":           {Disabled, operator, enable(his), models.Forbidden, Disabled, ""},
		"enable, operator's, operator": {Disabled, operator, enable(operator), nil, Active, EventEnabled.Name()},
		"enable, active":               {Active, his, enable(his), models.InvalidTransition, Active, ""},
		"enable, another's":            {Disabled, his, enable(other), models.NotFound, Disabled, ""},
		"enable, time":                 {Disabled, his, enable(models.Clockwork), models.NotFound, Disabled, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e, before := at(t, tc.state, tc.by), at(t, tc.state, tc.by)
			if err := tc.act(e); !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want != nil {
				if !reflect.DeepEqual(e, before) {
					t.Errorf("a refused call changed it:\n%+v\n%+v", e, before)
				}
				return
			}
			if e.State != tc.ends || len(e.Outbox) != 1 || e.Outbox[0].Kind != tc.told || e.Outbox[0].Person != "" {
				t.Errorf("ends %s with %+v", e.State, e.Outbox)
			}
		})
	}
}

func TestFailuresDisable(t *testing.T) {
	steps := []struct {
		name    string
		failing bool // else it worked
		after   time.Duration
		changed bool
		ends    State
		since   time.Duration // -1: none
	}{
		{"the first failure", true, 0, true, Active, 0},
		{"another", true, time.Hour, false, Active, 0},
		{"a moment before", true, Patience - time.Millisecond, false, Active, 0},
		{"it works", false, Patience, true, Active, -1},
		{"it still works", false, Patience, false, Active, -1},
		{"it fails again", true, Patience + time.Hour, true, Active, Patience + time.Hour},
		{"and so on", true, 2*Patience + time.Hour - 1, false, Active, Patience + time.Hour},
		{"five days", true, 2*Patience + time.Hour, true, Disabled, Patience + time.Hour},
		{"a late failure", true, 3 * Patience, false, Disabled, Patience + time.Hour},
	}
	e := at(t, Active, his)
	e.FailingSince = nil
	for _, s := range steps {
		changed, err := false, error(nil)
		if s.failing {
			changed, err = e.Failing(noon.Add(s.after))
		} else {
			changed = e.Worked()
		}
		since := time.Duration(-1)
		if e.FailingSince != nil {
			since = e.FailingSince.Sub(noon)
		}
		if err != nil || changed != s.changed || e.State != s.ends || since != s.since {
			t.Fatalf("%s: %v %v, %s, failing since %v", s.name, changed, err, e.State, since)
		}
	}
	if e.Moved.Reason != WhyFailing || len(e.Outbox) != 1 || e.Outbox[0].Kind != EventDisabled.Name() {
		t.Errorf("%+v %+v", e.Moved, e.Outbox)
	}
	if err := e.Enable(his, noon); err != nil || e.FailingSince != nil {
		t.Errorf("enabled: %v, failing since %v", err, e.FailingSince)
	}
}

func TestGone(t *testing.T) {
	e := at(t, Active, his)
	if changed, err := e.Gone(noon); !changed || err != nil || e.State != Disabled || e.Moved.Reason != WhyGone {
		t.Errorf("%v %v %+v", changed, err, e.Life)
	}
	if changed, err := e.Gone(noon); changed || err != nil || len(e.Outbox) != 1 {
		t.Errorf("again: %v %v", changed, err)
	}
}

func TestANewAddressStartsWithoutFailures(t *testing.T) {
	e := at(t, Active, his)
	if err := e.Change(his, Wish{URL: e.URL, Kinds: []string{"medical.bill_paid"}}, noon); err != nil || e.FailingSince == nil {
		t.Errorf("the same address: %v, %v", err, e.FailingSince)
	}
	if err := e.Change(his, Wish{URL: "https://new.example"}, noon); err != nil || e.FailingSince != nil {
		t.Errorf("a new address: %v, %v", err, e.FailingSince)
	}
}

// reveal lists keys by the letter they were filled with.
func reveal(t *testing.T, keys []models.Secret, prefix string) string {
	t.Helper()
	out := ""
	for _, k := range keys {
		text, ok := strings.CutPrefix(k.Reveal(), prefix)
		b, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(b) != 32 {
			t.Fatalf("%q %v", k.Reveal(), err)
		}
		out += string(b[:1])
	}
	return out
}

func TestKeysOverlap(t *testing.T) {
	e := at(t, Active, his)
	check := func(after time.Duration, want string) {
		t.Helper()
		hmac, ed := e.Signing(noon.Add(after))
		if got := reveal(t, hmac, "whsec_"); got != want {
			t.Errorf("after %v: HMAC keys %q, want %q", after, got, want)
		}
		if got := reveal(t, ed, "whsk_"); got != want {
			t.Errorf("after %v: Ed25519 keys %q, want %q", after, got, want)
		}
		if len(e.Public(noon.Add(after))) != len(want) {
			t.Errorf("after %v: %d public keys", after, len(e.Public(noon.Add(after))))
		}
	}
	rotate := func(fill byte, overlap, after time.Duration) {
		t.Helper()
		if err := e.Rotate(his, seeds(fill), overlap, noon.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	check(0, "a")
	check(-time.Second, "")
	rotate('b', time.Hour, time.Minute)
	check(time.Minute, "ba")
	check(time.Hour+time.Minute-1, "ba")
	check(time.Hour+time.Minute, "b")
	rotate('c', 24*time.Hour, 2*time.Minute) // only two overlap: the oldest goes at once
	check(2*time.Minute, "cb")
	rotate('d', 0, 3*time.Minute) // a leaked key goes without overlap
	check(3*time.Minute, "d")
	rotate('e', MaxOverlap, 4*time.Minute)
	rotate('f', time.Minute, 5*time.Minute)
	rotate('g', MaxOverlap, 5*time.Minute)
	check(6*time.Minute, "gf")
	if len(e.HMAC) != 2 || len(e.Ed) != 2 {
		t.Errorf("%d and %d keys are kept", len(e.HMAC), len(e.Ed))
	}
}

func TestThePublicKeyFitsThePrivate(t *testing.T) {
	e := at(t, Active, his)
	seed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.Ed[0].Secret.Reveal(), "whsk_"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.Public(noon)[0], "whpk_"))
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(public, []byte("x"), ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte("x"))) {
		t.Error("what the private key signs the public key refuses")
	}
}

func TestWants(t *testing.T) {
	e := at(t, Active, his)
	for kind, want := range map[string]bool{"medical.bill_paid": true, "medical.payment_started": false, "identity.signed_in": false, ping: false} {
		if e.Wants(kind) != want {
			t.Errorf("all kinds: %s %v", kind, !want)
		}
	}
	e.Kinds = []string{"medical.refund_done"}
	if e.Wants("medical.bill_paid") || !e.Wants("medical.refund_done") {
		t.Error("its own choice is not heard")
	}
	if off := at(t, Disabled, his); off.Wants("medical.bill_paid") {
		t.Error("a disabled endpoint wants something")
	}
	if e.Role = models.Bank; e.Wants("medical.refund_done") {
		t.Error("a bank hears of a refund")
	}
}
