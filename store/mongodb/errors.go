package mongodb

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"xinyi/models"
)

// failed gives an error its code. What the server understood and refused is ours, Internal;
// what the network, an election or an ended context did is Unavailable.
func failed(err error) error {
	var known *models.Error
	var server mongo.ServerError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, mongo.ErrNoDocuments):
		return models.E(models.NotFound, "not_found")
	case mongo.IsDuplicateKeyError(err), strings.Contains(err.Error(), "UNIQUE constraint failed"): // FerretDB on SQLite, of an update
		return models.E(models.Conflict, "conflict", err).With("index", clashed(err.Error()))
	case mongo.IsTimeout(err), mongo.IsNetworkError(err), errors.Is(err, context.Canceled), errors.Is(err, mongo.ErrClientDisconnected):
		return models.E(models.Unavailable, "unavailable", err)
	case errors.As(err, &server) && !server.HasErrorLabel("RetryableWriteError") && !passing(server):
		return models.E(models.Internal, "internal", err)
	}
	return models.E(models.Unavailable, "unavailable", err)
}

// passing says whether a server's error is of a member that steps down, starts or stops: try again.
func passing(err mongo.ServerError) bool {
	for _, code := range []int{91, 189, 10107, 11600, 11602, 13435, 13436, 50, 262, 64} {
		if err.HasErrorCode(code) {
			return true
		}
	}
	return false
}

// clashed reads the paths out of "… index: unique_shop,no dup key: …": "shop,no". A server that names no index leaves "unnamed".
func clashed(text string) string {
	_, rest, ok := strings.Cut(text, " index: ")
	if !ok {
		return "unnamed"
	}
	name, _, _ := strings.Cut(rest, " ")
	return strings.TrimSuffix(strings.TrimPrefix(name, uniquePrefix), "_")
}

// refusedAt is how many documents of a batch went in before the server refused one; 0 when it refused the first or did not answer.
func refusedAt(err error) int {
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || len(bulk.WriteErrors) == 0 {
		return 0
	}
	return bulk.WriteErrors[0].Index
}
