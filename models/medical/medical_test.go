package medical

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

// noon is a Friday before the May holiday, 12:00 in Shanghai.
var (
	noon   = models.Day("2026-04-24").Clock(12, 0)
	mei    = models.Actor{Person: "mei", Role: models.Resident}
	clerk  = models.Actor{Person: "clerk", Role: models.CountyHealth}
	boss   = models.Actor{Person: "boss", Role: models.CountyHealth}
	his    = models.Actor{Role: models.Hospital, Org: "h1"}
	clinic = &Hospital{Meta: models.Meta{ID: "h1"}, Name: "浏阳市中医医院"}
)

func newScheme() *Scheme {
	return &Scheme{
		Meta: models.Meta{ID: "s1", Revision: 3}, Region: "430181", Funding: HospitalDeferred,
		Types: []VisitType{Outpatient, Inpatient, Emergency}, Hospitals: []string{"h1"},
		Bands:     []Band{{ID: "C", Outpatient: 50000, Inpatient: 500000}, {ID: "B", Outpatient: 100000, Inpatient: 1000000}},
		StartBand: "C", MinLevel: 2, Terms: Standard, From: "2026-04-01", To: "2026-12-31",
		Consents: []ConsentText{{ID: "credit_query", Version: "1"}, {ID: "health_cost", Version: "2"}, {ID: "data_sharing", Version: "1"}},
	}
}

func consents() []Consent {
	return []Consent{{ID: "credit_query", Version: "1"}, {ID: "health_cost", Version: "2"}, {ID: "data_sharing", Version: "1"}}
}

func applicant() Applicant { return Applicant{Person: "mei", Birth: "1990-01-01", Level: 2} }

// signed is an active agreement with the given outpatient limit.
func signed(t testing.TB, limit models.Fen) *Agreement {
	t.Helper()
	s := newScheme()
	s.Bands[0].Outpatient = limit
	a, err := s.Sign("a1", applicant(), consents(), mei, noon)
	if err != nil {
		t.Fatal(err)
	}
	a.Outbox = nil
	return a
}

func visit(typ VisitType) *Encounter {
	e := Open(Arrival{ID: "v1", Hospital: "h1", VisitNo: "no1", Type: typ, Person: "mei", Agreement: &Agreement{Meta: models.Meta{ID: "a1"}, Region: "430181"}, Reason: "", Region: "430181"}, his, noon)
	e.Outbox = nil
	return e
}

// issued is a bill of an outpatient visit, issued at noon.
func issued(t testing.TB, principal models.Fen) *Bill {
	t.Helper()
	b := NewBill(BillHead{ID: "b1", No: "1001", Seq: 1, Hospital: clinic.Name, Funding: newScheme().Funding}, visit(Outpatient), signed(t, 10000000), noon)
	must(t, b.Carry(principal, 1, noon))
	b.Outbox = nil
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err error, code models.Code, reason string) *models.Error {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
		t.Fatalf("got %v, want %s (%s)", err, reason, code)
	}
	return e
}

// A failer is a test, plain or of rapid.
type failer interface {
	Helper()
	Fatal(...any)
}

// copied is a deep copy, to compare a document with after a refusal.
func copied[T any](t failer, v *T) *T {
	t.Helper()
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	c := new(T)
	if err := json.Unmarshal(js, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func unchanged[T any](t testing.TB, before, after *T) {
	t.Helper()
	if diff := cmp.Diff(before, copied(t, after)); diff != "" {
		t.Fatalf("a refused call changed the document:\n%s", diff)
	}
}

// kinds are the kinds of the events told, in order.
func kinds(m *models.Meta) []string {
	var k []string
	for _, e := range m.Outbox {
		k = append(k, e.Kind)
	}
	return k
}

// act is one act on a document and the states in which it is allowed.
type act[T any] struct {
	name    string
	do      func(*T) error
	allowed string // states, separated by spaces
	quiet   string // states in which it changes nothing and answers no error
	code    models.Code
}

// inEveryState tries each act in each state: allowed, quiet, or refused with a transition that says where the document stands.
func inEveryState[T any, S ~string](t *testing.T, m models.Machine[S], make func(*testing.T, S) *T, life func(*T) models.Life[S], acts []act[T]) {
	t.Helper()
	for _, a := range acts {
		for state := range m {
			t.Run(a.name+"/"+string(state), func(t *testing.T) {
				doc := make(t, state)
				if got := life(doc).State; got != state {
					t.Fatalf("made a document in %s, not %s", got, state)
				}
				before := copied(t, doc)
				err := a.do(doc)
				switch {
				case has(a.quiet, string(state)):
					must(t, err)
					unchanged(t, before, doc)
				case has(a.allowed, string(state)):
					must(t, err)
					if cmp.Equal(before, copied(t, doc)) {
						t.Fatal("the act was allowed and changed nothing")
					}
				default:
					refused(t, err, a.code, string(state), names(m[state]))
					unchanged(t, before, doc)
				}
			})
		}
	}
}

func refused(t *testing.T, err error, code models.Code, state string, allowed []string) {
	t.Helper()
	if code == "" {
		code = models.InvalidTransition
	}
	var e *models.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want a refusal with %s", err, code)
	}
	if code != models.InvalidTransition {
		return
	}
	if e.Where == nil || e.Where.State != state || !cmp.Equal(e.Where.Allowed, allowed) {
		t.Fatalf("%s: where is %+v, want %s and %v", e.Reason, e.Where, state, allowed)
	}
}

func names[S ~string](states []S) []string {
	out := make([]string, len(states))
	for i, s := range states {
		out[i] = string(s)
	}
	return out
}

func has(list, word string) bool {
	for len(list) > 0 {
		head := list
		for i := range list {
			if list[i] == ' ' {
				head = list[:i]
				break
			}
		}
		if head == word {
			return true
		}
		list = list[min(len(head)+1, len(list)):]
	}
	return false
}

func after(d time.Duration) time.Time { return noon.Add(d) }
