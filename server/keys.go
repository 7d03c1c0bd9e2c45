package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"xinyi/handlers/api"
	identityhttp "xinyi/handlers/identity"
	"xinyi/notifications"
	"xinyi/store"
)

var errKeysUsage = errors.New(`say what to do with the keys:
  create     make the files of keys that are not there (KEYS_PATH, TOKEN_KEYS_PATH, SEALS_PATH), for a store that is empty
  show       list the keys and the fingerprint of the file; never their material
  prepare    add a key that reads but does not write yet; restart every replica after it
  rotate     let new data be written with the prepared key, or a new one
  reencrypt  write everything kept with older keys anew; the server must be stopped with SQLite
  vapid      make a pair of keys for pushes to browsers, and print it
  retire     remove the older keys for good, after reencrypt, when nothing needs them any more; the server must be stopped with SQLite,
             and every replica restarted since rotate with MongoDB`)

// keysCommand looks after the keys of personal data.
func keysCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errKeysUsage
	}
	path, options := cfg.Keys, cfg.keyOptions()
	var keys *store.Keys
	var err error
	switch args[0] {
	case "create":
		keys, err = createKeys(ctx, cfg, out)
	case "show":
		keys, err = store.LoadKeys(path, options...)
	case "prepare":
		if _, err = store.PrepareKeys(path, options...); err == nil {
			keys, err = store.LoadKeys(path, options...)
		}
	case "rotate":
		keys, err = store.RotateKeys(path, options...)
	case "retire":
		keys, err = retireKeys(ctx, cfg, out)
	case "vapid":
		private, public, err := notifications.NewVAPID()
		if err == nil {
			fmt.Fprintf(out, "VAPID_PRIVATE_KEY=%s\nVAPID_PUBLIC_KEY=%s\n", private, public)
		}
		return err
	case "reencrypt":
		return reencrypt(ctx, cfg, out)
	default:
		return errKeysUsage
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, fingerprint %s\n", path, keys.Fingerprint())
	for _, k := range keys.Info() {
		fmt.Fprintf(out, "  %-8s %10d  %s%s\n", k.Kind, k.ID, k.Status, map[bool]string{true: ", writes"}[k.Primary])
	}
	return nil
}

// createKeys makes the files of keys that are not there. Never over a store that holds anything: only the keys it is written with open it.
func createKeys(ctx context.Context, cfg Config, out io.Writer) (*store.Keys, error) {
	missing := slices.DeleteFunc(cfg.keyFiles(), func(file [2]string) bool {
		_, err := os.Lstat(file[1])
		return err == nil
	})
	if len(missing) == 0 {
		return nil, fmt.Errorf("keys %s: %w", cfg.Keys, fs.ErrExist)
	}
	if err := cfg.vacant(ctx, missing); err != nil {
		return nil, err
	}
	for _, file := range missing {
		if err := os.MkdirAll(filepath.Dir(file[1]), 0o700); err != nil {
			return nil, err
		}
		var err error
		switch file[0] {
		case "KEYS_PATH":
			_, err = store.CreateKeys(file[1], cfg.keyOptions()...)
		case "TOKEN_KEYS_PATH":
			_, err = identityhttp.LoadTokens(file[1], cfg.Issuer, cfg.outside)
		case "SEALS_PATH":
			err = api.AddSeal(file[1], cfg.outside())
		}
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "made %s: %s\n", file[0], file[1])
	}
	return store.LoadKeys(cfg.Keys, cfg.keyOptions()...)
}

// vacant refuses to make the missing files when a store holds something that needs the ones that were there. Token keys alone may be
// made anew at any time: whoever is signed in does so again.
func (c *Config) vacant(ctx context.Context, missing [][2]string) error {
	needed := slices.IndexFunc(missing, func(file [2]string) bool { return file[0] != "TOKEN_KEYS_PATH" })
	if needed < 0 || errors.Is(c.standing(), errNoStore) {
		return nil
	}
	engine, err := openEngine(ctx, *c)
	if err != nil {
		return err
	}
	empty, err := engine.Empty(ctx)
	if err == nil && !empty {
		err = lostKeys(ctx, engine, missing[needed], fs.ErrNotExist)
	}
	return errors.Join(err, engine.Close())
}

// retireKeys removes the older keys when no document needs them.
func retireKeys(ctx context.Context, cfg Config, out io.Writer) (*store.Keys, error) {
	if err := cfg.standing(); err != nil {
		return nil, err
	}
	a, err := whole(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer a.outside.close()
	total := int64(0)
	for _, f := range a.store.Collections() {
		n, err := a.store.NeedOlder(ctx, f)
		if err != nil {
			return nil, errors.Join(err, a.store.Engine.Close())
		}
		if total += n; n > 0 {
			fmt.Fprintf(out, "  %-18s %8d need an older key\n", f.Collection().Name, n)
		}
	}
	var keys *store.Keys
	if total > 0 {
		err = fmt.Errorf("%d documents still need the older keys, nothing was removed: run `xinyi keys reencrypt` first", total)
	} else {
		keys, err = store.RetireKeys(cfg.Keys, cfg.keyOptions()...)
	}
	return keys, errors.Join(err, a.store.Engine.Close())
}

// whole is assemble with the router, so that every collection there is has been opened.
func whole(ctx context.Context, cfg Config) (*App, error) {
	a, err := assemble(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err = a.mount(); err == nil {
		err = a.store.Ensure(ctx)
	}
	if err != nil {
		a.outside.close()
		return nil, errors.Join(err, a.store.Engine.Close())
	}
	return a, nil
}

// reencrypt goes through every collection. It may be stopped and run again.
func reencrypt(ctx context.Context, cfg Config, out io.Writer) error {
	if err := cfg.standing(); err != nil {
		return err
	}
	a, err := whole(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.outside.close()
	for _, f := range a.store.Collections() {
		done, err := a.store.Reencrypt(ctx, f, "", nil)
		if err != nil {
			return errors.Join(err, a.store.Engine.Close())
		}
		fmt.Fprintf(out, "  %-18s %8d read, %8d written anew\n", f.Collection().Name, done.Seen, done.Saved)
	}
	return a.store.Engine.Close()
}
