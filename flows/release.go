package flows

import (
	"context"
	"time"

	"xinyi/models/release"
	"xinyi/store"
)

// tryOn notes on a document on its way into force that it was tried on everybody. It may run twice.
func tryOn[T any, P interface {
	document[T]
	release.Document
}](ctx context.Context, repo *store.Repo[T], t release.Trial, now time.Time) error {
	_, err := repo.Update(ctx, t.Of, func(d *T) error {
		if !P(d).Released().Tries(t) {
			return store.Unchanged()
		}
		return release.Try(P(d), t, now)
	})
	return err
}

// succeed lets those of q give way that are older than what came into force; yields says whether one did. It may run twice.
func succeed[T any, P document[T]](ctx context.Context, repo *store.Repo[T], q store.Query, yields func(old *T) bool) error {
	return changeAll[T, P](ctx, repo, q, func(old *T) error {
		if !yields(old) {
			return store.Unchanged()
		}
		return nil
	})
}
