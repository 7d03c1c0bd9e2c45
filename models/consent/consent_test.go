package consent

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

var (
	noon    = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	bank    = models.Actor{Role: models.Bank, Org: "bank", Client: "bank"}
	other   = models.Actor{Role: models.Bank, Org: "bank2", Client: "bank2"}
	officer = models.Actor{Person: "o", Role: models.CreditOffice, Org: "office", Region: "430181"}
	ann     = models.Actor{Person: "ann", Role: models.Resident}
	bob     = models.Actor{Person: "bob", Role: models.Resident}
	annSub  = models.Subject{Kind: models.PersonSubject, Ref: "ref-ann", Person: "ann"}
	firm    = models.Subject{Kind: models.Organisation, Ref: "91430100MAXX000152"}
)

func registered(t *testing.T) *Partner {
	t.Helper()
	p, err := NewPartner(System{Client: "bank", Name: "银行", Org: "bank", Kind: models.Bank}, Grant{Scopes: map[string][]string{
		"share.loan": {"records.penalty", "records.licence", "profile.name", "item.*", "finance.income"},
	}}, officer, noon)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func loan() Terms {
	return Terms{Purpose: "share.loan", Scopes: []string{"records.penalty", "profile.name"}, Mode: Periodic, Days: 30, Reads: 3}
}

func agreed(texts ...Text) Signature {
	s := Signature{Text: shown(Main), Adult: true}
	for _, t := range texts {
		s.Notices = append(s.Notices, shown(t))
	}
	return s
}

func shown(t Text) Signed { return Signed{ID: t.ID, Version: t.Version, Hash: t.Hash(), Lang: "zh"} }

func asked(t *testing.T) *Consent {
	t.Helper()
	c, err := Ask(registered(t), Draft{ID: "c", Subject: annSub, Terms: loan()}, Standard, bank, noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in is a consent in a state.
func in(t *testing.T, s State) *Consent {
	t.Helper()
	c := asked(t)
	switch s {
	case Requested:
	case Denied:
		do(t, c.Deny(ann, noon))
	case Lapsed:
		do(t, c.Wake(noon.AddDate(0, 0, 7)))
	case Given, Withdrawn, Expired, Exhausted:
		do(t, c.Give(ann, agreed(), Narrowing{}, Standard, noon))
		switch s {
		case Withdrawn:
			do(t, c.Withdraw(ann, noon))
		case Expired:
			do(t, c.Wake(*c.Until))
		case Exhausted:
			for i := range 3 {
				do(t, c.Take(query(fmt.Sprint("nonce-0123456789-", i)), registered(t), Standard, noon))
			}
		}
	}
	if c.State != s {
		t.Fatalf("it is %s, want %s", c.State, s)
	}
	return c
}

func query(nonce string) Query {
	return Query{
		Consent: "c", Purpose: "share.loan", Scopes: []string{"records.penalty"}, Nonce: nonce, By: bank,
		Subject: Naming{models.PersonSubject, []string{"ref-new", "ref-ann"}},
	}
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := []struct {
		name    string
		do      func(*Consent) error
		allowed []State
	}{
		{"give", func(c *Consent) error { return c.Give(ann, agreed(), Narrowing{}, Standard, noon) }, []State{Requested}},
		{"deny", func(c *Consent) error { return c.Deny(ann, noon) }, []State{Requested}},
		{"withdraw", func(c *Consent) error { return c.Withdraw(ann, noon) }, []State{Given}},
		{"take", func(c *Consent) error { return c.Take(query("nonce-of-another-read"), registered(t), Standard, noon) }, []State{Given}},
	}
	for _, s := range States {
		for _, act := range acts {
			t.Run(act.name+"/"+string(s), func(t *testing.T) {
				c, before := in(t, s), in(t, s)
				err := act.do(c)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err == nil {
					return
				}
				if want := models.InvalidTransition; act.name != "take" && !errors.Is(err, want) || cmp.Diff(before, c) != "" {
					t.Errorf("a refused act: %v\n%s", err, cmp.Diff(before, c))
				}
			})
		}
	}
}

func TestGive(t *testing.T) {
	tests := map[string]struct {
		by     models.Actor
		s      Signature
		less   Narrowing
		reason string
		want   Terms
	}{
		"as asked":          {ann, agreed(), Narrowing{}, "", Terms{Scopes: []string{"profile.name", "records.penalty"}, Days: 30, Reads: 3}},
		"less of all":       {ann, agreed(), Narrowing{[]string{"records.penalty"}, 7, 1}, "", Terms{Scopes: []string{"records.penalty"}, Days: 7, Reads: 1}},
		"by her guardian":   {models.Actor{Person: "ann", Agent: "bob", Role: models.Resident}, agreed(), Narrowing{}, "", Terms{Scopes: []string{"profile.name", "records.penalty"}, Days: 30, Reads: 3}},
		"more scopes":       {ann, agreed(), Narrowing{Scopes: []string{"records.licence"}}, "consent.widened", Terms{}},
		"no scope at all":   {ann, agreed(), Narrowing{Scopes: []string{}}, "consent.widened", Terms{}},
		"more days":         {ann, agreed(), Narrowing{Days: 31}, "consent.widened", Terms{}},
		"more reads":        {ann, agreed(), Narrowing{Reads: 4}, "consent.widened", Terms{}},
		"fewer than none":   {ann, agreed(), Narrowing{Reads: -1}, "consent.widened", Terms{}},
		"somebody else":     {bob, agreed(), Narrowing{}, "consent.other_subject", Terms{}},
		"the bank itself":   {bank, agreed(), Narrowing{}, "consent.other_subject", Terms{}},
		"a minor":           {ann, Signature{Text: shown(Main)}, Narrowing{}, "consent.minor", Terms{}},
		"nothing was shown": {ann, Signature{Adult: true}, Narrowing{}, "consent.text_outdated", Terms{}},
		"an older text":     {ann, Signature{Text: Signed{ID: "share", Version: "2026-1", Hash: "x"}, Adult: true}, Narrowing{}, "consent.text_outdated", Terms{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := asked(t)
			err := c.Give(tc.by, tc.s, tc.less, Standard, noon)
			if reasonOf(err) != tc.reason {
				t.Fatalf("%v, want %q", err, tc.reason)
			}
			if tc.reason != "" {
				if d := cmp.Diff(asked(t), c); d != "" {
					t.Errorf("a refused Give changed it: %s", d)
				}
				return
			}
			if !slices.Equal(c.Terms.Scopes, tc.want.Scopes) || c.Terms.Days != tc.want.Days || c.Left != tc.want.Reads || c.Giver != tc.by {
				t.Errorf("%+v by %+v", c.Terms, c.Giver)
			}
			if c.Asked.Days != 30 || c.Text.Hash != Main.Hash() || !c.Text.At.Equal(noon) {
				t.Errorf("what was asked and shown: %+v %+v", c.Asked, c.Text)
			}
			if want := models.DayOf(noon).Add(tc.want.Days).End(); !c.Until.Equal(want) || !c.WakeAt.Equal(want) {
				t.Errorf("until %v, wakes %v, want %v", c.Until, c.WakeAt, want)
			}
		})
	}
}

// Income and the like need two documents of their own: the notice of adverse consequences, and written consent.
func TestRestrictedScopesNeedBothNotices(t *testing.T) {
	terms := loan()
	terms.Scopes = []string{"finance.income"}
	for name, tc := range map[string]struct {
		texts  []Text
		reason string
	}{
		"neither": {nil, "consent.notice_missing"}, "only the notice": {[]Text{Adverse}, "consent.notice_missing"},
		"only the consent": {[]Text{Written}, "consent.notice_missing"}, "one twice": {[]Text{Written, Written}, "consent.notice_missing"}, "both": {[]Text{Adverse, Written}, ""},
	} {
		c, err := Ask(registered(t), Draft{ID: "c", Subject: annSub, Terms: terms}, Standard, bank, noon)
		do(t, err)
		if err := c.Give(ann, agreed(tc.texts...), Narrowing{}, Standard, noon); reasonOf(err) != tc.reason {
			t.Errorf("%s: %v, want %q", name, err, tc.reason)
		}
	}
	c := in(t, Given)
	c.Terms.Scopes = []string{"finance.income"} // however it came there
	q := query("nonce-0123456789")
	q.Scopes = []string{"finance.income"}
	if r := Check(q, registered(t), c, Standard, noon); r != WideScope {
		t.Errorf("read without the notices: %q", r)
	}
}

func TestTerms(t *testing.T) {
	tests := map[string]struct {
		change  func(*Terms)
		pointer string
	}{
		"as they are":         {func(*Terms) {}, ""},
		"once":                {func(t *Terms) { t.Mode, t.Reads = "", 0 }, ""},
		"the longest":         {func(t *Terms) { t.Days = 366 }, ""},
		"too long":            {func(t *Terms) { t.Days = 367 }, "/days"},
		"no day":              {func(t *Terms) { t.Days = 0 }, "/days"},
		"too many reads":      {func(t *Terms) { t.Reads = 61 }, "/reads"},
		"no read":             {func(t *Terms) { t.Reads = 0 }, "/reads"},
		"once, but twice":     {func(t *Terms) { t.Mode, t.Reads = OneTime, 2 }, "/reads"},
		"unknown purpose":     {func(t *Terms) { t.Purpose = "curiosity" }, "/purpose"},
		"an office's":         {func(t *Terms) { t.Purpose = "credit.objection" }, "/purpose"},
		"no scope":            {func(t *Terms) { t.Scopes = nil }, "/scopes"},
		"unknown scope":       {func(t *Terms) { t.Scopes = []string{"records.gossip"} }, "/scopes"},
		"any item at all":     {func(t *Terms) { t.Scopes = []string{"item.*"} }, "/scopes"},
		"an item":             {func(t *Terms) { t.Scopes = []string{"item.XZCF"} }, ""},
		"unknown mode":        {func(t *Terms) { t.Mode = "STREAM" }, "/mode"},
		"a class of nobody's": {func(t *Terms) { t.Class = models.Auditor }, "/class"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			terms := loan()
			tc.change(&terms)
			_, err := terms.checked(Standard)
			got := ""
			if e := (*models.Error)(nil); errors.As(err, &e) {
				got = e.Fields[0].Pointer
			}
			if got != tc.pointer {
				t.Errorf("%v, want %q", err, tc.pointer)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	p := registered(t)
	purpose, scopes := loan(), loan()
	purpose.Purpose, scopes.Scopes = "share.benefit", []string{"records.honour"}
	for name, tc := range map[string]struct {
		p      *Partner
		by     models.Actor
		t      Terms
		reason string
	}{
		"registered": {p, bank, loan(), ""}, "nobody registered it": {nil, bank, loan(), "consent.partner_unknown"},
		"another's": {p, other, loan(), "consent.partner_unknown"}, "another purpose": {p, bank, purpose, "consent.purpose_not_allowed"},
		"another scope": {p, bank, scopes, "consent.scope_not_allowed"},
	} {
		if c, err := Ask(tc.p, Draft{ID: "c", Subject: annSub, Terms: tc.t}, Standard, tc.by, noon); reasonOf(err) != tc.reason || (err != nil) != (c == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := models.Subject{Kind: models.PersonSubject, Ref: "ref-new"}
	c, err := Ask(p, Draft{ID: "c", Subject: stranger, Terms: loan()}, Standard, bank, noon)
	do(t, err)
	if len(c.Outbox) != 0 || c.Slot == "" || c.State != Requested {
		t.Errorf("somebody without an account: %+v", c)
	}
	if c.Meet(annSub, noon) || !c.Meet(models.Subject{Kind: models.PersonSubject, Ref: "ref-new", Person: "new"}, noon) || c.Subject.Person != "new" || len(c.Outbox) != 1 {
		t.Errorf("met: %+v", c)
	}
}

func TestOffer(t *testing.T) {
	to := func(recipient string, class models.Role) Terms {
		t := loan()
		t.Recipient, t.Class = recipient, class
		return t
	}
	for name, tc := range map[string]struct {
		t      Terms
		reason string
	}{
		"one": {to("bank", ""), ""}, "any bank": {to("", models.Bank), ""}, "nobody": {to("", ""), "consent.recipient_needed"}, "both": {to("bank", models.Bank), "consent.recipient_needed"},
	} {
		c, err := Offer(Draft{ID: "c", Subject: annSub, Terms: tc.t, Name: ""}, agreed(), Standard, ann, noon)
		if reasonOf(err) != tc.reason || err == nil && c.State != Given {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (!c.Receives(bank) || c.Receives(other) != (tc.t.Class != "")) {
			t.Errorf("%s is for the wrong ones", name)
		}
	}
	business := models.Actor{Person: "bob", Role: models.Business, Org: firm.Ref}
	if c, err := Offer(Draft{ID: "c", Subject: firm, Terms: to("bank", ""), Name: ""}, agreed(), Standard, business, noon); err != nil || c.State != Given {
		t.Errorf("an organisation: %v", err)
	}
	if _, err := Offer(Draft{ID: "c", Subject: firm, Terms: to("bank", ""), Name: ""}, agreed(), Standard, models.Actor{Person: "bob", Role: models.Business, Org: "other"}, noon); reasonOf(err) != "consent.other_subject" {
		t.Errorf("another organisation's: %v", err)
	}
}

// A partner cannot tell a denial from silence: neither while an answer is awaited nor after, nor by asking again.
func TestDenialLooksLikeSilence(t *testing.T) {
	denied, silent := in(t, Denied), asked(t)
	for _, at := range []time.Time{noon, noon.AddDate(0, 0, 7).Add(-time.Millisecond), noon.AddDate(0, 0, 7), noon.AddDate(1, 0, 0)} {
		do(t, errors.Join(denied.Wake(at), silent.Wake(at)))
		if denied.Seen(at) != silent.Seen(at) || denied.Slot != silent.Slot {
			t.Errorf("at %v: %s %q, silence %s %q", at, denied.Seen(at), denied.Slot, silent.Seen(at), silent.Slot)
		}
	}
}

func TestWake(t *testing.T) {
	c := in(t, Given)
	end := *c.Until
	do(t, c.Wake(end.Add(-time.Millisecond)))
	if c.State != Given {
		t.Errorf("ended early: %s", c.State)
	}
	do(t, c.Wake(end.AddDate(0, 0, 9))) // after an outage
	if c.State != Expired || c.WakeAt != nil || c.Outbox[len(c.Outbox)-1].Kind != EventExpired.Name() {
		t.Errorf("%s, wakes %v", c.State, c.WakeAt)
	}
	told := len(c.Outbox)
	do(t, c.Wake(end.AddDate(0, 0, 10)))
	if len(c.Outbox) != told {
		t.Error("told twice")
	}
}

func TestLeave(t *testing.T) {
	for _, s := range States {
		c := in(t, s)
		changed, err := c.Leave(noon)
		if open := s == Requested || s == Given; err != nil || changed != open || c.State == Requested || c.State == Given {
			t.Errorf("%s: %v %v, is %s", s, changed, err, c.State)
		}
	}
}

func TestReceipt(t *testing.T) {
	c := in(t, Given)
	q := query("nonce-0123456789")
	do(t, c.Take(q, registered(t), Standard, noon))
	r := NewReceipt(q, c, 120, noon)
	if !r.Until.Equal(noon.Add(900*time.Second)) || r.ID != c.Used[0].Receipt {
		t.Errorf("%+v", r)
	}
	late := c.Until.Add(-time.Minute)
	if short := NewReceipt(q, c, 120, late); !short.Until.Equal(*c.Until) {
		t.Errorf("outlives its consent: %v", short.Until)
	}
	for at, want := range map[time.Time]ReceiptState{noon: ReceiptActive, r.Until.Add(-time.Millisecond): ReceiptActive, r.Until: ReceiptExpired} {
		if got := r.Stands(c, at); got != want {
			t.Errorf("at %v: %s", at, got)
		}
	}
	do(t, c.Withdraw(ann, noon))
	if got := r.Stands(c, noon); got != ReceiptRevoked {
		t.Errorf("after withdrawal: %s", got)
	}
	if got := r.Stands(in(t, Exhausted), noon); got != ReceiptActive {
		t.Errorf("the last read's: %s", got)
	}
}
