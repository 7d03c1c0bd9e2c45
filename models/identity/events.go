package identity

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. EventRepresents and
// EventRepresentsEnded are for the person, the mandates for both sides.
var (
	EventSignedIn      = models.Declare[SignedInData](&events, "identity.signed_in")
	EventSessionEnded  = models.Declare[EndedData](&events, "identity.session_ended")
	EventReuse         = events.Plain("identity.session_reuse_detected")
	EventBound         = events.Plain("identity.bound")
	EventAppointed     = models.Declare[MembershipData](&events, "identity.appointed")
	EventSuspended     = models.Declare[MembershipData](&events, "identity.office_suspended").Silent("the contest that suspended it says so")
	EventDismissed     = models.Declare[MembershipData](&events, "identity.dismissed")
	EventClientChanged = models.Declare[ClientData](&events, "identity.client_changed").
				Silent("about a partner's system, not about a person")
	EventMandateProposed = models.Declare[MandateAskedData](&events, "identity.mandate_proposed")
	EventMandateAgreed   = models.Declare[MandateData](&events, "identity.mandate_agreed").
				Silent("both hear of it when it is in force")
	EventMandateApproved = models.Declare[MandateData](&events, "identity.mandate_approved")
	EventMandateEnded    = models.Declare[MandateData](&events, "identity.mandate_ended")
	// EventLeft is told when a person has closed the account. Nothing of the person is in it but the id.
	EventLeft            = events.Plain("identity.left").Silent("the account is closed: nobody is left to read it")
	EventRepresents      = models.Declare[RepresentsData](&events, "identity.represents")
	EventRepresentsEnded = models.Declare[RepresentsData](&events, "identity.represents_ended")
	EventInviting        = models.Declare[RepresentsData](&events, "identity.agent_inviting").
				Silent("whose phone it is is found out first; nobody may have it")
	EventInvited        = models.Declare[InvitedData](&events, "identity.agent_invited")
	EventInvitationOver = models.Declare[RepresentsData](&events, "identity.agent_invitation_over").
				Silent("nobody acted under it, and whoever invited must not learn who declined")
)

// ClientData is what EventClientChanged says.
type ClientData struct {
	What string
}

// MandateData is what EventMandateAgreed, EventMandateApproved and EventMandateEnded say.
type MandateData struct {
	Kind MandateKind
}

// MandateAskedData is what EventMandateProposed says.
type MandateAskedData struct {
	Kind     MandateKind
	AnswerBy models.Day
}

// MembershipData is what EventAppointed and EventDismissed say.
type MembershipData struct {
	Role    models.Role
	Org     string
	OrgName string
}

// InvitedData is what EventInvited says.
type InvitedData struct {
	Org      models.USCC
	OrgName  string
	AnswerBy models.Day
}

// RepresentsData is what the other events about representatives say.
type RepresentsData struct {
	Org     models.USCC
	OrgName string
	Basis   RepresentationBasis
}

// SignedInData is what EventSignedIn says.
type SignedInData struct {
	Method string
}

// EndedData is what EventSessionEnded says.
type EndedData struct {
	Why string
}
