package delivery

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

// noon is a Friday, 12:00 in Shanghai.
var (
	noon  = models.Day("2026-04-24").Clock(12, 0)
	mei   = models.Actor{Person: "mei", Role: models.Resident}
	staff = models.Actor{Person: "clerk", Role: models.Operator}
	fast  = policy()
)

const lease = time.Minute

func policy() Policy {
	p := Standard
	p.Spread = 0
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err error, code models.Code, reason string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
		t.Fatalf("got %v, want %s (%s)", err, reason, code)
	}
}

// same compares documents with everything in them, the text of secrets too.
func same[T any](t testing.TB, before, after *T) {
	t.Helper()
	if diff := cmp.Diff(before, after, cmp.Comparer(func(a, b models.Secret) bool { return a == b })); diff != "" {
		t.Fatalf("the document changed:\n%s", diff)
	}
}

// pushed is a push of a notice, queued at noon.
func pushed() *Delivery {
	d := Plan(notice(), reader(), []string{FCM}, fast, noon)[0]
	return d
}

func notice() Notice {
	return Notice{
		Event: "e1", Kind: "medical.bill_issued", Subject: "b1", Message: "m1", At: noon,
		Topic: "medical.bill", Class: Service, Pushed: true,
	}
}

func reader() Reader {
	return Reader{Person: "mei", Region: "430181", Lang: "zh", HasPhone: true, Devices: []*Device{phone()}}
}

func phone() *Device {
	d, err := NewDevice("mei", "i1", Address{Channel: FCM, Token: "t1", Lang: "zh"}, fast, noon)
	if err != nil {
		panic(err)
	}
	return d
}

// in is a delivery in a state, always the same. What is over has been tried once and failed once before.
func in(t testing.TB, s State) *Delivery {
	d := pushed()
	d.NotAfter = models.At(noon.Add(100 * day))
	switch s {
	case Queued:
	case Deferred:
		must(t, d.Defer(noon.Add(time.Hour), noon))
		d.Open = "i1/k"
	case Skipped:
		must(t, d.Skip(WhyRead, fast, noon))
	case Sending, Sent, FailedRetry, Dead, Opened:
		must(t, d.Start(lease, noon))
	}
	switch s {
	case Sent, Opened:
		must(t, d.Took(1, "r1", fast, noon))
	case FailedRetry:
		must(t, d.Failed(1, "UNAVAILABLE", 0, fast, noon))
	case Dead:
		must(t, d.Kill(1, WhyToken, "UNREGISTERED", fast, noon))
	case Queued, Deferred, Sending, Skipped:
	}
	if s == Opened {
		must(t, d.Tapped(mei, noon))
	}
	if d.State != s {
		t.Fatalf("made a delivery in %s, not %s", d.State, s)
	}
	return d
}

func TestMachines(t *testing.T) {
	if len(States) != len(moves) || len(DeviceStates) != len(deviceMoves) {
		t.Error("a list of states lacks one of its machine")
	}
	closed(t, moves, States)
	closed(t, deviceMoves, DeviceStates)
}

func closed[S ~string](t *testing.T, m models.Machine[S], all []S) {
	t.Helper()
	for from, tos := range m {
		for _, to := range append(tos, from) {
			if _, known := m[to]; !known || !slices.Contains(all, to) {
				t.Errorf("%s leads to %s, which is in no list", from, to)
			}
		}
	}
}

