package store

import (
	"encoding/binary"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// parts is a document with the given dotted paths and its id alone; without paths the document itself.
// Bytes that are no document are left to the decoder's error.
func parts(raw bson.Raw, paths []string) bson.Raw {
	if len(paths) == 0 {
		return raw
	}
	elements, err := raw.Elements()
	if err != nil {
		return raw
	}
	doc := make(bson.Raw, 4, len(raw))
	for _, e := range elements {
		key := e.Key()
		if key == "_id" || slices.Contains(paths, key) {
			doc = append(doc, e...)
			continue
		}
		if below := under(key, paths); len(below) > 0 && e.Value().Type == bson.TypeEmbeddedDocument {
			doc = append(doc, e[:len(e)-len(e.Value().Value)]...)
			doc = append(doc, parts(e.Value().Document(), below)...)
		}
	}
	doc = append(doc, 0)
	binary.LittleEndian.PutUint32(doc, uint32(len(doc))) //nolint:gosec // a document is far below 4 GiB
	return doc
}

// under are the rests of the paths that lead below key.
func under(key string, paths []string) []string {
	var below []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, key+"."); ok {
			below = append(below, rest)
		}
	}
	return below
}
