package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/store"
)

func testOperators(t *testing.T, f *fixture) {
	type state string // a named string is a value like any other
	for i, s := range []string{"x", "y", "x", "", "z"} {
		v := thingOf(fmt.Sprint(i))
		v.Shop, v.Open, v.Rank = "a", i%2 == 0, ptr(int64(10-i))
		if s != "" {
			v.State = ptr(s)
		}
		f.insert(t, v)
	}
	shop := store.Where("shop", store.Eq, "a")
	f.wantIDs(t, shop.And("state", store.Eq, state("x")), "0", "2")
	f.wantIDs(t, shop.And("state", store.Eq, nil), "3")
	f.wantIDs(t, shop.And("state", store.In, "z", "x", "x"), "0", "2", "4")
	f.wantIDs(t, shop.And("state", store.In, "z", "x").Desc("dueAt"), "4", "2", "0")
	f.wantIDs(t, shop.Asc("state"), "3", "0", "2", "1", "4")
	f.wantIDs(t, shop.Desc("state"), "4", "1", "2", "0", "3")
	f.wantIDs(t, store.Where("open", store.Eq, true).Asc("rank"), "4", "2", "0")
	f.wantIDs(t, store.Where("open", store.Eq, false).And("rank", store.Range, 8, nil), "1")
	f.wantIDs(t, store.Where("shop", store.Eq, "b"))
	f.wantIDs(t, store.Where("no", store.Eq, "none"))
	if _, err := f.things.First(t.Context(), shop.And("state", store.Eq, "none")); !errors.Is(err, models.NotFound) {
		t.Errorf("First of nothing = %v", err)
	}
	if v, err := f.things.First(t.Context(), shop.Desc("state")); err != nil || v.ID != "4" {
		t.Errorf("First = %v, %v", v, err)
	}
}

func testRangeBorders(t *testing.T, f *fixture) {
	for i := range 4 {
		v := thingOf(fmt.Sprint(i))
		v.Shop, v.State = "a", ptr("x")
		if i > 0 {
			v.DueAt = ptr(noon.Add(time.Duration(i) * time.Millisecond))
		}
		f.insert(t, v)
	}
	at := func(i int) any { return noon.Add(time.Duration(i) * time.Millisecond) }
	due := func(from, to any) store.Query {
		return store.Where("shop", store.Eq, "a").And("state", store.Eq, "x").And("dueAt", store.Range, from, to)
	}
	f.wantIDs(t, due(at(1), at(3)), "1", "2")
	f.wantIDs(t, due(at(1), at(3)).Desc("dueAt"), "2", "1")
	f.wantIDs(t, due(nil, at(2)), "1")
	f.wantIDs(t, due(nil, at(2)).Desc("dueAt"), "1")
	f.wantIDs(t, due(at(2), nil), "2", "3")
	f.wantIDs(t, due(nil, nil), "1", "2", "3")
	f.wantIDs(t, due(nil, nil).Desc("dueAt"), "3", "2", "1")
	f.wantIDs(t, due(at(2), at(2)))
	f.wantIDs(t, due(at(3), at(1)))
}

func testPrefix(t *testing.T, f *fixture) {
	names := []string{"", "信", "信易", "信易+", "信任", "值", "a", "a\x7f", "a\x7fz", "b", "\U0010FFFF", "\U0010FFFFz"}
	for i, n := range names {
		v := thingOf(fmt.Sprintf("%02d", i))
		v.Deep.Name = n
		f.insert(t, v)
	}
	for _, prefix := range []string{"", "信", "信易", "信易+", "a", "a\x7f", "\U0010FFFF", "nothing"} {
		var want []string
		sorted := slices.Sorted(slices.Values(names))
		for _, n := range sorted {
			if len(n) >= len(prefix) && n[:len(prefix)] == prefix {
				want = append(want, fmt.Sprintf("%02d", slices.Index(names, n)))
			}
		}
		f.wantIDs(t, store.Where("deep.name", store.Prefix, prefix), want...)
		slices.Reverse(want)
		f.wantIDs(t, store.Where("deep.name", store.Prefix, prefix).Desc("deep.name"), want...)
	}
}

// testPagesWhileInserting pages both ways over ties and nulls while others insert before and behind: what was there
// at the start comes once, in order.
func testPagesWhileInserting(t *testing.T, f *fixture) {
	n := f.some(60)
	var there []string
	for i := range n {
		v := thingOf(fmt.Sprintf("m%03d", i))
		v.Shop = "a"
		if i%3 > 0 {
			v.DueAt = ptr(noon.Add(time.Duration(i%4) * time.Hour))
		}
		there = append(there, v.ID)
		f.insert(t, v)
	}
	for _, down := range []bool{false, true} {
		q := store.Where("shop", store.Eq, "a").And("state", store.Eq, nil).Asc("dueAt").Page(4, "")
		q.Down = down
		seen := map[string]int{}
		for round := 0; ; round++ {
			page, err := f.things.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Items {
				seen[v.ID]++
			}
			if q.After = page.Next; page.Next == "" || round > 2*n {
				break
			}
			for _, prefix := range []string{"a", "z"} {
				v := thingOf(fmt.Sprintf("%s%v%03d", prefix, down, round))
				v.Shop, v.DueAt = "a", models.At(noon.Add(time.Duration(round%5)*time.Hour-time.Hour))
				f.insert(t, v)
			}
			if round > n {
				break
			}
		}
		for _, id := range there {
			if seen[id] != 1 {
				t.Errorf("down %v: %s came %d times", down, id, seen[id])
			}
		}
	}
}

