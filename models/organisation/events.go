package organisation

import "xinyi/models"

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. Their data names the organisation and the
// office, never a person.
var (
	EventProposed   = models.Declare[Data](&events, "organisation.proposed").Silent("a second person finds it in the register")
	EventRegistered = models.Declare[Data](&events, "organisation.registered").
			Silent("about an organisation: those it answers to see it in the register")
	EventChanged = models.Declare[Data](&events, "organisation.changed").
			Silent("about an organisation: those it answers to see it in the register")
	EventEnded = models.Declare[Data](&events, "organisation.ended").Silent("its officers hear that their offices ended")

	EventAsked = models.Declare[OfficeData](&events, "organisation.appointment_proposed").
			Silent("a second person finds it in the queue; nothing is held yet")
	EventRefused   = models.Declare[OfficeData](&events, "organisation.appointment_refused").Silent("nothing was held")
	EventConfirmed = models.Declare[OfficeData](&events, "organisation.appointment_confirmed").
			Silent("identity.appointed tells the person, officer_appointed the others")
	EventDismissed = models.Declare[OfficeData](&events, "organisation.appointment_ended").
			Silent("identity.dismissed tells the person, officer_dismissed the others")
	// the organisation's other officers hear, each of them
	EventColleague      = models.Declare[OfficeData](&events, "organisation.officer_appointed")
	EventColleagueLeft  = models.Declare[OfficeData](&events, "organisation.officer_dismissed")
	EventContested      = models.Declare[OfficeData](&events, "organisation.appointment_contested")
	EventContestDecided = models.Declare[OfficeData](&events, "organisation.contest_decided")
)

// Data is what every event of an organisation says.
type Data struct {
	OrgName string
	Region  models.Region
}

// OfficeData is what every event of an appointment says.
type OfficeData struct {
	Org     string
	OrgName string
	Role    models.Role
}

func (o *Organisation) data() Data { return Data{OrgName: o.Name.ZH, Region: o.Region} }

func (a *Appointment) data() OfficeData {
	return OfficeData{Org: a.Org, OrgName: a.OrgName, Role: a.Role}
}
