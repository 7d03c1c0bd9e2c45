package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"firebase.google.com/go/v4/messaging"
)

// Firebase's words for what is wrong.
const (
	codeUnregistered = "UNREGISTERED"
	codeInvalid      = "INVALID_ARGUMENT"
	codeMismatch     = "SENDER_ID_MISMATCH"
	codeThirdParty   = "THIRD_PARTY_AUTH_ERROR"
)

const (
	fcmPause     = time.Minute // after a 429 that does not say how long
	fcmPauseMost = time.Hour   // what a Retry-After may ask for at most
)

// judge classes an attempt that took nothing, err being what the SDK made of it. Neither the vendor's text nor the token gets
// into the failure. A connection cut before a byte of an answer is the channel's fault and leaves the parcel in the queue;
// once the parcel has left and the time is over, or half an answer came, nobody knows.
func (a *fcmAttempt) judge(err error, now time.Time) *Failure {
	switch {
	case !a.tried:
		return fcmFailure(Rejected, "sdk_refused", 0)
	case a.failed != nil:
		return a.judgeWire(now)
	}
	after, code := fcmAfter(a.header, now), fcmWords(a.body).code(a.status)
	if class, ok := byDevice(err); ok {
		return fcmFailure(class, code, 0)
	}
	switch s := a.status; {
	case s == http.StatusTooManyRequests:
		if after == 0 {
			after = fcmPause
		}
		return fcmFailure(Limited, code, after)
	case s == http.StatusBadRequest && fcmWords(a.body).Status != "", s == http.StatusRequestEntityTooLarge:
		return fcmFailure(Rejected, code, 0)
	case s/100 == 2:
		return fcmFailure(Unsure, "unreadable", 0)
	case s == http.StatusGatewayTimeout:
		return fcmFailure(Unsure, code, after)
	}
	return fcmFailure(Down, code, after)
}

// judgeWire classes an attempt without a whole answer.
func (a *fcmAttempt) judgeWire(now time.Time) *Failure {
	late := errors.Is(a.failed, context.DeadlineExceeded)
	if none := (*fcmBearerError)(nil); errors.As(a.failed, &none) {
		return fcmFailure(Down, none.code(), fcmAfter(none.header, now))
	}
	switch {
	case a.status/100 == 5:
		return fcmFailure(Down, "http "+strconv.Itoa(a.status), fcmAfter(a.header, now))
	case a.answered.Load():
		return fcmFailure(Unsure, "cut", 0)
	case a.written.Load() && late:
		return fcmFailure(Unsure, "timeout", 0)
	case a.written.Load():
		return fcmFailure(Down, "cut", 0)
	}
	code := "unreachable"
	if dns := (*net.DNSError)(nil); errors.As(a.failed, &dns) {
		code = "dns"
	}
	f := fcmFailure(Down, code, 0)
	f.Err = errors.New("fcm: " + a.failed.Error()) // nothing has left: only addresses are in it
	return f
}

// byDevice says whether Firebase blames the device alone. The SDK's questions look at the outermost error only, and its word
// for "not found" is also true for a wrong project or a proxy's page.
func byDevice(err error) (Class, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		switch {
		case messaging.IsUnregistered(err), messaging.IsSenderIDMismatch(err),
			messaging.IsInvalidArgument(err) && strings.Contains(strings.ToLower(err.Error()), "registration token"):
			return Gone, true
		}
	}
	return "", false
}

// fcmSaid is what is readable of an error's body: Google's status, and Firebase's code where there is one.
type fcmSaid struct{ Status, Code string }

var fcmWord = regexp.MustCompile(`^[A-Z][A-Z_]{2,39}$`)

func fcmWords(body []byte) (w fcmSaid) {
	var in struct {
		Error struct {
			Status  string
			Details []struct {
				Code string `json:"errorCode"`
			}
		}
	}
	if json.Unmarshal(body, &in) != nil {
		return w
	}
	if fcmWord.MatchString(in.Error.Status) {
		w.Status = in.Error.Status
	}
	for _, d := range in.Error.Details {
		if fcmWord.MatchString(d.Code) {
			w.Code = d.Code
		}
	}
	return w
}

// code is the most telling word.
func (w fcmSaid) code(status int) string {
	switch {
	case w.Code != "":
		return w.Code
	case w.Status != "":
		return w.Status
	}
	return "http " + strconv.Itoa(status)
}

// fcmAfter reads seconds or a date; 0 for none. A vendor that asks for more than an hour is asked again after one.
func fcmAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if s, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, min(time.Duration(s)*time.Second, fcmPauseMost))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), fcmPauseMost))
	}
	return 0
}

func fcmFailure(class Class, code string, after time.Duration) *Failure {
	return &Failure{Class: class, After: after, Code: code, Err: errors.New("fcm: " + code)}
}

// fcmWaited is the failure of a parcel that found no room in time: nothing was sent.
func fcmWaited(ctx context.Context) *Failure {
	if ctx.Err() != nil {
		return fcmFailure(Unsure, "cancelled", 0)
	}
	return fcmFailure(Limited, "busy", time.Second)
}
