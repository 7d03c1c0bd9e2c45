package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

func testInsertGet(t *testing.T, f *fixture) {
	v := thingOf("thing/信易-1")
	v.Deep.Name, v.No, v.Count = "浏阳", ptr("n"), 7
	f.insert(t, v)
	got := f.get(t, v.ID)
	if got.Deep.Name != "浏阳" || *got.No != "n" || got.Count != 7 || got.State != nil {
		t.Errorf("got %+v", got)
	}
	if got.Version != 1 || got.Revision != 1 || !got.CreatedAt.Equal(noon) || !got.UpdatedAt.Equal(noon) {
		t.Errorf("head %+v", got.Meta)
	}
	_, err := f.things.Get(t.Context(), "nobody")
	wantCode(t, err, models.NotFound)
	wantCode(t, f.things.Insert(t.Context(), &thing{}), models.Internal) // no id
	if err := f.engine.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func testInsertConflict(t *testing.T, f *fixture) {
	v := thingOf("1")
	v.No = ptr("n")
	f.insert(t, v)
	wantCode(t, f.things.Insert(t.Context(), thingOf("1")), models.Conflict)
	w := thingOf("2")
	w.Shop, w.No = "elsewhere", ptr("n")
	err := f.things.Insert(t.Context(), w)
	wantCode(t, err, models.Conflict)
	var e *models.Error
	if !errors.As(err, &e) || e.Reason != "conflict" || e.Args["index"] == "" {
		t.Errorf("a conflict that does not name its index: %#v", e)
	}
	_, err = f.things.Get(t.Context(), "2")
	wantCode(t, err, models.NotFound)
	if f.get(t, "1").No == nil {
		t.Error("the refused insert changed the first document")
	}
}

func testUniqueNulls(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"), thingOf("2"), thingOf("3")) // shop "" and no null, three times
}

func testInsertMany(t *testing.T, f *fixture) {
	var vs []*thing
	for i := range f.some(300) {
		vs = append(vs, thingOf(fmt.Sprintf("%04d", i)))
		vs[i].No = ptr(fmt.Sprint(i))
	}
	if err := f.things.InsertMany(t.Context(), vs); err != nil {
		t.Fatal(err)
	}
	if err := f.things.InsertMany(t.Context(), nil); err != nil {
		t.Error(err)
	}
	n, err := f.things.Count(t.Context(), store.All())
	if err != nil || n != int64(len(vs)) {
		t.Errorf("Count = %d, %v, want %d", n, err, len(vs))
	}
}

func testInsertManyAllOrNone(t *testing.T, f *fixture) {
	taken := thingOf("5")
	taken.No = ptr("five")
	f.insert(t, taken)
	err := f.things.InsertMany(t.Context(), []*thing{numbered("1"), numbered("2"), numbered("5"), numbered("6")})
	wantCode(t, err, models.Conflict)
	f.wantIDs(t, store.All(), "5")
}

func numbered(no string) *thing {
	v := thingOf(no)
	v.No = ptr("no" + no)
	return v
}

func testUpdate(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	f.pass(time.Hour)
	got, err := f.things.Update(t.Context(), "1", func(v *thing) error { v.Shop = "b"; return nil })
	if err != nil || got.Shop != "b" || got.Version != 2 || got.Revision != 2 || !got.UpdatedAt.Equal(noon.Add(time.Hour)) ||
		!got.CreatedAt.Equal(noon) {
		t.Fatalf("got %+v, %v", got, err)
	}
	no := errors.New("no")
	if _, err := f.things.Update(t.Context(), "1", func(v *thing) error { v.Shop = "c"; return no }); !errors.Is(err, no) {
		t.Errorf("err = %v, want the change's own", err)
	}
	if _, err := f.things.Update(t.Context(), "1", func(v *thing) error { v.Shop = "c"; return store.Unchanged() }); err != nil {
		t.Error(err)
	}
	if v := f.get(t, "1"); v.Shop != "b" || v.Version != 2 {
		t.Errorf("a change that was not to be saved was: %+v", v)
	}
	_, err = f.things.Update(t.Context(), "nobody", func(*thing) error { return nil })
	wantCode(t, err, models.NotFound)
}

func testUpdateConflict(t *testing.T, f *fixture) {
	f.insert(t, numbered("1"), numbered("2"))
	_, err := f.things.Update(t.Context(), "2", func(v *thing) error { v.No = ptr("no1"); return nil })
	wantCode(t, err, models.Conflict)
	if v := f.get(t, "2"); *v.No != "no2" || v.Version != 1 {
		t.Errorf("a refused update was saved: %+v", v)
	}
}

func testReplace(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	doc := func(version int64, count int) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "1"}, {Key: "version", Value: version}, {Key: "count", Value: count}})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for _, tc := range []struct {
		id   string
		read int64
		want bool
	}{{"1", 1, true}, {"1", 1, false}, {"1", 9, false}, {"nobody", 1, false}} {
		saved, err := f.engine.Replace(t.Context(), things, tc.id, tc.read, doc(tc.read+1, 42))
		if err != nil || saved != tc.want {
			t.Errorf("Replace of %s at %d = %v, %v, want %v", tc.id, tc.read, saved, err, tc.want)
		}
	}
	raw, err := f.engine.Get(t.Context(), things, "1")
	if err != nil || string(raw) != string(doc(2, 42)) {
		t.Errorf("the bytes came back as %v, %v", raw, err)
	}
}

