package delivery

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/store"
)

// A Tester sends a device something nobody sees, to find out whether it can be reached. Its error says what the channel
// said; one that has Word gives the channel's own word.
type Tester interface {
	Test(ctx context.Context, d *delivery.Device) error
}

func (h Handler) mountDevices(r *api.Router) {
	api.Get(r, "/me/devices", h.devices, mayDevices, api.Tag("devices"))
	api.Put(r, "/me/devices/{id}", h.report, mayDevices, api.Tag("devices"), api.Quota(api.Devices))
	api.Delete(r, "/me/devices/{id}", h.signOff, mayDevices, api.Tag("devices"))
	api.Post(r, "/me/devices/{id}/test", h.test, mayDevices, api.Tag("devices"), api.Limit(time.Minute, 5), api.Within(20*time.Second))
}

type installation struct {
	ID string `path:"id" validate:"install"`
}

type deviceRequest struct {
	installation
	Channel  string `json:"channel" validate:"required,max=20" description:"fcm, jpush or webpush"`
	Token    string `json:"token" text:"raw" validate:"required,max=2048" description:"Where it can be reached: the push service's token; for webpush the endpoint's address"`
	P256dh   string `json:"p256dh,omitempty" text:"raw" validate:"max=200" description:"webpush: the browser's public key"`
	Auth     string `json:"auth,omitempty" text:"raw" validate:"max=100" description:"webpush: the browser's secret"`
	Platform string `json:"platform,omitempty" validate:"omitempty,oneof=android ios harmony web"`
	App      string `json:"app,omitempty" validate:"max=40" description:"Version of the app"`
	Lang     string `json:"lang,omitempty" validate:"omitempty,oneof=zh en" description:"What it is told in; Accept-Language when absent"`
}

// A deviceView shows nothing of where the device can be reached.
type deviceView struct {
	ID       string               `json:"id" description:"What the app calls this installation"`
	Channel  api.Channel          `json:"channel"`
	Platform string               `json:"platform"`
	App      string               `json:"app"`
	Lang     string               `json:"lang" enum:"zh,en"`
	State    delivery.DeviceState `json:"state"`
	Reason   string               `json:"reason" description:"Why it is disabled; empty otherwise"`
	Why      string               `json:"why" description:"The reason in words"`
	SeenAt   time.Time            `json:"seenAt"`
}

func viewDevice(d *delivery.Device, lang string) deviceView {
	v := deviceView{ID: d.Install, Channel: api.Channel(d.Channel), Platform: d.Platform, App: d.App, Lang: d.Lang, State: d.State,
		SeenAt: d.SeenAt}
	if d.State == delivery.Disabled {
		v.Reason, v.Why = d.Moved.Reason, api.Say("delivery.off."+d.Moved.Reason, lang, nil)
	}
	return v
}

func (h Handler) devices(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[deviceView], error) {
	return api.Found(ctx, h.Devices, store.DevicesOf(rq.Actor.Person), in,
		func(d *delivery.Device) deviceView { return viewDevice(d, rq.Lang) })
}

// address is where the device says it can be reached. A channel that is not configured is none.
func (h Handler) address(in deviceRequest, lang string) delivery.Address {
	a := delivery.Address{Channel: in.Channel, Token: in.Token, P256dh: in.P256dh, Auth: in.Auth, Platform: in.Platform, App: in.App,
		Lang: in.Lang}
	if !slices.Contains(h.Channels, a.Channel) {
		a.Channel = ""
	}
	if a.Lang == "" {
		a.Lang = lang
	}
	if a.Channel == delivery.WebPush {
		a.Host = hostOf(a.Token)
	}
	return a
}

// hostOf is the host of a browser's push service, with its port if it has one; "" for what is no address of one.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" || len(u.Host) > 260 {
		return ""
	}
	return strings.ToLower(u.Host)
}

