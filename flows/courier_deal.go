package flows

import (
	"context"
	"errors"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/inbox"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/store"
)

// Bounds of a parcel's life with its channel.
const (
	longestTTL  = 7 * 24 * time.Hour
	doubtful    = time.Hour        // an address that is said to be dead, and nobody believes it, is tried again after this
	leaseSpare  = 30 * time.Second // beyond three times the channel's timeout
	manyLimited = 3                // a parcel that is limited so often waits alone, and not its destination
)

// deal judges one delivery that is due and sends it, puts it off, or skips it.
func (c *Courier) deal(ctx context.Context, l *destination, d *delivery.Delivery) {
	now := c.Now()
	if !d.Due(now) {
		return
	}
	parcel, skip, until, err := c.ready(ctx, l, d, now)
	switch {
	case err != nil:
	case skip != "":
		err = c.put(ctx, d, now, "skipped", func(d *delivery.Delivery) error { return d.Skip(skip, c.Policy, now) })
	case until.After(now):
		err = c.put(ctx, d, now, "deferred", func(d *delivery.Delivery) error { return d.Defer(until, now) })
	default:
		err = c.send(ctx, l, d, parcel, now)
	}
	if err != nil && !errors.Is(err, models.Conflict) {
		c.Log.ErrorContext(ctx, "a delivery was left where it is", "delivery", d.ID, "destination", l.name, "err", err)
		l.pause(0, now)
	}
}

// put saves what becomes of a delivery that is not sent.
func (c *Courier) put(ctx context.Context, d *delivery.Delivery, now time.Time, outcome string,
	change func(*delivery.Delivery) error) error {
	channel := d.Channel
	_, err := c.Deliveries.UpdateFrom(ctx, d, func(d *delivery.Delivery) error {
		if !d.Due(now) {
			return models.E(models.Conflict, "delivery.not_due")
		}
		return change(d)
	})
	if err == nil {
		c.Metrics.outcomes.WithLabelValues(channel, outcome).Inc()
	}
	return err
}

// send claims a delivery, hands it to its channel and saves the outcome.
func (c *Courier) send(ctx context.Context, l *destination, d *delivery.Delivery, p notifications.Parcel, now time.Time) error {
	bounds := l.channel.Bounds()
	v, err := c.Deliveries.UpdateFrom(ctx, d, func(d *delivery.Delivery) error {
		return d.Start(3*bounds.Timeout+leaseSpare, now)
	})
	if err != nil {
		return err
	}
	try := v.Tries
	if _, more := c.Policy.Wait(v.Channel, v.ID, try-1-v.Before); !more && try-v.Before > 1 { // it took a replica down each time
		return c.settle(ctx, v, "dead", func(d *delivery.Delivery) error {
			return d.Kill(try, delivery.WhyExhausted, "no try came back", c.Policy, c.Now())
		})
	}
	started := c.Metrics.timer(v.Channel)
	receipt, err := l.channel.Send(ctx, p)
	started()
	now = c.Now()
	if err != nil {
		return c.failed(ctx, l, v, p, notifications.FailureOf(err))
	}
	l.worked()
	c.sent.Add(1)
	if !v.WakeAt.IsZero() && v.DueAt.Equal(v.At) {
		c.Metrics.lag.WithLabelValues(v.Channel).Observe(now.Sub(v.At).Seconds())
	}
	if p.Endpoint != nil && p.Endpoint.FailingSince != nil {
		c.endpoint(ctx, p.Endpoint.ID, func(e *webhook.Endpoint) (bool, error) { return e.Worked(), nil })
	}
	return c.settle(ctx, v, "sent", func(d *delivery.Delivery) error { return d.Took(try, receipt.ID, c.Policy, now) })
}

// settle saves how a try came out. A try that is not the current one any more changes nothing.
func (c *Courier) settle(ctx context.Context, v *delivery.Delivery, outcome string, change func(*delivery.Delivery) error) error {
	channel := v.Channel
	_, err := c.Deliveries.UpdateFrom(ctx, v, change)
	if err == nil {
		c.Metrics.outcomes.WithLabelValues(channel, outcome).Inc()
	}
	return err
}

