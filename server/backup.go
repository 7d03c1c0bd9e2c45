package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"xinyi/store/sqlite"
)

// The commands that copy a store. With MongoDB its own tools do the same, and these say how.

var errOneFile = errors.New("one argument is needed: FILE")

// elsewhere says what to do with a store of MongoDB.
func (c *Config) elsewhere(out io.Writer, lines ...string) error {
	if c.MongoDBURI == "" {
		return nil
	}
	for _, line := range lines {
		fmt.Fprintln(out, "  "+line)
	}
	return errors.New("this store is MongoDB's: nothing was done; the commands above do it (docs/backup.md)")
}

func (c *Config) storeFile() string { return filepath.Join(c.DataDir, "xinyi.db") }

// backupCommand copies a store that may be served meanwhile.
func backupCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errOneFile
	}
	if err := cfg.elsewhere(out, `mongodump --uri="$MONGODB_URI" --oplog --gzip --archive=`+args[0]); err != nil {
		return err
	}
	if err := cfg.standing(); err != nil {
		return err
	}
	if err := sqlite.Backup(ctx, cfg.storeFile(), args[0]); err != nil {
		return err
	}
	size, err := os.Stat(args[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d MiB, looked through\n", args[0], (size.Size()+1<<20-1)>>20)
	fmt.Fprintln(out, "the keys are not in it; without them nobody can read the names in it. Copy them to another place:")
	for _, file := range cfg.keyFiles() {
		fmt.Fprintf(out, "  %-16s %s\n", file[0], file[1])
	}
	return nil
}

// restoreCommand makes a store of a backup where none is.
func restoreCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errOneFile
	}
	if err := cfg.elsewhere(out, `mongorestore --uri="$MONGODB_URI" --oplogReplay --gzip --archive=`+args[0]); err != nil {
		return err
	}
	if err := sqlite.Restore(ctx, args[0], cfg.storeFile()); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is a store again\n", cfg.storeFile())
	for _, file := range cfg.keyFiles() {
		if _, err := os.Stat(file[1]); err != nil {
			fmt.Fprintf(out, "put the copy of %s at %s before you go on\n", file[0], file[1])
		}
	}
	fmt.Fprintln(out, "then: xinyi check")
	return nil
}

// checkCommand looks through a store that nobody serves, or through a backup.
func checkCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) > 1 {
		return errOneFile
	}
	if err := cfg.elsewhere(out, `mongosh "$MONGODB_URI" --eval 'db.getCollectionNames().forEach(c => printjson(db.runCommand({validate: c})))'`, "xinyi doctor", "xinyi audit verify"); err != nil {
		return err
	}
	file := cfg.storeFile()
	if len(args) == 1 {
		file = args[0]
	}
	if err := sqlite.Check(ctx, file); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: every page and index is as it was written\n", file)
	if len(args) == 1 {
		return nil
	}
	if err := cfg.ledgerHolds(ctx, out); err != nil {
		return err
	}
	return auditVerify(ctx, cfg, nil, out)
}

// ledgerHolds recomputes every bill and agreement.
func (c *Config) ledgerHolds(ctx context.Context, out io.Writer) (err error) {
	if err := c.standing(); err != nil {
		return err
	}
	a, err := whole(ctx, *c)
	if err != nil {
		return err
	}
	defer func() {
		a.outside.close()
		err = errors.Join(err, a.store.Engine.Close())
	}()
	s, _, underway, err := a.ledger.Whole(ctx)
	if err == nil && s.Faults > 0 {
		err = fmt.Errorf("%d amounts of %d bills and %d agreements differ: xinyi doctor shows the first", s.Faults, s.Bills, s.Agreements)
	}
	if err == nil {
		fmt.Fprintln(out, "the "+agree(s, underway))
	}
	return err
}
