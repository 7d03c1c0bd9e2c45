package handlers

import (
	"context"
	"errors"
	"strconv"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/store"
)

// Looks is the one way to somebody else's data: it writes what is about to be seen into the log before anything is shown.
type Looks struct {
	Entries *store.Repo[access.Entry]
}

// Look notes what rq is about to see, one entry a look; none at all is a list that came out empty. It is called before the
// answer is made, and an error of it ends the request. Errors: Invalid "access.no_purpose", "access.no_case".
func (l *Looks) Look(ctx context.Context, rq Request, looks ...access.Look) error {
	entries := make([]*access.Entry, 0, len(looks))
	for i, look := range looks {
		id := models.Derived("look", rq.ID, rq.Actor.Principal(), strconv.FormatInt(rq.Now.UnixMilli(), 10), strconv.Itoa(i), look.Subject.Ref, look.Subject.Person, look.About)
		e, err := access.New(id, look, rq.Actor, rq.ID, rq.Now)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	if err := l.Entries.InsertMany(ctx, entries); err != nil && !errors.Is(err, models.Conflict) {
		return err
	}
	if rq.seen != nil {
		*rq.seen = true
	}
	return nil
}
