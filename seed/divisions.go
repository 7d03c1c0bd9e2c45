package seed

import (
	"context"
	"crypto/sha256"
	_ "embed" // the tables
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"xinyi/models"
	"xinyi/models/division"
	"xinyi/store"
)

//go:embed divisions.csv
var divisionsCSV string

//go:embed zones.csv
var zonesCSV string

// atOnce is how many documents one write of the seed keeps.
const atOnce = 500

// Land keeps divisions and zones. zones is the text of a zones table, "" for the one that comes with the program.
// A table that was taken before is not read again; of a new edition only the rows that differ are written, and no
// place is ever removed, because documents name it.
func Land(ctx context.Context, s Stores, zones string) error {
	err := s.once(ctx, "divisions", divisionsCSV, func() error {
		ds, err := readDivisions(divisionsCSV)
		if err != nil {
			return err
		}
		return keep(ctx, s.Divisions, ds, func(old, d *division.Division) bool {
			same := old.Same(d)
			old.Name, old.DisplayName, old.Level, old.Kind = d.Name, d.DisplayName, d.Level, d.Kind
			return same
		})
	})
	if err != nil {
		return err
	}
	if err := errors.Join(s.scenes(ctx), s.farming(ctx), s.villages(ctx), Operations(ctx, s)); err != nil {
		return err
	}
	if zones == "" {
		zones = zonesCSV
	}
	return s.once(ctx, "zones", zones, func() error {
		zs, err := readZones(zones)
		if err != nil {
			return err
		}
		return keep(ctx, s.Zones, zs, func(old, z *division.Zone) bool {
			same := old.Same(z)
			old.Name, old.Kind, old.Confirmed, old.Note, old.Members = z.Name, z.Kind, z.Confirmed, z.Note, z.Members
			return same
		})
	})
}

// once runs take unless a table of that text was taken before.
func (s Stores) once(ctx context.Context, name, text string, take func() error) error {
	sum := sha256.Sum256([]byte(text))
	edition := hex.EncodeToString(sum[:])
	old, err := s.Marks.Get(ctx, name)
	switch {
	case err == nil && old.Edition == edition:
		return nil
	case err != nil && !errors.Is(err, models.NotFound):
		return err
	}
	if err := take(); err != nil {
		return fmt.Errorf("seed %s: %w", name, err)
	}
	if old == nil {
		err = s.Marks.Insert(ctx, &Mark{Meta: models.Meta{ID: name}, Edition: edition})
		if errors.Is(err, models.Conflict) {
			return nil // another replica took the same table meanwhile
		}
		return err
	}
	_, err = s.Marks.Update(ctx, name, func(m *Mark) error { m.Edition = edition; return nil })
	return err
}

// keep writes rows: all new in batches; where one is there already, row by row, those that differ only.
// merge brings an old document up to date and answers whether it was.
func keep[T any](ctx context.Context, repo *store.Repo[T], rows []*T, merge func(old, row *T) bool) error {
	for part := range slices.Chunk(rows, atOnce) {
		err := repo.InsertMany(ctx, part)
		if err == nil {
			continue
		}
		if !errors.Is(err, models.Conflict) {
			return err
		}
		for _, row := range part {
			if err := keepOne(ctx, repo, row, merge); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh writes documents that are not there yet and leaves the others alone.
func fresh[T any](ctx context.Context, repo *store.Repo[T], vs []*T) error {
	for part := range slices.Chunk(vs, atOnce) {
		err := repo.InsertMany(ctx, part)
		if errors.Is(err, models.Conflict) {
			err = freshOnes(ctx, repo, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func freshOnes[T any](ctx context.Context, repo *store.Repo[T], vs []*T) error {
	for _, v := range vs {
		if err := repo.Insert(ctx, v); err != nil && !errors.Is(err, models.Conflict) {
			return err
		}
	}
	return nil
}

func keepOne[T any](ctx context.Context, repo *store.Repo[T], row *T, merge func(old, row *T) bool) error {
	id := any(row).(models.Document).Head().ID //nolint:errcheck,forcetypeassert // every repo keeps documents
	_, err := repo.Update(ctx, id, func(old *T) error {
		if merge(old, row) {
			return store.Unchanged()
		}
		return nil
	})
	if !errors.Is(err, models.NotFound) {
		return err
	}
	return repo.Insert(ctx, row)
}

// readDivisions reads rows of code,name under a header, each parent before its children.
func readDivisions(text string) ([]*division.Division, error) {
	rows, err := table(text, "code", "name")
	if err != nil {
		return nil, err
	}
	ds := make([]*division.Division, len(rows))
	known := map[string]bool{"": true}
	for i, row := range rows {
		d, err := division.New(row[0], row[1])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", row[0], row[1], err)
		}
		if !known[string(d.Parent)] {
			return nil, fmt.Errorf("%s %s: its parent %s does not come before it", row[0], row[1], d.Parent)
		}
		ds[i], known[d.ID] = d, true
	}
	return ds, nil
}

// readZones reads rows of id,name,kind,town,from,to,status,note under a header; rows of one zone follow one another.
func readZones(text string) ([]*division.Zone, error) {
	rows, err := table(text, "id", "name", "kind", "town", "from", "to", "status", "note")
	if err != nil {
		return nil, err
	}
	var zs []*division.Zone
	for _, row := range rows {
		if row[6] != "confirmed" && row[6] != "unconfirmed" {
			return nil, fmt.Errorf("zone %s: status %q is neither confirmed nor unconfirmed", row[0], row[6])
		}
		if n := len(zs); n == 0 || zs[n-1].ID != row[0] {
			z, err := division.NewZone(row[0], row[1], division.ZoneKind(row[2]), true, row[7])
			if err != nil {
				return nil, fmt.Errorf("zone %s: %w", row[0], err)
			}
			zs = append(zs, z)
		}
		if err := addMember(zs[len(zs)-1], row); err != nil {
			return nil, fmt.Errorf("zone %s: %w", row[0], err)
		}
	}
	return zs, nil
}

// addMember reads a row into its zone; a zone is confirmed when all its rows are.
func addMember(z *division.Zone, row []string) error {
	z.Confirmed = z.Confirmed && row[6] == "confirmed"
	if row[3] == "" {
		return nil
	}
	from, err := day(row[4])
	if err != nil {
		return err
	}
	to, err := day(row[5])
	if err != nil {
		return err
	}
	return z.Add(models.Region(row[3]), from, to)
}

func day(s string) (*models.Day, error) {
	if s == "" {
		return nil, nil
	}
	d, err := models.ParseDay(s)
	return &d, err
}

// table reads comma-separated rows under the given header; lines that start with # are comments.
func table(text string, header ...string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', len(header)
	first, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !slices.Equal(first, header) {
		return nil, fmt.Errorf("the first row is %q, not %q", first, header)
	}
	return r.ReadAll()
}
