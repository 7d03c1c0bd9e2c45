package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	identityhttp "xinyi/handlers/identity"
	sandboxhttp "xinyi/handlers/sandbox"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

// outside is what carries messages out of the house, and what a sandbox has instead of the real thing.
type outside struct {
	fcm      *notifications.FCM
	codes    identityhttp.CodeSender // nil: sign-in codes cannot be sent
	stops    *flows.Stops
	firebase *local.FCM // a sandbox's own
	channels []notifications.Channel
	guard    notifications.Guard
	hooks    *notifications.Webhooks
	closings []func()
}

// openOutside makes the channels that are configured, the courier, and the inbox that plans for it.
func (a *App) openOutside(registry *prometheus.Registry, texts *notifications.Texts) error {
	o := &a.outside
	var err error
	if o.channels, err = o.open(a); err != nil {
		return err
	}
	metrics := flows.NewCourierMetrics(registry)
	o.stops = &flows.Stops{Campaigns: a.repos.campaign.Campaigns, Now: a.now}
	a.courier = flows.NewCourier(&flows.Courier{
		Delivery: a.repos.delivery, Messages: a.repos.messages, People: a.repos.Identity.People, Endpoints: a.repos.Endpoints,
		Texts: texts, Policy: policyOf[delivery.Policy](a), Now: a.now, Log: a.log, Metrics: metrics, Stopped: o.stops.Stopped,
	}, o.channels...)
	a.live = notifications.NewLive(a.repos.messages, a.now, a.log)
	a.told = notifications.Inbox{
		Messages: a.repos.messages, Delivery: a.repos.delivery, People: a.repos.Identity.People, Texts: texts,
		Silent: a.cfg.silences(), On: a.courier.On(), Policy: policyOf[delivery.Policy](a), Now: a.now, Repeats: metrics.Repeats, Planned: a.courier.Kick,
		Kept: func(e models.Event, at time.Time) {
			metrics.Inbox(at.Sub(e.At).Seconds())
			a.live.Changed(e.Person)
		},
	}
	return nil
}

// open makes the channels that are configured; a sandbox without a Firebase account gets a Firebase and text messages of its own.
func (o *outside) open(a *App) (made []notifications.Channel, err error) {
	cfg := a.cfg
	credentials, endpoint := []byte(cfg.FCMCredentials), cfg.FCMEndpoint
	if cfg.Sandbox && len(credentials) == 0 {
		if credentials, endpoint, err = o.ownFirebase(a); err != nil {
			return nil, err
		}
	}
	if len(credentials) > 0 {
		o.fcm, err = notifications.NewFCM(context.Background(), notifications.FCMConfig{
			Credentials: credentials, Project: cfg.FCMProject, Endpoint: endpoint, Now: a.world,
		})
		if err != nil {
			return nil, err
		}
		o.closings = append(o.closings, o.fcm.Close)
		made = append(made, o.fcm)
	}
	if cfg.JPushKey != "" {
		push, err := notifications.NewJPush(notifications.JPushConfig{URL: cfg.JPushURL, AppKey: cfg.JPushKey,
			MasterSecret: string(cfg.JPushSecret)})
		if err != nil {
			return nil, err
		}
		o.closings = append(o.closings, push.Close)
		made = append(made, push)
	}
	if cfg.VAPIDPrivate != "" {
		web, err := notifications.NewWebPush(notifications.WebPushConfig{
			Private: string(cfg.VAPIDPrivate), Public: cfg.VAPIDPublic, Subject: cfg.VAPIDSubject,
			Guard: notifications.Guard{AllowPrivate: cfg.Sandbox}, Now: a.world,
		})
		if err != nil {
			return nil, err
		}
		o.closings = append(o.closings, web.Close)
		made = append(made, web)
	}
	text, err := o.texting(a)
	if err != nil {
		return nil, err
	}
	if text != nil {
		made = append(made, text)
	}
	o.guard = notifications.Guard{AllowPrivate: cfg.Sandbox}
	o.hooks = notifications.NewWebhooks(notifications.WebhookConfig{Guard: o.guard, Now: a.world, City: a.now})
	return append(made, o.hooks), nil
}

// texting is the channel of text messages, nil for none.
func (o *outside) texting(a *App) (notifications.Channel, error) {
	cfg := a.cfg
	switch {
	case cfg.SMSKey != "":
		text, err := notifications.NewSMS(notifications.SMSConfig{
			URL: cfg.SMSURL, KeyID: cfg.SMSKey, Secret: string(cfg.SMSSecret), SignName: cfg.SMSSign,
			CodeTemplate: cfg.SMSCode, NoticeTemplate: cfg.SMSNotice, Now: a.world,
		})
		if err != nil {
			return nil, err
		}
		o.codes = text
		o.closings = append(o.closings, text.Close)
		return text, nil
	case cfg.SMSPrint || cfg.Sandbox:
		text := notifications.NewPrintSMS(a.log)
		o.codes = text
		return text, nil
	}
	return nil, nil
}

// ownFirebase serves a Firebase on this machine alone, which hands what it gets to nobody but who asks it.
func (o *outside) ownFirebase(a *App) (credentials []byte, endpoint string, err error) {
	var l net.ListenConfig
	listen, err := l.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	o.firebase = &local.FCM{Now: a.world}
	base, stop := o.firebase.Serve(listen)
	o.closings = append(o.closings, stop)
	return o.firebase.ServiceAccountJSON(base, "xinyi-sandbox"), base, nil
}

// phone is what a sandbox's Firebase handed to a device.
func (o *outside) phone(token string) []sandboxhttp.Push {
	var seen []sandboxhttp.Push
	if o.firebase == nil {
		return nil
	}
	for _, p := range o.firebase.Seen() {
		if p.Token == token {
			seen = append(seen, sandboxhttp.Push{Title: p.Title, Body: p.Body, Data: p.Data})
		}
	}
	return seen
}

// Test sends a dry run to a device. Errors: Unavailable when its channel cannot be tried.
func (o *outside) Test(ctx context.Context, d *delivery.Device) error {
	if d.Channel != delivery.FCM || o.fcm == nil {
		return models.E(models.Unavailable, "delivery.no_tester", errors.New("no dry run on "+d.Channel))
	}
	return o.fcm.Test(ctx, d.Token)
}

// personal are the channels that reach a person.
func (o *outside) personal(on []string) []string {
	return slices.DeleteFunc(on, func(c string) bool { return c == delivery.Webhook })
}

func (o *outside) close() {
	for _, end := range slices.Backward(o.closings) {
		end()
	}
	o.closings = nil
}
