package mongodb

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/store"
)

// The size of the contest: enough that a server which reads and writes in two steps loses, well below a second on one that does not.
const (
	racers = 20
	rounds = 25 // tries of each
)

// ErrNotAtomic is why Xinyi refuses a server.
var ErrNotAtomic = errors.New("this server is not atomic: when two save the same document at once it lets both win and loses one, " +
	"so money would be lost. Xinyi refuses to serve on it. Use MongoDB 5.0 or newer (a replica set), or SQLite")

// ring is where a contest is held.
type ring interface {
	Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error
	Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error)
	Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error)
	Delete(ctx context.Context, c store.Collection, ids ...string) error
}

// Contest lets 20 goroutines increment one scratch document by compare-and-swap. What is in the document at the end must be the
// number of wins that were claimed; otherwise the error is ErrNotAtomic, as models.Unavailable "mongodb.not_atomic".
// A server that wins may still not be atomic; one that loses is not.
func (e *Engine) Contest(ctx context.Context) error { return contest(ctx, e) }

func contest(ctx context.Context, e ring) (err error) {
	c := store.Collection{Name: "contest"}
	id, err := uuid.NewV7()
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	doc, err := scratch(id.String(), 0)
	if err != nil {
		return err
	}
	if err := e.Insert(ctx, c, doc); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Delete(context.WithoutCancel(ctx), c, id.String())) }()
	var won atomic.Int64
	group, each := errgroup.WithContext(ctx)
	for range racers {
		group.Go(func() error { return race(each, e, c, id.String(), &won) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	raw, err := e.Get(ctx, c, id.String())
	if err != nil {
		return err
	}
	if kept := raw.Lookup("version").AsInt64(); kept != won.Load() {
		return models.E(models.Unavailable, "mongodb.not_atomic", fmt.Errorf("%w (%d saves claimed, %d kept)", ErrNotAtomic, won.Load(), kept))
	}
	return nil
}

func race(ctx context.Context, e ring, c store.Collection, id string, won *atomic.Int64) error {
	for range rounds {
		raw, err := e.Get(ctx, c, id)
		if err != nil {
			return err
		}
		read := raw.Lookup("version").AsInt64()
		next, err := scratch(id, read+1)
		if err != nil {
			return err
		}
		saved, err := e.Replace(ctx, c, id, read, next)
		if err != nil {
			return err
		}
		if saved {
			won.Add(1)
		}
	}
	return nil
}

func scratch(id string, version int64) (bson.Raw, error) {
	return bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}})
}
