package mongodb

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

// A scan is the filter of one unbroken stretch of an index.
type scan bson.D

// and adds a term; terms stay apart, so that two of one path both count.
func (s scan) and(path, op string, v any) scan {
	return append(slices.Clip(s), bson.E{Key: path, Value: bson.D{{Key: op, Value: v}}})
}

// filter spells the scan.
func (s scan) filter() bson.D {
	if len(s) == 0 {
		return bson.D{}
	}
	terms := make(bson.A, len(s))
	for i, e := range s {
		terms[i] = bson.D{e}
	}
	return bson.D{{Key: "$and", Value: terms}}
}

// A search is a query as scans along an index.
type search struct {
	sort     []string
	down     bool
	branches []scan // one per combination of the values of its points; each is in order
	span     scan   // bounds of the spanned path
	spans    string // the spanned path, "" for none
	points   scan   // all points as one filter, for counting
}

func searchOf(q store.Query, ix store.Index) (*search, error) {
	s := &search{sort: slices.DeleteFunc(slices.Clone(q.Along(ix).Sort), func(p string) bool { return p == "_id" }), down: q.Down,
		branches: []scan{nil}}
	for _, c := range q.Conds {
		values := make(bson.A, 0, len(c.Values))
		for _, v := range c.Values {
			p, err := store.Plain(v)
			if err != nil {
				return nil, err
			}
			if c.Op == store.Range || !slices.Contains(values, p) {
				values = append(values, p)
			}
		}
		if err := s.add(c, values); err != nil {
			return nil, err
		}
	}
	if ix.Sparse && s.spans == "" && len(q.Conds) == 0 {
		s.spans, s.span = ix.Paths[0], scan{}.and(ix.Paths[0], "$exists", true)
	}
	return s, nil
}

func (s *search) add(c store.Cond, values bson.A) error {
	switch {
	case c.Op == store.Eq && len(values) == 1, c.Op == store.In && len(values) > 0:
		var branches []scan
		for _, branch := range s.branches {
			for _, v := range values {
				branches = append(branches, branch.and(c.Path, "$eq", v))
			}
		}
		s.branches = branches
		s.points = s.points.and(c.Path, "$in", values)
		return nil
	case c.Op == store.Range && len(values) == 2:
		s.spans = c.Path
		s.span = bounds(c.Path, values[0], values[1])
		return nil
	case c.Op == store.Prefix && len(values) == 1:
		if from, ok := values[0].(string); ok {
			s.spans = c.Path
			s.span = bounds(c.Path, from, after(from))
			return nil
		}
	}
	return models.E(models.Internal, "internal", fmt.Errorf("%q cannot be asked with %v", c.Path, c))
}

// bounds is from ≤ path < to; null lies in no span.
func bounds(path string, from, to any) scan {
	var s scan
	if from != nil {
		s = s.and(path, "$gte", from)
	}
	if to != nil {
		s = s.and(path, "$lt", to)
	}
	if len(s) == 0 {
		s = s.and(path, "$ne", nil)
	}
	return s
}

// after is the least text above all that start with prefix, nil for none. Texts compare by their bytes, as code points do.
func after(prefix string) any {
	r := []rune(prefix)
	for i := len(r) - 1; i >= 0; i-- {
		switch next := r[i] + 1; {
		case r[i] == utf8.MaxRune:
			continue
		case next == 0xD800: // no text holds the surrogates
			return string(append(r[:i:i], 0xE000))
		default:
			return string(append(r[:i:i], next))
		}
	}
	return nil
}

// all is the whole query as one filter.
func (s *search) all() bson.D { return append(slices.Clip(s.points), s.span...).filter() }

// stretches are what of a branch comes after the key, in order: equal in all sort paths and beyond the id, then equal in all but the
// last and beyond that, and so on. Null is the least value and is passed as a value: no comparison of the server reaches it.
func (s *search) stretches(branch scan, key *store.Key) []scan {
	within := append(slices.Clip(branch), s.span...)
	if key == nil {
		return []scan{within}
	}
	beyond := "$gt"
	if s.down {
		beyond = "$lt"
	}
	equal := make([]scan, len(s.sort)+1) // equal[i] is equal in the first i sort paths
	equal[0] = within
	for i, p := range s.sort {
		equal[i+1] = equal[i].and(p, "$eq", key.Sort[i])
	}
	parts := []scan{equal[len(s.sort)].and("_id", beyond, key.ID)}
	for i := len(s.sort) - 1; i >= 0; i-- {
		path, v := s.sort[i], key.Sort[i]
		switch {
		case v == nil && s.down: // nothing is below null
		case v == nil:
			parts = append(parts, equal[i].and(path, "$ne", nil))
		default:
			parts = append(parts, equal[i].and(path, beyond, v))
			if s.down && path != s.spans {
				parts = append(parts, equal[i].and(path, "$eq", nil))
			}
		}
	}
	return parts
}

// order is the sort document: the paths, then the id, all one way.
func (s *search) order() bson.D {
	way := 1
	if s.down {
		way = -1
	}
	var d bson.D
	for _, p := range s.sort {
		d = append(d, bson.E{Key: p, Value: way})
	}
	return append(d, bson.E{Key: "_id", Value: way})
}
