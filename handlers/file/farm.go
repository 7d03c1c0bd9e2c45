package file

import (
	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/farmer"
)

// AboutHead is a look at a household's file: it is about the head.
func AboutHead(rq api.Request, f *farmer.File, purpose string, fields ...string) access.Access {
	return access.Access{
		Subject: models.Subject{Kind: models.PersonSubject, Ref: f.Seat, Person: f.Person}, Fields: fields, About: f.ID,
		Purpose: rq.PurposeOr(purpose), Case: rq.CaseOr(f.ID),
	}
}