func TestDeliveryInEveryState(t *testing.T) {
	over := []State{Sent, Dead, Skipped, Opened}
	waits := []State{Queued, Deferred, FailedRetry}
	now := noon.Add(30 * time.Second) // the lease of a try still runs, FAILED_RETRY is due
	late := noon.Add(2 * lease)       // it ran out
	for name, a := range map[string]struct {
		do      func(*Delivery) error
		allowed []State
		quiet   []State // nothing changes and there is no error
		code    models.Code
		reason  string
	}{
		"start":                 {do: func(d *Delivery) error { return d.Start(lease, now) }, allowed: []State{Queued, FailedRetry}, code: models.Conflict, reason: "delivery.not_due"},
		"start later":           {do: func(d *Delivery) error { return d.Start(lease, noon.Add(time.Hour)) }, allowed: append([]State{Sending}, waits...), code: models.Conflict, reason: "delivery.not_due"},
		"took":                  {do: func(d *Delivery) error { return d.Took(1, "r", fast, now) }, allowed: []State{Sending}, code: models.Conflict, reason: "delivery.not_yours"},
		"took another try":      {do: func(d *Delivery) error { return d.Took(2, "r", fast, now) }, code: models.Conflict, reason: "delivery.not_yours"},
		"failed":                {do: func(d *Delivery) error { return d.Failed(1, "x", 0, fast, now) }, allowed: []State{Sending}, code: models.Conflict, reason: "delivery.not_yours"},
		"failed another":        {do: func(d *Delivery) error { return d.Failed(0, "x", 0, fast, now) }, code: models.Conflict, reason: "delivery.not_yours"},
		"back":                  {do: func(d *Delivery) error { return d.Back(1, "x", now) }, allowed: []State{Sending}, code: models.Conflict, reason: "delivery.not_yours"},
		"back another":          {do: func(d *Delivery) error { return d.Back(2, "x", now) }, code: models.Conflict, reason: "delivery.not_yours"},
		"kill":                  {do: func(d *Delivery) error { return d.Kill(1, WhyRejected, "x", fast, now) }, allowed: []State{Sending}, code: models.Conflict, reason: "delivery.not_yours"},
		"kill another":          {do: func(d *Delivery) error { return d.Kill(2, WhyRejected, "x", fast, now) }, code: models.Conflict, reason: "delivery.not_yours"},
		"skip after the lease":  {do: func(d *Delivery) error { return d.Skip(WhyRead, fast, late) }, allowed: append([]State{Sending}, waits...), reason: "delivery.over"},
		"end after the lease":   {do: func(d *Delivery) error { return d.Skip(WhyExhausted, fast, late) }, allowed: append([]State{Sending}, waits...), reason: "delivery.over"},
		"defer after the lease": {do: func(d *Delivery) error { return d.Defer(late, late) }, allowed: append([]State{Sending}, waits...), reason: "delivery.over"},
		"replay":                {do: func(d *Delivery) error { return d.Replay(staff, now) }, allowed: []State{Sent, Dead}, reason: "delivery.not_over"},
		"tap":                   {do: func(d *Delivery) error { return d.Tapped(mei, now) }, allowed: []State{Sent}, quiet: []State{Opened}, reason: "delivery.not_sent"},
		"another's tap":         {do: func(d *Delivery) error { return d.Tapped(models.Actor{Person: "li"}, now) }, code: models.NotFound, reason: "not_found"},
		"nobody's tap":          {do: func(d *Delivery) error { return d.Tapped(models.Actor{}, now) }, code: models.NotFound, reason: "not_found"},
		"join":                  {do: func(d *Delivery) error { return joined(d.Join("m2")) }, allowed: []State{Deferred}, code: models.Conflict, reason: "no"},
		"join again":            {do: func(d *Delivery) error { return joined(d.Join("m1")) }, quiet: append(append([]State{Sending}, waits...), over...)},
	} {
		for _, s := range States {
			t.Run(name+"/"+string(s), func(t *testing.T) {
				d, before := in(t, s), in(t, s)
				err := a.do(d)
				switch {
				case slices.Contains(a.allowed, s):
					must(t, err)
					if cmp.Equal(before, d) {
						t.Fatal("the act was allowed and changed nothing")
					}
				case slices.Contains(a.quiet, s):
					must(t, err)
					same(t, before, d)
				default:
					code := a.code
					if code == "" {
						code = models.InvalidTransition
					}
					want(t, err, code, a.reason)
					same(t, before, d)
				}
			})
		}
	}
}

func joined(ok bool) error {
	if !ok {
		return models.E(models.Conflict, "no")
	}
	return nil
}

