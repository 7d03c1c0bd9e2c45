package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/file"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/consent"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/store"
)

// givenView is a record as somebody else is given it: what is about persons in it is left out.
type givenView struct {
	ID         string         `json:"id"`
	Version    int            `json:"version"`
	Item       string         `json:"item"`
	Nature     models.Nature  `json:"nature"`
	Unit       string         `json:"unit"`
	DecidedOn  models.Day     `json:"decidedOn"`
	Valid      models.Day     `json:"validOn"`
	Mark       string         `json:"mark,omitempty" enum:"OBJECTED,CORRECTED" description:"Shown wherever the record travels: OBJECTED is under objection"`
	Attributes map[string]any `json:"attributes"`
}

func viewGiven(r *record.Record) givenView {
	attributes := r.Current.Attributes
	if attributes == nil {
		attributes = map[string]any{}
	}
	return givenView{r.ID, r.Current.No, r.Item, r.Nature, r.Unit, r.DecidedOn, r.Current.Valid, r.Mark(), attributes}
}

type profileView struct {
	Name   string        `json:"name,omitempty" personal:"true"`
	Region models.Region `json:"region,omitempty" personal:"true"`
}

// errFilled ends a scan.
var errFilled = errors.New("as many as one answer holds")

// gather are the records of a subject that all of scopes let be shown: only what may be provided, and to partners nothing that is for
// offices alone. more says that there are others.
func (h Query) gather(ctx context.Context, s models.Subject, office bool, scopes ...[]string) (given []*record.Record, more bool,
	err error) {
	_, err = h.Records.Each(ctx, store.RecordsOf(s.Ref), func(r *record.Record) error {
		if r.Subject.Kind != s.Kind || !r.Providable() || !office && r.Openness == models.Government {
			return nil
		}
		for _, each := range scopes {
			if covered, err := h.covered(ctx, each, r); err != nil || !covered {
				return err
			}
		}
		if len(given) == mostGiven {
			more = true
			return errFilled
		}
		given = append(given, r)
		return nil
	})
	if errors.Is(err, errFilled) {
		err = nil
	}
	return given, more, err
}

func (h Query) covered(ctx context.Context, scopes []string, r *record.Record) (bool, error) {
	if consent.Covers(scopes, r.Item, "") || h.Category == nil {
		return consent.Covers(scopes, r.Item, ""), nil
	}
	category, err := h.Category(ctx, r.Item, r.ItemVersion)
	if errors.Is(err, models.NotFound) {
		return false, nil // an item nobody knows is in no group
	}
	return err == nil && consent.Covers(scopes, r.Item, category), err
}

// profile is who the subject is, as far as scopes go; nil when they do not.
func (h Query) profile(ctx context.Context, s models.Subject, scopes []string, given []*record.Record) (*profileView, error) {
	name, region := slices.Contains(scopes, "profile.name"), slices.Contains(scopes, "profile.region")
	if !name && !region {
		return nil, nil //nolint:nilnil // there is no profile to show
	}
	var v profileView
	if s.Kind == models.PersonSubject && s.Person != "" {
		p, err := h.Subjects.People.Get(ctx, s.Person)
		if err != nil || p.State != identity.Bound {
			return &v, err
		}
		if name {
			v.Name = p.Name.Reveal()
		}
		if region {
			v.Region = p.Region
		}
		return &v, nil
	}
	if len(given) > 0 && name {
		v.Name = given[0].Name.Reveal()
	}
	if region && s.Kind == models.Organisation {
		v.Region = models.USCC(s.Ref).Region()
	}
	return &v, nil
}

// lookupRequest asks for a subject's records by law.
type lookupRequest struct {
	Subject file.SubjectRequest `json:"subject"`
	Purpose string              `json:"purpose" validate:"required,max=64"`
	Case    string              `json:"case" validate:"required,max=128" description:"The open case or document this is for"`
	Scopes  []string            `json:"scopes" validate:"required,max=40,dive,required,max=40"`
}

type lookupView struct {
	Records []givenView `json:"records" personal:"true"`
	More    bool        `json:"more,omitzero"`
	Ref     string      `json:"ref" description:"Names this look wherever its records are recalled"`
	At      time.Time   `json:"at"`
}

func (h Query) lookup(ctx context.Context, rq api.Request, in lookupRequest) (lookupView, error) {
	sub, err := file.SubjectOf(ctx, h.Subjects, in.Subject, rq.Now)
	if err != nil {
		return lookupView{}, err
	}
	viewing := access.Access{Subject: sub, Fields: in.Scopes, Purpose: in.Purpose, Case: in.Case}
	ground, err := h.grounded(ctx, rq, sub, in)
	if err != nil {
		return lookupView{}, h.turned(ctx, rq, viewing, err)
	}
	given, more, err := h.gather(ctx, sub, true, in.Scopes, ground.Scopes)
	if err != nil {
		return lookupView{}, err
	}
	if err := h.Log.Note(ctx, rq, viewing); err != nil {
		return lookupView{}, err
	}
	v := lookupView{Records: []givenView{}, More: more, Ref: models.Derived("lookup", rq.ID, in.Case, sub.Ref), At: rq.Now}
	if err := h.use(ctx, v.Ref, rq.Actor, given, rq.Now); err != nil {
		return lookupView{}, err
	}
	for _, r := range given {
		v.Records = append(v.Records, viewGiven(r))
	}
	return v, nil
}

// grounded is the case, when it lets the caller look. Errors: Forbidden.
func (h Query) grounded(ctx context.Context, rq api.Request, sub models.Subject, in lookupRequest) (*access.Ground, error) {
	var g *access.Ground
	if h.Grounds != nil {
		var err error
		if g, err = h.Grounds(ctx, in.Case); err != nil && !errors.Is(err, models.NotFound) {
			return nil, err
		}
	}
	return g, g.Allows(rq.Actor, sub, in.Purpose)
}

// turned logs an access that was refused, and answers the refusal.
func (h Query) turned(ctx context.Context, rq api.Request, viewing access.Access, refused error) error {
	var e *models.Error
	if !errors.As(refused, &e) || e.Code != models.Forbidden {
		return refused
	}
	if _, known := access.Purposes[viewing.Purpose]; !known {
		viewing.Purpose = "share.unstated"
	}
	viewing.Refused = e.Reason
	if err := h.Log.Note(ctx, rq, viewing); err != nil {
		return err
	}
	return refused
}
