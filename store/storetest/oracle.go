package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/store"
)

// mixed is what the oracle asks: it has no unique index, so that everything may tie.
var mixed = store.Collection{
	Name: "mixed",
	Indexes: []store.Index{
		{Paths: []string{"shop", "state", "dueAt"}},
		{Paths: []string{"state", "rank"}},
		{Paths: []string{"open", "deep.name", "rank"}},
		{Paths: []string{"rank"}},
	},
}

// value reads a path of a thing as a plain value; the oracle knows the thing, not its bytes.
func (v *thing) value(path string) any {
	switch path {
	case "shop":
		return v.Shop
	case "state":
		return plain(v.State)
	case "dueAt":
		return plain(v.DueAt)
	case "rank":
		return plain(v.Rank)
	case "open":
		return v.Open
	case "deep.name":
		return v.Deep.Name
	case "tellAt":
		return plain(v.PublishAt)
	case "wakeAt":
		return plain(v.WakeAt)
	case "goneAt":
		return plain(v.GoneAt)
	}
	panic(path)
}

func plain[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// as is v as a T: a path has values of one type.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("%T among values of type %T", v, t))
	}
	return t
}

// compare orders values of one path, null first.
func compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, as[string](b))
	case int64:
		return int(a - as[int64](b))
	case time.Time:
		return a.Compare(as[time.Time](b))
	case bool:
		return compare(number(a), number(as[bool](b)))
	}
	panic(fmt.Sprintf("%T", a))
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func matches(v *thing, q store.Query) bool {
	for _, c := range q.Conds {
		x := v.value(c.Path)
		is := func(want any) bool { return compare(x, want) == 0 }
		var ok bool
		switch c.Op {
		case store.Eq, store.In:
			ok = slices.ContainsFunc(c.Values, is)
		case store.Range:
			ok = x != nil && (c.Values[0] == nil || compare(x, c.Values[0]) >= 0) && (c.Values[1] == nil || compare(x, c.Values[1]) < 0)
		case store.Prefix:
			s, text := x.(string)
			ok = text && strings.HasPrefix(s, as[string](c.Values[0]))
		}
		if !ok {
			return false
		}
	}
	return true
}

// answer is what q must find: ordered by the sort, then the rest of the index, then the id.
func answer(vs []*thing, q store.Query, ix store.Index) []string {
	var found []*thing
	for _, v := range vs {
		if matches(v, q) && (!ix.Sparse || v.value(ix.Paths[0]) != nil) {
			found = append(found, v)
		}
	}
	sort := q.Along(ix).Sort
	slices.SortFunc(found, func(a, b *thing) int {
		n := 0
		for i := 0; i < len(sort) && n == 0; i++ {
			n = compare(a.value(sort[i]), b.value(sort[i]))
		}
		if n == 0 {
			n = strings.Compare(a.ID, b.ID)
		}
		if q.Down {
			return -n
		}
		return n
	})
	ids := make([]string, len(found))
	for i, v := range found {
		ids[i] = v.ID
	}
	return ids
}

// values of each path: few, so that they tie, with null where the thing may have none.
var values = map[string][]any{
	"shop":      {"", "a", "ab", "b"},
	"state":     {nil, "x", "y", "信", "信易"},
	"dueAt":     {nil, noon, noon.Add(time.Millisecond), noon.Add(time.Hour)},
	"rank":      {nil, int64(-3), int64(0), int64(1 << 40)},
	"open":      {false, true},
	"deep.name": {"", "a", "a\x7f", "信", "信易", "信任"},
	"tellAt":    {nil, noon, noon.Add(time.Hour)},
	"wakeAt":    {nil, noon, noon.Add(time.Hour)},
	"goneAt":    {nil, noon, noon.Add(time.Hour)},
}

func draw[T any](t *rapid.T, path string) *T {
	v := rapid.SampledFrom(values[path]).Draw(t, path)
	if v == nil {
		return nil
	}
	return ptr(as[T](v))
}

func drawThing(t *rapid.T, id string) *thing {
	v := thingOf(id)
	v.Shop, v.Open, v.Deep.Name = *draw[string](t, "shop"), *draw[bool](t, "open"), *draw[string](t, "deep.name")
	v.State, v.DueAt, v.Rank = draw[string](t, "state"), draw[time.Time](t, "dueAt"), draw[int64](t, "rank")
	v.PublishAt, v.WakeAt, v.GoneAt = draw[time.Time](t, "tellAt"), draw[time.Time](t, "wakeAt"), draw[time.Time](t, "goneAt")
	return v
}

