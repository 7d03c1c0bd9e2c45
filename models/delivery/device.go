package delivery

import (
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A DeviceState is where a device stands.
type DeviceState string

// The states of a device.
const (
	Active   DeviceState = "ACTIVE"
	Stale    DeviceState = "STALE"    // silent for a month: still told what matters, no marketing
	Disabled DeviceState = "DISABLED" // nothing is sent until it reports again
)

// Enum are all of them.
func (DeviceState) Enum() []any { return models.Enum(Active, Stale, Disabled) }

// DeviceStates lists every state, for views and checks.
var DeviceStates = []DeviceState{Active, Stale, Disabled}

// deviceMoves is the whole life of a device.
var deviceActs = models.Acts[DeviceState]{
	models.From(Active, Stale, Disabled).To(Active).By("Report", models.Resident),
	models.From(Active).To(Stale).By("Wake", models.System),
	models.From(Active, Stale).To(Disabled).By("Died", models.System),
	models.From(Active, Stale).To(Disabled).By("Disable", models.System, models.Resident),
	models.From(Stale).To(Disabled).By("Wake", models.System),
}

var deviceMoves = deviceActs.Machine()

// Why a device was disabled.
const (
	OffSignedOut = "signed_out"
	OffMoved     = "moved"      // its address now belongs to another device or person
	OffToken     = "token_dead" // the push service said so
	OffSilent    = "silent"     // it did not report for long
	OffRotated   = "too_many"   // a newer device took its place
)

// A Device is a phone or browser a person wants to be told on.
type Device struct {
	models.Meta              `bson:",inline"` // the id derives from the person and what the app calls itself
	models.Life[DeviceState] `bson:",inline"`

	Person   string        `bson:"person"`
	Install  string        `bson:"install"` // what the app calls this installation
	Channel  string        `bson:"channel"` // one of DeviceChannels
	Token    models.Secret `bson:"token"`   // unique; for webpush the address the browser gave; forgotten once disabled
	P256dh   models.Secret `bson:"p256dh"`  // webpush: the browser's key
	Auth     models.Secret `bson:"auth"`    // webpush: the browser's secret
	Host     string        `bson:"host,omitempty"`
	Platform string        `bson:"platform,omitempty"` // "android", "ios", "harmony", "web"
	App      string        `bson:"app,omitempty"`      // version of the app
	Lang     string        `bson:"lang"`               // zh or en
	SeenAt   time.Time     `bson:"seenAt"`
	Until    *time.Time    `bson:"until,omitempty"` // when silence disables it

	MarketingOn models.Day `bson:"marketingOn,omitempty"` // the day Marketings counts
	Marketings  int        `bson:"marketings,omitempty"`
}

// DeviceID is the id of a person's device.
func DeviceID(person, install string) string { return models.Derived("device", person, install) }

// An Address is where a device can be reached, as its app reports it.
type Address struct {
	Channel, Token, P256dh, Auth, Host string
	Platform, App, Lang                string
}

// NewDevice starts a device. Errors: as Report.
func NewDevice(person, install string, a Address, p Policy, now time.Time) (*Device, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	d := &Device{Person: person, Install: install}
	d.ID, d.State, d.Moved = DeviceID(person, install), Active, models.Moved{By: models.Resident, At: now}
	d.report(a, p, now)
	return d, nil
}

// Report notes where the device can be reached now, and that it lives; a disabled one comes back.
// Errors: Invalid.
func (d *Device) Report(a Address, p Policy, now time.Time) error {
	if err := a.check(); err != nil {
		return err
	}
	if d.State != Active {
		if err := d.Move(deviceMoves, Active, models.Actor{Person: d.Person, Role: models.Resident}.At(now),
			"delivery.device_disabled"); err != nil {
			return err
		}
	}
	d.report(a, p, now)
	return nil
}

// maxToken bounds an address, in bytes.
const maxToken = 2048

func (a Address) check() error {
	var fields []models.Field
	need := func(ok bool, pointer, code string) {
		if !ok {
			fields = append(fields, models.Field{Pointer: pointer, Code: code})
		}
	}
	need(slices.Contains(DeviceChannels, a.Channel), "/channel", "unknown_channel")
	need(a.Token != "", "/token", "required")
	need(len(a.Token) <= maxToken, "/token", "max")
	web := a.Channel == WebPush
	need(!web || a.P256dh != "", "/p256dh", "required")
	need(!web || a.Auth != "", "/auth", "required")
	need(!web || a.Token == "" || a.Host != "" && strings.HasPrefix(a.Token, "https://"), "/token", "url")
	if len(fields) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "delivery.device_invalid", Fields: fields}
	}
	return nil
}

func (d *Device) report(a Address, p Policy, now time.Time) {
	if a.Channel != WebPush {
		a.Host, a.P256dh, a.Auth = "", "", ""
	}
	d.Channel, d.Token, d.Host = a.Channel, models.NewSecret(a.Token), a.Host
	d.P256dh, d.Auth = models.NewSecret(a.P256dh), models.NewSecret(a.Auth)
	d.Platform, d.App, d.Lang, d.SeenAt = a.Platform, a.App, a.Lang, *models.At(now)
	d.Until = models.At(now.Add(p.GoneAfter))
	d.GoneAt, d.WakeAt = nil, models.Earliest(models.At(now.Add(p.StaleAfter)), d.Until)
}

// Reachable says whether something of a class may be sent to the device.
func (d *Device) Reachable(class Class) bool {
	return d.State == Active || d.State == Stale && class == Service
}

// Disable stops sending to the device and forgets its address; one that is disabled stays as it is. why is one of the
// Off words.
func (d *Device) Disable(by models.Actor, why string, now time.Time) error {
	if d.State == Disabled {
		return nil
	}
	if err := d.Move(deviceMoves, Disabled, by.At(now).Because(why), "delivery.device_disabled"); err != nil {
		return err
	}
	d.Token, d.P256dh, d.Auth = models.Secret{}, models.Secret{}, models.Secret{}
	d.Until, d.WakeAt, d.GoneAt = nil, nil, models.At(now.Add(deviceKept))
	return nil
}

// Died disables the device because the push service no longer knows token; nothing when it reported another one since.
func (d *Device) Died(token models.Secret, now time.Time) error {
	if d.Token != token {
		return nil
	}
	return d.Disable(models.Clockwork, OffToken, now)
}

// deviceKept is how long a disabled device stays in its owner's list.
const deviceKept = 90 * day

// Wake lets a silent device go stale, then be disabled.
func (d *Device) Wake(now time.Time) error {
	if d.State == Active && d.WakeAt != nil && !d.WakeAt.After(now) {
		if err := d.Move(deviceMoves, Stale, models.Clockwork.At(*d.WakeAt), "delivery.device_disabled"); err != nil {
			return err
		}
		d.WakeAt = d.Until
	}
	if d.State == Stale && d.Until != nil && !d.Until.After(now) {
		return d.Disable(models.Clockwork, OffSilent, *d.Until)
	}
	return nil
}

// Market counts a marketing push of the day in Shanghai. False, and nothing changes, when the device has had most of them.
func (d *Device) Market(most int, now time.Time) bool {
	today, had := models.DayOf(now), d.Marketings
	if d.MarketingOn != today {
		had = 0
	}
	if had >= most {
		return false
	}
	d.MarketingOn, d.Marketings = today, had+1
	return true
}
