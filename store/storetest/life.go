package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/store"
)

var (
	events  models.Events
	made    = events.Plain("thing.made")
	changed = events.Plain("thing.changed")
)

// testClaim: a save with events claims their telling for one lease, once, and hands the document over.
func testClaim(t *testing.T, f *fixture) {
	var handed []string
	f.store.OnSave(func(_ context.Context, _ store.AnyRepo, id string) { handed = append(handed, id) })
	v := thingOf("1")
	v.Publish(made, "p", models.Clockwork, noon)
	f.insert(t, v, thingOf("2"))
	lease := noon.Add(f.store.Lease)
	if got := f.get(t, "1").PublishAt; got == nil || !got.Equal(lease) {
		t.Fatalf("tellAt = %v, want %v", got, lease)
	}
	f.pass(time.Second)
	tell := func(v *thing) error { v.Publish(changed, "p", models.Clockwork, f.clock()); return nil }
	if _, err := f.things.Update(t.Context(), "1", tell); err != nil {
		t.Fatal(err)
	}
	if got := f.get(t, "1"); !got.PublishAt.Equal(lease) || len(got.Outbox) != 2 {
		t.Errorf("a later save moved the claim to %v, outbox %d", got.PublishAt, len(got.Outbox))
	}
	if fmt.Sprint(handed) != "[1]" {
		t.Errorf("handed over %v, want the one that was claimed", handed)
	}
	wantUntold(t, f, lease.Add(-time.Millisecond))
	wantUntold(t, f, lease, "1")
	if err := f.things.InsertMany(t.Context(), []*thing{told("3"), told("4")}); err != nil {
		t.Fatal(err)
	}
	wantUntold(t, f, f.clock().Add(f.store.Lease), "1", "3", "4") // the earliest first
}

func told(id string) *thing {
	v := thingOf(id)
	v.Publish(made, "p", models.Clockwork, noon)
	return v
}

func wantUntold(t *testing.T, f *fixture, now time.Time, want ...string) {
	t.Helper()
	got, err := f.things.Any().Untold(t.Context(), now, 10)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Untold = %v, %v, want %v", got, err, want)
	}
}

