package handlers

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// shownUnlogged are the routes that answer what is about a person to somebody else and note no look, each with its reason.
var shownUnlogged = map[string]string{}

// Every route that shows a person's data to somebody else says so, or stands in the list above with its reason.
func TestWhatIsPersonalIsRevealed(t *testing.T) {
	r := allRoutes(t)
	var open []string
	for _, line := range r.Unrevealed() {
		route := line[:strings.LastIndex(line, " ")]
		if shownUnlogged[route] == "" {
			t.Errorf("%s: it shows a person's data and notes no look", line)
		}
		open = append(open, route)
	}
	for route, why := range shownUnlogged {
		if !slices.Contains(open, route) || why == "" {
			t.Errorf("%s is excused (%s), and needs no excuse", route, why)
		}
	}
	reveals := 0
	for _, rt := range r.routes {
		if rt.reveals {
			reveals++
		}
	}
	if len(r.routes) < 100 || reveals < 20 {
		t.Fatalf("only %d routes and %d that reveal: the walk is blind", len(r.routes), reveals)
	}
}

// allRoutes is a door with every capability's routes; nothing behind them answers.
func allRoutes(t *testing.T) *Router {
	t.Helper()
	engine := sqlitetest.Open(t)
	s := store.New(engine, time.Now, nil)
	r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	r.Handle(
		Division{}, Identity{}, Medical{}, Ledger{}, Payments{}, Inbox{}, Delivery{}, Campaign{}, Webhook{}, Events{}, Audit{},
		Consent{}, Partners{}, Query{}, Access{}, Record{}, Decision{}, Casework{}, Batch{}, Catalogue{}, Uscc{}, Recall{},
	)
	return r
}

type plainView struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
}

type taggedView struct {
	Items []struct {
		Where string `json:"where" personal:"true"`
	} `json:"items"`
}

type namedView struct{ plainView }

type hiddenView struct {
	*plainView
	Who map[string][]struct {
		Phone models.Secret `json:"tel"`
	} `json:"who"`
}

type forgetfulView struct {
	Patient string `json:"p"`
}

type organisationView struct {
	Name string `json:"name" personal:"false"`
}

// What is personal is found by its tag, and without one by name or type, however deep it lies.
func TestPersonalDataIsFound(t *testing.T) {
	tests := map[string]struct {
		mount func(*Router)
		found bool
	}{
		"plain":              {show[plainView], false},
		"tagged":             {show[taggedView], true},
		"embedded":           {show[namedView], false},
		"deep, by type":      {show[hiddenView], true},
		"the tag forgotten":  {show[forgetfulView], true},
		"a list of them":     {show[List[forgetfulView]], true},
		"an organisation's":  {show[organisationView], false},
		"said to be shown":   {func(r *Router) { Get(r, "/x", nothing[forgetfulView], Does("X"), May("accesses.audit"), Reveals) }, false},
		"the person's alone": {func(r *Router) { Get(r, "/x", nothing[forgetfulView], Does("X"), May("consents.own")) }, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: store.New(nil, time.Now, nil), Log: slog.New(slog.DiscardHandler)})
			tc.mount(r)
			if got := r.Unrevealed(); (len(got) > 0) != tc.found {
				t.Errorf("found %v", got)
			}
		})
	}
}

func nothing[V any](context.Context, Request, struct{}) (v V, err error) { return v, nil }

func show[V any](r *Router) { Get(r, "/x", nothing[V], Does("X"), May("accesses.audit")) }

// A route that reveals and forgets to note its look answers 500 and shows nothing; so does one whose log cannot be written.
func TestNothingIsShownUnlogged(t *testing.T) {
	engine := sqlitetest.Open(t)
	now := func() time.Time { return time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) }
	s := store.New(engine, now, store.TestKeys())
	looks := &Looks{Entries: store.NewRepo[access.Entry](s, store.Accesses)}
	d := &door{T: t, r: NewRouter(Config{Now: now, Auth: names{}, Store: s, Log: slog.New(slog.DiscardHandler)})}
	route := func(path string, look func(context.Context, Request) error) {
		Get(d.r, path, func(ctx context.Context, rq Request, _ struct{}) (forgetfulView, error) {
			return forgetfulView{"张三"}, look(ctx, rq)
		}, Does("X"), May("accesses.audit"), Reveals)
	}
	look := access.Look{Subject: aPerson("p"), Purpose: "audit.access"}
	route("/forgets", func(context.Context, Request) error { return nil })
	route("/looks", func(ctx context.Context, rq Request) error { return looks.Look(ctx, rq, look) })
	route("/empty", func(ctx context.Context, rq Request) error { return looks.Look(ctx, rq) })
	route("/without-log", func(ctx context.Context, rq Request) error { return (*Looks)(nil).Look(ctx, rq, look) })
	route("/without-purpose", func(ctx context.Context, rq Request) error {
		return looks.Look(ctx, rq, access.Look{Subject: aPerson("p")})
	})
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/forgets": 500, "/looks": 200, "/empty": 200, "/without-log": 500, "/without-purpose": 400} {
		res := d.ask("GET /v1"+path, "", "as eve+auditor")
		if res.status != status || (status != 200) == strings.Contains(res.body, "张三") {
			t.Errorf("%s: %d %s", path, res.status, res.body)
		}
	}
	if n, err := looks.Entries.Count(t.Context(), store.AccessesOf(access.Account("p"))); err != nil || n != 1 {
		t.Errorf("%d entries: %v", n, err)
	}
}
