package sqlite

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/store"
)

// A scan is one unbroken stretch of an index: values for the first columns, then bounds for the next.
// A query is a set of scans that do not overlap, each in the query's order.
type scan struct {
	where []string
	args  []any
}

func (s scan) and(term string, args ...any) scan {
	return scan{append(slices.Clip(s.where), term), append(slices.Clip(s.args), args...)}
}

// is adds column = v.
func (s scan) is(column string, v any) scan {
	if v == nil {
		return s.and(quote(column) + " IS NULL")
	}
	return s.and(quote(column)+" = ?", v)
}

// A span is the stretch from ≤ x < to of a column, or from < x if open. A nil bound is none; null lies in no span.
type span struct {
	from, to any
	open     bool
}

// within adds the span of a column.
func (s scan) within(column string, x span) scan {
	column = quote(column)
	switch {
	case x.from != nil && x.open:
		s = s.and(column+" > ?", x.from)
	case x.from != nil:
		s = s.and(column+" >= ?", x.from)
	case x.to == nil:
		s = s.and(column+" >= ?", int64(math.MinInt64)) // whatever is not null: numbers come before texts
	}
	if x.to != nil {
		s = s.and(column+" < ?", x.to)
	}
	return s
}

// A search is a query as scans along an index.
type search struct {
	t      *table
	ix     index // the zero index is the primary key
	sort   []string
	down   bool
	points []point
	path   string // of the span; "" for none
	span   span
}

// A point is a path with the values it may have, each once.
type point struct {
	path   string
	values []any
}

// searchOf reads a query. It answers Internal for what cannot be a condition.
func (t *table) searchOf(q store.Query, ix store.Index) (*search, error) {
	s := &search{t: t, sort: q.Along(ix).Sort, down: q.Down}
	if len(ix.Paths) > 0 {
		x, ok := t.serving(ix)
		if !ok {
			return nil, models.E(models.Internal, "internal", fmt.Errorf("%s has no index %v", t.name, ix.Paths))
		}
		s.ix = x
	}
	for _, c := range q.Conds {
		values := make([]any, 0, len(c.Values))
		for _, v := range c.Values {
			p, err := plain(v)
			if err != nil {
				return nil, err
			}
			values = append(values, p)
		}
		if err := s.add(c, values); err != nil {
			return nil, err
		}
	}
	if s.ix.partial && s.path == "" && len(s.points) == 0 {
		s.path = ix.Paths[0]
	}
	return s, nil
}

func (s *search) add(c store.Cond, values []any) error {
	wrong := models.E(models.Internal, "internal", fmt.Errorf("%s: %q cannot be asked with %v", s.t.name, c.Path, c))
	switch {
	case c.Op == store.Eq && len(values) == 1, c.Op == store.In && len(values) > 0:
		p := point{path: c.Path}
		for _, v := range values {
			if !slices.Contains(p.values, v) {
				p.values = append(p.values, v)
			}
		}
		s.points = append(s.points, p)
	case c.Op == store.Range && len(values) == 2:
		s.path, s.span = c.Path, span{from: values[0], to: values[1]}
	case c.Op == store.Prefix && len(values) == 1:
		from, ok := values[0].(string)
		if !ok {
			return wrong
		}
		s.path, s.span = c.Path, span{from: from, to: after(from)}
	default:
		return wrong
	}
	return nil
}

// plain is a value as the columns keep it: times are milliseconds, bools 0 and 1.
func plain(v any) (any, error) {
	p, err := store.Plain(v)
	switch x := p.(type) {
	case time.Time:
		return x.UnixMilli(), err
	case bool:
		if x {
			return int64(1), err
		}
		return int64(0), err
	}
	return p, err
}

// after is the least text above all that start with prefix, nil if there is none.
func after(prefix string) any {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xFF {
			b[i]++
			return string(b[:i+1])
		}
	}
	return nil
}

// scans are the stretches of the index that hold the documents after the key, nil for all.
func (s *search) scans(key []any, id string) []scan {
	all := []scan{{}}
	for _, p := range s.points {
		var next []scan
		for _, before := range all {
			for _, v := range p.values {
				next = append(next, before.is(p.path, v))
			}
		}
		all = next
	}
	var parts []scan
	for _, at := range all {
		if id == "" {
			parts = append(parts, s.whole(at))
			continue
		}
		parts = append(parts, s.rest(at, key, id)...)
	}
	return parts
}

// whole is at, within the span.
func (s *search) whole(at scan) scan {
	if s.path == "" {
		return at
	}
	return at.within(s.path, s.span)
}

// rest splits what comes after a key into stretches: equal in all sort paths and beyond the id, equal in all but the last
// and beyond that, and so on. So nulls, which no comparison of rows could pass, are passed as values.
func (s *search) rest(at scan, key []any, id string) []scan {
	var parts []scan
	for i, path := range s.sort {
		x := span{}
		if path == s.path {
			x = s.span
		}
		parts = append(parts, s.beyond(at, path, x, key[i], path == s.path)...)
		if path == s.path && !x.holds(key[i]) {
			return parts // the key lies outside the span: nothing equals it
		}
		at = at.is(path, key[i])
	}
	if s.down {
		return append(parts, at.and("_id < ?", id))
	}
	return append(parts, at.and("_id > ?", id))
}

// beyond are the values of a path after v, in x. Null is the least value, and bounded says that x leaves it out.
func (s *search) beyond(at scan, path string, x span, v any, bounded bool) []scan {
	if !s.down {
		if v != nil && (x.from == nil || compare(v, x.from) >= 0) {
			x.from, x.open = v, true
		}
		return []scan{at.within(path, x)}
	}
	if v == nil {
		return nil
	}
	if x.to == nil || compare(v, x.to) < 0 {
		x.to = v
	}
	parts := []scan{at.within(path, x)}
	if !bounded {
		parts = append(parts, at.is(path, nil))
	}
	return parts
}

// holds says whether v lies in x.
func (x span) holds(v any) bool {
	return v != nil && (x.from == nil || compare(v, x.from) >= 0) && (x.to == nil || compare(v, x.to) < 0)
}

// compare orders two plain values as SQLite does: numbers before texts.
func compare(a, b any) int {
	m, number := a.(int64)
	n, other := b.(int64)
	switch {
	case number && other:
		return cmp.Compare(m, n)
	case number:
		return -1
	case other:
		return 1
	}
	x, _ := a.(string) //nolint:errcheck // no number and not null
	y, _ := b.(string) //nolint:errcheck // no number and not null
	return strings.Compare(x, y)
}

// from is the table by the index; SQLite refuses the statement rather than choose another.
func (s *search) from() string {
	if s.ix.name == "" {
		return " FROM " + s.t.name
	}
	return " FROM " + s.t.name + " INDEXED BY " + quote(s.ix.name)
}

// selects spells one statement per scan.
func (s *search) selects(columns string, parts []scan) (sqls []string, args []any) {
	for _, p := range parts {
		sql := "SELECT " + columns + s.from()
		if len(p.where) > 0 {
			sql += " WHERE " + strings.Join(p.where, " AND ")
		}
		sqls, args = append(sqls, sql), append(args, p.args...)
	}
	return sqls, args
}
