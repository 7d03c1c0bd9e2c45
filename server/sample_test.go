package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"xinyi/models"
	"xinyi/seed"
)

// What the command writes reads back: each planted fault is found, and no other.
func TestSampleData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out, faults bytes.Buffer
	if code := run(t.Context(), []string{"sample-data", "-rows", "3000", "-faults", "10", "-out", dir}, nil, &out, &faults); code != 0 {
		t.Fatalf("%d: %s", code, faults.String())
	}
	table := func(name string) [][]string {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	planted := map[int]string{}
	for _, row := range table("faults.csv")[1:] {
		n, err := strconv.Atoi(row[0])
		if err != nil {
			t.Fatal(err)
		}
		planted[n] = "/" + row[1] + " " + row[2]
	}
	items, err := seed.Catalogue(models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, models.Actor{Person: "b", Role: models.CreditOffice, Region: "4301"})
	if err != nil {
		t.Fatal(err)
	}
	rows := table("penalties.csv")
	if len(rows) != 3001 || len(planted) < 200 || !strings.Contains(out.String(), "3000 rows") {
		t.Fatalf("%d rows, %d planted, %q", len(rows), len(planted), out.String())
	}
	for _, it := range items {
		if it.ID != "XZCF@1" {
			continue
		}
		form, err := it.Form()
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows[1:] {
			cells := map[string]string{}
			for j, heading := range rows[0] {
				key, ok := form.Column(heading)
				if !ok {
					t.Fatalf("no column %q", heading)
				}
				cells[key] = row[j]
			}
			got := ""
			if _, faults := form.Read(cells); len(faults) > 0 {
				got = faults[0].Pointer + " " + faults[0].Code
			}
			if got != planted[i+1] {
				t.Errorf("row %d: %q, planted %q", i+1, got, planted[i+1])
			}
		}
	}
}

func TestSampleDataRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-rows", "0"}, {"-faults", "61"}, {"-faults", "-1"}, {"more"}, {"-rows", "x"}} {
		var out, faults bytes.Buffer
		if code := run(t.Context(), append([]string{"sample-data", "-out", t.TempDir()}, args...), nil, &out, &faults); code != 1 || faults.Len() == 0 {
			t.Errorf("%v: %d %s", args, code, faults.String())
		}
	}
}
