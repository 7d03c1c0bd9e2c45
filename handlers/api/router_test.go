package api

import (
	"xinyi/store"
)

var Notes = store.Collection{Name: "notes", Indexes: []store.Index{{Paths: []string{"owner", "text"}}}}
