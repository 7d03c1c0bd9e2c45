package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

// maxScans is how many scans one statement merges; SQLite takes 500. keptScans is up to how many the statement is kept prepared.
const (
	maxScans  = 200
	keptScans = 12
)

// find spells the statement that reads scans in order: SQLite steps through them side by side and merges, it sorts nothing.
func (s *search) find(parts []scan) (sql string, args []any) {
	columns, order := "doc_", make([]string, 0, len(s.sort)+1)
	way := ""
	if s.down {
		way = " DESC"
	}
	for _, p := range s.sort {
		order = append(order, quote(p)+way)
	}
	if !slices.Contains(s.sort, "_id") {
		order = append(order, "_id"+way)
	}
	if len(parts) > 1 { // a merge orders by what it selects
		columns += ", _id"
		if rest := without(s.sort, "_id"); len(rest) > 0 {
			columns += ", " + quoted(rest)
		}
	}
	sqls, args := s.selects(columns, parts)
	return strings.Join(sqls, " UNION ALL ") + " ORDER BY " + strings.Join(order, ", "), args
}

func without(paths []string, path string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p == path })
}

// search is a query of a collection along an index.
func (e *Engine) search(c store.Collection, q store.Query, ix store.Index) (*search, error) {
	t, err := e.table(c)
	if err != nil {
		return nil, err
	}
	return t.searchOf(q, ix)
}

// Find reads at most limit documents of q after the key, in q's order.
func (e *Engine) Find(ctx context.Context, c store.Collection, scan store.Scan) ([]bson.Raw, error) {
	s, err := e.search(c, scan.Query, scan.Index)
	if err != nil {
		return nil, err
	}
	key, id, err := s.key(scan.After)
	if err != nil {
		return nil, err
	}
	parts := s.scans(key, id)
	var docs []bson.Raw
	err = e.read(ctx, func(r *conn) error {
		for chunk := range slices.Chunk(parts, maxScans) {
			if err := s.fetch(r, chunk, scan.Limit, &docs); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(parts) > maxScans {
		docs = s.merge(docs, scan.Limit)
	}
	return docs, nil
}

// key is a cursor's key as the columns keep it; id is "" for none.
func (s *search) key(after *store.Key) (values []any, id string, err error) {
	if after == nil {
		return nil, "", nil
	}
	if len(after.Sort) != len(s.sort) || after.ID == "" {
		return nil, "", models.Bad("#query/cursor", "cursor", "cursor.invalid")
	}
	for _, v := range after.Sort {
		p, err := plain(v)
		if err != nil {
			return nil, "", err
		}
		values = append(values, p)
	}
	return values, after.ID, nil
}

// fetch appends at most limit documents of scans to docs.
func (s *search) fetch(r *conn, parts []scan, limit int, docs *[]bson.Raw) error {
	if len(parts) == 0 {
		return nil
	}
	sql, args := s.find(parts)
	query := r.query
	if len(parts) > keptScans {
		query = r.once
	}
	left := limit
	err := query(sql, args, func(r *row) error {
		*docs = append(*docs, r.blob(0))
		if left--; left <= 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// errEnough ends a statement that has given what was asked for. A bound LIMIT would do, but
// SQLite looks at it when it plans, and so plans anew whenever it is set.
var errEnough = errors.New("enough")

// merge orders what several statements found; each has found at most limit documents.
func (s *search) merge(docs []bson.Raw, limit int) []bson.Raw {
	type keyed struct {
		key []any
		doc bson.Raw
	}
	all := make([]keyed, len(docs))
	for i, doc := range docs {
		k := keyed{doc: doc}
		for _, p := range append(slices.Clip(s.sort), "_id") {
			v, err := plain(store.Scalar(store.At(doc, p)))
			if err != nil {
				v = nil
			}
			k.key = append(k.key, v)
		}
		all[i] = k
	}
	slices.SortFunc(all, func(a, b keyed) int {
		n := slices.CompareFunc(a.key, b.key, order)
		if s.down {
			return -n
		}
		return n
	})
	docs = docs[:min(len(docs), limit)]
	for i := range docs {
		docs[i] = all[i].doc
	}
	return docs
}

// order is compare with null as the least value.
func order(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return compare(a, b)
}

// each runs one statement per scan, all on the same state of the file.
func (e *Engine) each(ctx context.Context, s *search, columns, tail string, fn func(*row) error) error {
	parts := s.scans(nil, "")
	return e.read(ctx, func(r *conn) (err error) {
		r.SetInterrupt(ctx.Done())
		defer r.SetInterrupt(nil)
		if _, err := r.exec("BEGIN"); err != nil {
			return err
		}
		defer func() {
			r.SetInterrupt(nil)
			if _, end := r.exec("ROLLBACK"); err == nil {
				err = end
			}
		}()
		for _, p := range parts {
			sqls, args := s.selects(columns, []scan{p})
			if err := r.query(sqls[0]+tail, args, fn); err != nil {
				return err
			}
		}
		return nil
	})
}

// Count counts the documents of q.
func (e *Engine) Count(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (int64, error) {
	s, err := e.search(c, q, ix)
	if err != nil {
		return 0, err
	}
	var n int64
	err = e.each(ctx, s, "count(*)", "", func(r *row) error {
		n += r.int(0)
		return nil
	})
	return n, err
}

// CountBy counts the documents of q by the values of a string path; those without one are under "".
func (e *Engine) CountBy(ctx context.Context, c store.Collection, path string, q store.Query, ix store.Index) (map[string]int64, error) {
	if !slices.Contains(ix.Paths, path) {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: the index %v does not cover %q", c.Name, ix.Paths, path))
	}
	s, err := e.search(c, q, ix)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	err = e.each(ctx, s, quote(path)+", count(*)", " GROUP BY 1", func(r *row) error {
		counts[r.text(0)] += r.int(1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

// Explain asks SQLite how it would read the first page of q, and the pages after it.
func (e *Engine) Explain(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (store.Plan, error) {
	t, err := e.table(c)
	if err != nil {
		return store.Plan{}, err
	}
	s, err := t.searchOf(q, ix)
	if err != nil {
		return store.Plan{}, err
	}
	plan := store.Plan{Indexed: true}
	err = e.read(ctx, func(r *conn) error {
		for _, parts := range [][]scan{s.scans(nil, ""), s.scans(make([]any, len(s.sort)), "x"), s.scans(s.probe(), "x")} {
			for chunk := range slices.Chunk(parts, maxScans) {
				sql, args := s.find(chunk)
				err := r.once("EXPLAIN QUERY PLAN "+sql, args, func(r *row) error {
					step := r.text(3)
					plan.Detail += step + "\n"
					plan.Indexed = plan.Indexed && indexed(step)
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return plan, err
}

// probe is a key without nulls, inside the span.
func (s *search) probe() []any {
	key := make([]any, len(s.sort))
	for i, path := range s.sort {
		if key[i] = any(int64(0)); path == s.path && s.span.from != nil {
			key[i] = s.span.from
		}
	}
	return key
}

// indexed says whether a step of a plan reads by an index and sorts nothing.
func indexed(step string) bool {
	if strings.Contains(step, "TEMP B-TREE") {
		return false
	}
	return !strings.HasPrefix(step, "SCAN") || strings.Contains(step, " USING ")
}
