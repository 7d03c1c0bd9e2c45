package access

import (
	"errors"
	"testing"
	"time"

	"xinyi/models"
)

var (
	noon    = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) // a Monday, 12:00 in Shanghai
	officer = models.Actor{Person: "o", Role: models.CreditOffice, Org: "office", Region: "430181"}
	bank    = models.Actor{Role: models.Bank, Org: "bank", Client: "bank", Region: "430181"}
	person  = models.Subject{Kind: models.PersonSubject, Ref: "r", Person: "p"}
)

func TestNew(t *testing.T) {
	tests := map[string]struct {
		viewing Access
		reason  string
	}{
		"a case":              {Access{Subject: person, Purpose: "credit.objection", Case: "c"}, ""},
		"consent":             {Access{Subject: person, Purpose: "share.loan", Receipt: "r"}, ""},
		"refused":             {Access{Subject: person, Purpose: "share.loan", Refused: "revoked"}, ""},
		"no case needed":      {Access{Subject: person, Purpose: "audit.access"}, ""},
		"no purpose":          {Access{Subject: person, Case: "c"}, "access.no_purpose"},
		"a purpose made up":   {Access{Subject: person, Purpose: "curiosity", Case: "c"}, "access.unknown_purpose"},
		"a case is missing":   {Access{Subject: person, Purpose: "credit.objection"}, "access.no_case"},
		"a receipt is needed": {Access{Subject: person, Purpose: "share.loan"}, "access.no_case"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := New("e", tc.viewing, officer, "rq", noon)
			if tc.reason != "" {
				var refused *models.Error
				if e != nil || !errors.As(err, &refused) || refused.Reason != tc.reason {
					t.Fatalf("%v %v", e, err)
				}
				return
			}
			if err != nil || e.Basis == "" || e.Subject != person || e.GoneAt == nil || models.DayOf(*e.GoneAt) != "2036-03-02" {
				t.Errorf("%+v %v", e, err)
			}
		})
	}
	e, err := New("e", Access{Subject: models.Subject{Kind: models.PersonSubject, Person: "p"}, Purpose: "medical.care", Case: "v"}, officer, "rq", noon)
	if err != nil || e.Subject.Ref != "person/p" {
		t.Errorf("known by the account alone: %+v %v", e, err)
	}
}

func TestPurposes(t *testing.T) {
	for name, p := range Purposes {
		if p.Words.ZH == "" || p.Words.EN == "" || p.Basis.ZH == "" || p.Basis.EN == "" {
			t.Errorf("%s lacks words", name)
		}
		if p.Law && !p.Cases {
			t.Errorf("%s needs neither consent nor a case", name)
		}
	}
}

func TestAnnounce(t *testing.T) {
	own := models.Actor{Person: "p", Role: models.CreditOffice, Org: "office"}
	tests := map[string]struct {
		by      models.Actor
		viewing Access
		odd     Anomaly
		kind    string
	}{
		"an office looks":        {officer, Access{Subject: person, Purpose: "credit.objection", Case: "c"}, "", EventSeen.Name()},
		"at the desk":            {bank, Access{Subject: person, Purpose: "medical.care", Case: "c"}, "", ""},
		"at the desk, at night":  {officer, Access{Subject: person, Purpose: "medical.billing", Case: "c"}, Night, EventOdd.Name()},
		"refused":                {bank, Access{Subject: person, Purpose: "share.loan", Refused: "revoked"}, "", EventRefused.Name()},
		"nobody to tell":         {officer, Access{Subject: models.Subject{Kind: models.PersonSubject, Ref: "x"}, Purpose: "credit.objection", Case: "c"}, Night, ""},
		"an organisation's file": {officer, Access{Subject: models.Subject{Kind: models.Organisation, Ref: "91430100MAXX000152"}, Purpose: "credit.objection", Case: "c"}, "", EventSeen.Name()},
		"one's own":              {own, Access{Subject: person, Purpose: "credit.objection", Case: "c"}, Night, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := New("e", tc.viewing, tc.by, "rq", noon)
			if err != nil {
				t.Fatal(err)
			}
			e.Find(tc.odd, tc.odd)
			e.Announce()
			got := ""
			for _, ev := range e.Outbox {
				got += ev.Kind
			}
			if got != tc.kind || (tc.odd != "") != (e.Watch == Watched) || len(e.Anomalies) > 1 {
				t.Errorf("told %q, want %q; %v", got, tc.kind, e.Anomalies)
			}
		})
	}
}

