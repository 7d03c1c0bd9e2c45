package access

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	audithttp "xinyi/handlers/audit"
	batchhttp "xinyi/handlers/batch"
	campaignhttp "xinyi/handlers/campaign"
	caseworkhttp "xinyi/handlers/casework"
	cataloguehttp "xinyi/handlers/catalogue"
	consenthttp "xinyi/handlers/consent"
	decisionhttp "xinyi/handlers/decision"
	deliveryhttp "xinyi/handlers/delivery"
	divisionhttp "xinyi/handlers/division"
	identityhttp "xinyi/handlers/identity"
	inboxhttp "xinyi/handlers/inbox"
	journalhttp "xinyi/handlers/journal"
	medicalhttp "xinyi/handlers/medical"
	recallhttp "xinyi/handlers/recall"
	recordhttp "xinyi/handlers/record"
	uscchttp "xinyi/handlers/uscc"
	webhookhttp "xinyi/handlers/webhook"
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
	for _, rt := range r.Routes {
		if rt.Reveals {
			reveals++
		}
	}
	if len(r.Routes) < 100 || reveals < 20 {
		t.Fatalf("only %d routes and %d that reveal: the walk is blind", len(r.Routes), reveals)
	}
}

// allRoutes is a door with every capability's routes; nothing behind them answers.
func allRoutes(t *testing.T) *api.Router {
	t.Helper()
	engine := sqlitetest.Open(t)
	s := store.New(engine, time.Now, nil)
	r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	r.Handle(
		divisionhttp.Handler{}, identityhttp.Handler{}, medicalhttp.Handler{}, medicalhttp.Ledger{}, medicalhttp.Payments{}, inboxhttp.Handler{}, deliveryhttp.Handler{}, campaignhttp.Handler{}, webhookhttp.Handler{}, journalhttp.Handler{}, audithttp.Handler{},
		consenthttp.Handler{}, consenthttp.Partners{}, consenthttp.Query{}, Handler{}, recordhttp.Handler{}, decisionhttp.Handler{}, caseworkhttp.Handler{}, batchhttp.Handler{}, cataloguehttp.Handler{}, uscchttp.Handler{}, recallhttp.Handler{},
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
		mount func(*api.Router)
		found bool
	}{
		"plain":             {show[plainView], false},
		"tagged":            {show[taggedView], true},
		"embedded":          {show[namedView], false},
		"deep, by type":     {show[hiddenView], true},
		"the tag forgotten": {show[forgetfulView], true},
		"a list of them":    {show[api.List[forgetfulView]], true},
		"an organisation's": {show[organisationView], false},
		"said to be shown": {func(r *api.Router) {
			api.Get(r, "/x", nothing[forgetfulView], api.Does("X"), mayAudit, api.Reveals)
		}, false},
		"the person's alone": {func(r *api.Router) {
			api.Get(r, "/x", nothing[forgetfulView], api.Does("X"), api.May("mine", models.Resident))
		}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: store.New(nil, time.Now, nil), Log: slog.New(slog.DiscardHandler)})
			tc.mount(r)
			if got := r.Unrevealed(); (len(got) > 0) != tc.found {
				t.Errorf("found %v", got)
			}
		})
	}
}

func nothing[V any](context.Context, api.Request, struct{}) (v V, err error) { return v, nil }

func show[V any](r *api.Router) {
	api.Get(r, "/x", nothing[V], api.Does("X"), mayAudit)
}

// A route that reveals and forgets to note its look answers 500 and shows nothing; so does one whose log cannot be written.
func TestNothingIsShownUnlogged(t *testing.T) {
	engine := sqlitetest.Open(t)
	now := func() time.Time { return time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) }
	s := store.New(engine, now, store.TestKeys())
	looks := &api.AccessLog{Entries: store.NewRepo[access.Entry](s, store.Accesses)}
	d := &apitest.API{T: t, R: api.NewRouter(api.Config{Now: now, Auth: apitest.Names{}, Store: s, Log: slog.New(slog.DiscardHandler)})}
	route := func(path string, show func(context.Context, api.Request) error) {
		api.Get(d.R, path, func(ctx context.Context, rq api.Request, _ struct{}) (forgetfulView, error) {
			return forgetfulView{"张三"}, show(ctx, rq)
		}, api.Does("X"), mayAudit, api.Reveals)
	}
	viewing := access.Access{Subject: api.APerson("p"), Purpose: "audit.access"}
	route("/forgets", func(context.Context, api.Request) error { return nil })
	route("/looks", func(ctx context.Context, rq api.Request) error { return looks.Note(ctx, rq, viewing) })
	route("/empty", func(ctx context.Context, rq api.Request) error { return looks.Note(ctx, rq) })
	route("/without-log", func(ctx context.Context, rq api.Request) error { return (*api.AccessLog)(nil).Note(ctx, rq, viewing) })
	route("/without-purpose", func(ctx context.Context, rq api.Request) error {
		return looks.Note(ctx, rq, access.Access{Subject: api.APerson("p")})
	})
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/forgets": 500, "/looks": 200, "/empty": 200, "/without-log": 500, "/without-purpose": 400} {
		res := d.Ask("GET /v1"+path, "", "as eve+auditor")
		if res.Status != status || (status != 200) == strings.Contains(res.Body, "张三") {
			t.Errorf("%s: %d %s", path, res.Status, res.Body)
		}
	}
	if n, err := looks.Entries.Count(t.Context(), store.AccessesOf(access.Account("p"))); err != nil || n != 1 {
		t.Errorf("%d entries: %v", n, err)
	}
}