// While a replica sends it, nobody else puts a delivery off or away: it would be sent twice, or be sent and called skipped.
func TestOthersWaitForTheLease(t *testing.T) {
	now := noon.Add(lease - time.Millisecond)
	for name, do := range map[string]func(*Delivery) error{
		"skip":  func(d *Delivery) error { return d.Skip(WhyRead, fast, now) },
		"end":   func(d *Delivery) error { return d.Skip(WhyExhausted, fast, now) },
		"defer": func(d *Delivery) error { return d.Defer(noon.Add(time.Hour), now) },
		"start": func(d *Delivery) error { return d.Start(lease, now) },
	} {
		d, before := in(t, Sending), in(t, Sending)
		err := do(d)
		if want(t, err, models.Conflict, "delivery.not_due"); t.Failed() {
			t.Log(name)
		}
		same(t, before, d)
	}
}

func TestStart(t *testing.T) {
	d := in(t, Deferred)
	if d.Due(noon.Add(time.Hour - time.Millisecond)) {
		t.Error("due too early")
	}
	at := noon.Add(time.Hour)
	must(t, d.Start(lease, at))
	if d.Open != "" || d.Tries != 1 || !d.WakeAt.Equal(at.Add(lease)) || d.Destination != FCM || d.Moved.By != models.Clockwork.Role {
		t.Errorf("%+v", d)
	}
	must(t, d.Start(lease, at.Add(lease))) // the lease ran out
	if d.Tries != 2 || d.State != Sending {
		t.Errorf("%+v", d)
	}
	want(t, d.Took(1, "", fast, at.Add(lease)), models.Conflict, "delivery.not_yours")
	must(t, d.Took(2, "r2", fast, at.Add(lease)))
}

func TestTook(t *testing.T) {
	d := in(t, Sending)
	at := noon.Add(time.Second + 1234*time.Microsecond)
	must(t, d.Took(1, "r1", fast, at))
	ended(t, d, Sent, "")
	if !d.SentAt.Equal(noon.Add(1001*time.Millisecond)) || d.Receipt != "r1" || !d.GoneAt.Equal(models.At(at.Add(fast.Kept)).UTC()) {
		t.Errorf("%+v", d)
	}
	legal := in(t, Sending)
	legal.Legal = true
	must(t, legal.Took(1, "", fast, noon))
	if !legal.GoneAt.Equal(noon.Add(fast.KeptLegal)) {
		t.Errorf("a legal notice is gone at %s", legal.GoneAt)
	}
}

// ended checks what holds of every delivery that is over.
func ended(t testing.TB, d *Delivery, s State, why string) {
	t.Helper()
	if d.State != s || d.Moved.Reason != why || d.Destination != "" || d.Open != "" || d.WakeAt != nil || d.GoneAt == nil || !d.Over() || d.Due(noon.Add(1000*day)) {
		t.Fatalf("want %s (%s): %+v", s, why, d)
	}
}

func TestFailed(t *testing.T) {
	wait, _ := fast.Wait(FCM, pushed().ID, 1)
	for name, c := range map[string]struct {
		least, left time.Duration // left until NotAfter
		tries       int
		state       State
		at          time.Duration
		why         string
	}{
		"its own wait":          {0, time.Hour, 1, FailedRetry, wait, "x"},
		"asked for less":        {time.Second, time.Hour, 1, FailedRetry, wait, "x"},
		"asked for a past time": {-time.Hour, time.Hour, 1, FailedRetry, wait, "x"},
		"asked for more":        {time.Minute, time.Hour, 1, FailedRetry, time.Minute, "x"},
		"asked for years":       {1000 * day, 2 * day, 1, FailedRetry, day, "x"},
		"on the last moment":    {time.Minute, time.Minute, 1, FailedRetry, time.Minute, "x"},
		"too late then":         {time.Minute, time.Minute - time.Millisecond, 1, Skipped, 0, WhyExpired},
		"the last try":          {0, time.Hour, 8, Dead, 0, WhyExhausted},
	} {
		t.Run(name, func(t *testing.T) {
			d := in(t, Sending)
			d.Tries, d.NotAfter = c.tries, models.At(noon.Add(c.left))
			must(t, d.Failed(c.tries, "x", c.least, fast, noon))
			if diff := cmp.Diff([]Failure{{At: noon, Code: "x"}}, d.Failures); diff != "" {
				t.Error(diff)
			}
			if d.Over() {
				ended(t, d, c.state, c.why)
				return
			}
			at := models.At(noon.Add(c.at))
			if d.State != c.state || d.Moved.Reason != c.why || !d.WakeAt.Equal(*at) || !d.DueAt.Equal(*at) || d.Destination != FCM || d.Tries != 1 {
				t.Errorf("want %s at %s: %+v", c.state, at, d)
			}
		})
	}
}

