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
	d.State, d.Moved = Queued, models.Moved{By: models.System, At: now}
	if due.After(now) {
		d.State = Deferred
		if d.Channel != SMS && n.Digest != "" {
			d.Open = n.key(d.To)
		}
	}
	d.Destination = d.destination()
	d.DueAt, d.WakeAt = *models.At(due), models.At(due)
	return d
}

// alone ends the keys of legal notices.
const alone = "/legal"

// Above is the key of the legal notice that d may be told with, "" for none: what cannot be refused does not go with what
// can, but carries it.
func (d *Delivery) Above() string {
	if d.Open == "" || d.Legal || d.Urgent || d.Class == Marketing {
		return ""
	}
	return d.Open + alone
}

// key is what notices that are told as one at an address share. What cannot be refused, what does not wait for morning and
// what advertises each keep to their own.
func (n Notice) key(to string) string {
	key := to + "/" + n.Digest
	if n.Legal {
		key += alone
	}
	if n.Urgent {
		key += "/urgent"
	}
	if n.Class == Marketing {
		key += "/marketing"
	}
	return key
}

// decent is the first moment from t on outside quiet hours. At one address they end later, by its share of the policy's
// spread: what waited for their end and what happened since go out in their order.
func decent(prefs *Preferences, urgent bool, to string, t time.Time, p Policy) time.Time {
	if urgent {
		return t
	}
	late := share(p.Spread, to, "spread")
	at := t
	for range maxWindows {
		next := prefs.Allowed(at, p)
		next = prefs.Allowed(next.Add(-late), p).Add(late)
		if next.Equal(at) {
			return at
		}
		at = next
	}
	return prefs.Allowed(t, p) // no gap between quiet hours is as long as the spread
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
	if why := d.needless(f, prefs, now); why != "" {
		return why, until
	}
	if _, more := p.Wait(d.Channel, d.ID, d.Tries-d.Before); !more && d.Tries > d.Before {
		return WhyExhausted, until // its last try ended without a word
	}
	at := decent(prefs, d.Urgent, d.To, now, p)
	switch {
	case !at.After(now):
		return "", until
	case d.NotAfter != nil && at.After(*d.NotAfter):
		return WhyExpired, until
	}
	return "", at
}

// needless is why the delivery is not to be sent at all, "" when it is; the first reason that holds, in this order.
func (d *Delivery) needless(f Facts, prefs *Preferences, now time.Time) string {
	switch {
	case f.Left:
		return WhyPerson
	case d.NotAfter != nil && now.After(*d.NotAfter):
		return WhyExpired
	case f.Stopped:
		return WhyStopped
	case f.Off:
		return d.off()
	case d.Person == "":
		return ""
	case f.Read:
		return WhyRead
	case !prefs.Wants(d.Topic, d.Channel, d.Class, d.Legal):
		return WhyMuted
	}
	return ""
}

// off is the word for an address that is not there any more.
func (d *Delivery) off() string {
	switch d.Channel {
	case Webhook:
		return WhyDisabled
	case SMS:
		return WhyNoAddress
	}
	return WhyDevice
}

// ForPartner is the delivery of an event to a partner's endpoint. body is what is sent, the same at every try.
func ForPartner(e models.Event, endpoint string, region models.Region, body string, now time.Time) *Delivery {
	d := &Delivery{
		Channel: Webhook, To: endpoint, Region: region, Event: e.ID, Kind: e.Kind, Subject: e.Subject,
		Class: Service, Urgent: true, Body: body, At: *models.At(e.At), DueAt: *models.At(now),
	}
	d.ID = models.Derived(e.ID, e.Kind, Webhook, endpoint)
	d.State, d.Moved, d.Destination, d.WakeAt = Queued, models.Moved{By: models.System, At: now}, d.destination(), models.At(now)
	return d
}
