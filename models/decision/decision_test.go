package decision

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/rule"
)

var noon = models.Day("2026-04-24").Clock(12, 0)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// adult is a rule of two facts.
func adult(t *testing.T) *rule.Program {
	t.Helper()
	p, err := rule.Compile(rule.Rule{
		ID: "test.adult", Version: 1, Facts: []rule.Fact{{Name: "birth", Type: rule.Day}, {Name: "today", Type: rule.Day}},
		Clauses: []rule.Clause{{ID: "test.adult", Expr: "addMonths(birth, 216) <= today", From: "addMonths(birth, 216)", Basis: "b", ChangeableBy: models.ByTime}},
	})
	must(t, err)
	return p
}

// made is a decision about somebody born on a day, by somebody.
func made(t *testing.T, birth models.Day, by models.Role, outcome string) *Decision {
	t.Helper()
	p := adult(t)
	facts := map[string]any{"birth": birth, "today": models.DayOf(noon)}
	raw, err := rule.Canonical(facts)
	must(t, err)
	result, err := p.Eval(facts)
	must(t, err)
	v, err := New(Draft{
		ID: "d1", Kind: Admission, Subject: models.Subject{Kind: models.PersonSubject, Ref: "s", Person: "mei"}, Person: "mei", Region: "430181",
		About: About{"agreement", "a1"}, Rule: p.Rule().ID, Version: p.Rule().Version, Hash: p.Hash(), Engine: rule.Engine, Inputs: raw, Result: result,
		Outcome: outcome, Uses: []rule.Cited{{Record: "r1", Version: 2}}, By: models.Actor{Role: by, Person: "mei"}, At: noon,
	})
	must(t, err)
	return v
}

// kinds are the kinds of the events told.
func kinds(v *Decision) (all []string) {
	for _, e := range v.Outbox {
		all = append(all, e.Kind)
	}
	return all
}

func TestMade(t *testing.T) {
	v := made(t, "2010-01-01", models.Resident, "")
	if v.State != Standing || v.Outcome != models.Fail || v.By != Automatic || v.Key() != "test.adult@"+v.RuleHash || len(v.Result) != 64 {
		t.Errorf("%+v", v)
	}
	if office := made(t, "2010-01-01", models.CountyHealth, models.Pass); office.By != Office || office.Outcome != models.Pass || office.Result != v.Result {
		t.Errorf("%+v", office)
	}
	for name, d := range map[string]Draft{"nothing": {}, "no inputs": {ID: "d", Kind: "k", Hash: "h"}} {
		if _, err := New(d); models.CodeOf(err) != models.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range v.Outbox {
		for key, value := range e.Data {
			if value == "2010-01-01" {
				t.Errorf("the event says %s", key)
			}
		}
	}
}

func TestReplay(t *testing.T) {
	v := made(t, "2010-01-01", models.Resident, "")
	again, err := v.Replay(adult(t))
	must(t, err)
	if !again.Equal || again.Stored != again.Again || again.Engine != rule.Engine {
		t.Errorf("%+v", again)
	}
	v.Inputs = models.NewSecret(`{"birth":"2000-01-01","today":"2026-04-24"}`)
	if again, err := v.Replay(adult(t)); err != nil || again.Equal || again.Stored == again.Again {
		t.Errorf("altered inputs replay alike: %+v, %v", again, err)
	}
	v.RuleHash = "0"
	if _, err := v.Replay(adult(t)); models.CodeOf(err) != models.Internal {
		t.Errorf("another rule replays: %v", err)
	}
}

func TestMadeAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		by      models.Role
		before  string // what was decided, when not by the rule
		birth   string // put right
		running bool
		state   State
		outcome string
		queued  bool
	}{
		"the same without the record":       {models.Resident, "", "2010-01-02", false, Confirmed, models.Fail, false},
		"she passes now":                    {models.Resident, "", "2000-01-01", false, Changed, models.Pass, false},
		"an office gave it, it still fails": {models.CountyHealth, models.Pass, "2010-01-02", true, Confirmed, models.Pass, false},
		"an office refused, she passes now": {models.CountyHealth, models.Fail, "2000-01-01", false, Changed, models.Pass, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := made(t, "2010-01-01", tc.by, tc.before)
			again(t, v, tc.birth, tc.running, tc.state, tc.outcome, tc.queued)
		})
	}
	t.Run("what runs fails now", func(t *testing.T) {
		again(t, made(t, "2000-01-01", models.Resident, ""), "2010-01-01", true, Changed, models.Fail, true)
	})
	t.Run("what ended fails now", func(t *testing.T) {
		again(t, made(t, "2000-01-01", models.Resident, ""), "2010-01-01", false, Changed, models.Fail, false)
	})
}

