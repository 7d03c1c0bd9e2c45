package api

import (
	"context"
	"slices"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// A NamedCode is a code with its name.
type NamedCode struct {
	Code string `json:"code"`
	Name string `json:"name" personal:"false"`
}

// Whose is whom the caller acts for, and every ref under which that subject may be kept.
func Whose(ctx context.Context, subjects store.Subjects, a models.Actor) (models.Subject, []string, error) {
	s, err := subjects.Of(ctx, a)
	if err != nil || s.Kind == models.Organisation {
		return s, []string{s.Ref}, err
	}
	p, err := subjects.People.Get(ctx, a.Person)
	if err != nil {
		return s, nil, err
	}
	refs := []string{s.Ref}
	for _, hash := range subjects.Keys.Hashes(p.IDNumber) {
		if ref, ok := hash.(string); ok && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return s, refs, nil
}

// Own refuses whoever acts for somebody else: identity is never handed on.
func Own(rq Request) error {
	if rq.Actor.Agent != "" || rq.Actor.Person == "" {
		return models.E(models.Forbidden, "identity.own_only")
	}
	return nil
}

// Here answers for a person who closed the account as for nobody.
func Here(p *identity.Person, err error) (*identity.Person, error) {
	if err == nil && p.State == identity.Left {
		return nil, models.E(models.NotFound, "not_found")
	}
	return p, err
}
