package organisation

// The events of this package. Their data names the organisation and the office, never a person.
const (
	EventProposed   = "organisation.proposed"
	EventRegistered = "organisation.registered"
	EventChanged    = "organisation.changed"
	EventEnded      = "organisation.ended"

	EventAsked          = "organisation.appointment_proposed"
	EventRefused        = "organisation.appointment_refused"
	EventConfirmed      = "organisation.appointment_confirmed"
	EventDismissed      = "organisation.appointment_ended"
	EventColleague      = "organisation.officer_appointed" // told to each of the organisation's other officers
	EventColleagueLeft  = "organisation.officer_dismissed"
	EventContested      = "organisation.appointment_contested"
	EventContestDecided = "organisation.contest_decided"
)