func (h Handler) report(ctx context.Context, rq api.Request, in deviceRequest) (deviceView, error) {
	a := h.address(in, rq.Lang)
	d, err := h.register(ctx, rq, in.ID, a)
	if models.CodeOf(err) == models.Conflict { // another one came in between, with the device or its address
		d, err = h.register(ctx, rq, in.ID, a)
	}
	if err != nil {
		return deviceView{}, err
	}
	return viewDevice(d, rq.Lang), h.rotate(ctx, rq, d.ID)
}

// register keeps a device under an address that no other has any more. Errors: Invalid, Conflict in a race.
func (h Handler) register(ctx context.Context, rq api.Request, install string, a delivery.Address) (*delivery.Device, error) {
	fresh, err := delivery.NewDevice(rq.Actor.Person, install, a, h.Policy, rq.Now)
	if err != nil {
		return nil, err
	}
	if err := h.free(ctx, rq, fresh); err != nil {
		return nil, err
	}
	d, err := h.Devices.Update(ctx, fresh.ID, func(d *delivery.Device) error { return d.Report(a, h.Policy, rq.Now) })
	if api.Unknown(err) {
		return fresh, h.Devices.Insert(ctx, fresh)
	}
	return d, err
}

// free takes the address of a device from whichever other has it.
func (h Handler) free(ctx context.Context, rq api.Request, d *delivery.Device) error {
	other, err := h.Devices.First(ctx, h.Keys.DeviceByToken(d.Token))
	switch {
	case api.Unknown(err):
		return nil
	case err != nil || other.ID == d.ID:
		return err
	}
	_, err = h.Devices.Update(ctx, other.ID, func(o *delivery.Device) error {
		if o.Token != d.Token {
			return store.Unchanged()
		}
		return o.Disable(rq.Actor, delivery.OffMoved, rq.Now)
	})
	if api.Unknown(err) {
		return nil
	}
	return err
}

// rotate disables those of the caller's devices that are too many, the one not seen for longest first; never the one named.
func (h Handler) rotate(ctx context.Context, rq api.Request, newest string) error {
	var over []string
	reachable := 1
	_, err := h.Devices.Each(ctx, store.DevicesOf(rq.Actor.Person), func(d *delivery.Device) error {
		if d.ID != newest && d.Reachable(delivery.Service) {
			if reachable++; reachable > h.Policy.Devices {
				over = append(over, d.ID)
			}
		}
		return nil
	})
	for _, id := range over {
		_, fault := h.Devices.Update(ctx, id, func(d *delivery.Device) error { return d.Disable(rq.Actor, delivery.OffRotated, rq.Now) })
		err = errors.Join(err, fault)
	}
	return err
}

func (h Handler) signOff(ctx context.Context, rq api.Request, in installation) (api.None, error) {
	_, err := h.Devices.Update(ctx, delivery.DeviceID(rq.Actor.Person, in.ID), func(d *delivery.Device) error {
		if d.State == delivery.Disabled {
			return store.Unchanged()
		}
		return d.Disable(rq.Actor, delivery.OffSignedOut, rq.Now)
	})
	return api.None{}, err
}

type testView struct {
	OK   bool   `json:"ok"`
	Code string `json:"code" description:"The channel's word when it did not take it; empty otherwise"`
}

func (h Handler) test(ctx context.Context, rq api.Request, in installation) (testView, error) {
	d, err := h.Devices.Get(ctx, delivery.DeviceID(rq.Actor.Person, in.ID))
	switch {
	case err != nil:
		return testView{}, err
	case d.State == delivery.Disabled:
		return testView{}, models.E(models.Conflict, "delivery.device_off")
	case h.Tester == nil:
		return testView{}, models.E(models.Unavailable, "delivery.no_tester")
	}
	if err := h.Tester.Test(ctx, d); err != nil {
		return testView{Code: wordOf(err)}, nil // that the channel refused is the answer
	}
	return testView{OK: true}, nil
}

// wordOf is the channel's word for why it did not take something, else the kind of error; never the error's text.
func wordOf(err error) string {
	var said interface {
		error
		Word() string
	}
	if errors.As(err, &said) {
		return said.Word()
	}
	return string(models.CodeOf(err))
}
