package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/store"
	"xinyi/usecase"
)

// Tags keeps people's tags as what they repeat: agreements of credit medical care, and offices. Each event has its person
// looked at anew, so it does not matter in which order events come, or how often.
type Tags struct {
	usecase.Campaign
	Agreements *store.Repo[medical.Agreement]
	Now        func() time.Time
}

// Subscribers are to be given to the relay.
func (f Tags) Subscribers() []Subscriber {
	return []Subscriber{{
		Name: "tags",
		Kinds: Kinds(medical.AgreementSigned, medical.AgreementSuspended, medical.AgreementReinstated, medical.AgreementClosing,
			medical.AgreementClosed, medical.AgreementExpired,
			identity.EventBound, identity.EventAppointed, identity.EventSuspended, identity.EventDismissed, identity.EventLeft),
		Do: func(ctx context.Context, e models.Event) error { return f.Follow(ctx, e.Person) },
	}}
}

// Follow brings a person's tags to where the person stands now.
func (f Tags) Follow(ctx context.Context, person string) error {
	p, err := f.People.Get(ctx, person)
	if errors.Is(err, models.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	carries, err := f.carries(ctx, p)
	if err != nil {
		return err
	}
	var gone []string
	for _, tag := range campaign.Tags {
		if !carries[tag] {
			gone = append(gone, campaign.TagID(person, tag))
		} else if err := f.keep(ctx, campaign.NewTag(person, tag, p.Region)); err != nil {
			return err
		}
	}
	return f.Tags.Delete(ctx, gone...)
}

func (f Tags) carries(ctx context.Context, p *identity.Person) (map[string]bool, error) {
	carries := map[string]bool{}
	if p.State == identity.Left {
		return carries, nil
	}
	now := f.Now()
	for _, m := range p.Memberships {
		if m.To == nil || m.To.After(now) { // one that begins later is tagged now: whoever is told holds the office then
			carries[campaign.RoleTag(m.Role)] = true
		}
	}
	page, err := f.Agreements.Find(ctx, store.AgreementsOf(p.ID).Page(store.MaxPage, "").Only("state"))
	if err != nil {
		return nil, err
	}
	for _, a := range page.Items {
		if a.State == medical.Active || a.State == medical.Suspended {
			carries[campaign.TagAgreement] = true
		}
	}
	return carries, nil
}

// keep keeps a tag, where its person lives now.
func (f Tags) keep(ctx context.Context, tag *campaign.Tag) error {
	_, err := f.Tags.Update(ctx, tag.ID, func(t *campaign.Tag) error {
		if t.Region == tag.Region {
			return store.Unchanged()
		}
		t.Region = tag.Region
		return nil
	})
	if errors.Is(err, models.NotFound) {
		return store.Existing(f.Tags.Insert(ctx, tag))
	}
	return err
}
