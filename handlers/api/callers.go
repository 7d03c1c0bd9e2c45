package api

import (
	"xinyi/models/identity"
)

// Covers says whether the caller's mandate for a ward covers action. Identity itself is never handed on.
func (c Caller) Covers(ward string, action Action) bool {
	scope, limited := c.Scopes[ward]
	return !limited || identity.Covers(scope, string(action))
}