func TestBackKeepsThePlace(t *testing.T) {
	d := in(t, FailedRetry)
	place := d.DueAt
	must(t, d.Start(lease, noon.Add(time.Minute)))
	must(t, d.Back(2, "http 503", noon.Add(time.Minute)))
	if d.State != Queued || d.Tries != 1 || !d.WakeAt.Equal(place) || !d.DueAt.Equal(place) || d.Destination != FCM || len(d.Failures) != 2 || d.Moved.Reason != "http 503" {
		t.Errorf("%+v", d)
	}
}

func TestKill(t *testing.T) {
	d := in(t, Sending)
	must(t, d.Kill(1, WhyToken, "UNREGISTERED", fast, noon))
	ended(t, d, Dead, WhyToken)
	if len(d.Failures) != 1 || d.Failures[0].Code != "UNREGISTERED" {
		t.Errorf("%+v", d.Failures)
	}
}

func TestSkip(t *testing.T) {
	d := in(t, Deferred)
	must(t, d.Skip(WhyStopped, fast, noon))
	ended(t, d, Skipped, WhyStopped)
	d = in(t, Sending)
	must(t, d.Skip(WhyExhausted, fast, noon.Add(lease)))
	ended(t, d, Dead, WhyExhausted)
}

func TestDefer(t *testing.T) {
	at := noon.Add(time.Hour + 1500*time.Microsecond)
	d := in(t, FailedRetry)
	must(t, d.Defer(at, noon))
	if d.State != Deferred || !d.WakeAt.Equal(*models.At(at)) || !d.DueAt.Equal(*models.At(at)) || d.Tries != 1 || d.Destination != FCM {
		t.Errorf("%+v", d)
	}
	open := in(t, Deferred)
	must(t, open.Defer(at, noon))
	if open.Open == "" {
		t.Error("what is put off once more does not collect any more")
	}
	if d.Join("m2") {
		t.Error("what was tried collects")
	}
}

// A vendor's word can be long, and bytes at its end half a character.
func TestFailuresAreBounded(t *testing.T) {
	word := "错"
	for len(word) < 2*maxCode {
		word += "误"
	}
	word = "x" + word
	for name, do := range map[string]func(*Delivery, int) error{
		"failed": func(d *Delivery, n int) error { return d.Failed(n, word, 0, fast, noon) },
		"back":   func(d *Delivery, n int) error { return d.Back(n, word, noon) },
		"killed": func(d *Delivery, n int) error { return d.Kill(n, WhyRejected, word, fast, noon) },
	} {
		d := in(t, Sending)
		must(t, do(d, 1))
		code := d.Failures[0].Code
		if len(code) > maxCode || len(code) < maxCode-3 || !cmp.Equal(code, string([]rune(word)[:len([]rune(code))])) {
			t.Errorf("%s: kept %q", name, code)
		}
		if len(d.Moved.Reason) > maxCode {
			t.Errorf("%s: the move keeps %d bytes", name, len(d.Moved.Reason))
		}
	}
	d := pushed()
	for i := range 13 {
		must(t, d.Start(lease, noon))
		must(t, d.Back(1, string(rune('a'+i)), noon))
	}
	if len(d.Failures) != maxFailures || d.Failures[0].Code != "d" || d.Failures[9].Code != "m" {
		t.Errorf("%+v", d.Failures)
	}
}

