package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"xinyi/models"
	"xinyi/store"
)

// maxPatches bounds the statements a table keeps for its updates; an update of yet another set of columns writes all of them.
const maxPatches = 64

// Replace saves doc if the stored document still has the version read.
func (e *Engine) Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	t, err := e.table(c)
	if err != nil {
		return false, err
	}
	values, err := t.row(doc)
	if err != nil {
		return false, err
	}
	var saved bool
	err = e.submit(ctx, 1, false, func(w *conn) error {
		now, rows, err := e.current(c.Name, t, []bson.Raw{doc}, [][]any{values})
		if err != nil {
			return err
		}
		saved, err = now.replace(w, id, read, rows[0])
		return err
	})
	return saved && err == nil, err
}

// replace writes the version, the document and those path columns that are another value now: SQLite takes an entry out of an
// index and puts it in again for every column an update names, changed or not. It answers false when the version is not there.
func (t *table) replace(w *conn, id string, read int64, values []any) (bool, error) {
	set := make([]byte, len(t.paths))
	args := []any{values[1], values[len(values)-1]}
	rowid, found := int64(0), false
	err := w.query(t.stored, []any{id, read}, func(r *row) error {
		rowid, found = r.int(0), true
		for i := range t.paths {
			if v := values[2+i]; !r.is(1+i, v) {
				set[i] = 1
				args = append(args, v)
			}
		}
		return nil
	})
	if err != nil || !found {
		return false, err
	}
	if values[0] != id {
		return false, models.E(models.Internal, "internal", fmt.Errorf("%s: the document %v cannot take the place of %s", t.name, values[0], id))
	}
	sql, whole := t.patch(set)
	if whole {
		args = append(append(args[:2], values[2:len(values)-1]...), rowid)
	} else {
		args = append(args, rowid)
	}
	n, err := w.exec(sql, args...)
	return n == 1, err
}

// patch is the update that writes the columns of set, or every column when enough other sets are kept.
func (t *table) patch(set []byte) (sql string, whole bool) {
	if sql, ok := t.patches[string(set)]; ok {
		return sql, false
	}
	whole = len(t.patches) >= maxPatches
	var b strings.Builder
	b.WriteString("UPDATE " + t.name + " SET version_ = ?, doc_ = ?")
	for i, p := range t.paths {
		if whole || set[i] == 1 {
			b.WriteString(", " + quote(p) + " = ?")
		}
	}
	b.WriteString(" WHERE rowid = ?")
	if !whole {
		t.patches[string(set)] = b.String()
	}
	return b.String(), whole
}

// is says whether a column holds v, a value as bind would keep it.
func (r *row) is(col int, v any) bool {
	kind := r.s.ColumnType(col)
	switch v := v.(type) {
	case nil:
		return kind == sqlite.TypeNull
	case int64:
		return kind == sqlite.TypeInteger && r.int(col) == v
	case bool:
		return kind == sqlite.TypeInteger && (r.int(col) != 0) == v
	case time.Time:
		return kind == sqlite.TypeInteger && r.int(col) == v.UnixMilli()
	case string:
		return kind == sqlite.TypeText && r.text(col) == v
	}
	return false
}
