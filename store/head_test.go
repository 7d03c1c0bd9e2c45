package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// Another head leaves every other byte of a document alone, and every field of a head is known to withHead.
func TestWithHead(t *testing.T) {
	type doc struct {
		models.Meta `bson:",inline"`
		Name        string   `bson:"name"`
		List        []string `bson:"list"`
	}
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	old := doc{Meta: models.Meta{ID: "a", Version: 3, Revision: 2, CreatedAt: at, UpdatedAt: at, PublishAt: &at, WakeAt: &at, GoneAt: &at}, Name: "n", List: []string{"x"}}
	var events models.Events
	old.Publish(models.Declare[struct{ A string }](&events, "k").Of(struct{ A string }{"b"}), "p", models.Clockwork, at)
	raw, err := bson.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	same, err := withHead(raw, &old.Meta)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bson.Raw(raw).String(), same.String()); diff != "" {
		t.Errorf("the same head changed the document: %s", diff)
	}
	head := old.Meta
	head.Version, head.Outbox, head.PublishAt = 4, nil, nil
	next, err := withHead(raw, &head)
	if err != nil {
		t.Fatal(err)
	}
	var got doc
	if err := bson.Unmarshal(next, &got); err != nil {
		t.Fatal(err)
	}
	want := old
	want.Meta = head
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
