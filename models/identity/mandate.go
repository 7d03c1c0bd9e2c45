package identity

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
)

// A MandateState is where a mandate stands.
type MandateState string

// The states of a mandate.
const (
	Proposed    MandateState = "PROPOSED"  // the agent asked for it
	Witnessed   MandateState = "WITNESSED" // somebody at a desk saw the paper and the principal; a second person has to confirm
	InForce     MandateState = "ACTIVE"
	MandateOver MandateState = "ENDED" // refused, withdrawn, ended, unanswered or run out: Moved.Reason says which
)

// MandateStates are all of them.
var MandateStates = []MandateState{Proposed, Witnessed, InForce, MandateOver}

// Enum are all of them.
func (MandateState) Enum() []any { return models.Enum(Proposed, Witnessed, InForce, MandateOver) }

// mandateActs is the whole life of a mandate: the principal's own word puts it in force, or two persons at a desk do.
var mandateActs = models.Acts[MandateState]{
	models.From(Proposed, Witnessed).To(InForce).By("Agree", models.Resident),
	models.From(Proposed).To(Witnessed).By("Approve", models.TownStaff, models.CreditOffice),
	models.From(Witnessed).To(InForce).Another("Confirm", models.TownStaff, models.CreditOffice),
	models.From(Proposed, Witnessed, InForce).To(MandateOver).By("End", models.Resident, models.TownStaff, models.CreditOffice),
	models.From(Proposed, Witnessed, InForce).To(MandateOver).By("Leave", models.System),
	models.From(Proposed, Witnessed, InForce).To(MandateOver).By("Wake", models.System),
}

var mandateMoves = mandateActs.Machine()

// EndedUnanswered is why a mandate is over that nobody put in force in time.
const EndedUnanswered = "unanswered"

// A MandateKind is on what ground somebody acts for another.
type MandateKind string

// The kinds of mandates.
const (
	Guardian MandateKind = "GUARDIAN" // 监护人, of a minor or of an adult without capacity
	Agent    MandateKind = "AGENT"    // 代办人, of an adult who cannot use a phone
)

// Enum are all of them.
func (MandateKind) Enum() []any { return models.Enum(Guardian, Agent) }

// A Mandate lets one person act for another. An adult who has an account gives it on their own device; who has none gives it at a desk,
// before two persons. A guardianship always needs the two, and the word of an adult ward with an account besides.
type Mandate struct {
	models.Meta               `bson:",inline"`
	models.Life[MandateState] `bson:",inline"`

	Principal string        `bson:"principal"` // person acted for
	Agent     string        `bson:"agent"`     // person who acts
	Kind      MandateKind   `bson:"kind"`
	Scope     []string      `bson:"scope"`            // actions: "medical.bills.pay"
	Evidence  string        `bson:"evidence"`         // which document the agent names, and a desk sees and keeps: "village letter 2026-17"
	Region    models.Region `bson:"region"`           // of the principal: whose staff decide
	Until     time.Time     `bson:"until"`            // ends here
	Open      string        `bson:"open,omitempty"`   // unique: one open mandate for each pair
	Makers    models.Makers `bson:"makers,omitempty"` // whose word it has
}

// Proposal is what an agent asks for.
type Proposal struct {
	Kind     MandateKind
	Scope    []string // actions or their first words: "medical", "medical.bills.pay"
	Offered  []string // the actions that a mandate of the kind may cover
	Evidence string
	Until    models.Day // last day; "" is the longest allowed
}

// Propose starts a mandate of p for principal. Both are bound; the agent is of age; a guardian's mandate for a minor ends on the eighteenth
// birthday, any other after pol.MandateMax at the latest. It covers the offered actions that its scope names today, and no later one;
// unless it is in force within pol.MandateAsk it is over.
//
// Errors: Invalid, also for a scope that names nothing on offer; Conflict "identity.not_bound", "identity.agent_minor",
// "identity.principal_minor" for an Agent.
func (p *Person) Propose(id string, principal *Person, pr Proposal, pol Policy, now time.Time) (*Mandate, error) {
	today := models.DayOf(now)
	if err := pr.check(p, principal, today); err != nil {
		return nil, err
	}
	scope, err := pr.Actions()
	if err != nil {
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
	m := &Mandate{Principal: principal.ID, Agent: p.ID, Kind: pr.Kind, Scope: scope, Evidence: pr.Evidence, Region: principal.Region,
		Until: until}
	m.ID, m.State, m.Moved = id, Proposed, models.Moved{By: models.Resident, At: now}
	m.Open, m.WakeAt = principal.ID+"/"+p.ID, models.Earliest(&until, models.At(now.Add(pol.MandateAsk)))
	m.Publish(EventMandateProposed.Of(MandateAskedData{Kind: pr.Kind, AnswerBy: models.DayOf(*m.WakeAt)}), principal.ID, p.Self(), now)
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
	return nil
}

// Actions are those on offer that the scope names. Errors: Invalid at the first word that names none.
func (pr Proposal) Actions() ([]string, error) {
	var all []string
	for i, word := range pr.Scope {
		before := len(all)
		for _, action := range pr.Offered {
			if within(word, action) {
				all = append(all, action)
			}
		}
		if len(all) == before {
			return nil, models.Bad("/scope/"+strconv.Itoa(i), "scope", "identity.mandate_scope_refused")
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
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

// Wake ends a mandate that nobody put in force in time, or whose time is over.
func (m *Mandate) Wake(now time.Time) error {
	switch {
	case m.WakeAt == nil || now.Before(*m.WakeAt):
		return nil
	case m.State == InForce || !m.WakeAt.Before(m.Until):
		return m.end(models.Clockwork, EndedByTime, m.Until)
	}
	return m.end(models.Clockwork, EndedUnanswered, *m.WakeAt)
}

// Covers says whether a scope lets who has it do action. Identity itself is never handed on.
func Covers(scope []string, action string) bool {
	return !within("identity", action) && slices.ContainsFunc(scope, func(s string) bool { return within(s, action) })
}

// within says whether action is scope or lies below it.
func within(scope, action string) bool {
	return action == scope || strings.HasPrefix(action, scope+".")
}
