package jury_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/score"
)

var (
	noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	most = map[string]score.Points{"a": 5000, "b": 5000}
)

func as(person string) models.Actor { return models.Actor{Person: person, Role: models.Resident} }

func order(n int) (all []jury.Juror) {
	for i := range n {
		all = append(all, jury.Juror{No: fmt.Sprint("no", i), Person: fmt.Sprint("p", i)})
	}
	return all
}

func sheet(a, b score.Points) jury.Sheet {
	return jury.Sheet{Marks: map[string]score.Points{"a": a, "b": b}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoMayGive(t *testing.T) {
	p := jury.Panel{Round: 1, Size: 3}
	if asked := p.Fill(order(9)); !slices.Equal(asked, []string{"p0", "p1", "p2"}) {
		t.Fatal(asked)
	}
	must(t, p.Recuse(jury.Kin, "", as("p0"), noon))
	must(t, p.Give(sheet(1, 2), most, as("p1"), noon))
	agent := as("p2")
	agent.Agent = "somebody"
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"who stood aside":     {p.Give(sheet(1, 2), most, as("p0"), noon), models.Conflict},
		"who gave":            {p.Give(sheet(1, 2), most, as("p1"), noon), models.Conflict},
		"aside after giving":  {p.Recuse(jury.Kin, "", as("p1"), noon), models.Conflict},
		"nobody":              {p.Give(sheet(1, 2), most, as(""), noon), models.NotFound},
		"who was not drawn":   {p.Give(sheet(1, 2), most, as("p5"), noon), models.NotFound},
		"an agent":            {p.Give(sheet(1, 2), most, agent, noon), models.NotFound},
		"a criterion missing": {p.Give(jury.Sheet{Marks: map[string]score.Points{"a": 1}}, most, as("p2"), noon), models.Invalid},
		"one too many":        {p.Give(jury.Sheet{Marks: map[string]score.Points{"a": 1, "b": 1, "c": 1}}, most, as("p2"), noon), models.Invalid},
		"too much":            {p.Give(sheet(5001, 0), most, as("p2"), noon), models.Invalid},
		"below none":          {p.Give(sheet(-1, 0), most, as("p2"), noon), models.Invalid},
		"a tie of the clock":  {p.Recuse(jury.Late, "", as("p2"), noon), models.Invalid},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	if in, given, aside := p.Counts(); in != 2 || given != 1 || aside != 1 {
		t.Errorf("%d %d %d", in, given, aside)
	}
}

// Nobody sits twice, in whatever order who stands aside, is late or is scored again; what is given is open at once or not at all.
func TestSeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, all := jury.Panel{Round: 1, Size: 5}, order(rapid.IntRange(3, 20).Draw(t, "pool"))
		for range rapid.IntRange(1, 30).Draw(t, "acts") {
			p.Fill(all)
			person := fmt.Sprint("p", rapid.IntRange(0, 19).Draw(t, "who"))
			switch rapid.IntRange(0, 4).Draw(t, "act") {
			case 0:
				_ = p.Recuse(jury.Other, "", as(person), noon)
			case 1:
				p.Lapse()
			case 2:
				p.Again()
			default:
				_ = p.Give(sheet(1234, 4321), most, as(person), noon)
			}
			opened := p.Open(false, 1)
			in, given, _ := p.Counts()
			if opened != (given == p.Size) || len(p.Sheets()) != 0 && !opened {
				t.Fatalf("%d of %d given, open %v", given, in, opened)
			}
			if in > p.Size {
				t.Fatalf("%d sit", in)
			}
			sat := map[string]int{}
			for _, s := range p.Seats {
				if sat[s.Person]++; sat[s.Person] > 1 {
					t.Fatalf("%s sits twice", s.Person)
				}
				if s.Aside != "" && s.Sheet() != nil {
					t.Fatalf("%s stood aside and counts", s.Person)
				}
			}
		}
	})
}

// Printed, a seat says nothing of what was given.
func TestPrintedSeatsSayNothing(t *testing.T) {
	p := jury.Panel{Round: 1, Size: 2}
	p.Fill(order(2))
	must(t, p.Give(jury.Sheet{Marks: map[string]score.Points{"a": 4777, "b": 4777}, Note: "note"}, most, as("p0"), noon))
	if text := fmt.Sprintf("%+v", p); strings.Contains(text, "77") || strings.Contains(text, "note") {
		t.Error(text)
	}
}

// The trimmed mean is the exact one, rounded half up to a hundredth.
func TestMeanIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 12).Draw(t, "marks")
		valid, trim := rapid.IntRange(1, 6).Draw(t, "valid"), rapid.IntRange(3, 7).Draw(t, "trim")
		p := jury.Panel{Round: 1, Size: len(marks)}
		p.Fill(order(len(marks)))
		for i, m := range marks {
			if err := p.Give(sheet(score.Points(m), 0), most, as(fmt.Sprint("p", i)), noon); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, n, ok := p.Mean(valid, trim); n != 0 || ok {
			t.Fatal("a mean of what is sealed")
		}
		p.Open(false, 1)
		got, by, n, ok := p.Mean(valid, trim)
		if ok != (len(marks) >= valid) || n != len(marks) {
			t.Fatalf("%v of %d, %d asked for", ok, n, valid)
		}
		in := slices.Sorted(slices.Values(marks))
		if len(in) >= trim {
			in = in[1 : len(in)-1]
		}
		sum := new(big.Rat)
		for _, m := range in {
			sum.Add(sum, new(big.Rat).SetInt64(m))
		}
		sum.Quo(sum, new(big.Rat).SetInt64(int64(len(in)))).Add(sum, big.NewRat(1, 2))
		want := new(big.Int).Quo(sum.Num(), sum.Denom()).Int64()
		if ok && int64(got) != want || by["a"] != score.Points(want) {
			t.Fatalf("%v trimmed from %d: %d %v, want %d", marks, trim, got, by, want)
		}
	})
}
