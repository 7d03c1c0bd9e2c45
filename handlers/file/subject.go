package file

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/usecase"
)

// SubjectRequest names whom a partner means.
type SubjectRequest struct {
	IDNumber string `json:"idNumber,omitempty" validate:"max=32" description:"Of a person"`
	Code     string `json:"code,omitempty" validate:"max=32" description:"Unified social credit code of an organisation"`
}

// SubjectOf is whom a partner names. Errors: Invalid "consent.subject_invalid"; Forbidden "consent.minor".
func SubjectOf(ctx context.Context, subjects usecase.Subjects, in SubjectRequest, now time.Time) (models.Subject, error) {
	if in.IDNumber == "" && in.Code != "" {
		code, err := models.ParseUSCC(in.Code)
		if err != nil {
			return models.Subject{}, models.Bad("/subject/code", "uscc", "consent.subject_invalid")
		}
		return models.Subject{Kind: models.Organisation, Ref: string(code)}, nil
	}
	n, err := models.ParseIDNumber(in.IDNumber)
	if err != nil || in.Code != "" {
		return models.Subject{}, models.Bad("/subject/idNumber", "cnid", "consent.subject_invalid")
	}
	if !models.Adult(n.Birth(), models.DayOf(now)) {
		return models.Subject{}, models.E(models.Forbidden, "consent.minor")
	}
	return subjects.OfNumber(ctx, n)
}

// OwnSubject answers whose file the caller may read. Errors: Conflict "record.minor_has_no_file", "identity.not_bound".
func OwnSubject(ctx context.Context, subjects usecase.Subjects, rq api.Request) (models.Subject, error) {
	if rq.Actor.Is(models.Resident) {
		p, err := api.Here(subjects.People.Get(ctx, rq.Actor.Person))
		if err != nil {
			return models.Subject{}, err
		}
		if p.Minor(models.DayOf(rq.Now)) {
			return models.Subject{}, models.E(models.Conflict, "record.minor_has_no_file")
		}
		return subjects.OfPerson(p)
	}
	return subjects.Of(ctx, rq.Actor)
}
