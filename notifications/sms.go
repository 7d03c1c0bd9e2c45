package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinyi/models"
	"xinyi/models/delivery"
)

// SMS sends text messages through Alibaba Cloud's Short Message Service: SendSms of API version 2017-05-25, its parameters in
// the query of a POST with an empty body, signed by acs3. The answer is {"Code":"OK","BizId":"…","RequestId":"…"}; a refusal
// of the service has another Code and status 200, one of the gateway before it status 4xx.
//
// The vendor knows no idempotence (so says its page on SendSms): an Unsure message that is tried again may arrive twice. OutId
// carries the delivery's id, by which staff find the message in the vendor's records.
//
// A text is registered with the vendor and fixed: the code's has the one variable ${code} and says itself how long it is good;
// the notice's has none, so nothing of anybody's affairs leaves the house.
//
// Source: help.aliyun.com/document_detail/55284.html (SendSms), 101346.html (codes). Not seen with a real account: the form
// of QuerySmsSign's and QuerySmsTemplate's refusals, taken to be as SendSms's.
type SMS struct {
	cfg  SMSConfig
	at   *url.URL
	sign acs3
	rest
}

// An SMSConfig says who sends texts, and how fast.
type SMSConfig struct {
	URL            string // "" is the vendor's own
	KeyID, Secret  string // AccessKey; allow it dysms:SendSms, dysms:QuerySmsSign and dysms:QuerySmsTemplate alone
	SignName       string // 短信签名, the sender in 【】
	CodeTemplate   string // "SMS_1…", with ${code}
	NoticeTemplate string // without variables
	InFlight       int    // texts at once; 0 is 8
	PerSecond      float64
	Timeout        time.Duration    // of one call; 0 is 5 s. The vendor wants at least 1 s
	Now            func() time.Time // needed
	Nonce          func() string    // nil: random. Never the same twice
}

const (
	smsURL     = "https://dysmsapi.aliyuncs.com"
	smsVersion = "2017-05-25"
)