// drawQuery makes a query that some index serves.
func drawQuery(t *rapid.T) store.Query {
	ix := rapid.SampledFrom(mixed.AllIndexes()).Draw(t, "index")
	q, points := store.All(), 0
	if !ix.Sparse {
		points = rapid.IntRange(0, len(ix.Paths)).Draw(t, "points")
	}
	for _, p := range rapid.Permutation(ix.Paths[:points]).Draw(t, "order") {
		if one := rapid.SampledFrom(values[p]); rapid.Bool().Draw(t, "eq") {
			q = q.And(p, store.Eq, one.Draw(t, p))
		} else {
			q = q.And(p, store.In, rapid.SliceOfN(one, 1, 4).Draw(t, p)...)
		}
	}
	rest := ix.Paths[points:]
	if len(rest) > 0 && (ix.Sparse || rapid.Bool().Draw(t, "span")) {
		q = drawSpan(t, q, rest[0])
	}
	if n := rapid.IntRange(0, len(rest)).Draw(t, "sorted"); n > 0 {
		q.Sort = rest[:n]
	}
	q.Down = rapid.Bool().Draw(t, "down")
	return q
}

func drawSpan(t *rapid.T, q store.Query, path string) store.Query {
	one := rapid.SampledFrom(values[path])
	_, text := values[path][1].(string)
	if text && rapid.Bool().Draw(t, "prefix") {
		return q.And(path, store.Prefix, rapid.SampledFrom([]string{"", "a", "信", "信易", "\xff"}).Draw(t, "start"))
	}
	return q.And(path, store.Range, one.Draw(t, "from"), one.Draw(t, "to"))
}

// testOracle compares random queries over random documents with a search in memory: what is found, in which order,
// page by page, and how many there are.
func testOracle(t *testing.T, f *fixture) {
	repo := store.NewRepo[thing](f.store, mixed)
	if err := f.engine.Ensure(t.Context(), mixed); err != nil {
		t.Fatal(err)
	}
	o := &oracle{f: &fixture{engine: f.engine, store: f.store, things: repo}, known: map[string]*thing{}}
	rapid.Check(t, func(rt *rapid.T) { o.check(t, rt, f.some(12)) })
}

type oracle struct {
	f     *fixture
	known map[string]*thing
	next  int
}

func (o *oracle) check(t *testing.T, rt *rapid.T, n int) {
	var fresh []*thing
	for range rapid.IntRange(0, n).Draw(rt, "new") {
		o.next++
		v := drawThing(rt, fmt.Sprintf("%s%05d", rapid.SampledFrom([]string{"a", "b", "信"}).Draw(rt, "id"), o.next))
		o.known[v.ID] = v
		fresh = append(fresh, v)
	}
	if err := o.f.things.InsertMany(t.Context(), fresh); err != nil {
		rt.Fatal(err)
	}
	o.change(t, rt)
	q := drawQuery(rt)
	ix, ok := mixed.IndexFor(q)
	if !ok {
		rt.Fatalf("no index for %+v", q)
	}
	var vs []*thing
	for _, v := range o.known {
		vs = append(vs, v)
	}
	want := answer(vs, q, ix)
	got, err := o.f.all(t.Context(), q, rapid.SampledFrom([]int{1, 2, 3, 7, 50, 200}).Draw(rt, "size"))
	if err != nil || !slices.Equal(got, want) {
		rt.Fatalf("%+v by %v:\n got %v (%v)\nwant %v", q, ix.Paths, got, err, want)
	}
	if count, err := o.f.things.Count(t.Context(), q); err != nil || count != int64(len(want)) {
		rt.Fatalf("%+v: Count = %d, %v, want %d", q, count, err, len(want))
	}
}

// change updates or deletes one of the documents.
func (o *oracle) change(t *testing.T, rt *rapid.T) {
	if len(o.known) == 0 {
		return
	}
	ids := make([]string, 0, len(o.known))
	for id := range o.known {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(rt, "changed")
	if rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
		delete(o.known, id)
		if err := o.f.things.Delete(t.Context(), id); err != nil {
			rt.Fatal(err)
		}
		return
	}
	fresh := drawThing(rt, id)
	v, err := o.f.things.Update(t.Context(), id, func(v *thing) error {
		fresh.Meta = models.Meta{ID: id, Version: v.Version, Revision: v.Revision, CreatedAt: v.CreatedAt,
			PublishAt: fresh.PublishAt, WakeAt: fresh.WakeAt, GoneAt: fresh.GoneAt}
		*v = *fresh
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	o.known[id] = v
}
