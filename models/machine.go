package models

import (
	"fmt"
	"slices"
)

// A Machine is where a document may go from each state, as its Acts say. A state without an entry is unknown; a final state has an
// empty one.
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
	return &Error{Code: InvalidTransition, Reason: reason, Where: &Where{State: string(l.State), Allowed: texts(allowed), Last: l.Moved}}
}

// Enum makes the values of a type ready for its method Enum: what a request may say, and what the document lists.
func Enum[T any](values ...T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}
