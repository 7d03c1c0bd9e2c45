// Package sqlite is the engine of a county, a laptop and the tests: one SQLite file, in process, nothing to install.
//
// A collection is a table: the id, the version, one column for each indexed path, and the document's BSON bytes as they
// came. Writes go through one goroutine that commits all who wait in one transaction with one fsync; reads run beside
// it on connections of their own (WAL), and see what is committed. A write is answered after its commit is on the disk.
//
// Only package server and tests may import it.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

// maxReaders bounds the read connections: a read never waits for anything but the processor, so more would only cost memory.
const maxReaders = 8

// errClosed is the cause of whatever is asked of a closed engine.
var errClosed = errors.New("the store is closed")

// An Engine keeps collections in one file. It implements store.Engine.
type Engine struct {
	path    string
	lock    *os.File
	writer  *conn
	readers chan *conn
	count   int      // of readers
	tables  sync.Map // collection name → *table

	unsynced bool        // see Unsynced
	file     fs.FileInfo // of path, as it was opened
	corrupt  atomic.Bool // a page was met that is not what was written

	mu      sync.RWMutex // guards closed, and queue against a send after its close
	closed  bool
	queue   chan *job
	closing chan struct{} // closed when Close begins
	done    chan struct{} // closed when the writer goroutine has ended
}

var _ store.Engine = (*Engine)(nil)

// An Option changes how a file is opened.
type Option func(*Engine)

// Unsynced leaves it to the operating system when a commit reaches the disk: it survives the end of the process, and is lost with
// the power. It is for tests.
func Unsynced() Option { return func(e *Engine) { e.unsynced = true } }

// Open opens the file at path, or makes it, and its directory. A file belongs to one process at a time: a second Open fails with
// models.Unavailable "store.in_use" until the first engine is closed or its process has ended, however it ended.
func Open(ctx context.Context, path string, options ...Option) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, failed(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, failed(err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, models.E(models.Unavailable, "store.in_use", fmt.Errorf("%s is in use by another process: %w", path, err))
	}
	e := &Engine{
		path: path, lock: lock, count: min(maxReaders, max(2, 2*runtime.GOMAXPROCS(0))),
		queue: make(chan *job, maxGroup), closing: make(chan struct{}), done: make(chan struct{}),
	}
	for _, set := range options {
		set(e)
	}
	e.readers = make(chan *conn, e.count)
	err = e.connect()
	if err == nil {
		err = private(path)
	}
	if err == nil {
		e.file, err = os.Stat(path)
	}
	if err != nil {
		return nil, failed(errors.Join(err, e.disconnect(len(e.readers))))
	}
	go e.write()
	return e, nil
}

func (e *Engine) connect() error {
	var err error
	if e.writer, err = dial(e.path, writing); err != nil {
		return err
	}
	if e.unsynced {
		if err := e.writer.query("PRAGMA synchronous = OFF", nil, nil); err != nil {
			return err
		}
	}
	for range e.count {
		c, err := dial(e.path, reading)
		if err != nil {
			return err
		}
		e.readers <- c
	}
	return nil
}

// disconnect closes so many readers, waiting for the reads that run, then the writer: it folds the log into the file.
func (e *Engine) disconnect(readers int) error {
	var errs []error
	for range readers {
		errs = append(errs, (<-e.readers).Close())
	}
	if e.writer != nil {
		errs = append(errs, e.writer.Close())
	}
	return errors.Join(append(errs, e.lock.Close())...)
}

// Close lets everything that waits be written, then closes the file. Calls that come later fail with models.Unavailable.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	close(e.queue)
	close(e.closing)
	e.mu.Unlock()
	<-e.done
	return e.disconnect(e.count)
}

// read runs fn on a read connection of its own.
func (e *Engine) read(ctx context.Context, fn func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	select {
	case <-e.closing:
		return failed(errClosed)
	default:
	}
	select {
	case c := <-e.readers:
		defer func() { e.readers <- c }()
		return e.note(failed(fn(c)))
	case <-ctx.Done():
		return failed(ctx.Err())
	case <-e.closing:
		return failed(errClosed)
	}
}

// Ping reads from the file, which must be where it was opened. A file with a corrupt page is looked through first: it may have been mended.
func (e *Engine) Ping(ctx context.Context) error {
	if err := e.there(); err != nil {
		return err
	}
	if e.corrupt.Load() {
		if err := e.Sound(ctx, "quick_check", 1); err != nil {
			return err
		}
		e.corrupt.Store(false)
	}
	return e.read(ctx, func(c *conn) error { return c.once("SELECT 1 FROM sqlite_schema LIMIT 1", nil, nil) })
}

// Sound looks through the whole file on a connection of its own, which has nothing in memory, by quick_check or integrity_check (the
// indexes too), and answers at most so many faults, as store.Corrupt.
func (e *Engine) Sound(ctx context.Context, how string, faults int) error {
	c, err := dial(e.path, reading)
	if err != nil {
		return failed(err)
	}
	c.SetInterrupt(ctx.Done())
	return failed(errors.Join(c.sound(how, faults), c.Close()))
}

func (c *conn) sound(how string, faults int) error {
	var found []error
	err := c.once(fmt.Sprintf("PRAGMA %s(%d)", how, faults), nil, func(r *row) error {
		if text := r.text(0); text != "ok" {
			found = append(found, errors.New(text))
		}
		return nil
	})
	if len(found) > 0 {
		return store.Unwritable(store.Corrupt, errors.Join(found...))
	}
	return err
}

// there says whether the file is still the one that was opened. A folder that is gone leaves a file that takes writes and that nobody
// will ever read.
func (e *Engine) there() error {
	if e.file == nil {
		return nil
	}
	now, err := os.Stat(e.path)
	if err == nil && !os.SameFile(now, e.file) {
		err = fmt.Errorf("%s is another file than the one that was opened", e.path)
	}
	if err != nil {
		return store.Unwritable(store.Gone, err)
	}
	return nil
}

// note remembers that a page is corrupt.
func (e *Engine) note(err error) error {
	var known *models.Error
	if errors.As(err, &known) && known.Reason == store.Corrupt {
		e.corrupt.Store(true)
	}
	return err
}

// Bound lets the file grow to so many pages of 4 KiB, and never below what it has; 0 lets it grow as far as the disk goes.
func (e *Engine) Bound(ctx context.Context, pages int64) error {
	if pages <= 0 {
		pages = 1<<32 - 2
	}
	return e.submit(ctx, 1, true, func(w *conn) error {
		return w.once(fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil, nil)
	})
}

// Get reads one document. models.NotFound if there is none.
func (e *Engine) Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error) {
	t, err := e.table(c)
	if err != nil {
		return nil, err
	}
	var doc bson.Raw
	err = e.read(ctx, func(c *conn) error {
		return c.query(t.get, []any{id}, func(r *row) error {
			doc = r.blob(0)
			return nil
		})
	})
	if err == nil && doc == nil {
		return nil, models.E(models.NotFound, "not_found")
	}
	return doc, err
}

// Empty says whether no table holds a row.
func (e *Engine) Empty(ctx context.Context) (bool, error) {
	empty := true
	err := e.read(ctx, func(c *conn) error {
		var tables []string
		err := c.once("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'", nil, func(r *row) error {
			tables = append(tables, r.text(0))
			return nil
		})
		for i := 0; i < len(tables) && err == nil && empty; i++ {
			err = c.once("SELECT 1 FROM "+quote(tables[i])+" LIMIT 1", nil, func(*row) error {
				empty = false
				return nil
			})
		}
		return err
	})
	return empty, err
}