// failed saves a failure by its class.
func (c *Courier) failed(ctx context.Context, l *destination, v *delivery.Delivery, p notifications.Parcel,
	f *notifications.Failure) error {
	now, try := c.Now(), v.Tries
	c.Metrics.failures.WithLabelValues(v.Channel, string(f.Class)).Inc()
	back := func(d *delivery.Delivery) error { return d.Back(try, f.Code, now) }
	again := func(d *delivery.Delivery) error { return d.Failed(try, f.Code, f.After, c.Policy, now) }
	switch f.Class {
	case notifications.Rejected:
		return c.settle(ctx, v, "dead", func(d *delivery.Delivery) error {
			return d.Kill(try, delivery.WhyRejected, f.Code, c.Policy, now)
		})
	case notifications.Gone:
		return c.dead(ctx, l, v, p, f)
	case notifications.Limited:
		if !f.Alone {
			l.pause(f.After, now)
		}
		if !f.Alone && len(v.Failures) < manyLimited {
			return c.settle(ctx, v, "back", back)
		}
	case notifications.Down:
		if l.down(ctx, now) {
			l.pause(f.After, now)
			return c.settle(ctx, v, "back", back)
		}
		l.failedBy(v, f, now)
	case notifications.Unsure:
		l.failedBy(v, f, now)
	}
	if v.Channel == delivery.Webhook {
		c.endpoint(ctx, v.To, func(e *webhook.Endpoint) (bool, error) { return e.Failing(now) })
	}
	return c.settle(ctx, v, "retry", again)
}

// failedBy notes a failure of one parcel; on a channel nobody can ask, many are the channel's.
func (l *destination) failedBy(_ *delivery.Delivery, f *notifications.Failure, now time.Time) {
	if _, ok := l.channel.(notifications.Prober); !ok {
		l.failed(f.After, now)
	}
}

// dead ends a delivery whose address is dead, and gives the address up when that is believable.
func (c *Courier) dead(ctx context.Context, l *destination, v *delivery.Delivery, p notifications.Parcel, f *notifications.Failure) error {
	now, try := c.Now(), v.Tries
	if v.Channel == delivery.Webhook {
		c.endpoint(ctx, v.To, func(e *webhook.Endpoint) (bool, error) { return e.Gone(now) })
		return c.settle(ctx, v, "dead", func(d *delivery.Delivery) error {
			return d.Kill(try, delivery.WhyDisabled, f.Code, c.Policy, now)
		})
	}
	if !l.believes() {
		c.Metrics.doubted.WithLabelValues(v.Channel).Inc()
		return c.settle(ctx, v, "retry", func(d *delivery.Delivery) error {
			return d.Failed(try, f.Code, doubtful, c.Policy, now)
		})
	}
	if delivery.Pushes(v.Channel) {
		_, err := c.Devices.Update(ctx, v.To, func(d *delivery.Device) error {
			return d.Died(p.Device.Token, now)
		})
		if err != nil && !errors.Is(err, models.NotFound) {
			return err
		}
		c.Metrics.disabled.WithLabelValues(delivery.OffToken).Inc()
	}
	return c.settle(ctx, v, "dead", func(d *delivery.Delivery) error {
		return d.Kill(try, delivery.WhyToken, f.Code, c.Policy, now)
	})
}

