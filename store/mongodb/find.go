package mongodb

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/store"
)

// opening bounds how many scans of one query start at a time.
const opening = 8

// A branch reads the stretches of one combination of values, one after the other.
type branch struct {
	left []scan
	cur  *mongo.Cursor
	doc  bson.Raw // the next document, nil at the end
	key  []any
}

// A reading is one Find under way.
type reading struct {
	coll  *mongo.Collection
	s     *search
	limit int
	batch int32
}

// Find reads at most limit documents of q after the key, in q's order: one ordered scan per combination of values, merged.
func (e *Engine) Find(ctx context.Context, c store.Collection, scan store.Scan) ([]bson.Raw, error) {
	s, err := searchOf(scan.Query, scan.Index)
	if err != nil {
		return nil, err
	}
	if scan.After != nil && (len(scan.After.Sort) != len(s.sort) || scan.After.ID == "") {
		return nil, models.Bad("#query/cursor", "cursor", "cursor.invalid")
	}
	if scan.Limit <= 0 {
		return nil, nil
	}
	r := &reading{e.coll(c), s, scan.Limit, int32(min(scan.Limit, max(2*scan.Limit/len(s.branches), 16)))} //nolint:gosec // limit is a page
	branches := make([]*branch, len(s.branches))
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(opening)
	for i := range branches {
		branches[i] = &branch{left: s.stretches(s.branches[i], scan.After)}
		group.Go(func() error { return r.next(each, branches[i]) })
	}
	err = group.Wait()
	defer func() {
		for _, l := range branches {
			if l.cur != nil {
				_ = l.cur.Close(context.WithoutCancel(ctx)) // the server forgets it by itself otherwise
			}
		}
	}()
	if err != nil {
		return nil, failed(err)
	}
	return r.merge(ctx, branches)
}

// merge takes the first of all branches, again and again.
func (r *reading) merge(ctx context.Context, branches []*branch) ([]bson.Raw, error) {
	var docs []bson.Raw
	for len(docs) < r.limit {
		var first *branch
		for _, l := range branches {
			if l.doc != nil && (first == nil || r.before(l.key, first.key)) {
				first = l
			}
		}
		if first == nil {
			break
		}
		docs = append(docs, first.doc)
		if len(docs) == r.limit {
			break
		}
		if err := r.next(ctx, first); err != nil {
			return nil, failed(err)
		}
	}
	return docs, nil
}

// next moves l to its next document.
func (r *reading) next(ctx context.Context, l *branch) error {
	for l.doc = nil; ; l.left = l.left[1:] {
		if l.cur == nil {
			if len(l.left) == 0 {
				return nil
			}
			o := options.Find().SetSort(r.s.order()).SetLimit(int64(r.limit)).SetBatchSize(r.batch)
			cur, err := r.coll.Find(ctx, l.left[0].filter(), o)
			if err != nil {
				return err
			}
			l.cur = cur
		}
		if l.cur.Next(ctx) {
			l.doc = append(bson.Raw(nil), l.cur.Current...)
			l.key = r.key(l.doc)
			return nil
		}
		err := errors.Join(l.cur.Err(), l.cur.Close(ctx))
		if l.cur = nil; err != nil {
			return err
		}
	}
}

func (r *reading) key(doc bson.Raw) []any {
	key := make([]any, 0, len(r.s.sort)+1)
	for _, p := range r.s.sort {
		key = append(key, store.Scalar(store.At(doc, p)))
	}
	return append(key, store.Scalar(doc.Lookup("_id")))
}

func (r *reading) before(a, b []any) bool {
	for i := range a {
		if n := compare(a[i], b[i]); n != 0 {
			return (n < 0) != r.s.down
		}
	}
	return false
}

// compare orders plain values as the server does: null, numbers, texts, bools, times.
func compare(a, b any) int {
	if n := cmp.Compare(rank(a), rank(b)); n != 0 {
		return n
	}
	switch x := a.(type) {
	case int64:
		y, _ := b.(int64) //nolint:errcheck // of the rank of a, so of its type
		return cmp.Compare(x, y)
	case string:
		y, _ := b.(string) //nolint:errcheck // of the rank of a, so of its type
		return strings.Compare(x, y)
	case bool:
		y, _ := b.(bool) //nolint:errcheck // of the rank of a, so of its type
		switch {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	case time.Time:
		y, _ := b.(time.Time) //nolint:errcheck // of the rank of a, so of its type
		return x.Compare(y)
	}
	return 0
}

func rank(v any) int {
	switch v.(type) {
	case int64:
		return 1
	case string:
		return 2
	case bool:
		return 3
	case time.Time:
		return 4
	}
	return 0
}

// Count counts the documents of q.
func (e *Engine) Count(ctx context.Context, c store.Collection, q store.Query, ix store.Index) (int64, error) {
	s, err := searchOf(q, ix)
	if err != nil {
		return 0, err
	}
	n, err := e.coll(c).CountDocuments(ctx, s.all())
	return n, failed(err)
}

// CountBy counts the documents of q by the values of a string path; those without one are under "".
func (e *Engine) CountBy(ctx context.Context, c store.Collection, path string, q store.Query, ix store.Index) (map[string]int64, error) {
	s, err := searchOf(q, ix)
	if err != nil {
		return nil, err
	}
	cur, err := e.coll(c).Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: s.all()}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$" + path}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}}}}},
	})
	if err != nil {
		return nil, failed(err)
	}
	var rows []struct {
		Value *string `bson:"_id"`
		N     int64   `bson:"n"`
	}
	if err := cur.All(ctx, &rows); err != nil {
		return nil, failed(err)
	}
	counts := map[string]int64{}
	for _, r := range rows {
		if r.Value == nil {
			r.Value = new(string)
		}
		counts[*r.Value] += r.N
	}
	return counts, nil
}
