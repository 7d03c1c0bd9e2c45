// Package delivery serves devices, preferences and what was sent to them (消息推送).
package delivery

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models/delivery"
	"xinyi/store"
)

// Handler serves how persons are told outside the inbox: what was sent is here, devices are in delivery_devices.go,
// preferences in delivery_preferences.go, staff in delivery_staff.go.
type Handler struct {
	store.Delivery
	Log      *api.AccessLog
	Policy   delivery.Policy
	Channels []string // configured channels that reach a person; others are neither shown nor taken

	Topics     func() []string                 // what a person may mute, sorted
	TopicName  func(topic, lang string) string // in words
	TopicLegal func(topic string) bool         // whether it has notices that cannot be muted
	Tester     Tester                          // nil: no device can be tested
	Kick       func()                          // says that something is due now; nil: it is found by itself
}

// Mount names every route of the capability.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/me/deliveries", h.list, mayMine, api.Tag("deliveries"))
	api.Post(r, "/me/deliveries/{id}/opened", h.opened, mayMine, api.Tag("deliveries"))
	h.mountDevices(r)
	h.mountPreferences(r)
	h.mountStaff(r)
}

type deliveryView struct {
	ID       string         `json:"id"`
	Channel  api.Channel    `json:"channel"`
	Device   *device        `json:"device,omitempty" description:"Not there for text messages, and for a device that is forgotten"`
	Kind     string         `json:"kind"`
	Topic    string         `json:"topic"`
	State    delivery.State `json:"state"`
	Reason   string         `json:"reason" description:"Why it was skipped or is dead; empty otherwise"`
	Why      string         `json:"why" description:"The reason in words"`
	At       time.Time      `json:"at" description:"When it happened"`
	DueAt    time.Time      `json:"dueAt"`
	SentAt   *time.Time     `json:"sentAt,omitempty"`
	OpenedAt *time.Time     `json:"openedAt,omitempty"`
	Tries    int            `json:"tries"`
}

type device struct {
	ID       string `json:"id" description:"What the app calls this installation"`
	Platform string `json:"platform"`
	App      string `json:"app"`
}

func viewDelivery(d *delivery.Delivery, devices map[string]*delivery.Device, lang string) deliveryView {
	v := deliveryView{
		ID: d.ID, Channel: api.Channel(d.Channel), Kind: d.Kind, Topic: d.Topic, State: d.State, Reason: api.WhyOver(d),
		At: d.At, DueAt: d.DueAt, SentAt: d.SentAt, OpenedAt: d.OpenedAt, Tries: d.Tries,
	}
	if v.Reason != "" {
		v.Why = api.Say("delivery.why."+v.Reason, lang, nil)
	}
	if dev := devices[d.To]; dev != nil {
		v.Device = &device{dev.Install, dev.Platform, dev.App}
	}
	return v
}

// devicesOf are a person's devices by id.
func (h Handler) devicesOf(ctx context.Context, person string) (map[string]*delivery.Device, error) {
	devices := map[string]*delivery.Device{}
	_, err := h.Devices.Each(ctx, store.DevicesOf(person), func(d *delivery.Device) error {
		devices[d.ID] = d
		return nil
	})
	return devices, err
}

func (h Handler) list(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[deliveryView], error) {
	page, err := h.Deliveries.Find(ctx, store.DeliveriesOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[deliveryView]{}, err
	}
	devices, err := h.devicesOf(ctx, rq.Actor.Person)
	if err != nil {
		return api.List[deliveryView]{}, err
	}
	return api.Listed(page, func(d *delivery.Delivery) deliveryView { return viewDelivery(d, devices, rq.Lang) }), nil
}

func (h Handler) opened(ctx context.Context, rq api.Request, in api.IdRequest) (deliveryView, error) {
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

// Portions are what an export holds of devices and of what was sent to them.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("devices", false, h.devices).InPerson(), api.Listing("deliveries", false, h.list).InPerson()}
}
