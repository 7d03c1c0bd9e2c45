package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/notifications"
	"xinyi/seed"
	"xinyi/store"
)

// A find is something lost that somebody brought back. This file is a whole capability of one document, three routes and one
// event, as small as one can be.
type find struct {
	models.Meta            `bson:",inline"`
	models.Life[findState] `bson:",inline"`

	Finder string `bson:"finder"`
	What   string `bson:"what"`
	Thanks int    `bson:"thanks"`
}

type findState string

const (
	findKept  findState = "KEPT"
	givenBack findState = "RETURNED"
)

var (
	findEvents    models.Events
	eventReturned = findEvents.Plain("find.returned").Silent("whoever brought it back was there")
)

var findLife = models.Machine[findState]{findKept: {givenBack}, givenBack: {}}

// giveBack returns it to whoever lost it. Errors: InvalidTransition.
func (f *find) giveBack(by models.Actor, now time.Time) error {
	if err := f.Move(findLife, givenBack, by.At(now), "invalid_transition"); err != nil {
		return err
	}
	f.Publish(eventReturned, f.Finder, by, now)
	return nil
}

type findPolicy struct{ Thanks int }

var finds = store.Collection{
	Name: "finds", Indexes: []store.Index{{Paths: []string{"finder", "createdAt"}}},
	Queries: map[string]store.Query{"findsOf": findsOf("p")},
}

func findsOf(person string) store.Query {
	return store.Where("finder", store.Eq, person).Desc("createdAt")
}

type findView struct {
	ID     string    `json:"id"`
	What   string    `json:"what"`
	State  findState `json:"state"`
	Thanks int       `json:"thanks"`
}

func viewFind(f *find) findView { return findView{f.ID, f.What, f.State, f.Thanks} }

type findRequest struct {
	What string `json:"what" validate:"required,max=40"`
}

type findDoor struct{ finds *store.Repo[find] }

var mayFind = api.May("finds.mine", models.Resident)

func (h findDoor) Mount(r *api.Router) {
	api.Post(r, "/me/finds", h.bring, api.Does("Bring back something lost"), mayFind, api.Creates)
	api.Get(r, "/me/finds", h.mine, api.Does("What I brought back"), mayFind)
	api.Post(r, "/me/finds/{id}/return", h.giveBack, api.Does("It was given back"), mayFind, api.Moves)
}

func (h findDoor) Portions() []api.Portion {
	return []api.Portion{api.Listing("finds", false, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[findView], error) {
		return h.mine(ctx, rq, p)
	})}
}

func (h findDoor) bring(ctx context.Context, rq api.Request, in findRequest) (findView, error) {
	f := &find{Meta: models.Meta{ID: rq.NewID()}, Life: models.Life[findState]{State: findKept}, Finder: rq.Actor.Person, What: in.What}
	return viewFind(f), h.finds.Insert(ctx, f)
}

func (h findDoor) mine(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[findView], error) {
	return api.Found(ctx, h.finds, findsOf(rq.Actor.Person), in, viewFind)
}

func (h findDoor) giveBack(ctx context.Context, rq api.Request, in api.ByID) (findView, error) {
	f, err := h.finds.Update(ctx, in.ID, func(f *find) error {
		if f.Finder != rq.Actor.Person {
			return models.E(models.NotFound, "not_found")
		}
		return f.giveBack(rq.Actor, rq.Now)
	})
	if err != nil {
		return findView{}, err
	}
	return viewFind(f), nil
}

// findCapability is the one value.
var findCapability = Capability{
	Name:   "find",
	Policy: map[string]any{"Find": findPolicy{Thanks: 3}},
	Events: findEvents.All,
	Open: func(a *App) Parts {
		repo := store.NewRepo[find](a.store, finds)
		thank := func(ctx context.Context, e models.Event) error {
			_, err := repo.Update(ctx, e.Subject, func(f *find) error {
				if f.Thanks > 0 {
					return store.Unchanged()
				}
				f.Thanks = policyOf[findPolicy](a).Thanks
				return nil
			})
			return err
		}
		return Parts{
			Routes:  []api.Mounter{findDoor{repo}},
			Follows: []flows.Subscriber{{Name: "find.thank", Kinds: flows.Kinds(eventReturned), Do: thank}},
			Ties: []func(context.Context, string) (string, error){func(ctx context.Context, person string) (string, error) {
				n, err := repo.Count(ctx, findsOf(person))
				if n == 0 {
					return "", err
				}
				return "medical.bills_owed", err // a clause that has its words
			}},
			Seed: func(ctx context.Context, _ seed.Stores, _ *seed.Population, _ time.Time) error {
				return repo.Insert(ctx, &find{Meta: models.Meta{ID: "umbrella"}, Life: models.Life[findState]{State: findKept}, Finder: "resident-1", What: "an umbrella"})
			},
		}
	},
}

