package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"xinyi/notifications"
	"xinyi/store"
)

var errKeysUsage = errors.New(`say what to do with the keys:
  create     make a new key file (KEYS_PATH)
  show       list the keys; never their material
  prepare    add a key that reads but does not write yet; restart every replica after it
  rotate     let new data be written with the prepared key, or a new one
  reencrypt  write everything kept with older keys anew; the server must be stopped with SQLite
  vapid      make a pair of keys for pushes to browsers, and print it
  retire     remove the older keys for good, after reencrypt`)

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
		keys, err = store.CreateKeys(path, options...)
	case "show":
		keys, err = store.LoadKeys(path, options...)
	case "prepare":
		if _, err = store.PrepareKeys(path, options...); err == nil {
			keys, err = store.LoadKeys(path, options...)
		}
	case "rotate":
		keys, err = store.RotateKeys(path, options...)
	case "retire":
		keys, err = store.RetireKeys(path, options...)
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
	fmt.Fprintln(out, path)
	for _, k := range keys.Info() {
		fmt.Fprintf(out, "  %-8s %10d  %s%s\n", k.Kind, k.ID, k.Status, map[bool]string{true: ", writes"}[k.Primary])
	}
	return nil
}

// reencrypt goes through every collection. It may be stopped and run again.
func reencrypt(ctx context.Context, cfg Config, out io.Writer) error {
	a, err := assemble(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.outside.close()
	if err := a.store.Ensure(ctx); err != nil {
		return errors.Join(err, a.store.Engine.Close())
	}
	for _, f := range a.store.Faces() {
		done, err := a.store.Reencrypt(ctx, f, "", nil)
		if err != nil {
			return errors.Join(err, a.store.Engine.Close())
		}
		fmt.Fprintf(out, "  %-18s %8d read, %8d written anew\n", f.Collection().Name, done.Seen, done.Saved)
	}
	return a.store.Engine.Close()
}
