package store

import (
	"encoding/binary"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// A sketch is what of a document is wanted: by key, nil for the whole value.
type sketch map[string]sketch

// sketchOf reads dotted paths. A path and one below it is the whole.
func sketchOf(paths []string) sketch {
	s := sketch{}
	for _, p := range paths {
		at := s
		for {
			key, rest, deeper := strings.Cut(p, ".")
			below, known := at[key]
			if !deeper || known && below == nil {
				at[key] = nil
				break
			}
			if !known {
				below = sketch{}
				at[key] = below
			}
			at, p = below, rest
		}
	}
	return s
}

// of appends to doc what s wants of a document. Bytes that are no document end it early; the decoder finds that out.
func (s sketch) of(raw, doc []byte) []byte {
	start := len(doc)
	doc = append(doc, 0, 0, 0, 0)
	for rest := raw[min(4, len(raw)):]; len(rest) > 1; {
		element, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			break
		}
		key := element.KeyBytes()
		switch below, wanted := s[string(key)]; {
		case !wanted:
		case below == nil:
			doc = append(doc, element...)
		case bson.Type(element[0]) == bson.TypeEmbeddedDocument:
			head := 1 + len(key) + 1
			doc = append(doc, element[:head]...)
			doc = below.of(element[head:], doc)
		}
		rest = after
	}
	doc = append(doc, 0)
	binary.LittleEndian.PutUint32(doc[start:], uint32(len(doc)-start)) //nolint:gosec // a document is far below 4 GiB
	return doc
}
