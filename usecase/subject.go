package usecase

import (
	"context"
	"slices"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/store"
)

// Subjects says whom credit is about.
type Subjects struct {
	People *store.Repo[identity.Person]
	Keys   *store.Keys
}

// OfNumber is the person with an ID number; the account is named when there is one.
func (s Subjects) OfNumber(ctx context.Context, n models.IDNumber) (models.Subject, error) {
	sub := s.Ref(n)
	p, err := s.People.First(ctx, s.Keys.PersonByIDNumber(n).Only("state"))
	if models.CodeOf(err) == models.NotFound {
		return sub, nil
	}
	if err != nil {
		return sub, err
	}
	sub.Person = p.ID
	return sub, nil
}

// Ref is the person with an ID number, without looking for the account.
func (s Subjects) Ref(n models.IDNumber) models.Subject {
	return models.Subject{Kind: models.PersonSubject, Ref: s.Keys.Hash(n.Secret)}
}

// Of is whom an actor acts for: the organisation of a Business, else the person. Errors: NotFound, Conflict "identity.not_bound"
// for a person who has not given a real name, since a file is kept under the ID number.
func (s Subjects) Of(ctx context.Context, a models.Actor) (models.Subject, error) {
	if a.Is(models.Business) {
		return models.Subject{Kind: models.Organisation, Ref: a.Org}, nil
	}
	p, err := s.People.Get(ctx, a.Person)
	if err != nil {
		return models.Subject{}, err
	}
	return s.OfPerson(p)
}

// Whose is whom an actor acts for, and every ref under which that subject may be kept. Errors: as Of.
func (s Subjects) Whose(ctx context.Context, a models.Actor) (models.Subject, []string, error) {
	sub, err := s.Of(ctx, a)
	if err != nil || sub.Kind == models.Organisation {
		return sub, []string{sub.Ref}, err
	}
	p, err := s.People.Get(ctx, a.Person)
	if err != nil {
		return sub, nil, err
	}
	refs := []string{sub.Ref}
	for _, hash := range s.Keys.Hashes(p.IDNumber) {
		if ref, ok := hash.(string); ok && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return sub, refs, nil
}

// OfPerson is a person as a subject. Errors: Conflict "identity.not_bound".
func (s Subjects) OfPerson(p *identity.Person) (models.Subject, error) {
	if p.IDNumber.Empty() {
		return models.Subject{}, models.E(models.Conflict, "identity.not_bound")
	}
	return models.Subject{Kind: models.PersonSubject, Ref: s.Keys.Hash(p.IDNumber), Person: p.ID}, nil
}

// Drafted is the record a unit's row makes. A person's account is not looked for.
func (s Subjects) Drafted(it *catalogue.Item, row catalogue.Row, unit string, region models.Region) record.Draft {
	d := record.Draft{
		Item: it.Code, ItemVersion: it.Version, Nature: it.Nature, Openness: it.For(row.Kind), Name: models.NewSecret(row.Name),
		IDNumber: row.IDNumber.Secret, Region: region, Unit: unit, Key: row.Key, DecidedOn: row.DecidedOn, Ended: row.Ended,
		Severity: row.Severity, KeepMonths: it.KeepMonths, Served: row.Served, Attributes: row.Attributes, Private: row.Private,
		Subject: models.Subject{Kind: models.Organisation, Ref: string(row.Code)},
	}
	if row.Kind != models.Organisation {
		d.Subject = s.Ref(row.IDNumber)
		d.Subject.Kind = row.Kind
	}
	return d
}

// Holder is in whose name an actor acts: the organisation it acts for, else the person.
func Holder(a models.Actor) string {
	if a.Is(models.Business) {
		return a.Org
	}
	return a.Person
}
