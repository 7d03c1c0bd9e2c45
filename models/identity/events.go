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
	EventMandateProposed = models.Declare[MandateData](&events, "identity.mandate_proposed")
	EventMandateApproved = models.Declare[MandateData](&events, "identity.mandate_approved")
	EventMandateEnded    = models.Declare[MandateData](&events, "identity.mandate_ended")
	// EventLeft is told when a person has closed the account. Nothing of the person is in it but the id.
	EventLeft            = events.Plain("identity.left").Silent("the account is closed: nobody is left to read it")
	EventRepresents      = models.Declare[RepresentsData](&events, "identity.represents")
	EventRepresentsEnded = models.Declare[RepresentsData](&events, "identity.represents_ended")
)

// ClientData is what EventClientChanged says.
type ClientData struct {
	What string
}

// MandateData is what EventMandateProposed, EventMandateApproved and EventMandateEnded say.
type MandateData struct {
	Kind MandateKind
}

// MembershipData is what EventAppointed and EventDismissed say.
type MembershipData struct {
	Role    models.Role
	Org     string
	OrgName string
}

// RepresentsData is what EventRepresents and EventRepresentsEnded say.
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
