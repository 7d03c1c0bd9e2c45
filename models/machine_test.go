package models

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type light string

func TestMove(t *testing.T) {
	lights := Machine[light]{"red": {"green"}, "green": {"amber", "red"}, "amber": nil}
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	by := Actor{Person: "p1", Role: CountyHealth}
	for name, c := range map[string]struct {
		from, to light
		want     error
		where    *Where
	}{
		"allowed":       {"red", "green", nil, nil},
		"to itself":     {"red", "red", InvalidTransition, &Where{State: "red", Allowed: []string{"green"}, Last: Moved{Reason: "before"}}},
		"not allowed":   {"red", "amber", InvalidTransition, &Where{State: "red", Allowed: []string{"green"}, Last: Moved{Reason: "before"}}},
		"final":         {"amber", "red", InvalidTransition, &Where{State: "amber", Allowed: []string{}, Last: Moved{Reason: "before"}}},
		"unknown state": {"blue", "red", Internal, nil},
		"zero state":    {"", "red", Internal, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := Life[light]{State: c.from, Moved: Moved{Reason: "before"}}
			l := before
			err := l.Move(lights, c.to, by.At(now).Because("because"), "light.no")
			if c.want == nil {
				if err != nil || l != (Life[light]{c.to, Moved{CountyHealth, now, "because"}}) {
					t.Fatalf("%+v, %v", l, err)
				}
				return
			}
			if !errors.Is(err, c.want) || l != before {
				t.Fatalf("%v, want %v; %+v", err, c.want, l)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal("not an Error")
			}
			if diff := cmp.Diff(c.where, e.Where); diff != "" {
				t.Error(diff)
			}
			if errors.Is(c.want, InvalidTransition) && (e.Reason != "light.no" || !errors.Is(err, Conflict)) {
				t.Errorf("%v is not the Conflict light.no", err)
			}
		})
	}
}
