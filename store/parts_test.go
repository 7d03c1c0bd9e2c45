package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestParts(t *testing.T) {
	raw, err := bson.Marshal(bson.D{
		{Key: "_id", Value: "a"}, {Key: "state", Value: "OPEN"}, {Key: "terms", Value: bson.D{{Key: "days", Value: 7}, {Key: "grace", Value: 2}}},
		{Key: "lines", Value: bson.A{1, 2}}, {Key: "termsOld", Value: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		paths []string
		want  bson.D
	}{
		"top":       {[]string{"state"}, bson.D{{Key: "_id", Value: "a"}, {Key: "state", Value: "OPEN"}}},
		"below":     {[]string{"terms.grace"}, bson.D{{Key: "_id", Value: "a"}, {Key: "terms", Value: bson.D{{Key: "grace", Value: int32(2)}}}}},
		"whole":     {[]string{"lines", "terms"}, bson.D{{Key: "_id", Value: "a"}, {Key: "terms", Value: bson.D{{Key: "days", Value: int32(7)}, {Key: "grace", Value: int32(2)}}}, {Key: "lines", Value: bson.A{int32(1), int32(2)}}}},
		"not there": {[]string{"none", "state.x"}, bson.D{{Key: "_id", Value: "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got bson.D
			if err := bson.Unmarshal(sketchOf(append(tc.paths, "_id")).of(raw, nil), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for end := range raw { // bytes that are no document: an error of the decoder, no panic
		var got bson.D
		_ = bson.Unmarshal(sketchOf([]string{"terms.grace", "lines"}).of(raw[:end], nil), &got)
	}
}
