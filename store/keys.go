package store

import "go.mongodb.org/mongo-driver/v2/bson"

// Keys encrypts what documents keep secret.
type Keys struct{}

func (k *Keys) marshal(v any) (bson.Raw, error)     { return bson.Marshal(v) }
func (k *Keys) unmarshal(raw bson.Raw, v any) error { return bson.Unmarshal(raw, v) }
