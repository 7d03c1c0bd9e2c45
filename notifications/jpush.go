package notifications

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"xinyi/models/delivery"
)

// JPush sends through Jiguang (极光), which passes a push on to the phone maker's own channel: POST /v3/push, HTTP Basic
// appKey:masterSecret, one push object in JSON, one registration id. It answers {"sendno":"…","msg_id":"…"}, or a status from
// 400 on with {"error":{"code":1011,"message":"…"}}.
//
// A cid would keep a repeated call from a second push, but has to be drawn from the vendor beforehand and cannot be ours
// ("在使用 cid 之前,必须通过接口获取"): a repeat after an Unsure failure is hidden by apns_collapse_id on iOS, and elsewhere by the
// app, which knows extras.delivery. Android's way, override_msg_id, needs the msg_id that an Unsure failure did not tell.
//
// Source: docs.jiguang.cn/jpush/server/push/rest_api_v3_push, …/rest_api_v3_push_advanced (cid), …/android_channel_id
// (classification). Not seen with a real account: what the vendor does with an hmos category that the app has no right to.
type JPush struct {
	cfg JPushConfig
	at  *url.URL
	rest
}

// A JPushConfig says whose app is pushed to, and how fast.
type JPushConfig struct {
	URL             string // "" is the vendor's own
	AppKey          string
	MasterSecret    string
	HarmonyCategory string        // what the app may call its service pushes on HarmonyOS ("WORK"); "" leaves them among marketing
	InFlight        int           // pushes at once; 0 is 8
	PerSecond       float64       // 0 is 10: an app without a contract has 600 calls a minute
	Timeout         time.Duration // of one call; 0 is 5 s
}

const (
	jpushURL = "https://api.jpush.cn"
	jpushTTL = 10 * 24 * time.Hour // the most the vendor keeps a push for a phone that is off
	jpushKey = 64                  // bytes of a collapse id
)

