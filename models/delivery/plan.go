package delivery

import (
	"slices"
	"time"

	"xinyi/models"
)

// A Notice is what an event asks to be told to its person, apart from the inbox: the event's facts and its text's settings.
type Notice struct {
	Event    string // id; deliveries derive theirs from it
	Kind     string
	Subject  string
	Message  string // id of the message in the inbox
	Campaign string // "" for none
	At       time.Time

	Topic  string
	Class  Class
	Legal  bool
	Urgent bool          // quiet hours do not hold it up
	Pushed bool          // its text has words for a locked screen
	TTL    time.Duration // how long after At telling it makes sense; 0: always
	Digest string        // key under which several are told as one; "" for none
	Wait   time.Duration // how long others may join
}

// A Reader is whom a notice is for.
type Reader struct {
	Person   string
	Region   models.Region
	Lang     string
	HasPhone bool
	Prefs    *Preferences // nil: none chosen
	Devices  []*Device
}

func (r Reader) prefs() *Preferences {
	if r.Prefs == nil {
		return &Preferences{}
	}
	return r.Prefs
}

// Plan is what a notice makes of deliveries: one for every device its reader wants it on, and, for a legal notice, a text
// message for when it stays unread. on are the channels that are configured. The same notice makes the same ids.
func Plan(n Notice, r Reader, on []string, p Policy, now time.Time) []*Delivery {
	var all []*Delivery
	if n.Pushed {
		for _, dev := range r.Devices {
			if slices.Contains(on, dev.Channel) && dev.Reachable(n.Class) && r.prefs().Wants(n.Topic, dev.Channel, n.Class, n.Legal) {
				d := n.to(r, dev.Channel, dev.ID, dev.Lang)
				d.Host = dev.Host
				all = append(all, n.plan(d, r, n.At.Add(n.Wait), p, now))
			}
		}
	}
	if n.Legal && r.HasPhone && slices.Contains(on, SMS) {
		all = append(all, n.plan(n.to(r, SMS, r.Person, r.Lang), r, n.At.Add(p.SMSAfter), p, now))
	}
	return slices.DeleteFunc(all, func(d *Delivery) bool { return d.NotAfter != nil && d.DueAt.After(*d.NotAfter) })
}

func (n Notice) to(r Reader, channel, to, lang string) *Delivery {
	d := &Delivery{
		Channel: channel, To: to, Person: r.Person, Region: r.Region, Messages: []string{n.Message},
		Event: n.Event, Kind: n.Kind, Subject: n.Subject, Topic: n.Topic, Class: n.Class, Legal: n.Legal, Urgent: n.Urgent,
		Campaign: n.Campaign, Lang: lang, At: *models.At(n.At),
	}
	d.ID = models.Derived(n.Event, n.Kind, r.Person, channel, to)
	return d
}

// plan sets when d is due: at the first decent hour from at on.
func (n Notice) plan(d *Delivery, r Reader, at time.Time, p Policy, now time.Time) *Delivery {
	if n.TTL > 0 && d.Channel != SMS {
		d.NotAfter = models.At(n.At.Add(n.TTL))
	}
	if at.Before(now) {
		at = now
	}
	due := decent(r.prefs(), d.Urgent, d.To, at, p)
	if d.Channel != SMS && n.Digest != "" && due.After(now) {
		d.Open = d.To + "/" + n.Digest
	}
	d.State, d.Moved = Queued, models.Moved{By: models.System, At: now}
	if due.After(now) {
		d.State = Deferred
	}
	d.Lane = d.lane()
	d.DueAt, d.WakeAt = *models.At(due), models.At(due)
	return d
}

// decent is the first moment from t on outside quiet hours. Who waited for their end is told over the policy's spread
// after it, everything for one address at the same moment, so that its order stays.
func decent(prefs *Preferences, urgent bool, to string, t time.Time, p Policy) time.Time {
	if urgent {
		return t
	}
	free := prefs.Allowed(t, p)
	if !free.After(t) {
		return t
	}
	return free.Add(share(p.Spread, to, "spread"))
}

// Facts are what is known just before a delivery is sent.
type Facts struct {
	Read    bool // its reader has seen all of its messages
	Left    bool // its reader closed the account
	Stopped bool // its campaign was stopped
	Off     bool // the device, endpoint or phone is not there any more
	Prefs   *Preferences
}

// Judge says what to do with a delivery that is due: skip it, with the reason; put it off until another moment; or, with
// neither, send it.
func (d *Delivery) Judge(f Facts, p Policy, now time.Time) (skip string, until time.Time) {
	prefs := Reader{Prefs: f.Prefs}.prefs()
	switch {
	case f.Left:
		return WhyPerson, until
	case d.NotAfter != nil && now.After(*d.NotAfter):
		return WhyExpired, until
	case f.Stopped:
		return WhyStopped, until
	case f.Off:
		return WhyDevice, until
	case d.Person == "":
		return "", until
	case f.Read:
		return WhyRead, until
	case !prefs.Wants(d.Topic, d.Channel, d.Class, d.Legal):
		return WhyMuted, until
	}
	if at := decent(prefs, d.Urgent, d.To, now, p); at.After(now) {
		return "", at
	}
	return "", until
}

// ForPartner is the delivery of an event to a partner's endpoint. body is what is sent, the same at every try.
func ForPartner(e models.Event, endpoint string, region models.Region, body string, now time.Time) *Delivery {
	d := &Delivery{
		Channel: Webhook, To: endpoint, Region: region, Event: e.ID, Kind: e.Kind, Subject: e.Subject,
		Class: Service, Urgent: true, Body: body, At: *models.At(e.At), DueAt: *models.At(now),
	}
	d.ID = models.Derived(e.ID, e.Kind, Webhook, endpoint)
	d.State, d.Moved, d.Lane, d.WakeAt = Queued, models.Moved{By: models.System, At: now}, d.lane(), models.At(now)
	return d
}
