package usecase

import (
	"context"
	"slices"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// maxTimeline bounds a timeline; a document with a longer life shows its beginning and what is still in its outbox.
const maxTimeline = 2000

// Timeline is what happened to the document with the given head, oldest first: the event log and what its outbox still
// has to tell, each event once.
func Timeline(ctx context.Context, log *store.Repo[journal.Entry], head *models.Meta) ([]*journal.Entry, error) {
	var rows []*journal.Entry
	seen := map[string]bool{}
	for q := store.EventsOf(head.ID).Page(store.MaxPage, ""); len(rows) < maxTimeline; {
		page, err := log.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			seen[row.ID] = true
		}
		rows = append(rows, page.Items...)
		if q.After = page.Next; page.Next == "" {
			break
		}
	}
	for _, e := range head.Outbox {
		if !seen[e.ID] {
			rows = append(rows, journal.EntryOf(e))
		}
	}
	slices.SortStableFunc(rows, (*journal.Entry).Before)
	return rows, nil
}
