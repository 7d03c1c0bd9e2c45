package identity

import (
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A MandateState is where a mandate stands.
type MandateState string

// The states of a mandate.
const (
	Proposed    MandateState = "PROPOSED"
	InForce     MandateState = "ACTIVE"
	MandateOver MandateState = "ENDED" // refused, withdrawn, ended or run out: Moved.Reason says which
)

// Enum are all of them.
func (MandateState) Enum() []any { return models.Enum(Proposed, InForce, MandateOver) }

// mandateMoves is the whole life of a mandate.
var mandateActs = models.Acts[MandateState]{
	models.From(Proposed).To(InForce).By("Approve", models.TownStaff),
	models.From(Proposed).To(MandateOver).By("Leave", models.System),
	models.From(Proposed, InForce).To(MandateOver).By("End", models.Resident),
	models.From(Proposed, InForce).To(MandateOver).By("Wake", models.System),
}

var mandateMoves = mandateActs.Machine()

// A MandateKind is on what ground somebody acts for another.
type MandateKind string

// The kinds of mandates.
const (
	Guardian MandateKind = "GUARDIAN" // 监护人, of a minor or of an adult without capacity
	Agent    MandateKind = "AGENT"    // 代办人, of an adult who cannot use a phone
)

// Enum are all of them.
func (MandateKind) Enum() []any { return models.Enum(Guardian, Agent) }

// A Mandate lets one person act for another. Staff who saw the evidence put it in force.
type Mandate struct {
	models.Meta               `bson:",inline"`
	models.Life[MandateState] `bson:",inline"`

	Principal string        `bson:"principal"` // person acted for
	Agent     string        `bson:"agent"`     // person who acts
	Kind      MandateKind   `bson:"kind"`
	Scope     []string      `bson:"scope"`          // actions or their first words: "medical", "medical.bills.pay"
	Evidence  string        `bson:"evidence"`       // which document was seen: "village letter 2026-17"
	Region    models.Region `bson:"region"`         // of the principal: whose staff decide
	Until     time.Time     `bson:"until"`          // ends here
	Open      string        `bson:"open,omitempty"` // unique: one open mandate for each pair
	Approver  string        `bson:"approver,omitempty"`
}

// Proposal is what an agent asks for.
type Proposal struct {
	Kind     MandateKind
	Scope    []string
	Evidence string
	Until    models.Day // last day; "" is the longest allowed
}

// Propose starts a mandate of p for principal. Both are bound; the agent is of age; a guardian's mandate for a minor ends on the eighteenth
// birthday, any other after pol.MandateMax at the latest. Nobody hands on what concerns identity itself.
//
// Errors: Invalid, Conflict "identity.not_bound", "identity.agent_minor", "identity.principal_minor" for an Agent.
func (p *Person) Propose(id string, principal *Person, pr Proposal, pol Policy, now time.Time) (*Mandate, error) {
	today := models.DayOf(now)
	if err := pr.check(p, principal, today); err != nil {
		return nil, err
	}
	until := now.Add(pol.MandateMax)
	if pr.Kind == Guardian && principal.Minor(today) {
		until = principal.Birth.AddMonths(12 * models.AdultAge).Start()
	}
	if pr.Until != "" {
		until = *models.Earliest(&until, models.At(pr.Until.Add(1).Start()))
	}
	if !until.After(now) {
		return nil, models.Bad("/until", "future", "identity.mandate_over_already")
	}
	m := &Mandate{Principal: principal.ID, Agent: p.ID, Kind: pr.Kind, Scope: pr.Scope, Evidence: pr.Evidence, Region: principal.Region, Until: until}
	m.ID, m.State, m.Moved = id, Proposed, models.Moved{By: models.Resident, At: now}
	m.Open, m.WakeAt = principal.ID+"/"+p.ID, models.At(until)
	m.Publish(EventMandateProposed.Of(MandateData{Kind: pr.Kind}), principal.ID, p.Self(), now)
	return m, nil
}

func (pr Proposal) check(agent, principal *Person, today models.Day) error {
	switch {
	case agent.ID == principal.ID:
		return models.E(models.Invalid, "identity.mandate_for_self")
	case pr.Kind != Guardian && pr.Kind != Agent:
		return models.Bad("/kind", "oneof", "identity.mandate_kind_unknown")
	case len(pr.Scope) == 0 || len(pr.Scope) > 20:
		return models.Bad("/scope", "required", "identity.mandate_without_scope")
	case strings.TrimSpace(pr.Evidence) == "":
		return models.Bad("/evidence", "required", "identity.mandate_without_evidence")
	case agent.State != Bound || principal.State != Bound:
		return models.E(models.Conflict, "identity.not_bound")
	case !agent.Adult(today):
		return models.E(models.Conflict, "identity.agent_minor")
	case pr.Kind == Agent && principal.Minor(today):
		return models.E(models.Conflict, "identity.principal_minor")
	}
	for _, s := range pr.Scope {
		if s == "" || within("identity", s) {
			return models.Bad("/scope", "scope", "identity.mandate_scope_refused")
		}
	}
	return nil
}

// Approve puts the mandate in force: staff of the principal's region, who is neither of the two.
// Errors: NotFound outside the region, Forbidden, InvalidTransition.
func (m *Mandate) Approve(by models.Actor, now time.Time) error {
	if err := m.staff(by); err != nil {
		return err
	}
	if err := m.Move(mandateMoves, InForce, by.At(now), "identity.mandate_not_open"); err != nil {
		return err
	}
	m.Approver = by.Person
	m.publishBoth(EventMandateApproved, by, now)
	return nil
}

// End ends it at once: either of the two, or staff of the region. why is for the record, "" for none.
// Errors: NotFound for anybody else, InvalidTransition once ended.
func (m *Mandate) End(by models.Actor, why string, now time.Time) error {
	own := by.Is(models.Resident) && by.Agent == "" && (by.Person == m.Principal || by.Person == m.Agent)
	if !own {
		if err := m.staff(by); err != nil {
			return err
		}
	}
	return m.end(by, why, now)
}

func (m *Mandate) staff(by models.Actor) error {
	switch {
	case !by.Is(models.TownStaff, models.CreditOffice) || !by.Region.Contains(m.Region):
		return models.E(models.NotFound, "not_found")
	case by.Person == m.Principal || by.Person == m.Agent:
		return models.E(models.Forbidden, "identity.mandate_own")
	}
	return nil
}

func (m *Mandate) end(by models.Actor, why string, now time.Time) error {
	if err := m.Move(mandateMoves, MandateOver, by.At(now).Because(why), "identity.mandate_not_open"); err != nil {
		return err
	}
	m.Open, m.WakeAt = "", nil
	m.publishBoth(EventMandateEnded, by, now)
	return nil
}

func (m *Mandate) publishBoth(kind models.Kind[MandateData], by models.Actor, now time.Time) {
	for _, person := range []string{m.Principal, m.Agent} {
		m.Publish(kind.Of(MandateData{Kind: m.Kind}), person, by, now)
	}
}

// Wake ends a mandate whose time is over.
func (m *Mandate) Wake(now time.Time) error {
	if m.State == MandateOver || now.Before(m.Until) {
		return nil
	}
	return m.end(models.Clockwork, EndedByTime, m.Until)
}

// Covers says whether a scope lets the agent do action. Identity itself is never handed on.
func Covers(scope []string, action string) bool {
	return !within("identity", action) && slices.ContainsFunc(scope, func(s string) bool { return within(s, action) })
}

// within says whether action is scope or lies below it.
func within(scope, action string) bool {
	return action == scope || strings.HasPrefix(action, scope+".")
}