func TestHours(t *testing.T) {
	day := func(d models.Day, hour, minute int) time.Time { return d.Clock(hour, minute) }
	tests := map[string]struct {
		by   models.Actor
		at   time.Time
		want []Anomaly
	}{
		"noon":                  {officer, noon, nil},
		"opening":               {officer, day("2026-03-02", 7, 0), nil},
		"just before":           {officer, day("2026-03-02", 6, 59), []Anomaly{Night}},
		"closing":               {officer, day("2026-03-02", 21, 0), []Anomaly{Night}},
		"two at night":          {officer, day("2026-03-03", 2, 10), []Anomaly{Night}},
		"a Sunday":              {officer, day("2026-03-08", 10, 0), []Anomaly{DayOff}},
		"a Sunday night":        {officer, day("2026-03-08", 2, 0), []Anomaly{Night, DayOff}},
		"a system works always": {bank, day("2026-03-08", 2, 0), nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Standard.Hours(tc.by, tc.at)
			if len(got) != len(tc.want) {
				t.Fatalf("%v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("%v, want %v", got, tc.want)
				}
			}
		})
	}
	if Standard.Crowd(150) != "" || Standard.Crowd(151) != Many {
		t.Error("the border of a crowd")
	}
}

func TestAllows(t *testing.T) {
	g := Ground{
		ID: "c", Subject: person, Desk: "office", Region: "430181108", Open: true,
		Roles: []models.Role{officer.Role}, Purposes: []string{"credit.objection", "credit.repair", "medical.supervision"}, Scopes: []string{"item.XZCF"},
	}
	with := func(change func(*Ground)) *Ground { h := g; change(&h); return &h }
	tests := map[string]struct {
		ground  *Ground
		by      models.Actor
		subject models.Subject
		purpose string
		reason  string
	}{
		"the case's own office": {&g, officer, person, "credit.objection", ""},
		"any of the region":     {with(func(g *Ground) { g.Desk = "" }), officer, person, "credit.repair", ""},
		"a partner's purpose":   {&g, officer, person, "share.loan", "access.not_by_law"},
		"no such purpose":       {&g, officer, person, "curiosity", "access.not_by_law"},
		"no ground":             {nil, officer, person, "credit.objection", "access.no_ground"},
		"another desk":          {with(func(g *Ground) { g.Desk = "other" }), officer, person, "credit.objection", "access.no_ground"},
		"another region":        {with(func(g *Ground) { g.Region = "430182" }), officer, person, "credit.objection", "access.no_ground"},
		"what it carries not":   {&g, officer, person, "credit.evaluation", "access.no_ground"},
		"another role works":    {with(func(g *Ground) { g.Roles = []models.Role{models.TownStaff} }), officer, person, "credit.objection", "access.no_ground"},
		"not his to state":      {&g, officer, person, "medical.supervision", "access.not_your_purpose"},
		"it opens no records":   {with(func(g *Ground) { g.Scopes = nil }), officer, person, "credit.objection", "access.no_ground"},
		"closed":                {with(func(g *Ground) { g.Open = false }), officer, person, "credit.objection", "access.case_closed"},
		"about another":         {&g, officer, models.Subject{Kind: models.PersonSubject, Ref: "q"}, "credit.objection", "access.case_of_other"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := tc.ground.Allows(tc.by, tc.subject, tc.purpose)
			var refused *models.Error
			if tc.reason == "" && err != nil || tc.reason != "" && (!errors.As(err, &refused) || refused.Reason != tc.reason) {
				t.Errorf("%v, want %q", err, tc.reason)
			}
		})
	}
}

func TestChallenge(t *testing.T) {
	var e Entry
	if err := errors.Join(e.Challenge("c"), e.Challenge("c")); err != nil || e.Contest != "c" {
		t.Error(err)
	}
	if err := e.Challenge("d"); !errors.Is(err, models.Conflict) || e.Contest != "c" {
		t.Error(err)
	}
}