func testDelete(t *testing.T, f *fixture) {
	f.insert(t, numbered("1"), numbered("2"), numbered("3"))
	if err := f.things.Delete(t.Context(), "1", "3", "nobody"); err != nil {
		t.Fatal(err)
	}
	if err := f.things.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	f.wantIDs(t, store.All(), "2")
	f.insert(t, numbered("1")) // its unique value is free again
}

func testTimes(t *testing.T, f *fixture) {
	v := thingOf("1")
	v.DueAt = ptr(time.Date(1969, 12, 31, 23, 59, 59, 999_888_777, time.UTC))
	f.insert(t, v)
	got := f.get(t, "1").DueAt
	if want := time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC); !got.Equal(want) {
		t.Errorf("came back as %v, want %v", got, want)
	}
	f.pass(123_456 * time.Nanosecond)
	w := thingOf("2")
	f.insert(t, w)
	if got := f.get(t, "2"); !got.CreatedAt.Equal(w.CreatedAt) || got.CreatedAt.Nanosecond()%int(time.Millisecond) != 0 {
		t.Errorf("created %v, told the caller %v", got.CreatedAt, w.CreatedAt)
	}
}

func testCancelled(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ix, _ := things.IndexFor(store.All())
	_, get := f.things.Get(ctx, "1")
	_, find := f.things.Find(ctx, store.All())
	_, count := f.engine.Count(ctx, things, store.All(), ix)
	_, update := f.things.Update(ctx, "1", func(*thing) error { return nil })
	for name, err := range map[string]error{"Insert": f.things.Insert(ctx, thingOf("2")), "Get": get, "Find": find,
		"Count": count, "Update": update, "Delete": f.things.Delete(ctx, "1")} {
		if !errors.Is(err, models.Unavailable) {
			t.Errorf("%s under an ended context = %v, want unavailable", name, err)
		}
	}
	f.wantIDs(t, store.All(), "1")
}

// testLostUpdate lets two replicas of the server count in one document.
func testLostUpdate(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	replicas := []*store.Repo[thing]{f.things, store.NewRepo[thing](store.New(f.engine, f.clock, store.TestKeys()), things)}
	const goroutines, each = 64, 5
	var wg sync.WaitGroup
	var mu sync.Mutex
	saved := 0
	for i := range goroutines {
		wg.Go(func() {
			for range each {
				_, err := replicas[i%2].Update(t.Context(), "1", func(v *thing) error { v.Count++; return nil })
				switch {
				case err == nil:
					mu.Lock()
					saved++
					mu.Unlock()
				case !errors.Is(err, models.Stale):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if v := f.get(t, "1"); v.Count != saved || v.Version != int64(saved)+1 || saved < goroutines {
		t.Errorf("count %d, version %d after %d updates", v.Count, v.Version, saved)
	}
}

func testStale(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	other := store.NewRepo[thing](store.New(f.engine, f.clock, store.TestKeys()), things)
	tries := 0
	_, err := f.things.Update(t.Context(), "1", func(v *thing) error {
		tries++
		_, err := other.Update(t.Context(), "1", func(v *thing) error { v.Count++; return nil })
		return err
	})
	wantCode(t, err, models.Stale)
	if v := f.get(t, "1"); v.Count != tries || tries != 32 {
		t.Errorf("count %d after %d tries, want 32", v.Count, tries)
	}
}

func testEmpty(t *testing.T, f *fixture) {
	for _, want := range []bool{true, false} {
		if !want {
			f.insert(t, thingOf("1"))
		}
		if empty, err := f.engine.Empty(t.Context()); err != nil || empty != want {
			t.Errorf("Empty = %v, %v, want %v", empty, err, want)
		}
	}
}

func testClosed(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"))
	if err := f.engine.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := f.things.Get(t.Context(), "1")
	wantCode(t, err, models.Unavailable)
	wantCode(t, f.things.Insert(t.Context(), thingOf("2")), models.Unavailable)
	wantCode(t, f.engine.Ping(t.Context()), models.Unavailable)
}
