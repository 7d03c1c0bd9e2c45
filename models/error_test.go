package models

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestErrorIsItsCode(t *testing.T) {
	cause := errors.New("the disk is full")
	err := fmt.Errorf("saving: %w", E(Unavailable, "store.down", cause))
	if !errors.Is(err, Unavailable) || !errors.Is(err, cause) || errors.Is(err, Internal) {
		t.Errorf("%v", err)
	}
	refused := error(E(InvalidTransition, "x"))
	if !errors.Is(refused, Conflict) || !errors.Is(refused, InvalidTransition) || errors.Is(E(Conflict, "x"), InvalidTransition) {
		t.Error("an InvalidTransition is a Conflict, and not the other way round")
	}
	if s := E(Denied, "medical.limit").Error(); s != "medical.limit (denied)" {
		t.Error(s)
	}
	if s := err.Error(); !strings.Contains(s, "store.down") || !strings.Contains(s, "the disk is full") {
		t.Error(s)
	}
}

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, ""}, {errors.New("bare"), Internal}, {NotFound, NotFound}, {fmt.Errorf("a: %w", NotFound), NotFound},
		{E(Denied, "x"), Denied}, {fmt.Errorf("a: %w", E(Limited, "x", NotFound)), Limited},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestBadPointsAtItsField(t *testing.T) {
	e := Bad("/lines/3/amount", "fen", "charge.amount").With("least", "1.00").With("most", "2.00")
	if e.Code != Invalid || e.Reason != "charge.amount" || len(e.Fields) != 1 || e.Fields[0].Pointer != "/lines/3/amount" || e.Fields[0].Code != "fen" ||
		len(e.Args) != 2 || e.Args["least"] != "1.00" {
		t.Errorf("%+v", e)
	}
}
