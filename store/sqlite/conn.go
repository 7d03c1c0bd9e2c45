package sqlite

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

// A conn is one connection. It keeps the statements it has prepared; it is used by one goroutine at a time.
type conn struct {
	*sqlite.Conn
	kept map[string]*sqlite.Stmt // prepared once, by their text
}

// A mode is what a connection is for.
type mode int

const (
	reading mode = iota
	writing
	copying
)

// busy bounds how long a connection waits for another: only a checkpoint can hold one up, for milliseconds.
const busy = 5 * time.Second

// settings of a connection. The cache is counted in KiB and is filled only as far as it is used.
var settings = map[mode][]string{
	copying: {"PRAGMA cache_size = -16384"},
	reading: {"PRAGMA cache_size = -4096", "PRAGMA query_only = ON"},
	writing: {
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL", // an acknowledged write survives a loss of power
		"PRAGMA cache_size = -16384",
		"PRAGMA wal_autocheckpoint = 2000",     // pages of 4 KiB: 8 MiB
		"PRAGMA journal_size_limit = 33554432", // bytes the log keeps on the disk after a burst
	},
}

func dial(path string, m mode) (*conn, error) {
	flags := sqlite.OpenReadWrite
	if m == writing {
		flags |= sqlite.OpenCreate
	}
	raw, err := sqlite.OpenConn(path, flags)
	if err != nil {
		return nil, err
	}
	raw.SetBusyTimeout(busy)
	c := &conn{raw, map[string]*sqlite.Stmt{}}
	for _, s := range settings[m] {
		if err := c.query(s, nil, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	return c, nil
}

// A row is where a query stands. What it returns is the caller's to keep.
type row struct{ s *sqlite.Stmt }

func (r *row) blob(col int) []byte {
	b := make([]byte, r.s.ColumnLen(col))
	r.s.ColumnBytes(col, b)
	return b
}

func (r *row) text(col int) string { return r.s.ColumnText(col) }
func (r *row) int(col int) int64   { return r.s.ColumnInt64(col) }

// query runs sql and hands each row to fn; nil drops them.
func (c *conn) query(sql string, args []any, fn func(*row) error) (err error) {
	s, err := c.statement(sql)
	if err != nil {
		return err
	}
	defer func() {
		if reset := s.Reset(); err == nil {
			err = reset
		}
	}()
	return run(s, args, fn)
}

// statement is the prepared statement of sql. The driver's own cache clears the parameters of a statement before each use, which lets
// SQLite plan it anew each time: five times the cost of a point read. Here every use sets every parameter, so nothing is left to clear.
func (c *conn) statement(sql string) (*sqlite.Stmt, error) {
	if s, ok := c.kept[sql]; ok {
		return s, nil
	}
	s, _, err := c.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	c.kept[sql] = s
	return s, nil
}

// Close ends the kept statements and the connection.
func (c *conn) Close() error {
	var faults []error
	for _, s := range c.kept {
		faults = append(faults, s.Finalize())
	}
	c.kept = nil
	return errors.Join(append(faults, c.Conn.Close())...)
}

// once is query for a statement that is not worth keeping.
func (c *conn) once(sql string, args []any, fn func(*row) error) (err error) {
	s, _, err := c.PrepareTransient(sql)
	if err != nil {
		return err
	}
	defer func() {
		if end := s.Finalize(); err == nil {
			err = end
		}
	}()
	return run(s, args, fn)
}

func run(s *sqlite.Stmt, args []any, fn func(*row) error) error {
	for i, a := range args {
		if err := bind(s, i+1, a); err != nil {
			return err
		}
	}
	for {
		more, err := s.Step()
		if err != nil || !more {
			return err
		}
		if fn == nil {
			continue
		}
		if err := fn(&row{s}); err != nil {
			return err
		}
	}
}

// exec runs sql and counts the rows it changed.
func (c *conn) exec(sql string, args ...any) (int, error) {
	if err := c.query(sql, args, nil); err != nil {
		return 0, err
	}
	return c.Changes(), nil
}

// bind sets a parameter. Times are whole milliseconds, bools 0 and 1.
func bind(s *sqlite.Stmt, i int, v any) error {
	switch v := v.(type) {
	case nil:
		s.BindNull(i)
	case string:
		s.BindText(i, v)
	case int64:
		s.BindInt64(i, v)
	case bool:
		s.BindBool(i, v)
	case time.Time:
		s.BindInt64(i, v.UnixMilli())
	case []byte:
		s.BindBytes(i, v)
	default:
		return fmt.Errorf("%T cannot be a parameter", v)
	}
	return nil
}