// NewSMS checks the configuration. The error names every fault and no secret.
func NewSMS(cfg SMSConfig) (*SMS, error) {
	at, err := restURL(cfg.URL, smsURL)
	faults := []error{err}
	for name, value := range map[string]string{"key id": cfg.KeyID, "secret": cfg.Secret, "sign name": cfg.SignName,
		"code template": cfg.CodeTemplate, "notice template": cfg.NoticeTemplate} {
		if value == "" {
			faults = append(faults, fmt.Errorf("no %s", name))
		}
	}
	if cfg.Now == nil {
		faults = append(faults, errors.New("no clock"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("text messages: %w", err)
	}
	if cfg.Nonce == nil {
		cfg.Nonce = uuid.NewString
	}
	if cfg.InFlight <= 0 {
		cfg.InFlight = 8
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	return &SMS{cfg, at, acs3{cfg.KeyID, cfg.Secret, cfg.Now, cfg.Nonce}, newREST(cfg.InFlight, cfg.Timeout)}, nil
}

// Name implements Channel.
func (s *SMS) Name() string { return delivery.SMS }

// Bounds implements Channel.
func (s *SMS) Bounds() Bounds { return Bounds{s.cfg.InFlight, s.cfg.PerSecond, s.cfg.Timeout} }

// Close lets go of idle connections.
func (s *SMS) Close() { s.client.CloseIdleConnections() }

// Send implements Channel: the reader is told that something waits in the app, and nothing else.
func (s *SMS) Send(ctx context.Context, p Parcel) (Receipt, error) {
	if p.Phone.Empty() {
		return Receipt{}, &Failure{Class: Rejected, Code: "no_phone", Err: errors.New("the parcel has no phone")}
	}
	return s.text(ctx, p.Phone, s.cfg.NoticeTemplate, nil, p.ID)
}

// SendCode brings a one-time code to a phone; the registered text says how long it is good, whatever the language. When the
// channel is down it tries once more. Errors: Limited "identity.sms_limited", Unavailable "identity.sms_failed".
func (s *SMS) SendCode(ctx context.Context, phone models.Secret, code, _ string, _ time.Duration) error {
	send := func() error {
		_, err := s.text(ctx, phone, s.cfg.CodeTemplate, map[string]string{"code": code}, "")
		return err
	}
	err := send()
	if f := FailureOf(err); f != nil && f.Class == Down && ctx.Err() == nil {
		err = send()
	}
	switch f := FailureOf(err); {
	case f == nil:
		return nil
	case f.Class == Limited:
		e := models.E(models.Limited, "identity.sms_limited", err)
		e.RetryAfter = f.After
		return e
	}
	return models.E(models.Unavailable, "identity.sms_failed", err)
}

// Probe implements Prober: the sender's name and both texts are known and approved.
func (s *SMS) Probe(ctx context.Context) error {
	for _, ask := range []struct{ action, key, name, status string }{
		{"QuerySmsSign", "SignName", s.cfg.SignName, "SignStatus"},
		{"QuerySmsTemplate", "TemplateCode", s.cfg.CodeTemplate, "TemplateStatus"},
		{"QuerySmsTemplate", "TemplateCode", s.cfg.NoticeTemplate, "TemplateStatus"},
	} {
		said, f := s.ask(ctx, ask.action, url.Values{ask.key: {ask.name}})
		if f != nil {
			return f
		}
		const approved = "1"
		if status := restID(said[ask.status]); status != approved {
			return &Failure{Class: Down, Code: "not_approved", Err: fmt.Errorf("%s %s has status %q", ask.key, ask.name, status)}
		}
	}
	return nil
}

// text sends one registered text. params are its variables; out, when there is one, goes into the vendor's records.
func (s *SMS) text(ctx context.Context, phone models.Secret, template string, params map[string]string, out string) (Receipt, error) {
	q := url.Values{"PhoneNumbers": {phone.Reveal()}, "SignName": {s.cfg.SignName}, "TemplateCode": {template}}
	if params != nil {
		b, err := json.Marshal(params)
		if err != nil {
			return Receipt{}, &Failure{Class: Rejected, Code: "params", Err: errors.New("variables that JSON cannot say")}
		}
		q.Set("TemplateParam", string(b))
	}
	if out != "" {
		q.Set("OutId", out)
	}
	said, f := s.ask(ctx, "SendSms", q)
	if f != nil {
		return Receipt{}, f
	}
	return Receipt{ID: restID(said["BizId"])}, nil
}

// smsFields are the fields of an answer that was OK.
type smsFields map[string]json.RawMessage

func (s smsFields) text(key string) string {
	var t string
	if err := json.Unmarshal(s[key], &t); err != nil {
		return ""
	}
	return t
}

// ask makes one signed call.
func (s *SMS) ask(ctx context.Context, action string, q url.Values) (smsFields, *Failure) {
	u := *s.at
	u.RawQuery = canonicalQuery(q)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), http.NoBody)
	if err != nil {
		return nil, &Failure{Class: Rejected, Code: "request", Err: errors.New("the request cannot be made")}
	}
	s.sign.sign(r, action, smsVersion, nil)
	got, f := s.call(r)
	if f != nil {
		return nil, f
	}
	return smsAnswer(got)
}

// smsAnswer reads what the vendor said. Its Message is never passed on: it may quote the phone.
func smsAnswer(got restAnswer) (smsFields, *Failure) {
	fields := smsFields{}
	err := json.Unmarshal(got.body, &fields)
	code := restWord(fields.text("Code"))
	if err == nil && code == "OK" && got.status == http.StatusOK {
		return fields, nil
	}
	f := &Failure{Code: code, Err: fmt.Errorf("the text message service answered %d", got.status)}
	if code == "" {
		f.Code = fmt.Sprintf("http %d", got.status)
	}
	f.Alone = code == smsPhoneFull
	if f.Class, f.After = smsClass(got.status, code, fields.text("Message")); f.Class == Unsure && err != nil {
		f.Err = errors.New("an answer that nobody can read")
	}
	return nil, f
}

// smsPhoneFull says that one phone has had its share.
const smsPhoneFull = "isv.BUSINESS_LIMIT_CONTROL"

// smsClasses are the codes that are not what their family is.
var smsClasses = map[string]Class{
	"isv.MOBILE_NUMBER_ILLEGAL":         Gone,
	smsPhoneFull:                        Limited, // of the one phone: 1 a minute, 5 an hour, 10 a day unless agreed otherwise
	"isv.DAY_LIMIT_CONTROL":             Down,    // of our account, as all below
	"isv.MONTH_LIMIT_CONTROL":           Down,
	"isv.AMOUNT_NOT_ENOUGH":             Down,
	"isv.OUT_OF_SERVICE":                Down,
	"isv.ACCOUNT_NOT_EXISTS":            Down,
	"isv.ACCOUNT_ABNORMAL":              Down,
	"isv.PRODUCT_UN_SUBSCRIPT":          Down,
	"isv.PRODUCT_UNSUBSCRIBE":           Down,
	"isv.DENY_IP_RANGE":                 Down,
	"isp.RAM_PERMISSION_DENY":           Down,
	"SignatureDoesNotMatch":             Down,
	"IncompleteSignature":               Down,
	"SignatureNonceUsed":                Unsure, // an earlier copy of this call came through
	"InvalidParameter":                  Rejected,
	"MissingParameter":                  Rejected,
	"isv.TEMPLATE_MISSING_PARAMETERS":   Rejected,
	"isv.SMS_TEMPLATE_ILLEGAL":          Rejected,
	"isv.SMS_SIGNATURE_ILLEGAL":         Rejected,
	"isv.INVALID_PARAMETERS":            Rejected,
	"isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Rejected,
}

// smsClass says what an answer means, and how long to wait.
func smsClass(status int, code, message string) (Class, time.Duration) {
	class, known := smsClasses[code]
	switch {
	case known && class == Limited:
		return Limited, smsWait(message)
	case known && strings.HasSuffix(code, "_LIMIT_CONTROL"):
		return Down, time.Hour
	case known:
		return class, 0
	case strings.HasPrefix(code, "Throttling"):
		return Limited, time.Second // the gateway counts calls by the second
	case status == http.StatusTooManyRequests:
		return Limited, 0
	case status >= 500, strings.HasPrefix(code, "InvalidAccessKeyId"), strings.HasPrefix(code, "InvalidTimeStamp"),
		strings.HasPrefix(code, "Forbidden"):
		return Down, 0
	case strings.HasPrefix(code, "isv."): // whatever else is wrong with what we sent
		return Rejected, 0
	case strings.HasPrefix(code, "isp."), status == http.StatusOK:
		return Unsure, 0
	}
	return Down, 0 // 3xx, 4xx: not the service we think, or not as we think
}

// smsWait reads which of a phone's bounds was met, as in "触发小时级流控Permits:5": each is a sliding window.
func smsWait(message string) time.Duration {
	switch {
	case strings.Contains(message, "天级"):
		return 24 * time.Hour
	case strings.Contains(message, "小时级"):
		return time.Hour
	}
	return time.Minute
}
