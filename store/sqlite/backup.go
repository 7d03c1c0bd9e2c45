package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"xinyi/models"
)

// Backup writes the store at path, as it is at one moment, into a new file at to, and looks that file through before it gets its name. The
// store may be in use meanwhile: nobody waits. A copy made by other means lacks what is in the log beside the file.
//
// Errors: Conflict "store.exists" when to is there; as of Open; Unavailable "store.corrupt" when a page is not what was written.
func Backup(ctx context.Context, path, to string) (err error) {
	if err := absent(to); err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return failed(err)
	}
	part, err := os.CreateTemp(filepath.Dir(to), ".backup-*") // mode 0600; empty, so it may be written into
	if err != nil {
		return failed(err)
	}
	defer func() { err = errors.Join(err, gone(part.Name())) }()
	if err := part.Close(); err != nil {
		return failed(err)
	}
	c, err := dial(path, copying)
	if err != nil {
		return failed(err)
	}
	c.SetInterrupt(ctx.Done())
	err = errors.Join(c.query("VACUUM INTO ?", []any{part.Name()}, nil), c.Close())
	if err == nil {
		err = Check(ctx, part.Name())
	}
	if err == nil {
		err = named(part.Name(), to)
	}
	return failed(err)
}

// Restore makes a store at path of a backup, which is looked through first. Errors: Conflict "store.exists" when a store is there; those of
// Check.
func Restore(ctx context.Context, backup, path string) (err error) {
	for _, file := range []string{path, path + "-wal"} { // a log that is left would be taken for this store's
		if err := absent(file); err != nil {
			return err
		}
	}
	if err := Check(ctx, backup); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return failed(err)
	}
	from, err := os.Open(backup) //nolint:gosec // the operator's own file
	if err != nil {
		return failed(err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	part, err := os.CreateTemp(filepath.Dir(path), ".restore-*")
	if err != nil {
		return failed(err)
	}
	defer func() { err = errors.Join(err, gone(part.Name())) }()
	if _, err := io.Copy(part, from); err != nil {
		return failed(errors.Join(err, part.Close()))
	}
	if err := part.Close(); err != nil {
		return failed(err)
	}
	return failed(named(part.Name(), path))
}

// Check looks through a whole file, its indexes too. Errors: NotFound for no file; Unavailable "store.corrupt" with the first faults.
func Check(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return models.E(models.NotFound, "not_found", err)
	}
	c, err := dial(path, copying)
	if err != nil {
		return failed(err)
	}
	c.SetInterrupt(ctx.Done())
	return failed(errors.Join(c.sound("integrity_check", 10), c.Close()))
}

func absent(file string) error {
	switch _, err := os.Stat(file); {
	case err == nil:
		return models.E(models.Conflict, "store.exists", fmt.Errorf("%s is there already", file))
	case !errors.Is(err, fs.ErrNotExist):
		return failed(err)
	}
	return nil
}

// named gives a file that is whole its name, once it is on the disk.
func named(file, name string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0) //nolint:gosec // the operator's own file
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(file, name); err == nil || errors.Is(err, fs.ErrExist) { // unlike a rename it takes the place of nothing
		return err
	}
	if err := absent(name); err != nil {
		return err
	}
	return os.Rename(file, name) // a disk that knows no links
}

func gone(file string) error {
	var errs []error
	for _, name := range []string{file, file + "-wal", file + "-shm", file + "-journal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// private lets nobody else read the folder and the files of a store, those that are there already included.
func private(path string) error {
	for file, mode := range map[string]fs.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
		path + ".lock": 0o600} {
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&^mode == 0 {
			continue
		}
		if err == nil {
			err = os.Chmod(file, mode)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