func TestJoinIsBounded(t *testing.T) {
	d := in(t, Deferred)
	for i := range maxMessages - 1 {
		if !d.Join(models.Derived("m", string(rune(i)))) {
			t.Fatalf("did not take message %d", i+2)
		}
	}
	if d.Join("one more") || len(d.Messages) != maxMessages || !d.Join("m1") {
		t.Errorf("%d messages", len(d.Messages))
	}
}

func TestReplay(t *testing.T) {
	later := noon.Add(3 * day)
	for _, s := range []State{Sent, Dead} {
		d := in(t, s)
		must(t, d.Replay(staff, later))
		if d.State != Queued || d.Destination != FCM || d.GoneAt != nil || d.NotAfter != nil || !d.WakeAt.Equal(later) || !d.DueAt.Equal(later) ||
			d.Moved.By != models.Operator || d.Over() || (d.SentAt == nil) != (s == Dead) {
			t.Errorf("%s: %+v", s, d)
		}
		for n := range 8 { // all its tries
			must(t, d.Start(lease, *d.WakeAt))
			must(t, d.Failed(d.Tries, "x", 0, fast, *d.WakeAt))
			if d.Over() != (n == 7) {
				t.Fatalf("%s: over after %d tries", s, n+1)
			}
		}
		ended(t, d, Dead, WhyExhausted)
	}
}

// A partner whose endpoint was off asks for what was skipped; a person does not want it.
func TestReplayOfWhatWasSkipped(t *testing.T) {
	d := ForPartner(models.Event{ID: "e1", Kind: "k", At: noon}, "w1", "430181", "{}", noon)
	must(t, d.Skip(WhyDisabled, fast, noon))
	must(t, d.Replay(staff, noon))
	if d.State != Queued || d.Destination != "webhook/w1" {
		t.Errorf("%+v", d)
	}
	d = in(t, Skipped)
	before := in(t, Skipped)
	want(t, d.Replay(staff, noon), models.InvalidTransition, "delivery.not_over")
	same(t, before, d)
}

// Who lost a try never ends one that began after a replay.
func TestALostTryStaysLost(t *testing.T) {
	d := in(t, Sending) // try 1, of a replica that hangs
	must(t, d.Start(lease, noon.Add(lease)))
	must(t, d.Kill(2, WhyRejected, "x", fast, noon.Add(lease)))
	must(t, d.Replay(staff, noon.Add(time.Hour)))
	must(t, d.Start(lease, noon.Add(time.Hour)))
	want(t, d.Took(1, "late", fast, noon.Add(time.Hour)), models.Conflict, "delivery.not_yours")
	want(t, d.Took(2, "late", fast, noon.Add(time.Hour)), models.Conflict, "delivery.not_yours")
	must(t, d.Took(3, "r", fast, noon.Add(time.Hour)))
}

func TestTapped(t *testing.T) {
	d := in(t, Sent)
	gone := *d.GoneAt
	must(t, d.Tapped(mei, noon.Add(time.Minute)))
	if d.State != Opened || !d.OpenedAt.Equal(noon.Add(time.Minute)) || !d.GoneAt.Equal(gone) || d.WakeAt != nil || d.Destination != "" {
		t.Errorf("%+v", d)
	}
	partner := ForPartner(models.Event{ID: "e1", At: noon}, "w1", "", "{}", noon)
	want(t, partner.Tapped(models.Actor{Role: models.Hospital}, noon), models.NotFound, "not_found")
}

func TestOver(t *testing.T) {
	for _, s := range States {
		if d := in(t, s); d.Over() != (d.Destination == "") || d.Over() != (d.WakeAt == nil) {
			t.Errorf("%s: over is %v, lane %q, wakes %v", s, d.Over(), d.Destination, d.WakeAt)
		}
	}
}
