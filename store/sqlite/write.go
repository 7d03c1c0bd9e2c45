package sqlite

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"xinyi/models"
	"xinyi/store"
)

// The bounds of one commit: how many writes, and how many documents before no further write joins.
const (
	maxGroup     = 256
	maxGroupDocs = 1024
)

// A job is one write that waits for its commit.
type job struct {
	ctx   context.Context
	docs  int // its weight in a group
	alone bool
	do    func(*conn) error // inside a transaction; all or nothing by itself when it answers a failure of its own
	done  chan error        // takes one answer without blocking
}

// submit hands a write to the writer and waits for its commit. A context that ends before the write has begun ends it;
// afterwards the answer is what happened.
func (e *Engine) submit(ctx context.Context, docs int, alone bool, do func(*conn) error) error {
	j := &job{ctx, docs, alone, do, make(chan error, 1)}
	e.mu.RLock()
	if e.closed {
		e.mu.RUnlock()
		return failed(errClosed)
	}
	select {
	case e.queue <- j:
		e.mu.RUnlock()
	case <-ctx.Done():
		e.mu.RUnlock()
		return failed(ctx.Err())
	}
	return failed(<-j.done)
}

// write is the writer goroutine. It ends when the queue is closed and empty.
func (e *Engine) write() {
	defer close(e.done)
	var group []*job
	for first := range e.queue {
		group = append(group[:0], first)
		last := e.gather(&group)
		e.commit(group)
		if last != nil {
			e.commit([]*job{last})
		}
		clear(group)
	}
}

// gather takes what else waits, up to the bounds, and answers a job that must have its own transaction, if it met one.
func (e *Engine) gather(group *[]*job) *job {
	if (*group)[0].alone {
		return nil
	}
	for docs := (*group)[0].docs; len(*group) < maxGroup && docs < maxGroupDocs; {
		select {
		case j, open := <-e.queue:
			if !open {
				return nil
			}
			if j.alone {
				return j
			}
			*group = append(*group, j)
			docs += j.docs
		default:
			return nil
		}
	}
	return nil
}

// commit writes a group in one transaction and answers each job. If the transaction fails, nothing of it is kept.
func (e *Engine) commit(group []*job) {
	answers := make([]error, len(group))
	if err := e.apply(group, answers); err != nil {
		if !e.writer.AutocommitEnabled() {
			if _, undo := e.writer.exec("ROLLBACK"); undo != nil {
				err = errors.Join(err, undo)
			}
		}
		if err = e.note(failed(err)); models.CodeOf(err) != models.Unavailable {
			err = models.E(models.Unavailable, "unavailable", err)
		}
		for i := range answers {
			answers[i] = err
		}
	}
	for i, j := range group {
		j.done <- answers[i]
	}
}

// apply answers an error when the whole group has failed.
func (e *Engine) apply(group []*job, answers []error) error {
	if err := e.there(); err != nil {
		return err
	}
	if _, err := e.writer.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, j := range group {
		if answers[i] = j.ctx.Err(); answers[i] != nil {
			continue
		}
		answers[i] = j.do(e.writer)
		if answers[i] != nil && (e.writer.AutocommitEnabled() || !own(answers[i])) {
			return answers[i]
		}
	}
	_, err := e.writer.exec("COMMIT")
	return err
}

// own says whether a failure is the write's alone, so that the others of its group can go on.
func own(err error) bool {
	var known *models.Error
	if errors.As(err, &known) {
		return true
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultConstraint, sqlite.ResultTooBig:
		return true
	}
	return false
}

// Insert keeps new documents, all or none.
func (e *Engine) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	t, err := e.table(c)
	if err != nil {
		return err
	}
	rows := make([][]any, len(docs))
	for i, doc := range docs {
		if rows[i], err = t.row(doc); err != nil {
			return err
		}
	}
	return e.submit(ctx, len(docs), false, func(w *conn) error {
		return e.insert(w, c.Name, t, docs, rows)
	})
}

func (e *Engine) insert(w *conn, name string, t *table, docs []bson.Raw, rows [][]any) error {
	t, rows, err := e.current(name, t, docs, rows)
	if err != nil {
		return err
	}
	if len(rows) == 1 {
		_, err := w.exec(t.insert, rows[0]...)
		return err
	}
	return atomically(w, func() error {
		for _, r := range rows {
			if _, err := w.exec(t.insert, r...); err != nil {
				return err
			}
		}
		return nil
	})
}

// current is the table as it is now, and the rows for it: Ensure may have added a column while the write waited.
func (e *Engine) current(name string, t *table, docs []bson.Raw, rows [][]any) (*table, [][]any, error) {
	v, _ := e.tables.Load(name)
	now, ok := v.(*table)
	if !ok || now == t {
		return t, rows, nil
	}
	fresh := make([][]any, len(docs))
	for i, doc := range docs {
		var err error
		if fresh[i], err = now.row(doc); err != nil {
			return nil, nil, err
		}
	}
	return now, fresh, nil
}

// atomically undoes what fn wrote when fn fails, and leaves the rest of the transaction alone.
func atomically(w *conn, fn func() error) error {
	if _, err := w.exec("SAVEPOINT one"); err != nil {
		return err
	}
	err := fn()
	if err != nil {
		if w.AutocommitEnabled() { // SQLite has undone everything
			return err
		}
		if _, undo := w.exec("ROLLBACK TO one"); undo != nil {
			return undo
		}
	}
	if _, release := w.exec("RELEASE one"); release != nil {
		return release
	}
	return err
}

// Delete removes documents; an id that is not there is no error.
func (e *Engine) Delete(ctx context.Context, c store.Collection, ids ...string) error {
	t, err := e.table(c)
	if err != nil || len(ids) == 0 {
		return err
	}
	return e.submit(ctx, len(ids), false, func(w *conn) error {
		for _, id := range ids {
			if _, err := w.exec(t.remove, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Expire removes the documents whose goneAt has come.
func (e *Engine) Expire(ctx context.Context, c store.Collection, now time.Time, ids ...string) error {
	t, err := e.table(c)
	if err != nil || len(ids) == 0 {
		return err
	}
	return e.submit(ctx, len(ids), false, func(w *conn) error {
		for _, id := range ids {
			if _, err := w.exec(t.expire, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}