// endpoint changes a partner's endpoint on the side: what fails here is tried again with the next delivery.
func (c *Courier) endpoint(ctx context.Context, id string, change func(*webhook.Endpoint) (bool, error)) {
	_, err := c.Endpoints.Update(ctx, id, func(e *webhook.Endpoint) error {
		changed, err := change(e)
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	if err != nil && !errors.Is(err, models.NotFound) && !errors.Is(err, models.Conflict) {
		c.Log.WarnContext(ctx, "an endpoint's state was not kept", "endpoint", id, "err", err)
	}
}

// ready makes the parcel of a delivery, or says why there is to be none, or not yet.
func (c *Courier) ready(ctx context.Context, l *destination, d *delivery.Delivery, now time.Time) (p notifications.Parcel, skip string,
	until time.Time, err error) {
	if l.channel == nil {
		return p, delivery.WhyChannel, until, nil
	}
	p = notifications.Parcel{
		ID: d.ID, Kind: d.Kind, Collapse: models.Derived(d.Topic, d.Subject), TTL: longestTTL,
		Lang: d.Lang, Class: d.Class, Urgent: d.Urgent, At: now,
	}
	if d.NotAfter != nil {
		p.TTL = min(max(d.NotAfter.Sub(now), time.Second), longestTTL)
	}
	if d.Channel == delivery.Webhook {
		skip, err = c.partner(ctx, d, &p)
		return p, skip, until, err
	}
	facts, err := c.facts(ctx, d, &p)
	if err != nil {
		return p, "", until, err
	}
	if skip, until = d.Judge(facts, c.Policy, now); skip != "" || until.After(now) {
		return p, skip, until, nil
	}
	if err := c.words(d, &p); err != nil {
		return p, "", until, err
	}
	if d.Class == delivery.Marketing && p.Device != nil {
		until, err = c.market(ctx, d, facts, now)
	}
	return p, "", until, err
}

// partner finds the endpoint of a webhook.
func (c *Courier) partner(ctx context.Context, d *delivery.Delivery, p *notifications.Parcel) (skip string, err error) {
	e, err := c.Endpoints.Get(ctx, d.To)
	switch {
	case errors.Is(err, models.NotFound):
		return delivery.WhyNoAddress, nil
	case err != nil:
		return "", err
	case e.State != webhook.Active:
		return delivery.WhyDisabled, nil
	}
	p.Endpoint, p.Raw = e, []byte(d.Body)
	return "", nil
}

// facts looks what is known of a person's delivery by now, and finds its address.
func (c *Courier) facts(ctx context.Context, d *delivery.Delivery, p *notifications.Parcel) (f delivery.Facts, err error) {
	if f.Read, err = c.read(ctx, d); err != nil {
		return f, err
	}
	if d.Campaign != "" && c.Stopped != nil {
		if f.Stopped, err = c.Stopped(ctx, d.Campaign); err != nil {
			return f, err
		}
	}
	if f.Prefs, err = c.Preferences.Get(ctx, d.Person); errors.Is(err, models.NotFound) {
		f.Prefs, err = nil, nil
	}
	if err != nil {
		return f, err
	}
	if d.Channel == delivery.SMS {
		person, err := c.People.Get(ctx, d.Person)
		if err != nil && !errors.Is(err, models.NotFound) {
			return f, err
		}
		f.Left = err != nil
		if f.Off = err == nil && person.Phone.Empty(); err == nil {
			p.Phone = person.Phone
		}
		return f, nil
	}
	p.Device, err = c.Devices.Get(ctx, d.To)
	if errors.Is(err, models.NotFound) {
		f.Off = true
		return f, nil
	}
	f.Off = err == nil && (p.Device.Person != d.Person || p.Device.Channel != d.Channel || !p.Device.Reachable(d.Class))
	return f, err
}

// read says whether the reader has seen all messages of a delivery, or put them away.
func (c *Courier) read(ctx context.Context, d *delivery.Delivery) (bool, error) {
	for _, id := range d.Messages {
		m, err := c.Messages.Get(ctx, id)
		if errors.Is(err, models.NotFound) {
			continue
		}
		if err != nil || m.State == inbox.Unread {
			return false, err
		}
	}
	return true, nil
}

// words puts a person's parcel into words: never more than a locked screen may show.
func (c *Courier) words(d *delivery.Delivery, p *notifications.Parcel) (err error) {
	spec, _ := c.Texts.Spec(d.Kind)
	p.Title = c.Texts.PushTitle(d.Lang)
	p.Data = map[string]string{"type": spec.Route, "id": d.Subject, "route": "inbox", "ts": strconv.FormatInt(d.At.Unix(), 10)}
	switch {
	case len(d.Messages) > 1:
		p.Body = c.Texts.Several(len(d.Messages), d.Lang)
	case spec.Pushed:
		p.Data["route"] = d.Messages[0]
		p.Body, err = c.Texts.Push(d.Kind, d.Lang)
	default: // a legal notice by text message whose kind is not pushed
		p.Body = c.Texts.Several(1, d.Lang)
	}
	return err
}

// market counts a marketing push on its device, or answers the next day's first decent moment when the device had its share.
func (c *Courier) market(ctx context.Context, d *delivery.Delivery, f delivery.Facts, now time.Time) (until time.Time, err error) {
	if d.Tries > 0 { // counted at its first try
		return until, nil
	}
	allowed := false
	_, err = c.Devices.Update(ctx, d.To, func(dev *delivery.Device) error {
		if allowed = dev.Market(c.Policy.MarketingDay, now); !allowed {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil || allowed {
		return until, err
	}
	tomorrow := models.DayOf(now).Add(1).Start()
	if _, at := d.Judge(delivery.Facts{Prefs: f.Prefs}, c.Policy, tomorrow); at.After(tomorrow) {
		return at, nil
	}
	return tomorrow, nil
}
