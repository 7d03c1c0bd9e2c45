package models

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A Picture is the life of a document as people read it: its states in the order of the type, every move between two of them, and the
// acts that make the moves.
type Picture struct {
	Name   string       // of the document: "agreement"
	Of     reflect.Type // the document: its methods are the acts
	States []string
	Moves  [][2]string
	Acts   []Drawn
}

// Drawn is an act in a picture.
type Drawn struct {
	Name     string // of the method
	From, To []string
	Who      []Role // System: the clock, or an event
	Second   bool   // not for those who made what it decides about
}

// Draw is the picture of a document's acts: Draw[*Agreement]("agreement", agreementActs).
func Draw[D Document, S ~string](name string, acts Acts[S]) Picture {
	m := acts.Machine()
	p := Picture{Name: name, Of: reflect.TypeFor[D](), States: texts(slices.Collect(maps.Keys(m)))}
	order := map[string]int{}
	if listed, ok := any(*new(S)).(interface{ Enum() []any }); ok {
		for i, v := range listed.Enum() {
			order[fmt.Sprint(v)] = i
		}
	}
	slices.SortFunc(p.States, func(a, b string) int { return cmp.Or(order[a]-order[b], cmp.Compare(a, b)) })
	for _, from := range p.States {
		for _, to := range p.States {
			if slices.Contains(m[S(from)], S(to)) {
				p.Moves = append(p.Moves, [2]string{from, to})
			}
		}
	}
	for _, a := range acts {
		p.Acts = append(p.Acts, Drawn{a.name, texts(a.from), texts(a.to), a.who, a.second})
	}
	return p
}

func texts[S ~string](states []S) []string {
	all := make([]string, len(states))
	for i, s := range states {
		all[i] = string(s)
	}
	return all
}

// Mermaid is the picture in the language of Mermaid's state diagrams: each arrow says by which acts.
func (p Picture) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	entered, left := map[string]bool{}, map[string]bool{}
	for _, m := range p.Moves {
		if m[0] != m[1] {
			left[m[0]], entered[m[1]] = true, true
		}
	}
	for i, s := range p.States {
		if !entered[s] || i == 0 {
			fmt.Fprintf(&b, "  [*] --> %s\n", s)
		}
		if !left[s] {
			fmt.Fprintf(&b, "  %s --> [*]\n", s)
		}
	}
	for _, m := range p.Moves {
		fmt.Fprintf(&b, "  %s --> %s: %s\n", m[0], m[1], strings.Join(p.by(m), ", "))
	}
	return b.String()
}

// by are the names of the acts that make a move.
func (p Picture) by(move [2]string) (names []string) {
	for _, a := range p.Acts {
		if slices.Contains(a.From, move[0]) && slices.Contains(a.To, move[1]) && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}
