package api

import (
	"context"

	"xinyi/models"
	"xinyi/store"
)

// How wide an office sees and acts is said here alone: what belongs to a place in its own region. What is not in its region is not
// there for it, so that nobody is told of it: the answer is the one to an id that nobody has.

// Covers says whether place lies in an office's region.
func Covers(by models.Actor, place models.Region) bool { return by.Region.Contains(place) }

// Touches says whether what holds in the whole of a place, as a city's model does in its counties, is an office's to see: it works in
// place, or place lies in its region.
func Touches(by models.Actor, place models.Region) bool {
	return Covers(by, place) || place.Contains(by.Region)
}

// Scoped is the check of a look and an act: place lies in the caller's region. Errors: NotFound.
func Scoped(rq Request, place models.Region) error { return elsewhere(!Covers(rq.Actor, place)) }

// Holds is the check of a look at what holds in the whole of place; acts need Scoped. Errors: NotFound.
func Holds(rq Request, place models.Region) error { return elsewhere(!Touches(rq.Actor, place)) }

func elsewhere(away bool) error {
	if away {
		return NotYours(nil)
	}
	return nil
}

// Ours is a document of the caller's region; of says where it belongs. Errors: NotFound.
func Ours[T any](ctx context.Context, rq Request, repo *store.Repo[T], id string, of func(*T) models.Region) (*T, error) {
	d, err := repo.Get(ctx, id)
	if err == nil {
		err = Scoped(rq, of(d))
	}
	return d, err
}

// InPlace is Scoped for documents that go a release's way; of says where one belongs.
func InPlace[T any](of func(*T) models.Region) func(Request, *T) error {
	return func(rq Request, d *T) error { return Scoped(rq, of(d)) }
}

// PlaceWithin is the place a caller asks about, which must lie in the caller's own; that one when none is named. That a division exists is
// no secret. Errors: Forbidden "farmer.other_region".
func PlaceWithin(rq Request, place models.Region) (models.Region, error) {
	if place == "" {
		return rq.Actor.Region, nil
	}
	if !Covers(rq.Actor, place) {
		return "", models.E(models.Forbidden, "farmer.other_region")
	}
	return place, nil
}