func again(t *testing.T, v *Decision, birth string, running bool, state State, outcome string, queued bool) {
	t.Helper()
	fresh, err := v.Recall("record.corrected", noon.Add(time.Hour))
	must(t, err)
	if twice, err := v.Recall("record.corrected", noon); !fresh || twice || err != nil {
		t.Fatal(fresh, twice, err)
	}
	next, err := v.Again(adult(t), map[string]any{"birth": birth, "today": "2026-04-24"}, nil, noon.Add(time.Hour))
	must(t, err)
	if next.After != v.ID || next.State != Standing || next.Outcome != outcome || next.ID == v.ID {
		t.Errorf("%+v", next)
	}
	must(t, v.Settle(next, running, noon.Add(time.Hour)))
	if v.State != state || v.Next != next.ID || (v.Queue != "") != queued {
		t.Errorf("%s, queue %q", v.State, v.Queue)
	}
	want := []string{EventMade.Name(), EventRecalled.Name(), EventConfirmed.Name()}
	if state == Changed {
		want[2] = EventChanged.Name()
	}
	if queued {
		want = append(want, EventDue.Name())
	}
	if diff := cmp.Diff(want, kinds(v)); diff != "" {
		t.Error(diff)
	}
	if err := v.Looked("seen"); (err == nil) != queued || v.Queue != "" {
		t.Errorf("off the queue: %v", err)
	}
}

func TestEveryMove(t *testing.T) {
	for _, state := range States {
		v := made(t, "2010-01-01", models.Resident, "")
		v.State = state
		_, recalled := v.Recall("record.corrected", noon)
		if (recalled == nil) != (state == Standing || state == Recalled) {
			t.Errorf("%s is recalled: %v", state, recalled)
		}
		v.State = state
		settled := v.Settle(made(t, "2000-01-01", models.Resident, ""), false, noon)
		if (settled == nil) != (state == Recalled) || settled != nil && (v.State != state || v.Next != "") {
			t.Errorf("%s is settled: %v", state, settled)
		}
		v.State, v.Next = state, ""
		if changed := v.Supersede("d2", noon); changed != (state == Standing || state == Recalled) || changed != (v.Next == "d2") || v.Supersede("d1", noon) {
			t.Errorf("%s is superseded: %v", state, changed)
		}
	}
}

// kept is one line of the corpus: a rule, facts and the result they had when the line was written.
type kept struct {
	Name   string
	Rule   rule.Rule
	Hash   string
	Inputs string
	Result string
}

// Decisions made long ago come out the same, byte for byte. A line is never changed: if one comes out otherwise, whoever moves
// the engine on has to keep the old one too.
func TestCorpus(t *testing.T) {
	f, err := os.Open("testdata/corpus.jsonl")
	must(t, err)
	defer func() { must(t, f.Close()) }()
	lines, n := bufio.NewScanner(f), 0
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		n++
		var k kept
		must(t, json.Unmarshal(lines.Bytes(), &k))
		p, err := rule.Compile(k.Rule)
		must(t, err)
		facts, err := rule.Facts([]byte(k.Inputs))
		must(t, err)
		raw, err := rule.Canonical(facts)
		must(t, err)
		result, err := p.Eval(facts)
		must(t, err)
		if p.Hash() != k.Hash || string(raw) != k.Inputs || string(result.Canonical()) != k.Result {
			t.Errorf("%s: the rule is %s, the facts %s, the result %s", k.Name, p.Hash(), raw, result.Canonical())
		}
	}
	must(t, lines.Err())
	if n < 16 {
		t.Errorf("only %d decisions", n)
	}
}
