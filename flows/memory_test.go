package flows_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

// memory is an engine for tests of what stands above the engines: it scans, and counts writes.
type memory struct {
	mu     sync.Mutex
	docs   map[string]map[string]bson.Raw
	writes map[string]int // by collection
}

func newMemory() *memory {
	return &memory{docs: map[string]map[string]bson.Raw{}, writes: map[string]int{}}
}

func (m *memory) Ensure(context.Context, store.Collection) error { return nil }
func (m *memory) Ping(context.Context) error                     { return nil }
func (m *memory) Close() error                                   { return nil }

func (m *memory) Explain(context.Context, store.Collection, store.Query, store.Index) (store.Plan, error) {
	return store.Plan{}, models.E(models.Internal, "internal")
}

func (m *memory) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return models.E(models.Unavailable, "unavailable", err)
	}
	of := m.docs[c.Name]
	if of == nil {
		of = map[string]bson.Raw{}
		m.docs[c.Name] = of
	}
	for _, d := range docs {
		if _, taken := of[d.Lookup("_id").StringValue()]; taken {
			return models.E(models.Conflict, "taken")
		}
	}
	for _, d := range docs {
		of[d.Lookup("_id").StringValue()] = d
	}
	m.writes[c.Name]++
	return nil
}

func (m *memory) Get(_ context.Context, c store.Collection, id string) (bson.Raw, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d, ok := m.docs[c.Name][id]; ok {
		return d, nil
	}
	return nil, models.E(models.NotFound, "not_found")
}

func (m *memory) Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, models.E(models.Unavailable, "unavailable", err)
	}
	old, ok := m.docs[c.Name][id]
	if !ok || old.Lookup("version").Int64() != read {
		return false, nil
	}
	m.docs[c.Name][id] = doc
	m.writes[c.Name]++
	return true, nil
}

func (m *memory) Delete(_ context.Context, c store.Collection, ids ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.docs[c.Name], id)
	}
	return nil
}

func (m *memory) Find(_ context.Context, c store.Collection, q store.Query, ix store.Index, limit int, after *store.Key) ([]bson.Raw, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sort := append(slices.Clone(q.Sort), "_id")
	order := func(a, b bson.Raw) int {
		for _, p := range sort {
			if n := compare(store.Scalar(store.At(a, p)), store.Scalar(store.At(b, p))); n != 0 {
				if q.Down {
					return -n
				}
				return n
			}
		}
		return 0
	}
	var found []bson.Raw
	for _, d := range m.docs[c.Name] {
		if !matches(d, q.Conds) || store.SparseHead(ix) && store.Scalar(store.At(d, ix.Paths[0])) == nil {
			continue
		}
		if after != nil {
			edge := bson.D{{Key: "_id", Value: after.ID}}
			for i, p := range q.Sort {
				edge = append(edge, bson.E{Key: p, Value: after.Sort[i]})
			}
			raw, err := bson.Marshal(edge)
			if err != nil {
				return nil, err
			}
			if order(d, raw) <= 0 {
				continue
			}
		}
		found = append(found, d)
	}
	slices.SortFunc(found, order)
	return found[:min(limit, len(found))], nil
}

func (m *memory) Count(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (int64, error) {
	found, err := m.Find(ctx, c, q, ix, 1<<30, nil)
	return int64(len(found)), err
}

func (m *memory) CountBy(ctx context.Context, c store.Collection, path string, q store.Query, ix store.Index) (map[string]int64, error) {
	found, err := m.Find(ctx, c, q, ix, 1<<30, nil)
	counts := map[string]int64{}
	for _, d := range found {
		counts[store.At(d, path).StringValue()]++
	}
	return counts, err
}

func matches(d bson.Raw, conds []store.Cond) bool {
	for _, c := range conds {
		v := store.Scalar(store.At(d, c.Path))
		ok := false
		for i, want := range c.Values {
			want, err := store.Plain(want)
			if err != nil {
				return false
			}
			switch {
			case c.Op == store.Range && v != nil:
				ok = want == nil || i == 0 && compare(v, want) >= 0 || i == 1 && compare(v, want) < 0
			case c.Op == store.Eq || c.Op == store.In:
				ok = ok || compare(v, want) == 0
			}
			if c.Op == store.Range && !ok {
				return false
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

func compare(a, b any) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
		if y, ok := b.(bson.DateTime); ok {
			return x.Compare(y.Time())
		}
	}
	return 1
}
