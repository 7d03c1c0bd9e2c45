package mongodb

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"xinyi/store"
)

// uniquePrefix starts the names of the indexes that keep values unique.
const uniquePrefix = "unique_"

// Codes of the server that Ensure expects.
const (
	namespaceExists = 48
	notImplemented  = 238
)

// Ensure makes the collections and their indexes. An index that is not declared any more stays: an older replica may still need it.
//
// Each declared index ends in _id, so that order and ties come from the index. A unique one is a second index over documents
// that have all its paths, so that nulls never clash and the planner need not prove anything to use the first.
func (e *Engine) Ensure(ctx context.Context, cs ...store.Collection) error {
	for _, c := range cs {
		if err := e.ensure(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) ensure(ctx context.Context, c store.Collection) error {
	var server mongo.ServerError
	err := e.db.CreateCollection(ctx, c.Name)
	if err != nil && (!errors.As(err, &server) || !server.HasErrorCode(namespaceExists)) {
		return failed(err)
	}
	for _, ix := range c.AllIndexes() {
		o := options.Index().SetName(strings.Join(ix.Paths, ",") + ",_id")
		if ix.Sparse {
			o.SetPartialFilterExpression(bson.D{{Key: ix.Paths[0], Value: bson.D{{Key: "$exists", Value: true}}}})
		}
		if err := e.index(ctx, c, append(keyOf(ix), bson.E{Key: "_id", Value: 1}), o); err != nil {
			return err
		}
		if !ix.Unique {
			continue
		}
		o = options.Index().SetName(uniquePrefix + strings.Join(ix.Paths, ",")).SetUnique(true).SetPartialFilterExpression(present(ix))
		if err := e.index(ctx, c, keyOf(ix), o); err != nil {
			return err
		}
	}
	return nil
}

// index makes one index; on a server without partial indexes, a plain one.
func (e *Engine) index(ctx context.Context, c store.Collection, key bson.D, o *options.IndexOptionsBuilder) error {
	_, err := e.coll(c).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: key, Options: o})
	var server mongo.ServerError
	if errors.As(err, &server) && server.HasErrorCode(notImplemented) {
		o.SetPartialFilterExpression(nil)
		_, err = e.coll(c).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: key, Options: o})
	}
	return failed(err)
}

func keyOf(ix store.Index) bson.D {
	key := make(bson.D, 0, len(ix.Paths)+1)
	for _, p := range ix.Paths {
		key = append(key, bson.E{Key: p, Value: 1})
	}
	return key
}

// present matches documents with a value, not null, in every path.
func present(ix store.Index) bson.D {
	filter := make(bson.D, 0, len(ix.Paths))
	for _, p := range ix.Paths {
		types := bson.A{"string", "int", "long", "bool", "date"}
		filter = append(filter, bson.E{Key: p, Value: bson.D{{Key: "$type", Value: types}}})
	}
	return filter
}