// One value mounts a capability in a running server: its routes with who may, its query and its index, its policy, what follows its
// event, its part of an export, what ties a person, its seed, its page of the document.
func TestACapabilityIsOneValue(t *testing.T) {
	t.Parallel()
	cfg := settingsOf(t, t.TempDir())
	cfg.more = []Capability{findCapability}
	var err error
	if cfg.policy, err = readPolicy("", cfg.all()); err != nil {
		t.Fatal(err)
	}
	a := program(t, cfg)
	c := cityAt(t, a.URL())
	me, hospital := c.signIn(resident), c.client(ward)
	id := c.must(201, me, "POST", "/v1/me/finds", m{"what": "a bicycle"})["id"].(string)
	if status, _ := c.call(hospital, "GET", "/v1/me/finds", nil); status != 403 {
		t.Errorf("a hospital's system reads finds: %d", status)
	}
	c.must(200, me, "POST", "/v1/me/finds/"+id+"/return", nil)
	c.waits("the thanks", func() bool {
		items := c.must(200, me, "GET", "/v1/me/finds", nil)["items"].([]any)
		return len(items) == 1 && items[0].(m)["thanks"] == 3.0 && items[0].(m)["state"] == "RETURNED"
	})
	if status, out := c.call(me, "DELETE", "/v1/me", nil); status != 422 || !strings.Contains(fmt.Sprint(out), "medical.bills_owed") {
		t.Errorf("leaving: %d %v", status, out)
	}
	if held := fmt.Sprint(c.must(200, me, "GET", "/v1/me/export", nil)); !strings.Contains(held, "a bicycle") {
		t.Error("the export forgot the find")
	}
	if _, err := a.store.Engine.Get(t.Context(), finds, "umbrella"); err != nil {
		t.Errorf("seeded: %v", err)
	}
	if n, err := a.repos.lost.Count(t.Context(), store.DeadUndecided()); n != 0 || err != nil {
		t.Errorf("%d dead events, %v", n, err)
	}
	if err := a.explain(t.Context()); err != nil {
		t.Error(err)
	}
}

// Every named query of every collection that a capability opens is served by an index, and no two collections share a name.
func TestEveryQueryIsServed(t *testing.T) {
	t.Parallel()
	a, err := assemble(t.Context(), settingsOf(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range a.store.Collections() {
		names = append(names, f.Collection().Name)
	}
	slices.Sort(names)
	if len(names) < 80 || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%d collections: %v", len(names), names)
	}
	if err := errors.Join(a.explain(t.Context()), a.store.Engine.Close()); err != nil {
		t.Error(err)
	}
	a.outside.close()
}

// Every kind of event that is declared is brought by one capability, and has its texts or the reason why nobody is told.
func TestEveryEventIsBrought(t *testing.T) {
	t.Parallel()
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	brought := map[string]string{}
	for _, c := range append(capabilities(), findCapability) {
		if c.Events == nil {
			continue
		}
		for _, d := range c.Events() {
			if by := brought[d.Name()]; by != "" {
				t.Errorf("%s is brought by %s and by %s", d.Name(), by, c.Name)
			}
			brought[d.Name()] = c.Name
			if _, written := texts.Spec(d.Name()); written == (d.Silence() != "") {
				t.Errorf("%s has texts: %v; it is silent because %q", d.Name(), written, d.Silence())
			}
		}
	}
	for _, d := range models.AllEvents() {
		if brought[d.Name()] == "" {
			t.Errorf("%s is declared, and no capability brings it", d.Name())
		}
	}
	if len(brought) < 250 {
		t.Errorf("only %d kinds are declared", len(brought))
	}
}
