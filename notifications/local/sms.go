package local

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"time"
)

// SMS answers like Alibaba Cloud's Short Message Service: SendSms, QuerySmsSign and QuerySmsTemplate of version 2017-05-25.
// It refuses a wrong key or signature, a date more than 15 minutes off and a nonce it has seen. The last four digits of a
// phone say what a text to it is answered:
//
//	0400 isv.INVALID_PARAMETERS     0401 isv.SMS_TEMPLATE_ILLEGAL     0403 isv.SMS_SIGNATURE_ILLEGAL
//	0404 isv.MOBILE_NUMBER_ILLEGAL  0408 nothing, until the asker leaves
//	0420 Throttling.User            0429 isv.BUSINESS_LIMIT_CONTROL, for an hour
//	0402 isv.AMOUNT_NOT_ENOUGH      0427 isv.OUT_OF_SERVICE           0431 isv.DAY_LIMIT_CONTROL
//	0444 the connection is cut      0445 half an answer               0446 an answer that is far too long
//	0500 isp.SYSTEM_ERROR           0503 503 ServiceUnavailable       0302 a redirect
//
// and any other phone gets its text. The zero SMS with its first three fields is ready; it is safe for concurrent use.
type SMS struct {
	KeyID, Secret string
	Now           func() time.Time // needed

	mu       sync.Mutex
	fail     int
	down     bool
	requests int
	sent     int
	seen     []Text // a ring once it is full
	last     map[string]Text
	nonces   map[string]time.Time
}

// smsKept is how many texts Seen, and phones Last, remember.
const smsKept = 10_000

// smsWindow is how far a date may be off.
const smsWindow = 15 * time.Minute

// A Text is what a phone would have got.
type Text struct {
	Phone, Sign, Template string
	Params                map[string]string
	OutID                 string
	At                    time.Time
}

// Fail makes every request end in status, until Fail(0).
func (s *SMS) Fail(status int) { s.set(func() { s.fail = status }) }

// Down makes every request end in 503 ServiceUnavailable, until Down(false).
func (s *SMS) Down(on bool) { s.set(func() { s.down = on }) }

func (s *SMS) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Seen lists the last texts that were taken, oldest first; at most 10,000.
func (s *SMS) Seen() []Text {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := 0
	if len(s.seen) == smsKept {
		from = s.sent % smsKept
	}
	return append(append([]Text(nil), s.seen[from:]...), s.seen[:from]...)
}

// Sent is how many texts were taken.
func (s *SMS) Sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// Requests is how many calls arrived, whatever they were answered.
func (s *SMS) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Last is the last text a phone got.
func (s *SMS) Last(phone string) (Text, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.last[phone]
	return t, ok
}

func (s *SMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	fail, down := s.fail, s.down
	s.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch code := s.refused(r, body); {
	case down:
		smsWrite(w, http.StatusServiceUnavailable, map[string]any{"Code": "ServiceUnavailable"})
	case fail != 0:
		smsWrite(w, fail, map[string]any{"Code": "InternalError"})
	case code != "":
		smsWrite(w, smsStatus(code), map[string]any{"Code": code, "Message": "Specified signature is not matched with our calculation.",
			"HostId": r.Host, "Recommend": "https://api.aliyun.com/"})
	case r.Header.Get("x-acs-version") != "2017-05-25":
		smsWrite(w, http.StatusBadRequest, map[string]any{"Code": "InvalidVersion"})
	default:
		s.act(w, r)
	}
}

// smsStatus is the gateway's status for its codes.
func smsStatus(code string) int {
	if code == "InvalidAccessKeyId.NotFound" {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// refused says why the gateway refuses a call, or "".
func (s *SMS) refused(r *http.Request, body []byte) string {
	signed, ok := strings.CutPrefix(r.Header.Get("Authorization"), "ACS3-HMAC-SHA256 ")
	parts := map[string]string{}
	for _, part := range strings.Split(signed, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[key] = value
	}
	at, err := time.Parse(time.RFC3339, r.Header.Get("x-acs-date"))
	nonce := r.Header.Get("x-acs-signature-nonce")
	now := s.Now()
	switch off := now.Sub(at); {
	case !ok || nonce == "" || r.Header.Get("x-acs-action") == "":
		return "IncompleteSignature"
	case parts["Credential"] != s.KeyID:
		return "InvalidAccessKeyId.NotFound"
	case err != nil || !strings.HasSuffix(r.Header.Get("x-acs-date"), "Z"):
		return "InvalidTimeStamp.Format"
	case off.Abs() > smsWindow:
		return "InvalidTimeStamp.Expired"
	case !hmac.Equal([]byte(parts["Signature"]), []byte(smsSignature(s.Secret, r, body, parts["SignedHeaders"]))):
		return "SignatureDoesNotMatch"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces == nil {
		s.nonces = map[string]time.Time{}
	}
	if _, used := s.nonces[nonce]; used {
		return "SignatureNonceUsed"
	}
	if len(s.nonces) >= smsKept {
		for n, t := range s.nonces {
			if now.Sub(t).Abs() > 2*smsWindow {
				delete(s.nonces, n)
			}
		}
	}
	s.nonces[nonce] = now
	return ""
}

// smsSignature is what the call's signature has to be. It reads what came over the wire, byte by byte, and shares nothing
// with the client that it checks. "" when a header that has to be signed is not.
func smsSignature(secret string, r *http.Request, body []byte, names string) string {
	need := []string{"host"}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") {
			need = append(need, lower)
		}
	}
	sort.Strings(need)
	if strings.Join(need, ";") != names || fmt.Sprintf("%x", sha256.Sum256(body)) != r.Header.Get("x-acs-content-sha256") {
		return ""
	}
	pairs := strings.Split(r.URL.RawQuery, "&")
	for i, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		pairs[i] = smsEscape(key) + "=" + smsEscape(value)
	}
	if r.URL.RawQuery == "" {
		pairs = nil
	}
	sort.Strings(pairs)
	text := fmt.Sprintf("%s\n%s\n%s\n", r.Method, r.URL.EscapedPath(), strings.Join(pairs, "&"))
	for _, name := range need {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		text += fmt.Sprintf("%s:%s\n", name, strings.TrimSpace(value))
	}
	text += fmt.Sprintf("\n%s\n%x", names, sha256.Sum256(body))
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", sha256.Sum256([]byte(text)))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

// smsEscape reads one part of a query, where + is a space, and writes it by RFC 3986.
func smsEscape(part string) string {
	plain, err := url.QueryUnescape(part)
	if err != nil {
		return part
	}
	var b strings.Builder
	for i := range len(plain) {
		c := plain[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func smsWrite(w http.ResponseWriter, status int, fields map[string]any) {
	fields["RequestId"] = "F655A8D5-B967-440B-8683-DAD6FF8DE990"
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings and numbers always can be written
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
