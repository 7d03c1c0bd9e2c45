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

// ensure brings the table to the layout t, inside a transaction. A new one is made whole: altering a table makes SQLite read the
// whole schema anew.
func (t *table) ensure(ctx context.Context, w *conn, name string) error {
	columns, err := names(w, "SELECT name, name FROM pragma_table_info(?)", name)
	if err != nil {
		return err
	}
	indexes, err := names(w, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", name)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		create := "CREATE TABLE " + t.name + " (_id TEXT NOT NULL PRIMARY KEY, version_ INTEGER NOT NULL, doc_ BLOB NOT NULL"
		for _, p := range t.paths {
			create += ", " + quote(p)
		}
		if err := w.once(create+")", nil, nil); err != nil {
			return err
		}
	} else if err := t.alter(ctx, w, columns, indexes); err != nil {
		return err
	}
	for _, x := range t.indexes {
		if indexes[x.name] == x.sql {
			continue
		}
		if err := w.once(x.sql, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// names answers what sql lists about a table: each name with its text.
func names(w *conn, sql, table string) (map[string]string, error) {
	all := map[string]string{}
	err := w.once(sql, []any{table}, func(r *row) error {
		all[r.text(0)] = r.text(1)
		return nil
	})
	return all, err
}

// alter drops the indexes that are declared no more, or otherwise, drops and adds columns, and fills the new ones.
func (t *table) alter(ctx context.Context, w *conn, columns, indexes map[string]string) error {
	var steps, fresh []string
	for name, sql := range indexes {
		if !slices.ContainsFunc(t.indexes, func(x index) bool { return x.name == name && x.sql == sql }) {
			steps = append(steps, "DROP INDEX "+quote(name))
		}
	}
	for col := range columns {
		if col != "_id" && col != "version_" && col != "doc_" && !slices.Contains(t.paths, col) {
			steps = append(steps, "ALTER TABLE "+t.name+" DROP COLUMN "+quote(col))
		}
	}
	for _, p := range t.paths {
		if _, ok := columns[p]; !ok {
			fresh = append(fresh, p)
			steps = append(steps, "ALTER TABLE "+t.name+" ADD COLUMN "+quote(p))
		}
	}
	for _, step := range steps {
		if err := w.once(step, nil, nil); err != nil {
			return err
		}
	}
	return t.backfill(ctx, w, fresh)
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
