package notifications

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/webhook"
)

// maxWebhook bounds what a partner is sent, in bytes.
const maxWebhook = 20 << 10

// WebhookConfig is how partners' systems are reached.
type WebhookConfig struct {
	Guard    Guard
	Timeout  time.Duration    // of one try; 20 s when 0
	InFlight int              // tries at once; 64 when 0
	Now      func() time.Time // the world's: what is signed says when
	City     func() time.Time // by which keys are in force at a ping; nil: Now
}

// Webhooks tells partners' systems of events, by Standard Webhooks 1.0.0. It is the channel "webhook".
//
// Source: docs/sources.md#webhook-signatures.
type Webhooks struct {
	cfg    WebhookConfig
	client *http.Client
}

// NewWebhooks makes the channel. Only Now is needed.
func NewWebhooks(cfg WebhookConfig) *Webhooks {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 20 * time.Second
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 64
	}
	return &Webhooks{cfg: cfg, client: cfg.Guard.Client(cfg.InFlight)}
}

// Name is the channel's.
func (w *Webhooks) Name() string { return delivery.Webhook }

// Bounds are for all endpoints together.
func (w *Webhooks) Bounds() Bounds {
	return Bounds{InFlight: w.cfg.InFlight, Timeout: w.cfg.Timeout}
}

// Send posts the body once. 2xx is success, 410 Gone. 429, and 503 that says when to come back, are Limited and Down with
// their wait; whatever else comes of it is Unsure, for the endpoint alone to blame.
func (w *Webhooks) Send(ctx context.Context, p Parcel) (Receipt, error) {
	status, f := w.post(ctx, p)
	if f != nil {
		return Receipt{}, f
	}
	return Receipt{ID: "http " + strconv.Itoa(status)}, nil
}

func (w *Webhooks) post(ctx context.Context, p Parcel) (status int, f *Failure) {
	switch {
	case p.Endpoint == nil:
		return 0, &Failure{Class: Rejected, Code: "no endpoint", Err: errors.New("a parcel without an endpoint")}
	case len(p.Raw) > maxWebhook:
		return 0, &Failure{Class: Rejected, Code: "too large", Err: fmt.Errorf("a body of %d bytes", len(p.Raw))}
	case w.cfg.Guard.Check(p.Endpoint.URL) != nil:
		return 0, &Failure{Class: Unsure, Code: "address refused", Err: errAddress}
	}
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Endpoint.URL, bytes.NewReader(p.Raw))
	if err != nil {
		return 0, unheard(err)
	}
	if err := sign(req.Header, p, w.cfg.Now()); err != nil {
		return 0, &Failure{Class: Rejected, Code: "no key", Err: err}
	}
	res, err := w.client.Do(req)
	if err != nil {
		return 0, unheard(err)
	}
	drained(res)
	return res.StatusCode, answered(res, p.At)
}

// answered classes what an endpoint said.
func answered(res *http.Response, now time.Time) *Failure {
	f := &Failure{Class: Unsure, After: waitAsked(res.Header, now), Code: "http " + strconv.Itoa(res.StatusCode), Err: errors.New("refused")}
	switch s := res.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusGone:
		f.Class, f.After = Gone, 0
	case s == http.StatusTooManyRequests:
		f.Class = Limited
	case s == http.StatusServiceUnavailable && f.After > 0:
		f.Class = Down
	default:
		f.After = 0
	}
	return f
}

// sign sets the headers of Standard Webhooks: a signature for every key in force when the parcel goes out. now is the world's
// time, which a receiver checks; a sandbox is ahead of it.
func sign(h http.Header, p Parcel, now time.Time) error {
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Xinyi-Webhooks/1.0")
	h.Set(standardwebhooks.HeaderWebhookID, p.ID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	hmacs, eds := p.Endpoint.Signing(p.At)
	var signatures []string
	for _, key := range hmacs {
		hook, err := standardwebhooks.NewWebhook(key.Reveal())
		if err != nil {
			return errors.New("an HMAC key that cannot be read")
		}
		s, err := hook.Sign(p.ID, now, p.Raw)
		if err != nil {
			return errors.New("no HMAC signature")
		}
		signatures = append(signatures, s)
	}
	signed := fmt.Appendf(nil, "%s.%d.%s", p.ID, now.Unix(), p.Raw)
	for _, key := range eds {
		seed, err := edSeed(key)
		if err != nil {
			return err
		}
		s := ed25519.Sign(ed25519.NewKeyFromSeed(seed), signed)
		signatures = append(signatures, "v1a,"+base64.StdEncoding.EncodeToString(s))
	}
	if len(signatures) == 0 {
		return errors.New("no key is in force")
	}
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

func edSeed(key models.Secret) ([]byte, error) {
	seed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key.Reveal(), "whsk_"))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("an Ed25519 key that cannot be read")
	}
	return seed, nil
}

// Ping sends a body to an endpoint at once, on nobody's schedule, and says what became of it.
func (w *Webhooks) Ping(ctx context.Context, e *webhook.Endpoint, id string, body []byte) webhook.Answer {
	began := w.cfg.Now()
	at := began
	if w.cfg.City != nil {
		at = w.cfg.City()
	}
	status, f := w.post(ctx, Parcel{ID: id, Kind: webhook.Ping(), At: at, Endpoint: e, Raw: body})
	a := webhook.Answer{Status: status, Took: w.cfg.Now().Sub(began)}
	if f != nil {
		a.Problem = f.Code
	}
	return a
}
