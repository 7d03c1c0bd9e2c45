package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

// A table is a collection as SQLite keeps it. Its columns are _id, version_, one per indexed path and doc_, the document.
// The path columns have no type, so that values compare as they are.
type table struct {
	name    string   // quoted
	paths   []string // of the indexes but for _id, each once
	indexes []index

	get, insert, stored, remove, expire string // SQL

	patches map[string]string // SQL of updates by the set of columns they write; the writer's alone
}

// An index as SQLite keeps it.
type index struct {
	name    string // as in sqlite_schema
	sql     string
	unique  bool
	of      store.Index
	partial bool
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quotes(names []string) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = quote(n)
	}
	return all
}

func quoted(names []string) string { return strings.Join(quotes(names), ", ") }

// tableOf lays out a collection.
func tableOf(c store.Collection) *table {
	t := &table{name: quote(c.Name)}
	for _, ix := range c.AllIndexes() {
		for _, p := range ix.Paths {
			if p != "_id" && !slices.Contains(t.paths, p) {
				t.paths = append(t.paths, p)
			}
		}
		t.indexes = append(t.indexes, indexOf(c.Name, ix))
		if ix.Unique && walked(c, ix) {
			t.indexes = append(t.indexes, indexOf(c.Name, store.Index{Paths: ix.Paths}))
		}
	}
	columns := append(append([]string{"_id", "version_"}, t.paths...), "doc_")
	marks := strings.Repeat("?, ", len(columns)-1) + "?"
	t.get = "SELECT doc_ FROM " + t.name + " WHERE _id = ?"
	t.insert = "INSERT INTO " + t.name + " (" + quoted(columns) + ") VALUES (" + marks + ")"
	t.stored = "SELECT " + strings.Join(append([]string{"rowid"}, quotes(t.paths)...),
		", ") + " FROM " + t.name + " WHERE _id = ? AND version_ = ?"
	t.patches = map[string]string{}
	t.remove = "DELETE FROM " + t.name + " WHERE _id = ?"
	t.expire = t.remove + ` AND "goneAt" <= ?`
	return t
}

// indexOf spells an index. The id ends every index, so that ties come in the order of ids; a unique one cannot have it.
func indexOf(collection string, ix store.Index) index {
	x := index{of: ix, unique: ix.Unique, partial: ix.Sparse}
	columns, kind := ix.Paths, "INDEX "
	if ix.Unique {
		kind = "UNIQUE INDEX "
	} else if !slices.Contains(columns, "_id") {
		columns = append(slices.Clone(columns), "_id")
	}
	x.name = collection + "(" + strings.Join(columns, ",") + ")"
	x.sql = "CREATE " + kind + quote(x.name) + " ON " + quote(collection) + " (" + quoted(columns) + ")"
	if x.partial {
		x.sql += " WHERE " + quote(ix.Paths[0]) + " IS NOT NULL"
	}
	return x
}

// walked says whether a named query reads a unique index in order. Such an index needs a second one that ends in the id:
// documents without the paths are ties, and only the id orders them.
func walked(c store.Collection, ix store.Index) bool {
	for _, q := range c.Queries {
		if used, ok := c.IndexFor(q); ok && used.Unique && slices.Equal(used.Paths, ix.Paths) && !single(q, ix) {
			return true
		}
	}
	return false
}

// single says whether q names one value for each path of ix.
func single(q store.Query, ix store.Index) bool {
	n := 0
	for _, c := range q.Conds {
		if c.Op == store.Eq || c.Op == store.In {
			n++
		}
	}
	return n == len(ix.Paths)
}

// serving is the index that reads ix in order.
func (t *table) serving(ix store.Index) (index, bool) {
	var best index
	found := false
	for _, x := range t.indexes {
		if slices.Equal(x.of.Paths, ix.Paths) && (!found || best.unique) {
			best, found = x, true
		}
	}
	return best, found
}

// row is a document as the columns of the table.
func (t *table) row(doc bson.Raw) ([]any, error) {
	id, ok := doc.Lookup("_id").StringValueOK()
	version, ok2 := store.Scalar(doc.Lookup("version")).(int64)
	if !ok || !ok2 {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: a document without a string _id and a whole version", t.name))
	}
	values := make([]any, 0, len(t.paths)+3)
	values = append(values, id, version)
	for _, p := range t.paths {
		values = append(values, store.Scalar(store.At(doc, p)))
	}
	return append(values, []byte(doc)), nil
}

// table is the layout Ensure has made.
func (e *Engine) table(c store.Collection) (*table, error) {
	if t, ok := e.tables.Load(c.Name); ok {
		return t.(*table), nil //nolint:errcheck // Ensure alone stores, and tables only
	}
	return nil, models.E(models.Internal, "internal", fmt.Errorf("collection %q was not ensured", c.Name))
}

// Ensure makes the tables and their indexes, and brings those of an older declaration up to date: a new path is filled from the
// documents, a path or an index that is declared no more is dropped. It is one transaction.
func (e *Engine) Ensure(ctx context.Context, cs ...store.Collection) error {
	tables := make([]*table, len(cs))
	for i, c := range cs {
		tables[i] = tableOf(c)
	}
	return e.submit(ctx, 1, true, func(w *conn) error {
		err := atomically(w, func() error {
			for i, c := range cs {
				if err := tables[i].ensure(ctx, w, c.Name); err != nil {
					return err
				}
			}
			return nil
		})
		for i := 0; i < len(cs) && err == nil; i++ {
			e.tables.Store(cs[i].Name, tables[i])
		}
		return failed(err)
	})
}