// NewJPush checks the configuration. The error names every fault and no secret.
func NewJPush(cfg JPushConfig) (*JPush, error) {
	at, err := restURL(cfg.URL, jpushURL)
	faults := []error{err}
	if cfg.AppKey == "" {
		faults = append(faults, errors.New("no app key"))
	}
	if cfg.MasterSecret == "" {
		faults = append(faults, errors.New("no master secret"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("jpush: %w", err)
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 8
	}
	if cfg.PerSecond <= 0 {
		cfg.PerSecond = 10
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	return &JPush{cfg, at, newREST(cfg.InFlight, cfg.Timeout)}, nil
}

// Name implements Channel.
func (j *JPush) Name() string { return delivery.Vendor }

// Bounds implements Channel.
func (j *JPush) Bounds() Bounds { return Bounds{j.cfg.InFlight, j.cfg.PerSecond, j.cfg.Timeout} }

// Close lets go of idle connections.
func (j *JPush) Close() { j.client.CloseIdleConnections() }

// Send implements Channel.
func (j *JPush) Send(ctx context.Context, p Parcel) (Receipt, error) {
	if p.Device == nil || p.Device.Token.Empty() {
		return Receipt{}, &Failure{Class: Rejected, Code: "no_device", Err: errors.New("the parcel has no device")}
	}
	body, err := json.Marshal(j.push(p))
	if err != nil {
		return Receipt{}, &Failure{Class: Rejected, Code: "body", Err: errors.New("a push that JSON cannot say")}
	}
	got, f := j.ask(ctx, http.MethodPost, "/v3/push", body)
	if f != nil {
		return Receipt{}, f
	}
	var took struct {
		ID json.RawMessage `json:"msg_id"` // a string, or by older answers a number
	}
	if err := json.Unmarshal(got.body, &took); err != nil || len(took.ID) == 0 {
		return Receipt{}, &Failure{Class: Unsure, Code: "unreadable", Err: errors.New("an answer that nobody can read")}
	}
	return Receipt{ID: restID(took.ID)}, nil
}

// Probe implements Prober: it draws one push id, which reaches nobody and lapses in a day.
func (j *JPush) Probe(ctx context.Context) error {
	if _, f := j.ask(ctx, http.MethodGet, "/v3/push/cid?count=1", nil); f != nil {
		return f
	}
	return nil
}

// The push object, as far as we use it.
type (
	jpushBody struct {
		Platform     []string       `json:"platform"`
		Audience     jpushAudience  `json:"audience"`
		Notification map[string]any `json:"notification"` // android, ios, hmos
		Options      jpushOptions   `json:"options"`
	}
	jpushAudience struct {
		Registrations []string `json:"registration_id"`
	}
	jpushNote struct {
		Alert    any               `json:"alert"` // on iOS {title, body}
		Title    string            `json:"title,omitempty"`
		Sound    string            `json:"sound,omitempty"`     // iOS
		Thread   string            `json:"thread-id,omitempty"` // iOS: what is shown as one stack
		Category string            `json:"category,omitempty"`  // HarmonyOS
		Extras   map[string]string `json:"extras"`
	}
	jpushAlert struct {
		Title string `json:"title"`
		Body  string `json:"body"`
	}
	jpushOptions struct {
		SendNo         uint32 `json:"sendno"`                     // not 0; comes back in the answer and in the vendor's records
		TTL            int64  `json:"time_to_live"`               // s, at most ten days
		Collapse       string `json:"apns_collapse_id,omitempty"` // at most 64 bytes
		Classification int    `json:"classification"`             // 0 marketing, 1 service; the phone makers bound the first
	}
)

// jpushPlatforms are the vendor's words for ours; a device that did not say may be any.
var jpushPlatforms = map[string][]string{"android": {"android"}, "ios": {"ios"}, "harmony": {"hmos"}}

func (j *JPush) push(p Parcel) jpushBody {
	platforms := jpushPlatforms[p.Device.Platform]
	if platforms == nil {
		platforms = []string{"android", "ios", "hmos"}
	}
	extras := maps.Clone(p.Data)
	if extras == nil {
		extras = map[string]string{}
	}
	extras["delivery"] = p.ID
	options := jpushOptions{
		SendNo: jpushSendNo(p.ID), Collapse: jpushCollapse(p.Collapse), Classification: 1,
		TTL: int64(min(max(p.TTL, time.Second), jpushTTL) / time.Second),
	}
	category := j.cfg.HarmonyCategory
	if p.Class == delivery.Marketing {
		options.Classification, category = 0, "MARKETING"
	}
	notes := map[string]any{}
	for _, platform := range platforms {
		note := jpushNote{Alert: p.Body, Title: p.Title, Extras: extras}
		switch platform {
		case "ios":
			note.Alert, note.Title, note.Sound, note.Thread = jpushAlert{p.Title, p.Body}, "", "default", p.Data["type"]
		case "hmos":
			note.Category = category
		}
		notes[platform] = note
	}
	return jpushBody{platforms, jpushAudience{[]string{p.Device.Token.Reveal()}}, notes, options}
}

// jpushSendNo is a number from 1 to 2³¹−1 for a delivery.
func jpushSendNo(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return max(h.Sum32()&0x7fffffff, 1)
}

// jpushCollapse is a key that fits.
func jpushCollapse(key string) string {
	if len(key) <= jpushKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// ask makes one call, and classes whatever is not 200.
func (j *JPush) ask(ctx context.Context, method, where string, body []byte) (restAnswer, *Failure) {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(j.at.String(), "/")+where, bytes.NewReader(body))
	if err != nil {
		return restAnswer{}, &Failure{Class: Rejected, Code: "request", Err: errors.New("the request cannot be made")}
	}
	r.SetBasicAuth(j.cfg.AppKey, j.cfg.MasterSecret)
	r.Header.Set("Content-Type", "application/json")
	got, f := j.call(r)
	if f != nil || got.status == http.StatusOK {
		return got, f
	}
	return got, jpushFailure(got)
}

// jpushClasses are what the vendor's error codes mean. 1003 may be a registration id that is not one, 1008 an app key that is
// not ours: neither says that a phone is gone.
var jpushClasses = map[int]Class{
	1001:            Down,     // not the method the interface takes
	1002:            Rejected, // a parameter is missing
	1003:            Rejected, // a parameter is wrong
	1004:            Down,     // our key or secret is refused
	1005:            Rejected, // too long
	1008:            Down,     // our app key is refused
	1009:            Rejected, // a key the vendor does not know
	1011:            Gone,     // nobody by this registration id, or not for 255 days
	1020:            Down,     // https is wanted
	1030:            Down,     // busy inside
	2002:            Limited,  // our calls a minute
	2003:            Down,     // our app is blocked
	2004:            Down,     // our address is not allowed
	jpushReaderFull: Limited,  // too much for this reader; the vendor does not say for how long
}

// jpushReaderFull says that one reader has had enough for now.
const jpushReaderFull = 2005

// jpushFailure classes a refusal. The vendor's message is never passed on: it may quote the registration id.
func jpushFailure(got restAnswer) *Failure {
	var said struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	f := &Failure{Code: fmt.Sprintf("http %d", got.status), Err: fmt.Errorf("the push service answered %d", got.status)}
	if err := json.Unmarshal(got.body, &said); err == nil && said.Error.Code != 0 {
		f.Code = strconv.Itoa(said.Error.Code)
	}
	class, known := jpushClasses[said.Error.Code]
	switch {
	case known:
		f.Class = class
	case got.status == http.StatusTooManyRequests:
		f.Class = Limited
	case got.status == http.StatusBadRequest || got.status == http.StatusRequestEntityTooLarge:
		f.Class = Rejected
	default: // 3xx, 401, 403, 404, 5xx
		f.Class = Down
	}
	if f.Class == Limited {
		f.After, f.Alone = jpushReset(got.header), said.Error.Code == jpushReaderFull
	}
	return f
}

// jpushReset reads how many seconds are left of the minute the vendor counts calls in; 0 when it does not say.
func jpushReset(h http.Header) time.Duration {
	s, err := strconv.Atoi(h.Get("X-Rate-Limit-Reset"))
	if err != nil || s < 0 {
		return 0
	}
	return min(time.Duration(s)*time.Second, time.Hour)
}
