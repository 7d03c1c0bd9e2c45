package flows

import (
	"context"
	"errors"
	"maps"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/casework"
	"xinyi/models/catalogue"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// Casework lets records and looks follow what is asked and decided about them. Each reads the case as it stands now, so late or
// repeated events do no harm.
type Casework struct {
	Cases   *store.Repo[casework.Case]
	Records *store.Repo[record.Record]
	Entries *store.Repo[access.Entry]
	Items   *store.Repo[catalogue.Item]
	Uses    *store.Repo[recall.Use]
	Terms   casework.Terms
	Desks   casework.Desks
	Erase   func() []Eraser // what goes when an erasure is granted
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Casework) Subscribers() []Subscriber {
	return append(f.repairs(),
		Subscriber{Name: "casework.mark", Do: f.mark, Kinds: Kinds(casework.EventFiled)},
		Subscriber{Name: "casework.outcome", Do: f.outcome, Kinds: Kinds(casework.EventApproved, casework.EventRejected, casework.EventWithdrawn, casework.EventLapsed)},
	)
}

// mark puts the mark on what an objection or a challenge is about.
func (f Casework) mark(ctx context.Context, e models.Event) error {
	c, err := f.Cases.Get(ctx, e.Subject)
	if err != nil || !c.Open() {
		return gone(err)
	}
	switch c.Kind {
	case casework.Objection:
		_, err = f.Records.Update(ctx, c.About.ID, func(r *record.Record) error {
			if r.State == record.Objected && r.Case == c.ID {
				return store.Unchanged()
			}
			return r.Object(c.ID, c.Filed, f.Now())
		})
		if errors.Is(err, models.InvalidTransition) { // it ended, or was withdrawn, in between
			return nil
		}
	case casework.Challenge:
		_, err = f.Entries.Update(ctx, c.About.ID, func(e *access.Entry) error {
			if e.Contest == c.ID {
				return store.Unchanged()
			}
			return e.Challenge(c.ID)
		})
	case casework.Repair, casework.Review, casework.Erasure:
	}
	return gone(err)
}

// outcome lets what a case is about follow its end.
func (f Casework) outcome(ctx context.Context, e models.Event) error {
	c, err := f.Cases.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	switch {
	case c.Kind == casework.Objection && (c.State == casework.Approved || c.State == casework.Closed):
		err = f.correct(ctx, c)
	case c.Kind == casework.Objection && !c.Open():
		err = f.uphold(ctx, c)
	case c.Kind == casework.Erasure && c.State == casework.Approved:
		for _, erase := range f.Erase() {
			if err := erase(ctx, c.Subject.Person, c.CreatedAt); err != nil {
				return err
			}
		}
	}
	if err != nil || c.State != casework.Approved || c.Kind == casework.Repair {
		return err
	}
	_, err = f.Cases.Update(ctx, c.ID, func(c *casework.Case) error {
		if c.State != casework.Approved {
			return store.Unchanged()
		}
		return c.Close("", f.Now())
	})
	return err
}

// uphold takes the mark off a record whose objection came to nothing.
func (f Casework) uphold(ctx context.Context, c *casework.Case) error {
	_, err := f.Records.Update(ctx, c.About.ID, func(r *record.Record) error {
		if r.State != record.Objected || r.Case != c.ID {
			return store.Unchanged()
		}
		return r.Uphold(c.ID, models.Clockwork, c.Outcome, f.Now())
	})
	return gone(err)
}

// correct makes a record say what an objection was granted, or withdraws it.
func (f Casework) correct(ctx context.Context, c *casework.Case) error {
	r, err := f.Records.Get(ctx, c.About.ID)
	if err != nil {
		return gone(err)
	}
	it, err := f.Items.Get(ctx, catalogue.ID(r.Item, r.ItemVersion))
	if err != nil {
		return err
	}
	form, err := it.Form()
	if err != nil {
		return err
	}
	_, err = f.Records.Update(ctx, r.ID, func(r *record.Record) error {
		if r.Case != c.ID || r.State != record.Objected {
			return store.Unchanged() // done, or another objection has it
		}
		if c.Withdrawal {
			return r.Withdraw(models.Clockwork, c.Outcome, f.Now())
		}
		change, err := Amended(form, r, c.Changes)
		if err != nil {
			return err
		}
		change.Why, change.Case = c.Outcome, c.ID
		return r.Correct(change, models.Clockwork, f.Now())
	})
	return gone(err)
}

// Amended is what a record says with some fields changed. A field that keeps its old value is left alone.
// Errors: Invalid with the faults of the new values.
func Amended(form *catalogue.Form, r *record.Record, changes []casework.Change) (record.Change, error) {
	out := record.Change{Attributes: maps.Clone(r.Current.Attributes), Private: maps.Clone(r.Current.Private)}
	if out.Attributes == nil {
		out.Attributes = map[string]any{}
	}
	if out.Private == nil {
		out.Private = map[string]models.Secret{}
	}
	var faults []models.Field
	for _, c := range changes {
		if c.Old == c.New {
			continue
		}
		value, private, fault := form.Value(c.Field, c.New.Reveal())
		text, isText := value.(string)
		switch {
		case fault != nil:
			faults = append(faults, *fault)
		case private && isText:
			out.Private[c.Field] = models.NewSecret(text)
		case value == nil:
			delete(out.Attributes, c.Field)
			delete(out.Private, c.Field)
		default:
			out.Attributes[c.Field] = value
		}
	}
	if len(faults) == 0 {
		faults = form.Check(out.Attributes, out.Private)
	}
	if len(faults) > 0 {
		return out, &models.Error{Code: models.Invalid, Reason: "casework.values_invalid", Fields: faults}
	}
	return out, nil
}

// Possible says whether a record may say what changes ask for. Errors: as Amended.
func Possible(form *catalogue.Form, r *record.Record, changes []casework.Change) error {
	_, err := Amended(form, r, changes)
	return err
}
