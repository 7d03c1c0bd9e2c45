package store

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// At reads a dotted path of a document; the zero RawValue if there is none.
func At(raw bson.Raw, path string) bson.RawValue {
	v, err := raw.LookupErr(strings.Split(path, ".")...)
	if err != nil {
		return bson.RawValue{}
	}
	return v
}

// Scalar is a BSON value as a plain one: nil, string, int64, bool or time (UTC milliseconds). Anything else is nil.
func Scalar(v bson.RawValue) any {
	switch v.Type {
	case bson.TypeString:
		return v.StringValue()
	case bson.TypeInt32:
		return int64(v.Int32())
	case bson.TypeInt64:
		return v.Int64()
	case bson.TypeBoolean:
		return v.Boolean()
	case bson.TypeDateTime:
		return v.Time().UTC()
	}
	return nil
}

// Plain is a value of a condition or a key as Scalar would give it: named strings and integers lose their names.
// Errors: Internal for what cannot be a condition.
func Plain(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case time.Time:
		return *models.At(x), nil
	case bson.DateTime:
		return x.Time().UTC(), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return r.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Bool:
		return r.Bool(), nil
	}
	return nil, models.E(models.Internal, "internal", fmt.Errorf("%T cannot be a condition", v))
}
