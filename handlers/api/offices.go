package api

import (
	"xinyi/models"
)

// OfficeView is who of the staff did something.
type OfficeView struct {
	PersonID string      `json:"personId" personal:"false"`
	Role     models.Role `json:"role"`
	Org      string      `json:"org"`
}

// ViewOffice shows an office by its name.
func ViewOffice(a models.Actor) OfficeView { return OfficeView{a.Person, a.Role, a.Org} }
