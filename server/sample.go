package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"xinyi/models"
	"xinyi/seed"
)

// sampleCommand writes a file of made-up penalties with planted faults, and beside it the list of what was planted.
func sampleCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sample-data", flag.ContinueOnError)
	flags.SetOutput(out)
	rows := flags.Int("rows", 100_000, "rows to write")
	faults := flags.Int("faults", 30, "rows in a thousand with each kind of fault")
	number := flags.Uint64("seed", 1, "the same seed writes the same rows on the same day")
	dir := flags.String("out", filepath.Join(cfg.DataDir, "sample"), "folder to write to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rows < 1 || *faults < 0 || *faults > seed.MostFaults || flags.NArg() > 0 {
		return fmt.Errorf("say at least one row, and of each fault 0 to %d in a thousand", seed.MostFaults)
	}
	if err := os.MkdirAll(*dir, 0o750); err != nil {
		return err
	}
	file := filepath.Join(*dir, "penalties.csv")
	planted, err := writeSample(cfg, file, *rows, *faults, *number)
	if err != nil {
		return err
	}
	list := filepath.Join(*dir, "faults.csv")
	if err := writeFaults(list, planted); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows in %s, %d planted faults listed in %s\n", *rows, file, len(planted), list)
	return nil
}

// writeSample writes the rows.
func writeSample(cfg Config, path string, rows, perMille int, number uint64) ([]seed.Planted, error) {
	nobody := models.Actor{Person: "sample", Role: models.CreditOffice, Region: seed.Changsha}
	other := models.Actor{Person: "another", Role: models.CreditOffice, Region: seed.Changsha}
	items, err := seed.Catalogue(nobody, other)
	if err != nil {
		return nil, err
	}
	now := cfg.outside()
	for _, it := range items {
		if it.Code != seed.SampleItem || !it.InForce(models.DayOf(now)) {
			continue
		}
		form, err := it.Form()
		if err != nil {
			return nil, err
		}
		var planted []seed.Planted
		return planted, toFile(path, func(w io.Writer) error {
			planted, err = seed.Sample(w, form, seed.Sampling{Rows: rows, PerMille: perMille, Seed: number}, now)
			return err
		})
	}
	return nil, models.E(models.NotFound, "not_found")
}

func writeFaults(path string, planted []seed.Planted) error {
	return toFile(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		all := [][]string{{"row", "column", "code"}}
		for _, p := range planted {
			all = append(all, []string{strconv.Itoa(p.Row), p.Column, p.Code})
		}
		return out.WriteAll(all)
	})
}

// toFile writes a file whole or says why not.
func toFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}
