package identity

import (
	"strings"
	"time"

	"xinyi/models"
)

// A RepresentativeState is where a representation stands.
type RepresentativeState string

// The states of a representation.
const (
	Invited      RepresentativeState = "INVITED"  // whoever has the phone was asked
	TurnedDown   RepresentativeState = "DECLINED" // and does not want to; whoever asked sees INVITED until it lapses
	Representing RepresentativeState = "ACTIVE"
	Represented  RepresentativeState = "ENDED"
)

// Enum are all of them.
func (RepresentativeState) Enum() []any {
	return models.Enum(Invited, TurnedDown, Representing, Represented)
}

var representativeActs = models.Acts[RepresentativeState]{
	models.From(Invited).To(Representing).By("Accept", models.Resident),
	models.From(Invited).To(TurnedDown).By("Decline", models.Resident),
	models.From(Invited, TurnedDown, Representing).To(Represented).By("End", models.System, models.Resident),
	models.From(Invited, TurnedDown, Representing).To(Represented).By("Wake", models.System),
	models.From(Represented).To(Representing).By("Renew", models.System),
}

var representativeMoves = representativeActs.Machine()

// A RepresentationBasis is on what ground somebody acts for an organisation.
type RepresentationBasis string

// The grounds.
const (
	LegalRepresentative RepresentationBasis = "LEGAL_REPRESENTATIVE" // 法定代表人, as the registration says
	AppointedAgent      RepresentationBasis = "APPOINTED"            // 经办人, appointed by the legal representative
)

// A Representative is a person who acts for an organisation: reads its file, asks for its reports and repairs.
type Representative struct {
	models.Meta                      `bson:",inline"` // the id is RepresentativeID(org, person) of a legal representative
	models.Life[RepresentativeState] `bson:",inline"`

	Org       models.USCC         `bson:"org"`
	Name      string              `bson:"name"`            // of the organisation
	Person    string              `bson:"person"`          // of an invitation: whom the phone was when it was sent, "" for nobody
	Phone     models.Secret       `bson:"phone,omitempty"` // that was invited, until it is answered
	Open      string              `bson:"open,omitempty"`  // unique: one open invitation of a phone to an organisation
	Basis     RepresentationBasis `bson:"basis"`
	Source    string              `bson:"source"`              // registration record and version, or who appointed
	Until     *time.Time          `bson:"until,omitempty"`     // nil: until ended
	Appointer string              `bson:"appointer,omitempty"` // person; an agent's appointment ends with his
}

// RepresentativeID is the id of the representation of an organisation by a person.
func RepresentativeID(org models.USCC, person string) string {
	return models.Derived("representative", string(org), person)
}

// A Registration is what a register says of an organisation.
type Registration struct {
	Org          models.USCC
	Name, Source string
	Number       models.Secret // of its legal representative
}

// Claim makes a bound adult the legal representative of an organisation when the registration names that person's number.
//
// Errors: Conflict "identity.not_bound", Denied "identity.not_the_representative".
// Source: docs/sources.md#identity-representative.
func Claim(p *Person, r Registration, now time.Time) (*Representative, error) {
	if !p.Adult(models.DayOf(now)) {
		return nil, models.E(models.Conflict, "identity.not_bound")
	}
	if r.Number.Empty() || !strings.EqualFold(r.Number.Reveal(), p.IDNumber.Reveal()) {
		return nil, models.E(models.Denied, "identity.not_the_representative")
	}
	return represent(p, Registration{Org: r.Org, Name: r.Name, Source: r.Source}, LegalRepresentative, now), nil
}

func represent(p *Person, reg Registration, basis RepresentationBasis, now time.Time) *Representative {
	r := &Representative{Org: reg.Org, Name: reg.Name, Person: p.ID, Basis: basis, Source: reg.Source}
	r.ID = RepresentativeID(reg.Org, p.ID)
	r.State, r.Moved = Representing, models.Moved{By: models.System, At: now}
	r.publish(EventRepresents, now)
	return r
}

// Renew puts an ended representation in force again on the ground of other. Errors: InvalidTransition while it is in force.
func (r *Representative) Renew(other *Representative, now time.Time) error {
	if err := r.Move(representativeMoves, Representing, models.Clockwork.At(now), "identity.represents_already"); err != nil {
		return err
	}
	r.Basis, r.Source, r.Until, r.WakeAt, r.Appointer, r.Name = other.Basis, other.Source, other.Until, other.WakeAt, other.Appointer,
		other.Name
	r.publish(EventRepresents, now)
	return nil
}

// End ends it at once: the person, the legal representative who appointed, or the system when the ground is gone.
// Errors: NotFound for anybody else, InvalidTransition.
func (r *Representative) End(by models.Actor, why string, now time.Time) error {
	mine := by.Person == r.Appointer || by.Person == r.Person && !r.Pending()
	if !by.Is(models.System) && !mine || by.Agent != "" {
		return models.E(models.NotFound, "not_found")
	}
	pending := r.Pending()
	if err := r.Move(representativeMoves, Represented, by.At(now).Because(why), "identity.represents_not"); err != nil {
		return err
	}
	r.WakeAt, r.Phone, r.Open = nil, models.Secret{}, ""
	if pending {
		r.Publish(EventInvitationOver.Of(r.data()), "", by, now)
	} else {
		r.publish(EventRepresentsEnded, now)
	}
	return nil
}

// Wake ends it when its time is over, or an invitation that nobody accepted.
func (r *Representative) Wake(now time.Time) error {
	if r.WakeAt == nil || now.Before(*r.WakeAt) {
		return nil
	}
	why := EndedByTime
	if r.Pending() {
		why = EndedUnanswered
	}
	return r.End(models.Clockwork, why, *r.WakeAt)
}

func (r *Representative) publish(kind models.Kind[RepresentsData], now time.Time) {
	r.Publish(kind.Of(r.data()), r.Person, models.Clockwork, now)
}

func (r *Representative) data() RepresentsData {
	return RepresentsData{Org: r.Org, OrgName: r.Name, Basis: r.Basis}
}

// Acts gives the person the office of acting for an organisation, or takes it away; it follows the representation and asks
// nobody. It says whether anything changed.
func (p *Person) Acts(r *Representative, now time.Time) bool {
	held := -1
	for i, m := range p.Memberships {
		if m.ID == r.ID && m.Holds(now) {
			held = i
		}
	}
	switch active := r.State == Representing; {
	case active && held < 0 && p.State == Bound:
		p.Memberships = append(p.Memberships, Membership{
			ID: r.ID, Role: models.Business, Org: string(r.Org), OrgName: r.Name, Region: r.Org.Region(), From: now, To: r.Until,
		})
	case !active && held >= 0:
		p.Memberships[held].To = models.At(now)
	default:
		return false
	}
	return true
}
