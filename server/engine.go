package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xinyi/store"
	"xinyi/store/mongodb"
	"xinyi/store/sqlite"
)

// openEngine is the one place that knows which engines there are.
func openEngine(ctx context.Context, cfg Config) (store.Engine, error) {
	if cfg.MongoDBURI != "" {
		return mongodb.Open(ctx, string(cfg.MongoDBURI))
	}
	var how []sqlite.Option
	if cfg.unsynced {
		how = append(how, sqlite.Unsynced())
	}
	return sqlite.Open(ctx, filepath.Join(cfg.DataDir, "xinyi.db"), how...)
}

// keyOptions are how the key file is read and written.
func (c *Config) keyOptions() []store.KeyOption {
	if c.KeysLock == "" {
		return nil
	}
	return []store.KeyOption{store.Master(string(c.KeysLock))}
}

// openKeys reads the keys. A single process with SQLite makes its own at the first start; a fleet must be given them.
func (a *App) openKeys() (*store.Keys, error) {
	keys, err := store.LoadKeys(a.cfg.Keys, a.cfg.keyOptions()...)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if a.cfg.MongoDBURI != "" {
		return nil, fmt.Errorf("%w; make it once with `xinyi keys create` and give all replicas the same file", err)
	}
	if err := os.MkdirAll(filepath.Dir(a.cfg.Keys), 0o700); err != nil {
		return nil, err
	}
	if keys, err = store.CreateKeys(a.cfg.Keys, a.cfg.keyOptions()...); err != nil {
		return nil, err
	}
	a.log.Warn("new keys for personal data: keep a copy of this file apart from the data, without it nobody can read them again", "file", a.cfg.Keys)
	return keys, nil
}
