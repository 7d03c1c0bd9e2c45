package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Policy holds the numbers of telling people. All are configuration; Standard is what a city starts with.
type Policy struct {
	Quiet  []Window      // hours in which nothing is pushed, for who chose none
	Spread time.Duration // what waited for the end of quiet hours goes out over this long, each person at a moment of their own

	SMSAfter     time.Duration // a legal notice unread for so long is told by text message
	MarketingDay int           // marketing pushes a device gets a day at most
	CampaignWeek int           // marketing messages a person gets in seven days at most

	Devices    int           // devices a person can have
	StaleAfter time.Duration // a device that did not report gets no marketing
	GoneAfter  time.Duration // and then nothing

	PushWaits    []time.Duration // between the tries of a push or a text message
	WebhookWaits []time.Duration // between the tries of a webhook

	Kept      time.Duration // how long a delivery that is over is kept
	KeptLegal time.Duration // and one of a legal notice: it proves that notice was given
}

// Standard is the policy a city starts with.
//
// Source: docs/sources.md#delivery-policy (which numbers are whose).
var Standard = Policy{
	Quiet:  []Window{{Days: everyDay, From: "21:00", To: "08:00"}},
	Spread: 15 * time.Minute,

	SMSAfter: 24 * time.Hour, MarketingDay: 2, CampaignWeek: 2,
	Devices: 5, StaleAfter: 30 * day, GoneAfter: 270 * day,

	PushWaits: []time.Duration{
		10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
	},
	WebhookWaits: []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour,
		24 * time.Hour,
	},
	Kept: 180 * day, KeptLegal: 5 * 365 * day,
}

const day = 24 * time.Hour

// Wait is the pause of a delivery after so many tries (≥ 1), up to a fifth longer, by its id; false when there is no other try.
func (p Policy) Wait(channel, id string, tries int) (time.Duration, bool) {
	waits := p.PushWaits
	if channel == Webhook {
		waits = p.WebhookWaits
	}
	if tries < 1 || tries > len(waits) {
		return 0, false
	}
	wait := waits[tries-1]
	return wait + share(wait/5, id, "wait", strconv.Itoa(tries)), true
}

// share is a part of d, nothing included and the whole not, in whole milliseconds; always the same for the same words.
func share(d time.Duration, words ...string) time.Duration {
	if d <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	n := binary.BigEndian.Uint64(sum[:]) % uint64(d)
	return time.Duration(n).Truncate(time.Millisecond) //nolint:gosec // n < d
}

func (p Policy) kept(d *Delivery) time.Duration {
	if d.Legal {
		return p.KeptLegal
	}
	return p.Kept
}

// destination is what a delivery queues with: the host of a browser's push service and a partner's endpoint are each a destination, so
// that one that does not answer holds up nobody else.
func (d *Delivery) destination() string {
	switch {
	case d.Channel == Webhook:
		return Webhook + "/" + d.To
	case d.Host != "":
		return d.Channel + "/" + d.Host
	}
	return d.Channel
}

// Pushes says whether a channel ends at a device.
func Pushes(channel string) bool { return slices.Contains(DeviceChannels, channel) }
