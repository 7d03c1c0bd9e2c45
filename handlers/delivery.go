package handlers

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/store"
)

// Delivery is the door to how persons are told outside the inbox: what was sent is here, devices are in delivery_devices.go,
// preferences in delivery_preferences.go, staff in delivery_staff.go.
type Delivery struct {
	store.Delivery
	Looks    *Looks
	Policy   delivery.Policy
	Channels []string // configured channels that reach a person; others are neither shown nor taken

	Topics     func() []string                 // what a person may mute, sorted
	TopicName  func(topic, lang string) string // in words
	TopicLegal func(topic string) bool         // whether it has notices that cannot be muted
	Tester     Tester                          // nil: no device can be tested
	Kick       func()                          // says that something is due now; nil: it is found by itself
}

// Mount names every route of the capability.
func (h Delivery) Mount(r *Router) {
	Get(r, "/me/deliveries", h.list, Does("What was sent to my devices and phone, the newest first", "The inbox has every message; this is how it was told outside."),
		May("delivery.mine"), Tag("deliveries"))
	Post(r, "/me/deliveries/{id}/opened", h.opened, Does("Say that I tapped a push", "Again changes nothing."), May("delivery.mine"), Tag("deliveries"))
	h.mountDevices(r)
	h.mountPreferences(r)
	h.mountStaff(r)
}

type deliveryView struct {
	ID       string          `json:"id"`
	Channel  string          `json:"channel" enum:"fcm,jpush,webpush,sms"`
	Device   *deliveryDevice `json:"device,omitempty" description:"Not there for text messages, and for a device that is forgotten"`
	Kind     string          `json:"kind"`
	Topic    string          `json:"topic"`
	State    delivery.State  `json:"state" enum:"QUEUED,DEFERRED,SENDING,SENT,FAILED_RETRY,DEAD,SKIPPED,OPENED"`
	Reason   string          `json:"reason" description:"Why it was skipped or is dead; empty otherwise"`
	Why      string          `json:"why" description:"The reason in words"`
	At       time.Time       `json:"at" description:"When it happened"`
	DueAt    time.Time       `json:"dueAt"`
	SentAt   *time.Time      `json:"sentAt,omitempty"`
	OpenedAt *time.Time      `json:"openedAt,omitempty"`
	Tries    int             `json:"tries"`
}

type deliveryDevice struct {
	ID       string `json:"id" description:"What the app calls this installation"`
	Platform string `json:"platform"`
	App      string `json:"app"`
}

func viewDelivery(d *delivery.Delivery, devices map[string]*delivery.Device, lang string) deliveryView {
	v := deliveryView{
		ID: d.ID, Channel: d.Channel, Kind: d.Kind, Topic: d.Topic, State: d.State, Reason: whyOver(d),
		At: d.At, DueAt: d.DueAt, SentAt: d.SentAt, OpenedAt: d.OpenedAt, Tries: d.Tries,
	}
	if v.Reason != "" {
		v.Why = say("delivery.why."+v.Reason, lang, nil)
	}
	if dev := devices[d.To]; dev != nil {
		v.Device = &deliveryDevice{dev.Install, dev.Platform, dev.App}
	}
	return v
}

// whyOver is why a delivery will not be sent, one of the Why words; "" for any other.
func whyOver(d *delivery.Delivery) string {
	if d.State == delivery.Skipped || d.State == delivery.Dead {
		return d.Moved.Reason
	}
	return ""
}

// devicesOf are a person's devices by id.
func (h Delivery) devicesOf(ctx context.Context, person string) (map[string]*delivery.Device, error) {
	devices := map[string]*delivery.Device{}
	_, err := h.Devices.Each(ctx, store.DevicesOf(person), func(d *delivery.Device) error {
		devices[d.ID] = d
		return nil
	})
	return devices, err
}

func (h Delivery) list(ctx context.Context, rq Request, in PageQuery) (List[deliveryView], error) {
	page, err := h.Deliveries.Find(ctx, store.DeliveriesOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[deliveryView]{}, err
	}
	devices, err := h.devicesOf(ctx, rq.Actor.Person)
	if err != nil {
		return List[deliveryView]{}, err
	}
	return Listed(page, func(d *delivery.Delivery) deliveryView { return viewDelivery(d, devices, rq.Lang) }), nil
}

func (h Delivery) opened(ctx context.Context, rq Request, in idRequest) (deliveryView, error) {
	d, err := h.Deliveries.Update(ctx, in.ID, func(d *delivery.Delivery) error {
		before := d.State
		if err := d.Tapped(rq.Actor, rq.Now); err != nil || d.State != before {
			return err
		}
		return store.Unchanged()
	})
	if err != nil {
		return deliveryView{}, err
	}
	devices, err := h.devicesOf(ctx, rq.Actor.Person)
	return viewDelivery(d, devices, rq.Lang), err
}

// unknown says whether err means that a document is not there.
func unknown(err error) bool { return models.CodeOf(err) == models.NotFound }

// Portions are what an export holds of devices and of what was sent to them.
func (h Delivery) Portions() []Portion {
	return []Portion{Listing("devices", false, h.devices), Listing("deliveries", false, h.list)}
}
