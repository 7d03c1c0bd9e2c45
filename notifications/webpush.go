package notifications

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"xinyi/models/delivery"
)

// WebPushConfig is what browsers' push services are reached with.
type WebPushConfig struct {
	Private, Public string // VAPID keys, base64url, as NewVAPID makes them
	Subject         string // mailto: or https: address of whoever runs this; push services write there
	Guard           Guard
	Timeout         time.Duration // of one try; 10 s when 0
	InFlight        int           // for one push service; 32 when 0
	Now             func() time.Time
}

// A Browser carries parcels to browsers by Web Push (RFC 8030, 8291, 8292). It is the channel "webpush". Each browser maker's
// push service is a destination of its own.
type Browser struct {
	cfg    WebPushConfig
	client *http.Client
}

// NewWebPush checks the keys. Errors: what is missing.
func NewWebPush(cfg WebPushConfig) (*Browser, error) {
	switch {
	case cfg.Private == "" || cfg.Public == "":
		return nil, errors.New("web push: no VAPID keys")
	case !strings.HasPrefix(cfg.Subject, "mailto:") && !strings.HasPrefix(cfg.Subject, "https://"):
		return nil, errors.New("web push: the subject is a mailto: or https: address")
	case cfg.Now == nil:
		return nil, errors.New("web push: no clock")
	case !paired(cfg.Private, cfg.Public):
		return nil, errors.New("web push: the VAPID keys are no pair")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 32
	}
	return &Browser{cfg: cfg, client: cfg.Guard.Client(cfg.InFlight)}, nil
}

// NewVAPID makes a pair of keys, base64url. Whoever subscribed with the public one has to subscribe anew when it changes.
func NewVAPID() (private, public string, err error) { return webpush.GenerateVAPIDKeys() }

// paired says whether two VAPID keys belong together: else every push service would refuse what we sign.
func paired(private, public string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(private, "="))
	if err != nil {
		return false
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	return err == nil && base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()) == strings.TrimRight(public, "=")
}

// Name implements Channel.
func (b *Browser) Name() string { return delivery.WebPush }

// Bounds implements Channel.
func (b *Browser) Bounds() Bounds { return Bounds{InFlight: b.cfg.InFlight, Timeout: b.cfg.Timeout} }

// Close lets go of idle connections.
func (b *Browser) Close() { b.client.CloseIdleConnections() }

// Send implements Channel. 404, 410 and a subscription without keys are Gone, 400 and 413 Rejected, 429 Limited, 401 and 403 (our keys) and
// 5xx Down.
func (b *Browser) Send(ctx context.Context, p Parcel) (Receipt, error) {
	if p.Device == nil {
		return Receipt{}, &Failure{Class: Rejected, Code: "no device", Err: errors.New("a parcel without a device")}
	}
	token := p.Device.Token.Reveal()
	if b.cfg.Guard.Check(token) != nil {
		return Receipt{}, &Failure{Class: Rejected, Code: "address refused", Err: errors.New("not an address one may send to")}
	}
	body, err := json.Marshal(map[string]any{"id": p.ID, "title": p.Title, "body": p.Body, "data": p.Data})
	if err != nil {
		return Receipt{}, &Failure{Class: Rejected, Code: "no body", Err: errors.New("a parcel that cannot be written")}
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.Timeout)
	defer cancel()
	subscription := &webpush.Subscription{Endpoint: token, Keys: webpush.Keys{P256dh: p.Device.P256dh.Reveal(), Auth: p.Device.Auth.Reveal()}}
	once := &sentOnce{client: b.client}
	res, err := webpush.SendNotificationWithContext(ctx, body, subscription, b.options(p, once))
	switch {
	case errors.Is(err, webpush.ErrMaxPadExceeded):
		return Receipt{}, &Failure{Class: Rejected, Code: "too large", Err: err}
	case err != nil && !once.sent: // the subscription's own keys are no keys: it never worked and never will
		return Receipt{}, &Failure{Class: Gone, Code: "bad subscription", Err: errors.New("a subscription that cannot be encrypted for")}
	case err != nil:
		return Receipt{}, unheard(err)
	}
	drained(res)
	if f := b.class(res); f != nil {
		return Receipt{}, f
	}
	return Receipt{ID: "http " + strconv.Itoa(res.StatusCode)}, nil
}

func (b *Browser) options(p Parcel, client webpush.HTTPClient) *webpush.Options {
	urgency := webpush.UrgencyNormal
	switch {
	case p.Urgent:
		urgency = webpush.UrgencyHigh
	case p.Class == delivery.Marketing:
		urgency = webpush.UrgencyLow
	}
	return &webpush.Options{
		HTTPClient: client, Subscriber: strings.TrimPrefix(b.cfg.Subject, "mailto:"), Topic: p.Collapse[:min(len(p.Collapse), 32)], TTL: int(p.TTL / time.Second),
		Urgency: urgency, VAPIDPublicKey: b.cfg.Public, VAPIDPrivateKey: b.cfg.Private, VapidExpiration: b.cfg.Now().Add(12 * time.Hour),
	}
}

func (b *Browser) class(res *http.Response) *Failure {
	f := &Failure{Code: fmt.Sprintf("http %d", res.StatusCode), Err: errors.New("refused"), After: waitAsked(res.Header, b.cfg.Now())}
	switch s := res.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusNotFound || s == http.StatusGone:
		f.Class = Gone
	case s == http.StatusTooManyRequests:
		f.Class = Limited
	case s == http.StatusBadRequest || s == http.StatusRequestEntityTooLarge:
		f.Class = Rejected
	default: // our keys are refused, or the service is ill
		f.Class = Down
	}
	return f
}

// sentOnce notes that a request went out.
type sentOnce struct {
	client *http.Client
	sent   bool
}

// Do implements webpush.HTTPClient.
func (s *sentOnce) Do(r *http.Request) (*http.Response, error) {
	s.sent = true
	return s.client.Do(r) //nolint:gosec // its dialer refuses what is not public
}
