package notifications

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"firebase.google.com/go/v4/messaging"

	"xinyi/models"
	"xinyi/models/delivery"
)

// FCMConfig says how Firebase Cloud Messaging is reached.
type FCMConfig struct {
	Credentials []byte           // the JSON of a service account's key
	Project     string           // "" is the key's
	Endpoint    string           // "" is Google; else a base URL, with https unless it is this machine
	Timeout     time.Duration    // of one Send, waiting for room and for a bearer included; 0 is 12 s
	InFlight    int              // 0 is 90: what one HTTP/2 connection to Google carries without a second
	PerSecond   float64          // 0 is no bound
	Proxy       *url.URL         // nil: as the environment says
	Now         func() time.Time // needed; reads the dates of Retry-After
}

// FCM carries parcels by Firebase. Make one per process: it holds one connection and one bearer.
type FCM struct {
	client *messaging.Client
	base   *http.Transport
	bounds Bounds
	now    func() time.Time

	room   chan struct{} // a place per parcel in flight
	closed chan struct{}
	once   sync.Once
}

// NewFCM checks the key and makes the client; it reaches out to nobody. Errors: what is wrong with cfg, without the key's
// text.
func NewFCM(ctx context.Context, cfg FCMConfig) (*FCM, error) {
	account, err := readAccount(cfg.Credentials)
	if err != nil {
		return nil, fmt.Errorf("fcm credentials: %w", err)
	}
	if cfg.Project != "" {
		account.Project = cfg.Project
	}
	switch {
	case account.Project == "":
		return nil, errors.New("fcm: no project, neither named nor in the credentials")
	case cfg.Now == nil:
		return nil, errors.New("fcm: no clock")
	case cfg.Timeout < 0 || cfg.InFlight < 0 || cfg.PerSecond < 0:
		return nil, errors.New("fcm: a bound is negative")
	case cfg.Endpoint != "" && !fcmGuarded(cfg.Endpoint):
		return nil, errors.New("fcm: the endpoint is no https address, nor this machine's")
	}
	f := &FCM{now: cfg.Now, closed: make(chan struct{}),
		bounds: Bounds{InFlight: cfg.InFlight, PerSecond: cfg.PerSecond, Timeout: cfg.Timeout}}
	if f.bounds.InFlight == 0 {
		f.bounds.InFlight = 90
	}
	if f.bounds.Timeout == 0 {
		f.bounds.Timeout = 12 * time.Second
	}
	f.room, f.base = make(chan struct{}, f.bounds.InFlight), fcmTransport(f.bounds.InFlight, cfg.Proxy)
	f.client, err = fcmClient(ctx, account, f.base, cfg.Endpoint)
	return f, err
}

// Name is delivery.FCM.
func (f *FCM) Name() string { return delivery.FCM }

// Bounds are the configured ones.
func (f *FCM) Bounds() Bounds { return f.bounds }

// Send hands p to Firebase in one request. Gone is said only where Firebase names the device itself.
func (f *FCM) Send(ctx context.Context, p Parcel) (Receipt, error) {
	if p.Device == nil || p.Device.Token.Empty() {
		return Receipt{}, fcmFailure(Rejected, "no_token", 0)
	}
	id, err := f.attempt(ctx, fcmMessage(p), f.client.Send)
	return Receipt{ID: id}, err
}

// fcmNobody looks like a registration token and is nobody's.
var fcmNobody = "probe:APA91b" + strings.Repeat("0", 134)

// Probe asks Firebase to check a message to nobody: that it finds fault with the token alone shows that it is reached and
// takes our credentials. Errors: a *Failure.
func (f *FCM) Probe(ctx context.Context) error {
	_, err := f.attempt(ctx, fcmTrial(fcmNobody), f.client.SendDryRun)
	switch fail := FailureOf(err); {
	case fail == nil, fail.Code == codeUnregistered, fail.Code == codeInvalid:
		return nil
	}
	return err
}

// Test asks Firebase whether it would take a message to a device; nothing reaches it. Errors: a *Failure.
func (f *FCM) Test(ctx context.Context, token models.Secret) error {
	if token.Empty() {
		return fcmFailure(Rejected, "no_token", 0)
	}
	_, err := f.attempt(ctx, fcmTrial(token.Reveal()), f.client.SendDryRun)
	return err
}

// attempt tries once within the bounds.
func (f *FCM) attempt(ctx context.Context, m *messaging.Message, send func(context.Context, *messaging.Message) (string, error)) (string,
	error) {
	own, cancel := context.WithTimeout(ctx, f.bounds.Timeout)
	defer cancel()
	select {
	case <-f.closed:
		return "", fcmFailure(Down, "closed", 0)
	case <-own.Done():
		return "", fcmWaited(ctx)
	case f.room <- struct{}{}:
	}
	defer func() { <-f.room }()
	a := &fcmAttempt{}
	id, err := send(a.within(own), m)
	if err == nil && id != "" && a.failed == nil {
		return id, nil
	}
	if a.failed != nil && ctx.Err() != nil {
		return "", fcmFailure(Unsure, "cancelled", 0)
	}
	return "", a.judge(err, f.now())
}

// Close waits for what is in flight, at most a Timeout, and hangs up. Sending afterwards is Down.
func (f *FCM) Close() {
	f.once.Do(func() {
		close(f.closed)
		for range cap(f.room) {
			f.room <- struct{}{}
		}
		f.base.CloseIdleConnections()
	})
}
