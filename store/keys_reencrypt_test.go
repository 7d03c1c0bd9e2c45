package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

type person struct {
	models.Meta `bson:",inline"`
	Phone       models.Secret   `bson:"phone"`
	Kin         []models.Secret `bson:"kin"`
}

// TestReencrypt rotates, stops half-way, goes on, retires the old key and reads everything.
func TestReencrypt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	keys, err := store.CreateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	engine := sqlitetest.Open(t)
	people := store.Collection{Name: "people"}
	noon := func() time.Time { return time.UnixMilli(1_700_000_000_000) }
	open := func(keys *store.Keys) (*store.Store, *store.Repo[person]) {
		s := store.New(engine, noon, keys)
		r := store.NewRepo[person](s, people)
		if err := s.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s, r
	}
	_, repo := open(keys)
	const n = 450 // more than two pages
	var vs []*person
	for i := range n {
		v := &person{Meta: models.Meta{ID: fmt.Sprintf("%04d", i)}}
		if i%3 != 0 {
			v.Kin = []models.Secret{{}, models.NewSecret(fmt.Sprint("kin", i))}
		}
		vs = append(vs, v)
	}
	if err := repo.InsertMany(t.Context(), vs); err != nil {
		t.Fatal(err)
	}
	rotated, err := store.RotateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	s, repo := open(rotated)
	enough := errors.New("enough")
	first, err := s.Reencrypt(t.Context(), repo.Any(), "", func(store.Reencrypted) error { return enough })
	if !errors.Is(err, enough) || first.Seen != store.MaxPage {
		t.Fatalf("the first page: %+v, %v", first, err)
	}
	second, err := s.Reencrypt(t.Context(), repo.Any(), first.After, nil)
	if err != nil || first.Seen+second.Seen != n || first.Saved+second.Saved != n*2/3 {
		t.Fatalf("the rest: %+v after %+v, %v", second, first, err)
	}
	again, err := s.Reencrypt(t.Context(), repo.Any(), "", nil)
	if err != nil || again.Seen != n || again.Saved != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	retired, err := store.RetireKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	_, repo = open(retired)
	for i := range n {
		v, err := repo.Get(t.Context(), fmt.Sprintf("%04d", i))
		if err != nil {
			t.Fatal(err)
		}
		if i%3 != 0 && (v.Kin[1].Reveal() != fmt.Sprint("kin", i) || v.Revision != 1) {
			t.Errorf("%s is %+v", v.ID, v)
		}
	}
}
