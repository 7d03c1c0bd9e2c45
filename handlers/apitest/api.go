// Package apitest is what the tests of rooms share: callers, a clock to move, requests and checked answers, a small capability of
// notes.
package apitest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/handlers/api"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/identity"
)

// Names lets tokens speak for themselves: "ann" is the person ann; "ann+auditor" holds that office too; "client:h1" is a hospital.
type Names struct{}

func (Names) Authenticate(_ context.Context, token string) (api.Caller, error) {
	if token == "bad" {
		return api.Caller{}, models.E(models.Unauthenticated, "unauthenticated")
	}
	if role, ok := strings.CutPrefix(token, "client:"); ok {
		return api.Caller{Actors: []models.Actor{{Role: models.Role(role), Client: "c-" + role, Org: "org-" + role}}}, nil
	}
	person, office, has := strings.Cut(token, "+")
	c := api.Caller{Session: "s", Actors: []models.Actor{{Person: person, Role: models.Resident}}}
	if has {
		c.Actors = append(c.Actors, models.Actor{Person: person, Role: models.Role(office), Org: "org-" + office})
	}
	c.Wards = map[string]api.Ward{"child": {
		Actor: models.Actor{Person: "child", Agent: person, Role: models.Resident}, Kind: identity.Guardian, Scope: []string{"notes", "inbox", "consents"},
	}}
	return c, nil
}

// An API is under test.
type API struct {
	*testing.T
	R     *api.Router
	Notes *NotesAPI
	Check *openapitest.Checker
	mu    sync.Mutex
	Time  time.Time
}

func (d *API) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Time
}

func (d *API) Forward(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Time = d.Time.Add(by)
}

type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Ask sends "METHOD /path" with a body and "Name: value" headers. "as x" signs in, "key x" sends an Idempotency-Key.
func (d *API) Ask(line, body string, headers ...string) Reply {
	d.Helper()
	return d.ask(d.R.App(), "xinyi.example", line, body, headers)
}

// Operate is Ask on the operators' listener, from the machine itself.
func (d *API) Operate(line, body string, headers ...string) Reply {
	d.Helper()
	return d.ask(d.R.Operators(), "localhost:9464", line, body, headers)
}

func (d *API) ask(app *fiber.App, host, line, body string, headers []string) Reply {
	d.Helper()
	method, path, _ := strings.Cut(line, " ")
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Host = host
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if token, ok := strings.CutPrefix(h, "as "); ok {
			name, value = "Authorization", "Bearer "+token
		} else if key, ok := strings.CutPrefix(h, "key "); ok {
			name, value = "Idempotency-Key", key
		}
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	res, err := app.Test(req, -1)
	if err != nil {
		d.Error(err)
		return Reply{}
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.Error(err)
	}
	path, _, _ = strings.Cut(path, "?")
	foreseen := res.StatusCode != http.StatusInternalServerError && res.StatusCode != http.StatusNotModified &&
		res.StatusCode != http.StatusMethodNotAllowed && res.StatusCode != http.StatusUnsupportedMediaType &&
		res.StatusCode != http.StatusRequestEntityTooLarge
	if d.Check == nil { // a door that a test put routes on by hand has no document
		return Reply{res.StatusCode, res.Header, string(raw)}
	}
	if _, routed := d.Check.Route(method, path); routed && foreseen && res.Header.Get("Content-Encoding") == "" {
		if err := d.Check.Check(method, path, res.StatusCode, res.Header.Get("Content-Type"), raw); err != nil {
			d.Error(err)
		}
	}
	return Reply{res.StatusCode, res.Header, string(raw)}
}

func (r Reply) Problem(t *testing.T) api.Problem {
	t.Helper()
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json") {
		t.Fatalf("%d is no problem: %s", r.Status, r.Body)
	}
	var p api.Problem
	if err := json.Unmarshal([]byte(r.Body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Read is the answer's body as a view.
func Read[T any](t *testing.T, r Reply) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Body), &v); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	return v
}
