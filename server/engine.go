package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xinyi/handlers/api"
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

// errNoStore is what a command fails with that only looks at a store.
var errNoStore = errors.New("there is no store here: nothing was made")

// standing refuses to make a store for a command that only looks at one.
func (c *Config) standing() error {
	if c.MongoDBURI != "" {
		return nil
	}
	file := filepath.Join(c.DataDir, "xinyi.db")
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, errNoStore)
	}
	return err
}

// keyFiles are the files of keys by the setting that names each.
func (c *Config) keyFiles() [][2]string {
	return [][2]string{{"KEYS_PATH", c.Keys}, {"TOKEN_KEYS_PATH", c.TokenKeys}, {"SEALS_PATH", c.Seals}}
}

// openKeys reads the keys, and the seals. A single process with SQLite makes its own over an empty store; a fleet must be given them, and
// a store that holds anything must be given its own.
func (a *App) openKeys(ctx context.Context, engine store.Engine) (*store.Keys, error) {
	if err := a.haveKeys(ctx, engine); err != nil {
		return nil, err
	}
	keys, err := store.LoadKeys(a.cfg.Keys, a.cfg.keyOptions()...)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(a.cfg.Keys), 0o700); err != nil {
			return nil, err
		}
		if keys, err = store.CreateKeys(a.cfg.Keys, a.cfg.keyOptions()...); err == nil {
			a.log.Warn("new keys for personal data: keep a copy of this file apart from the data, without it nobody can read them again",
				"file", a.cfg.Keys, "fingerprint", keys.Fingerprint())
		}
	}
	if err != nil {
		return nil, err
	}
	a.seals, err = api.LoadSeals(a.cfg.Seals, a.world())
	return keys, err
}

// haveKeys refuses a missing key file unless it may be made: with SQLite, over an empty store.
func (a *App) haveKeys(ctx context.Context, engine store.Engine) error {
	for _, file := range a.cfg.keyFiles() {
		_, err := os.Stat(file[1])
		if !errors.Is(err, fs.ErrNotExist) {
			continue // what else is wrong with it, its reader says
		}
		if a.cfg.MongoDBURI != "" {
			return fmt.Errorf("%s: %w; make it once with `xinyi keys create` and give all replicas the same file", file[0], err)
		}
		empty, fault := engine.Empty(ctx)
		if fault != nil {
			return fault
		}
		if !empty {
			return lostKeys(ctx, engine, file, err)
		}
	}
	return nil
}

// lostKeys says what to do about a key file that is gone while its store is there.
func lostKeys(ctx context.Context, engine store.Engine, file [2]string, missing error) error {
	expected, err := store.FingerprintIn(ctx, engine)
	if err != nil {
		return err
	}
	if expected == "" {
		expected = "unknown, the store was made before fingerprints were kept"
	}
	how := map[string]string{ //nolint:gosec // what to do, no keys
		"KEYS_PATH":       "put back the file with the fingerprint expected (" + expected + "; found: none): new keys would open nothing that is kept",
		"TOKEN_KEYS_PATH": "put the file back, or make another with `xinyi keys create`: everybody signs in anew",
		"SEALS_PATH":      "put the file back: what it signed cannot be checked without it. If it is lost for good, `xinyi audit rotate` makes another",
	}[file[0]]
	return fmt.Errorf("%s: %w, and the store holds documents; %s (docs/backup.md)", file[0], missing, how)
}

// guarded refuses keys that are not those of the store.
func (a *App) guarded(ctx context.Context) error {
	if err := a.guard.Check(ctx); err != nil {
		return fmt.Errorf("KEYS_PATH %s: %w (docs/backup.md)", a.cfg.Keys, err)
	}
	return nil
}

// mark writes down whose keys and seals the store is written with.
func (a *App) mark(ctx context.Context) error {
	lost, err := a.guard.Lost(ctx, a.sealIDs())
	if len(lost) > 0 {
		a.log.WarnContext(ctx, "seals that have signed for this store are gone: what they signed cannot be checked here", "seals", lost, "file",
			a.cfg.Seals)
	}
	return errors.Join(err, a.guard.Mark(ctx, a.sealIDs()))
}

func (a *App) sealIDs() []string {
	ids := make([]string, len(a.seals))
	for i, s := range a.seals {
		ids[i] = s.ID
	}
	return ids
}
