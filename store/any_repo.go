package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// dueBy asks for documents whose head path is at or before now, the earliest first.
func dueBy(path string, now time.Time) Query {
	return Where(path, Range, nil, now.Add(time.Millisecond)).Asc(path)
}

// Untold lists documents with events whose claim has run out.
func (r *documents) Untold(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return r.ids(ctx, dueBy("tellAt", now), limit)
}

// Due lists documents that are to wake.
func (r *documents) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	if !r.sleeps {
		return nil, nil
	}
	return r.ids(ctx, dueBy("wakeAt", now), limit)
}

// Gone lists documents that are to be deleted.
func (r *documents) Gone(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return r.ids(ctx, dueBy("goneAt", now), limit)
}

// Expire removes those of the documents whose time is over at now, for good.
func (r *documents) Expire(ctx context.Context, now time.Time, ids ...string) error {
	return r.s.Engine.Expire(ctx, r.c, now, ids...)
}

func (r *documents) ids(ctx context.Context, q Query, limit int) ([]string, error) {
	_, raws, _, err := r.raws(ctx, q, limit)
	ids := make([]string, len(raws))
	for i, raw := range raws {
		ids[i] = raw.Lookup("_id").StringValue()
	}
	return ids, err
}

// Peek reads the head of a document.
func (r *documents) Peek(ctx context.Context, id string) (*models.Meta, error) {
	v, err := r.get(ctx, id)
	if err != nil {
		return nil, err
	}
	return v.Head(), nil
}

// Touch changes the head alone: the rest of the document is copied as it stands, byte for byte.
func (r *documents) Touch(ctx context.Context, id string, change func(*models.Meta) error) error {
	return r.touch(ctx, id, nil, change)
}

func (r *documents) touch(ctx context.Context, id string, first bson.Raw, change func(*models.Meta) error) error {
	err := r.swap(ctx, id, func() (read int64, doc bson.Raw, err error) {
		if doc, first = first, nil; doc == nil {
			if doc, err = r.s.Engine.Get(ctx, r.c, id); err != nil {
				return 0, nil, err
			}
		}
		head, err := r.headOf(doc)
		if err != nil {
			return 0, nil, err
		}
		read = head.Version
		if err := change(head); err != nil {
			return 0, nil, err
		}
		head.Version = read + 1
		doc, err = withHead(doc, head)
		return read, doc, err
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// Recode saves a document anew, as it would be written today.
func (r *documents) Recode(ctx context.Context, id string) error {
	_, _, _, err := r.save(ctx, id, nil, func(models.Document, time.Time) (bool, error) { return false, nil })
	return err
}

// headOf reads the head of a document and nothing else of it.
func (r *documents) headOf(raw bson.Raw) (*models.Meta, error) {
	head := &models.Meta{}
	if err := bson.Unmarshal(raw, head); err != nil {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: %w", r.c.Name, err))
	}
	return head, nil
}

// headKeys are the keys of a head in a document.
var headKeys = []string{"_id", "version", "revision", "createdAt", "updatedAt", "outbox", "tellAt", "wakeAt", "goneAt"}

// withHead is a document with another head.
func withHead(raw bson.Raw, head *models.Meta) (bson.Raw, error) {
	top, err := bson.Marshal(head)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	elements, err := raw.Elements()
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	doc := append(make(bson.Raw, 0, len(raw)+len(top)), top[:len(top)-1]...)
	for _, e := range elements {
		if !slices.Contains(headKeys, e.Key()) {
			doc = append(doc, e...)
		}
	}
	doc = append(doc, 0)
	binary.LittleEndian.PutUint32(doc, uint32(len(doc))) //nolint:gosec // a document is far below 4 GiB
	return doc, nil
}

// A recent is a repo that has one document at hand as it was just saved, so that its first look and touch need no read.
type recent struct {
	*documents
	raw bson.Raw
}

// Peek reads the head of the document at hand.
func (r *recent) Peek(context.Context, string) (*models.Meta, error) { return r.headOf(r.raw) }

// Touch tries on the document at hand first.
func (r *recent) Touch(ctx context.Context, id string, change func(*models.Meta) error) error {
	return r.touch(ctx, id, r.raw, change)
}

// Wake lets a document do what is due by now.
func (r *documents) Wake(ctx context.Context, id string, now time.Time) error {
	_, err := r.update(ctx, id, nil, func(v models.Document) error {
		s, sleeps := v.(models.Sleeper)
		if at := v.Head().WakeAt; !sleeps || at == nil || at.After(now) {
			return Unchanged()
		}
		return s.Wake(now)
	})
	return err
}
