package sqlite

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/store"
)

// backfillBatch is how many documents are held in memory while a new column is filled.
const backfillBatch = 256

// ensure brings the table to the layout t, inside a transaction.
func (t *table) ensure(ctx context.Context, w *conn, name string) error {
	have, err := columns(w, name)
	if err == nil && len(have) == 0 {
		err = t.create(w)
	} else if err == nil {
		err = t.alter(ctx, w, name, have)
	}
	if err != nil {
		return err
	}
	for _, x := range t.indexes {
		if err := w.once(strings.Replace(x.sql, "INDEX ", "INDEX IF NOT EXISTS ", 1), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// create makes the table whole: a column added afterwards makes SQLite read the whole schema again.
func (t *table) create(w *conn) error {
	all := []string{"_id TEXT NOT NULL PRIMARY KEY", "version_ INTEGER NOT NULL", "doc_ BLOB NOT NULL"}
	return w.once("CREATE TABLE "+t.name+" ("+strings.Join(append(all, quotes(t.paths)...), ", ")+")", nil, nil)
}

// alter brings a table with these columns to the layout t, but for missing indexes.
func (t *table) alter(ctx context.Context, w *conn, name string, have []string) error {
	if err := t.dropIndexes(w, name); err != nil {
		return err
	}
	fresh, err := t.alterColumns(w, have)
	if err != nil {
		return err
	}
	return t.backfill(ctx, w, fresh)
}

// columns are those the table has, none if there is no such table.
func columns(w *conn, name string) (have []string, err error) {
	err = w.once("SELECT name FROM pragma_table_info(?)", []any{name}, func(r *row) error {
		have = append(have, r.text(0))
		return nil
	})
	return have, err
}

// dropIndexes drops those that are declared no more, or otherwise.
func (t *table) dropIndexes(w *conn, name string) error {
	var old []string
	err := w.once("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", []any{name}, func(r *row) error {
		n, sql := r.text(0), r.text(1)
		if !slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == n && x.sql == sql }) {
			old = append(old, n)
		}
		return nil
	})
	for i := 0; i < len(old) && err == nil; i++ {
		err = w.once("DROP INDEX "+quote(old[i]), nil, nil)
	}
	return err
}

// alterColumns adds and drops columns, and answers the paths that are new.
func (t *table) alterColumns(w *conn, have []string) (fresh []string, err error) {
	for i := 0; i < len(have) && err == nil; i++ {
		if col := have[i]; col != "_id" && col != "version_" && col != "doc_" && !slices.Contains(t.paths, col) {
			err = w.once("ALTER TABLE "+t.name+" DROP COLUMN "+quote(col), nil, nil)
		}
	}
	for i := 0; i < len(t.paths) && err == nil; i++ {
		if !slices.Contains(have, t.paths[i]) {
			fresh = append(fresh, t.paths[i])
			err = w.once("ALTER TABLE "+t.name+" ADD COLUMN "+quote(t.paths[i]), nil, nil)
		}
	}
	return fresh, err
}

// backfill fills new columns from the documents, a batch at a time.
func (t *table) backfill(ctx context.Context, w *conn, fresh []string) error {
	if len(fresh) == 0 {
		return nil
	}
	set := make([]string, len(fresh))
	for i, p := range fresh {
		set[i] = quote(p) + " = ?"
	}
	update := "UPDATE " + t.name + " SET " + strings.Join(set, ", ") + " WHERE rowid = ?"
	next := "SELECT rowid, doc_ FROM " + t.name + " WHERE rowid > ? ORDER BY rowid LIMIT ?"
	type found struct {
		row int64
		doc bson.Raw
	}
	batch := make([]found, 0, backfillBatch)
	for last := int64(-1 << 63); ; last = batch[len(batch)-1].row {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch = batch[:0]
		err := w.query(next, []any{last, int64(backfillBatch)}, func(r *row) error {
			batch = append(batch, found{r.int(0), r.blob(1)})
			return nil
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, f := range batch {
			args := make([]any, 0, len(fresh)+1)
			for _, p := range fresh {
				args = append(args, store.Scalar(store.At(f.doc, p)))
			}
			if _, err := w.exec(update, append(args, f.row)...); err != nil {
				return err
			}
		}
	}
}
