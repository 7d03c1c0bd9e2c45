package api

import (
	"xinyi/models"
	"xinyi/models/identity"
)

// A NamedCode is a code with its name.
type NamedCode struct {
	Code string `json:"code"`
	Name string `json:"name" personal:"false"`
}

// Here answers for a person who closed the account as for nobody.
func Here(p *identity.Person, err error) (*identity.Person, error) {
	if err == nil && p.State == identity.Left {
		return nil, models.E(models.NotFound, "not_found")
	}
	return p, err
}