// testTwoRelays: of many relays that find the same untold document, one gets it.
func testTwoRelays(t *testing.T, f *fixture) {
	f.insert(t, told("1"))
	f.pass(f.store.Lease)
	now := f.clock()
	taken := errors.New("taken")
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 8 {
		relay := store.NewRepo[thing](store.New(f.engine, f.clock, store.TestKeys()), things)
		wg.Go(func() {
			err := relay.Any().Touch(t.Context(), "1", func(h *models.Meta) error {
				if h.PublishAt == nil || h.PublishAt.After(now) {
					return taken
				}
				h.PublishAt = models.At(now.Add(f.store.Lease))
				return nil
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !errors.Is(err, taken):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d relays claimed one document", won)
	}
}

func testTouch(t *testing.T, f *fixture) {
	v := told("1")
	v.Shop = "a"
	f.insert(t, v)
	f.pass(time.Hour)
	err := f.things.Any().Touch(t.Context(), "1", func(h *models.Meta) error { h.Outbox, h.PublishAt = nil, nil; return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.things.Any().Peek(t.Context(), "1")
	if err != nil || got.Version != 2 || got.Revision != 1 || !got.UpdatedAt.Equal(noon) || got.PublishAt != nil || len(got.Outbox) != 0 {
		t.Errorf("head %+v, %v", got, err)
	}
	if f.get(t, "1").Shop != "a" {
		t.Error("Touch changed the content")
	}
	wantUntold(t, f, noon.Add(1000*time.Hour))
	_, err = f.things.Any().Peek(t.Context(), "nobody")
	wantCode(t, err, models.NotFound)
}

// testMoments: a store knows the moments of its own saves at once, and those of another when it reads the collection anew.
func testMoments(t *testing.T, f *fixture) {
	other := store.New(f.engine, f.clock, store.TestKeys())
	known := store.NewRepo[thing](other, things)
	for _, m := range []store.Moment{store.PublishAt, store.WakeAt, store.GoneAt} {
		if _, err := known.Any().Earliest(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	v := thingOf("1")
	v.WakeAt = models.At(noon)
	f.insert(t, v)
	if own, _ := f.things.Any().Known(store.WakeAt); own == nil || !own.Equal(noon) {
		t.Errorf("the store that saved knows %v", own)
	}
	if due := other.Due(noon, store.WakeAt); len(due) != 0 {
		t.Errorf("another store knows of a save it has not read: %d due", len(due))
	}
	other.Forget()
	if due := other.Due(noon, store.WakeAt); len(due) != 1 {
		t.Errorf("%d collections are due after Forget", len(due))
	}
	if at, err := known.Any().Earliest(t.Context(), store.WakeAt); err != nil || at == nil || !at.Equal(noon) {
		t.Errorf("Earliest = %v, %v", at, err)
	}
}

// testWake: what is due wakes, also long after; what is not due sleeps on.
func testWake(t *testing.T, f *fixture) {
	for i, at := range []time.Duration{time.Hour, 2 * time.Hour, 72 * time.Hour} {
		v := thingOf(fmt.Sprint(i))
		v.WakeAt = models.At(noon.Add(at))
		f.insert(t, v)
	}
	f.insert(t, thingOf("never"))
	wantDue(t, f, noon)
	wantDue(t, f, noon.Add(time.Hour), "0") // due at that very moment
	wantDue(t, f, noon.Add(1000*time.Hour), "0", "1", "2")
	if next, err := f.things.Any().Earliest(t.Context(), store.WakeAt); err != nil || next == nil || !next.Equal(noon.Add(time.Hour)) {
		t.Errorf("Next = %v, %v", next, err)
	}
	f.pass(2 * time.Hour)
	for _, id := range []string{"0", "1", "2", "never"} {
		if err := f.things.Any().Wake(t.Context(), id, f.clock()); err != nil {
			t.Fatal(err)
		}
		if err := f.things.Any().Wake(t.Context(), id, f.clock()); err != nil { // a second sweep at the same moment
			t.Fatal(err)
		}
	}
	for id, want := range map[string]int{"0": 1, "1": 1, "2": 0, "never": 0} {
		if got := f.get(t, id); len(got.Woken) != want || got.Revision != int64(1+want) {
			t.Errorf("%s woke %d times, want %d", id, len(got.Woken), want)
		}
	}
	wantDue(t, f, f.clock())
}

func wantDue(t *testing.T, f *fixture, now time.Time, want ...string) {
	t.Helper()
	got, err := f.things.Any().Due(t.Context(), now, 10)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Due(%v) = %v, %v, want %v", now, got, err, want)
	}
}

// testExpire shows that a document listed as gone and saved anew before it is removed stays.
func testExpire(t *testing.T, f *fixture) {
	for _, id := range []string{"old", "renewed"} {
		v := thingOf(id)
		v.GoneAt = models.At(noon)
		f.insert(t, v)
	}
	f.insert(t, thingOf("endless"))
	ids, err := f.things.Any().Gone(t.Context(), noon, 10)
	if err != nil || len(ids) != 2 {
		t.Fatal(ids, err)
	}
	if _, err := f.things.Update(t.Context(), "renewed",
		func(v *thing) error { v.GoneAt = models.At(noon.Add(time.Hour)); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := f.things.Any().Expire(t.Context(), noon, append(ids, "endless", "nobody")...); err != nil {
		t.Fatal(err)
	}
	for id, stays := range map[string]bool{"old": false, "renewed": true, "endless": true} {
		if _, err := f.things.Get(t.Context(), id); (err == nil) != stays {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := f.things.Any().Expire(t.Context(), noon); err != nil {
		t.Error(err)
	}
}

func testGone(t *testing.T, f *fixture) {
	v := thingOf("code")
	v.GoneAt = models.At(noon.Add(time.Minute))
	f.insert(t, v, thingOf("stays"))
	for now, want := range map[time.Time]int{noon: 0, noon.Add(time.Minute): 1} {
		if got, err := f.things.Any().Gone(t.Context(), now, 10); err != nil || len(got) != want {
			t.Errorf("Gone(%v) = %v, %v", now, got, err)
		}
	}
}

// testIndexLater: an index declared on a collection that has documents already finds them, and only needed ones stay.
func testIndexLater(t *testing.T, f *fixture) {
	n := f.some(600)
	var vs []*thing
	for i := range n {
		v := thingOf(fmt.Sprintf("%04d", i))
		v.Count = i % 5
		v.Deep.Name = fmt.Sprint(i)
		vs = append(vs, v)
	}
	if err := f.things.InsertMany(t.Context(), vs); err != nil {
		t.Fatal(err)
	}
	later := things
	later.Indexes = append(slices.Clone(things.Indexes), store.Index{Paths: []string{"count", "deep.name"}})
	repo := store.NewRepo[thing](f.store, later)
	if err := f.engine.Ensure(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if got, err := repo.Count(t.Context(), store.Where("count", store.Eq, 3)); err != nil || got != int64(n/5) {
		t.Errorf("Count = %d, %v, want %d", got, err, n/5)
	}
	if err := repo.Insert(t.Context(), &thing{Meta: models.Meta{ID: "new"}, Count: 99}); err != nil {
		t.Fatal(err)
	}
	if v, err := repo.First(t.Context(), store.Where("count", store.Eq, 99)); err != nil || v.ID != "new" {
		t.Errorf("First = %v, %v", v, err)
	}
	if err := f.engine.Ensure(t.Context(), things); err != nil { // the older declaration again
		t.Fatal(err)
	}
	if got, err := f.things.Count(t.Context(), store.All()); err != nil || got != int64(n+1) {
		t.Errorf("Count = %d, %v", got, err)
	}
}

func testEnsureAgain(t *testing.T, f *fixture) {
	f.insert(t, numbered("1"))
	for range 2 {
		if err := f.store.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.wantIDs(t, store.Where("no", store.Eq, "no1"), "1")
}

func testExplain(t *testing.T, f *fixture) {
	ExplainAll(t, f.engine, []store.Collection{things})
	for _, q := range []store.Query{
		store.All(),
		store.Where("createdAt", store.Range, noon, nil).Desc("createdAt"),
		store.Where("shop", store.In, "a", "b").And("state", store.In, "x", "y", "z").Asc("dueAt"),
		store.Where("shop", store.Eq, "a").Desc("state", "dueAt"),
		store.Where("deep.name", store.Prefix, "信"),
		store.Where("wakeAt", store.Range, nil, noon).Asc("wakeAt"),
	} {
		ix, ok := things.IndexFor(q)
		plan, err := f.engine.Explain(t.Context(), things, q, ix)
		if err != nil || !ok || !plan.Indexed {
			t.Errorf("%+v by %v: %v %+v", q, ix.Paths, err, plan)
		}
	}
	if plan, err := f.engine.Explain(t.Context(), things, store.Where("shop", store.Eq, "a").Asc("rank"), things.Indexes[0]); err == nil &&
		plan.Indexed {
		t.Errorf("an order no index has is said to be served: %s", plan.Detail)
	}
}