func testRefused(t *testing.T, f *fixture) {
	for name, q := range map[string]store.Query{
		"no index":       store.Where("count", store.Eq, 1),
		"sort elsewhere": store.Where("shop", store.Eq, "a").Asc("dueAt"),
		"gap":            store.Where("shop", store.Eq, "a").And("dueAt", store.Range, nil, nil),
		"two spans":      store.Where("shop", store.Range, "a", "b").And("state", store.Range, "a", "b"),
		"empty in":       store.Where("no", store.In),
		"half a range":   store.Where("createdAt", store.Range, noon),
		"two equals":     store.Where("no", store.Eq, "1", "2"),
		"no prefix":      store.Where("deep.name", store.Prefix),
		"odd value":      store.Where("no", store.Eq, 1.5),
		"odd prefix":     store.Where("deep.name", store.Prefix, 7),
		"same twice":     store.Where("shop", store.Eq, "a").And("shop", store.Eq, "b"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.things.Find(t.Context(), q)
			wantCode(t, err, models.Internal)
			_, err = f.things.Count(t.Context(), q)
			wantCode(t, err, models.Internal)
		})
	}
}

func testCursorForged(t *testing.T, f *fixture) {
	f.insert(t, thingOf("1"), thingOf("2"), thingOf("3"))
	page, err := f.things.Find(t.Context(), store.All().Page(1, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"?", "AAAA", "e30", page.Next[:len(page.Next)-3]} {
		_, err := f.things.Find(t.Context(), store.All().Page(1, after))
		wantCode(t, err, models.Invalid)
	}
	_, err = f.things.Find(t.Context(), store.All().Asc("createdAt").Page(1, page.Next)) // of another query
	wantCode(t, err, models.Invalid)
}

func testEachResumes(t *testing.T, f *fixture) {
	n := f.some(450)
	var vs []*thing
	for i := range n {
		v := thingOf(fmt.Sprintf("%04d", i))
		v.Shop, v.No = "a", ptr(fmt.Sprint(i%7)+fmt.Sprintf("-%04d", i))
		vs = append(vs, v)
	}
	if err := f.things.InsertMany(t.Context(), vs); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	var seen []string
	q, left := store.Where("shop", store.Eq, "a").Asc("no"), n/3
	for rounds := 0; rounds < 10; rounds++ {
		after, err := f.things.Each(t.Context(), q, func(v *thing) error {
			if left--; left < 0 {
				return stop
			}
			seen = append(seen, *v.No)
			v.No, v.Shop = ptr("changed by the caller"), "b"
			return nil
		})
		q, left = q.Page(0, after), n/3
		if err == nil {
			break
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	if len(seen) != n || !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != n {
		t.Errorf("%d of %d, sorted %v", len(seen), n, slices.IsSorted(seen))
	}
}

func testCountBy(t *testing.T, f *fixture) {
	for i, s := range []string{"x", "y", "x", "", "x"} {
		v := thingOf(fmt.Sprint(i))
		v.Shop = "a"
		if s != "" {
			v.State = ptr(s)
		}
		f.insert(t, v)
	}
	q := store.Where("shop", store.Eq, "a")
	got, err := f.things.CountBy(t.Context(), "state", q)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(map[string]int64{"x": 3, "y": 1, "": 1}) {
		t.Errorf("CountBy = %v, %v", got, err)
	}
	got, err = f.things.CountBy(t.Context(), "state", q.And("state", store.In, "x", "z"))
	if err != nil || fmt.Sprint(got) != fmt.Sprint(map[string]int64{"x": 3}) {
		t.Errorf("CountBy = %v, %v", got, err)
	}
}

// testManyIns asks with 50 × 50 values: more stretches of an index than one statement holds.
func testManyIns(t *testing.T, f *fixture) {
	if f.opt.Slow {
		t.Skip("every look-up scans")
	}
	var shops, states, want []any
	for i := range store.MaxIn {
		shops, states = append(shops, fmt.Sprintf("s%02d", i)), append(states, fmt.Sprintf("t%02d", i))
	}
	for i := range 300 {
		v := thingOf(fmt.Sprintf("%03d", i))
		v.Shop, v.State, v.DueAt = as[string](shops[i*7%50]), ptr(as[string](states[i*13%50])),
			models.At(noon.Add(time.Duration(i/2)*time.Minute))
		f.insert(t, v)
		want = append(want, v.ID)
	}
	q := store.Where("shop", store.In, shops...).And("state", store.In, states...)
	for _, size := range []int{70, 200} {
		got, err := f.all(t.Context(), q.Asc("dueAt"), size)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("pages of %d: %v, %v", size, got, err)
		}
	}
	slices.Reverse(want)
	got, err := f.all(t.Context(), q.Desc("dueAt"), 150)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("down: %v, %v", got, err)
	}
}
