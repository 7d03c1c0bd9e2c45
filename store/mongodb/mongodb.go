// Package mongodb keeps documents in MongoDB: a replica set or a sharded cluster, any number of servers of ours in front.
//
// It uses single-document writes, ordered index scans and one $group, nothing else: no transaction, no change stream,
// no $lookup. All it needs is that a replace by id and version is atomic, which Open checks (Contest).
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"xinyi/models"
	"xinyi/store"
)

// What an address that says nothing else gets.
const (
	defaultDatabase = "xinyi"
	timeout         = 7 * time.Second // of one call that has no deadline; below the 8 s of a request
	selection       = 5 * time.Second // to find a primary: longer than an election without trouble
	connecting      = 3 * time.Second
	maxPool         = 100 // connections a server of ours holds to one member
	minPool         = 4
	idle            = 10 * time.Minute // less than firewalls forget after
)

// Engine implements store.Engine.
type Engine struct {
	client *mongo.Client
	db     *mongo.Database
	end    context.Context //nolint:containedctx // for Close, which has none: the context of Open without its end
}

var _ store.Engine = (*Engine)(nil)

type settings struct {
	contest bool
	observe func(command string, took time.Duration, failed bool)
}

// An Option changes what Open does.
type Option func(*settings)

// SkipContest opens a server without asking whether it is atomic: for tests that know it is not.
func SkipContest() Option { return func(s *settings) { s.contest = false } }

// Observe is told of every command: its name, how long it took, whether it failed. It is called concurrently and must not wait.
func Observe(fn func(command string, took time.Duration, failed bool)) Option {
	return func(s *settings) { s.observe = fn }
}

// Open connects to the server or servers of uri; the database is the one the uri names, else "xinyi".
// It holds the Contest and fails if the server loses it. models.Unavailable if no primary answers,
// models.Invalid if the uri cannot be read.
func Open(ctx context.Context, uri string, opts ...Option) (*Engine, error) {
	s := settings{contest: true}
	for _, o := range opts {
		o(&s)
	}
	address, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return nil, models.E(models.Invalid, "mongodb.uri", err)
	}
	client, err := mongo.Connect(clientOptions(uri, address, s))
	if err != nil {
		return nil, models.E(models.Invalid, "mongodb.uri", err)
	}
	name := address.Database
	if name == "" {
		name = defaultDatabase
	}
	e := &Engine{client: client, db: client.Database(name), end: context.WithoutCancel(ctx)}
	err = e.Ping(ctx)
	if err == nil && s.contest {
		err = e.Contest(ctx)
	}
	if err != nil {
		_ = e.Close() // the first error is the one that tells
		return nil, err
	}
	return e, nil
}

// clientOptions: what the uri says of pools and times wins, but never over durability.
func clientOptions(uri string, address *connstring.ConnString, s settings) *options.ClientOptions {
	o := options.Client().SetTimeout(timeout).SetServerSelectionTimeout(selection).SetConnectTimeout(connecting).
		SetMaxPoolSize(maxPool).SetMinPoolSize(minPool).SetMaxConnIdleTime(idle).SetAppName("xinyi").ApplyURI(uri)
	o.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
	if !address.RetryWritesSet {
		o.SetRetryWrites(true)
	}
	if s.observe != nil {
		o.SetMonitor(&event.CommandMonitor{
			Succeeded: func(_ context.Context, ev *event.CommandSucceededEvent) {
				s.observe(ev.CommandName, ev.Duration, false)
			},
			Failed: func(_ context.Context, ev *event.CommandFailedEvent) { s.observe(ev.CommandName, ev.Duration, true) },
		})
	}
	return o
}

func (e *Engine) coll(c store.Collection) *mongo.Collection { return e.db.Collection(c.Name) }

// Get reads one document.
func (e *Engine) Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error) {
	raw, err := e.coll(c).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
	return raw, failed(err)
}

// Replace saves doc if the stored version is still read.
func (e *Engine) Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	res, err := e.coll(c).ReplaceOne(ctx, bson.D{{Key: "_id", Value: id}, {Key: "version", Value: read}}, doc)
	if err != nil {
		return false, failed(err)
	}
	return res.MatchedCount == 1, nil
}

// Insert keeps new documents. One is atomic. Of many, a refusal part-way takes back those that went before, which others may have
// seen for a moment; a server that stops answering part-way leaves them.
func (e *Engine) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	if len(docs) == 1 {
		_, err := e.coll(c).InsertOne(ctx, docs[0])
		return failed(err)
	}
	if len(docs) == 0 {
		return nil
	}
	_, err := e.coll(c).InsertMany(ctx, docs)
	if n := refusedAt(err); n > 0 {
		if undo := e.Delete(context.WithoutCancel(ctx), c, idsOf(docs[:min(n, len(docs))])...); undo != nil {
			return models.E(models.Unavailable, "unavailable", fmt.Errorf("%w; and what went before could not be removed: %w", err, undo))
		}
	}
	return failed(err)
}

func idsOf(docs []bson.Raw) []string {
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i], _ = d.Lookup("_id").StringValueOK()
	}
	return ids
}

// Delete removes documents.
func (e *Engine) Delete(ctx context.Context, c store.Collection, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := e.coll(c).DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	return failed(err)
}

// Expire removes the documents whose goneAt has come.
func (e *Engine) Expire(ctx context.Context, c store.Collection, now time.Time, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := e.coll(c).DeleteMany(ctx, bson.D{
		{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}, {Key: "goneAt", Value: bson.D{{Key: "$lte", Value: now}}},
	})
	return failed(err)
}

// Empty says whether no collection holds a document.
func (e *Engine) Empty(ctx context.Context) (bool, error) {
	names, err := e.db.ListCollectionNames(ctx, bson.D{})
	for _, name := range names {
		if err != nil || strings.HasPrefix(name, "system.") {
			continue
		}
		if _, err = e.db.Collection(name).FindOne(ctx, bson.D{}).Raw(); err == nil {
			return false, nil
		} else if errors.Is(err, mongo.ErrNoDocuments) {
			err = nil
		}
	}
	return err == nil, failed(err)
}

// Ping asks the primary.
func (e *Engine) Ping(ctx context.Context) error {
	return failed(e.client.Ping(ctx, readpref.Primary()))
}

// Close ends all connections.
func (e *Engine) Close() error { return failed(e.client.Disconnect(e.end)) }
