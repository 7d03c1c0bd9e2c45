package organisation

import (
	"errors"
	"testing"
	"time"

	"xinyi/models"
)

var (
	noon   = time.Date(2026, 4, 24, 4, 0, 0, 0, time.UTC)
	soon   = noon.Add(time.Hour)
	opA    = models.Actor{Person: "op-a", Role: models.Operator, Org: "xinyi"}
	opB    = models.Actor{Person: "op-b", Role: models.Operator, Org: "xinyi"}
	cityA  = models.Actor{Person: "city-a", Role: models.CreditOffice, Org: "office-city", Region: "4301"}
	deskA  = models.Actor{Person: "desk-a", Role: models.CreditOffice, Org: "office-county", Region: "430181"}
	deskB  = models.Actor{Person: "desk-b", Role: models.CreditOffice, Org: "office-county", Region: "430181"}
	deskC  = models.Actor{Person: "desk-c", Role: models.CreditOffice, Org: "office-county", Region: "430181"}
	other  = models.Actor{Person: "other", Role: models.CreditOffice, Org: "office-other", Region: "430182"}
	nurse  = models.Actor{Person: "nurse", Role: models.HospitalFinance, Org: "hospital-1", Region: "430181"}
	name   = models.Words{ZH: "机构", EN: "Organisation"}
	phone  = models.NewSecret("19900000101")
	nobody *Organisation
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// active is an organisation that was confirmed.
func active(t *testing.T, id string, kind Kind, region models.Region, parent *Organisation) *Organisation {
	t.Helper()
	o, err := New(id, Registration{Content{Kind: kind, Name: name, Region: region}, phone}, parent, models.Clockwork, noon)
	must(t, err)
	must(t, o.Confirm(models.Clockwork, noon))
	o.Outbox = nil
	return o
}

// city is a city's office, a county's below it and that county's hospital.
func city(t *testing.T) (office, county, hospital *Organisation) {
	t.Helper()
	office = active(t, "office-city", CreditOffice, "4301", nobody)
	county = active(t, "office-county", CreditOffice, "430181", office)
	return office, county, active(t, "hospital-1", Hospital, "430181", county)
}

func TestNew(t *testing.T) {
	office, county, hospital := city(t)
	for name, tc := range map[string]struct {
		id     string
		kind   Kind
		region models.Region
		parent *Organisation
		by     models.Actor
		want   error
	}{
		"a hospital of the county":            {"hospital-2", Hospital, "430181", county, deskA, nil},
		"by the city":                         {"hospital-2", Hospital, "430181", county, cityA, nil},
		"a first office, by an operator":      {"office-x", CreditOffice, "4302", nobody, opA, nil},
		"a first office, by an office":        {"office-x", CreditOffice, "4302", nobody, cityA, models.Forbidden},
		"a first office of everywhere":        {"office-x", CreditOffice, "", nobody, opA, models.Invalid},
		"a first office of a province's half": {"office-x", CreditOffice, "43", nobody, opA, models.Invalid},
		"a hospital that answers to nobody":   {"hospital-2", Hospital, "430181", nobody, opA, models.Invalid},
		"under the city, by the county":       {"unit-1", SourceUnit, "4301", office, deskA, models.NotFound},
		"under another county":                {"hospital-2", Hospital, "430181", county, other, models.NotFound},
		"an operator below an office":         {"hospital-2", Hospital, "430181", county, opA, models.NotFound},
		"beyond the region":                   {"hospital-2", Hospital, "430182", county, deskA, models.Invalid},
		"everywhere":                          {"hospital-2", Hospital, "", county, deskA, models.Invalid},
		"under a hospital":                    {"bank-1", Bank, "430181", hospital, deskA, models.Invalid},
		"of no kind":                          {"x-1", "PALACE", "430181", county, deskA, models.Forbidden},
		"a code of a firm":                    {"114301810000000001", Hospital, "430181", county, deskA, models.Invalid},
		"an id that is none":                  {"../x", Hospital, "430181", county, deskA, models.Invalid},
		"by a cashier":                        {"hospital-2", Hospital, "430181", hospital, nurse, models.Forbidden},
		"for somebody, by an agent":           {"hospital-2", Hospital, "430181", county, models.Actor{Person: "p", Agent: "a", Role: models.CreditOffice, Org: "office-county"}, models.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := New(tc.id, Registration{Content{Kind: tc.kind, Name: models.Words{ZH: "新", EN: "New"}, Region: tc.region}, phone}, tc.parent, tc.by, noon)
			if tc.want == nil && (err != nil || o.State != Proposed || o.Over(nurse)) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

func TestRegistrationTakesTwo(t *testing.T) {
	_, county, _ := city(t)
	o, err := New("hospital-2", Registration{Content{Kind: Hospital, Name: name, Region: "430181"}, phone}, county, deskA, noon)
	must(t, err)
	for by, want := range map[*models.Actor]error{&deskA: models.Forbidden, &other: models.NotFound, &nurse: models.NotFound, &opA: models.NotFound} {
		if err := o.Confirm(*by, soon); !errors.Is(err, want) || o.State != Proposed {
			t.Errorf("confirmed by %s: %v", by.Person, err)
		}
	}
	must(t, o.Confirm(cityA, soon))
	if err := o.Confirm(deskB, soon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("confirmed twice: %v", err)
	}
	if err := o.Ask(phone, "both", deskA, soon); !errors.Is(err, models.Invalid) {
		t.Errorf("two changes at once: %v", err)
	}
	next := models.NewSecret("19900000999")
	must(t, o.Ask(next, "", deskA, soon))
	if err := o.Confirm(deskA, soon); !errors.Is(err, models.Forbidden) || o.Contact != phone {
		t.Errorf("the phone changed by one: %v", err)
	}
	must(t, o.Confirm(deskB, soon))
	if o.Contact != next || o.Asked != nil || o.State != Active {
		t.Errorf("%+v", o)
	}
	must(t, o.Ask(models.Secret{}, "closed", deskB, soon))
	must(t, o.Refuse("not yet", deskA, soon))
	if o.State != Active || o.Asked != nil {
		t.Errorf("a refused end: %+v", o)
	}
	must(t, o.Ask(models.Secret{}, "closed", deskB, soon))
	must(t, o.Confirm(deskA, soon))
	if o.State != Ended {
		t.Errorf("%s", o.State)
	}
	for _, err := range []error{o.Confirm(deskB, soon), o.Refuse("x", deskA, soon), o.Ask(next, "", deskA, soon)} {
		if !errors.Is(err, models.InvalidTransition) {
			t.Errorf("after the end: %v", err)
		}
	}
	if _, err := o.Propose("a", Draft{Role: models.HospitalFinance, Person: "p"}, deskA, soon); !errors.Is(err, models.NotFound) {
		t.Errorf("an appointment after the end: %v", err)
	}
}

func TestAppointmentTakesThree(t *testing.T) {
	office, _, hospital := city(t)
	for name, tc := range map[string]struct {
		o    *Organisation
		role models.Role
		by   models.Actor
		want error
	}{
		"the county's hospital":     {hospital, models.HospitalFinance, deskA, nil},
		"by the city":               {hospital, models.HospitalFinance, cityA, nil},
		"an office of another kind": {hospital, models.DataOfficer, deskA, models.Invalid},
		"upwards":                   {office, models.CreditOffice, deskA, models.NotFound},
		"sideways":                  {hospital, models.HospitalFinance, other, models.NotFound},
		"by an operator":            {hospital, models.HospitalFinance, opA, models.NotFound},
		"an operator, by an office": {office, models.Operator, cityA, models.Forbidden},
		"in the own organisation":   {hospital, models.HospitalFinance, nurse, models.Forbidden},
		"an operator opens unasked": {office, models.CreditOffice, opA, models.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := tc.o.Propose("a", Draft{Role: tc.role, Person: "p"}, tc.by, noon)
			if tc.want == nil && (err != nil || a.State != Asked || a.Held(noon)) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
	if _, err := hospital.Propose("a", Draft{Role: models.HospitalFinance, Person: deskA.Person}, deskA, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("oneself: %v", err)
	}
	a, err := hospital.Propose("a", Draft{Role: models.HospitalFinance, Person: "p"}, deskA, noon)
	must(t, err)
	appointee := deskB
	appointee.Person = "p"
	for by, want := range map[*models.Actor]error{&deskA: models.Forbidden, &appointee: models.Forbidden, &other: models.NotFound, &opA: models.NotFound, &nurse: models.Forbidden} {
		if err := a.Confirm(nil, *by, soon); !errors.Is(err, want) || a.State != Asked {
			t.Errorf("confirmed by %s: %v", by.Person, err)
		}
	}
	must(t, a.Confirm([]string{"nurse", "p", "desk-b"}, deskB, soon))
	told := map[string]string{}
	for _, e := range a.Outbox {
		if e.Person != "" {
			told[e.Person] = e.Kind
		}
	}
	if !a.Held(soon) || len(told) != 1 || told["nurse"] != EventColleague.Name() {
		t.Errorf("held %v, told %v", a.Held(soon), told)
	}
	if err := a.Refuse("late", deskC, soon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("refused after it was confirmed: %v", err)
	}
}

// held is an appointment of p to the hospital by desks a and b.
func held(t *testing.T) *Appointment {
	t.Helper()
	_, _, hospital := city(t)
	a, err := hospital.Propose("a", Draft{Role: models.HospitalFinance, Person: "p"}, deskA, noon)
	must(t, err)
	must(t, a.Confirm(nil, deskB, noon))
	a.Outbox = nil
	return a
}

func TestContest(t *testing.T) {
	late := noon.AddDate(0, 0, Standard.ContestDays)
	for name, tc := range map[string]struct {
		by   models.Actor
		at   time.Time
		want error
		then AppointmentState
	}{
		"a colleague, soon":      {nurse, soon, nil, Suspended},
		"a colleague, later":     {nurse, late, nil, Serving},
		"the person":             {models.Actor{Person: "p", Role: models.HospitalFinance, Org: "hospital-1"}, soon, models.Forbidden, Serving},
		"another organisation":   {models.Actor{Person: "x", Role: models.HospitalFinance, Org: "hospital-2"}, soon, models.NotFound, Serving},
		"nobody's officer":       {models.Actor{Person: "x", Role: models.Resident}, soon, models.NotFound, Serving},
		"who made it, elsewhere": {models.Actor{Person: "desk-a", Role: models.HospitalFinance, Org: "hospital-1"}, soon, models.Forbidden, Serving},
	} {
		t.Run(name, func(t *testing.T) {
			a := held(t)
			if err := a.Object("nobody knows him", Standard, tc.by, tc.at); tc.want == nil && err != nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Fatalf("%v, want %v", err, tc.want)
			}
			if a.State != tc.then || a.Contested != (tc.want == nil) {
				t.Errorf("%s, contested %v", a.State, a.Contested)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	a := held(t)
	must(t, a.Object("nobody knows him", Standard, nurse, soon))
	for by, want := range map[*models.Actor]error{&deskA: models.Forbidden, &deskB: models.Forbidden, &other: models.NotFound, &nurse: models.Forbidden} {
		if err := a.Decide(false, "checked", *by, soon); !errors.Is(err, want) || a.State != Suspended {
			t.Errorf("decided by %s: %v", by.Person, err)
		}
	}
	if err := a.Dismiss(nil, deskC, soon); !errors.Is(err, models.Conflict) {
		t.Errorf("dismissed while contested: %v", err)
	}
	must(t, a.Decide(false, "checked", deskC, soon))
	if !a.Held(soon) || a.Contested {
		t.Errorf("%+v", a)
	}
	if err := a.Object("again", Standard, nurse, soon); !errors.Is(err, models.Conflict) {
		t.Errorf("contested again: %v", err)
	}
	must(t, a.Dismiss([]string{"nurse"}, deskA, soon))
	if a.Held(soon) {
		t.Error("dismissed and held")
	}
	must(t, a.Object("she did nothing", Standard, nurse, soon))
	if a.State != Left || !a.Contested {
		t.Errorf("%+v", a)
	}
	if err := a.Decide(true, "a mistake", deskA, soon); !errors.Is(err, models.Forbidden) {
		t.Errorf("decided by who dismissed: %v", err)
	}
	must(t, a.Decide(true, "a mistake", deskB, soon))
	if !a.Held(soon) {
		t.Errorf("%+v", a)
	}
	b := held(t)
	must(t, b.Object("nobody knows him", Standard, nurse, soon))
	must(t, b.Decide(true, "right", cityA, soon))
	if b.State != Left || b.Held(soon) {
		t.Errorf("%+v", b)
	}
}

// Two operators appoint the first two officers of a city, and nobody after them.
func TestOpeningACity(t *testing.T) {
	office := active(t, "office-city", CreditOffice, "4301", nobody)
	for i, person := range []string{"first", "second", "third"} {
		opens := office.OpenWith("a-" + person)
		if opens != (i < 2) {
			t.Fatalf("%s: %v", person, opens)
		}
		if !opens {
			break
		}
		a, err := office.Propose("a-"+person, Draft{Role: models.CreditOffice, Person: person, Opens: true}, opA, noon)
		must(t, err)
		if err := a.Confirm(nil, opA, noon); !errors.Is(err, models.Forbidden) {
			t.Errorf("confirmed by who asked: %v", err)
		}
		must(t, a.Confirm(nil, opB, noon))
		if err := a.Dismiss(nil, opA, noon); !errors.Is(err, models.NotFound) {
			t.Errorf("an operator dismisses: %v", err)
		}
	}
	office.Unopen("a-first")
	if !office.Opens(models.CreditOffice) || office.Opens(models.Auditor) {
		t.Error("one who was refused cannot be replaced")
	}
}

func TestClosing(t *testing.T) {
	a := held(t)
	if !a.Close(soon) || a.Close(soon) || a.Held(soon) || a.State != Left {
		t.Errorf("%+v", a)
	}
	_, _, hospital := city(t)
	b, err := hospital.Propose("b", Draft{Role: models.HospitalFinance, Person: "p"}, deskA, noon)
	must(t, err)
	if !b.Close(soon) || b.State != Refused {
		t.Errorf("%+v", b)
	}
}

// Whatever is held stands in the table, once.
func TestHoldings(t *testing.T) {
	for _, k := range Kind("").Enum() {
		h, ok := Holdings[k.(Kind)]
		if !ok || h.By == "" || len(h.Staff) == 0 && h.System == "" || len(h.Under) == 0 && !k.(Kind).Alone() {
			t.Errorf("%s: %+v", k, h)
		}
	}
	if len(Holdings) != len(Kind("").Enum()) {
		t.Error("a kind nobody lists")
	}
}
