package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Machine is the whole life of a document: from each state, the states it may move to.
// A state without an entry is unknown; a final state has an empty one.
type Machine[S ~string] map[S][]S

// Life is the state of a document and its last move. Embed it inline; only Move assigns it.
type Life[S ~string] struct {
	State S     `bson:"state"`
	Moved Moved `bson:"moved"`
}

// Move goes to the state to, or answers InvalidTransition with where the document stands and changes nothing.
// reason is the refusal's key, "medical.bill_not_payable".
func (l *Life[S]) Move(m Machine[S], to S, moved Moved, reason string) error {
	if err := m.Check(*l, to, reason); err != nil {
		return err
	}
	l.State, l.Moved = to, moved
	return nil
}

// Check says whether l may move to the state to, as Move would.
func (m Machine[S]) Check(l Life[S], to S, reason string) error {
	allowed, known := m[l.State]
	switch {
	case !known:
		return E(Internal, "internal", fmt.Errorf("state %q is in no machine", l.State))
	case slices.Contains(allowed, to):
		return nil
	}
	return Refused(l, allowed, reason)
}

// Refused is the InvalidTransition for an act that l's state does not allow.
func Refused[S ~string](l Life[S], allowed []S, reason string) *Error {
	names := make([]string, len(allowed))
	for i, s := range allowed {
		names[i] = string(s)
	}
	return &Error{Code: InvalidTransition, Reason: reason, Where: &Where{State: string(l.State), Allowed: names, Last: l.Moved}}
}

// Enum makes the values of a type ready for its method Enum: what a request may say, and what the document lists.
func Enum[T any](values ...T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// A Picture is the life of a document as it can be drawn: its states in the order of the type, and every move between two of them.
type Picture struct {
	Name   string // of the document: "agreement"
	States []string
	Moves  [][2]string
}

// Draw is the picture of a machine.
func Draw[S ~string](name string, m Machine[S]) Picture {
	p := Picture{Name: name}
	for s := range m {
		p.States = append(p.States, string(s))
	}
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
	return p
}

// Mermaid is the picture in the language of Mermaid's state diagrams.
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
		fmt.Fprintf(&b, "  %s --> %s\n", m[0], m[1])
	}
	return b.String()
}
