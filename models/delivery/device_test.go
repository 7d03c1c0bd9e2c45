package delivery

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

// deviceIn is a browser in a state, always the same.
func deviceIn(t testing.TB, s DeviceState) *Device {
	d, err := NewDevice("mei", "i1", browser(), fast, noon)
	must(t, err)
	switch s {
	case Active:
	case Stale:
		must(t, d.Wake(noon.Add(fast.StaleAfter)))
	case Disabled:
		must(t, d.Disable(mei, OffSignedOut, noon))
	}
	if d.State != s {
		t.Fatalf("made a device in %s, not %s", d.State, s)
	}
	return d
}

func browser() Address {
	return Address{Channel: WebPush, Token: "https://push.example/1", Host: "push.example", P256dh: "k", Auth: "a", Platform: "web", App: "1.0", Lang: "en"}
}

func TestDeviceInEveryState(t *testing.T) {
	token := models.NewSecret(browser().Token)
	later := noon.Add(time.Hour)
	for name, a := range map[string]struct {
		do      func(*Device) error
		allowed []DeviceState // the others change nothing
		code    models.Code   // of the others; "" no error
	}{
		"report":             {do: func(d *Device) error { return d.Report(browser(), fast, later) }, allowed: DeviceStates},
		"report nonsense":    {do: func(d *Device) error { return d.Report(Address{}, fast, later) }, code: models.Invalid},
		"disable":            {do: func(d *Device) error { return d.Disable(mei, OffSignedOut, later) }, allowed: []DeviceState{Active, Stale}},
		"its token died":     {do: func(d *Device) error { return d.Died(token, later) }, allowed: []DeviceState{Active, Stale}},
		"another token died": {do: func(d *Device) error { return d.Died(models.NewSecret("t0"), later) }},
		"no token died":      {do: func(d *Device) error { return d.Died(models.Secret{}, later) }},
		"wake too early":     {do: func(d *Device) error { return d.Wake(later) }},
		"wake after a month": {do: func(d *Device) error { return d.Wake(noon.Add(30 * day)) }, allowed: []DeviceState{Active}},
		"wake after a year":  {do: func(d *Device) error { return d.Wake(noon.Add(365 * day)) }, allowed: []DeviceState{Active, Stale}},
		"market":             {do: func(d *Device) error { return joined(d.Market(1, later)) }, allowed: DeviceStates},
		"market none":        {do: func(d *Device) error { return joined(d.Market(0, later)) }, code: models.Conflict},
	} {
		for _, s := range DeviceStates {
			t.Run(name+"/"+string(s), func(t *testing.T) {
				d, before := deviceIn(t, s), deviceIn(t, s)
				err := a.do(d)
				if slices.Contains(a.allowed, s) {
					must(t, err)
					if cmp.Equal(before, d, cmp.Comparer(func(a, b models.Secret) bool { return a == b })) {
						t.Fatal("the act was allowed and changed nothing")
					}
					return
				}
				if models.CodeOf(err) != a.code {
					t.Fatalf("got %v, want %q", err, a.code)
				}
				same(t, before, d)
			})
		}
	}
}

func TestReport(t *testing.T) {
	for _, s := range DeviceStates {
		d := deviceIn(t, s)
		at := noon.Add(100 * day)
		must(t, d.Report(Address{Channel: FCM, Token: "t2", Host: "x", P256dh: "x", Auth: "x", Platform: "android", App: "2.0", Lang: "zh"}, fast, at))
		if d.State != Active || d.GoneAt != nil || !d.WakeAt.Equal(at.Add(30*day)) || !d.Until.Equal(at.Add(270*day)) || !d.SeenAt.Equal(at) {
			t.Errorf("%s: %+v", s, d)
		}
		if d.Channel != FCM || d.Token.Reveal() != "t2" || d.Host != "" || !d.P256dh.Empty() || !d.Auth.Empty() || d.Platform != "android" || d.App != "2.0" || d.Lang != "zh" {
			t.Errorf("%s: the address is %+v", s, d)
		}
		if moved := d.Moved.At.Equal(at); moved != (s != Active) {
			t.Errorf("%s: moved at %s", s, d.Moved.At)
		}
	}
	d := deviceIn(t, Disabled)
	must(t, d.Report(browser(), fast, noon))
	if d.Token.Reveal() != "https://push.example/1" || d.P256dh.Reveal() != "k" || d.Auth.Reveal() != "a" || d.Host != "push.example" {
		t.Errorf("%+v", d)
	}
}

func TestReportSaysEveryFault(t *testing.T) {
	with := func(change func(*Address)) Address {
		a := browser()
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		a    Address
		want []models.Field
	}{
		"nothing":        {Address{}, []models.Field{{Pointer: "/channel", Code: "unknown_channel"}, {Pointer: "/token", Code: "required"}}},
		"no device":      {Address{Channel: SMS, Token: "t"}, []models.Field{{Pointer: "/channel", Code: "unknown_channel"}}},
		"token too long": {Address{Channel: FCM, Token: strings.Repeat("t", maxToken+1)}, []models.Field{{Pointer: "/token", Code: "max"}}},
		"longest token":  {Address{Channel: FCM, Token: strings.Repeat("t", maxToken)}, nil},
		"jpush":          {Address{Channel: Vendor, Token: "t"}, nil},
		"browser":        {browser(), nil},
		"bare browser":   {Address{Channel: WebPush}, []models.Field{{Pointer: "/token", Code: "required"}, {Pointer: "/p256dh", Code: "required"}, {Pointer: "/auth", Code: "required"}}},
		"no https":       {with(func(a *Address) { a.Token = "http://push.example/1" }), []models.Field{{Pointer: "/token", Code: "url"}}},
		"no host":        {with(func(a *Address) { a.Host = "" }), []models.Field{{Pointer: "/token", Code: "url"}}},
		"no key":         {with(func(a *Address) { a.P256dh = "" }), []models.Field{{Pointer: "/p256dh", Code: "required"}}},
		"no secret":      {with(func(a *Address) { a.Auth = "" }), []models.Field{{Pointer: "/auth", Code: "required"}}},
	} {
		d, err := NewDevice("mei", "i1", c.a, fast, noon)
		if c.want == nil {
			if err != nil || d.ID != DeviceID("mei", "i1") || d.Person != "mei" || d.Install != "i1" {
				t.Errorf("%s: %+v, %v", name, d, err)
			}
			continue
		}
		var e *models.Error
		if d != nil || !errors.As(err, &e) || e.Code != models.Invalid || e.Reason != "delivery.device_invalid" {
			t.Errorf("%s: %+v, %v", name, d, err)
			continue
		}
		if diff := cmp.Diff(c.want, e.Fields); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDisableForgetsTheAddress(t *testing.T) {
	at := noon.Add(time.Hour)
	for _, why := range []string{OffSignedOut, OffMoved, OffToken, OffSilent, OffRotated} {
		d := deviceIn(t, Active)
		must(t, d.Disable(staff, why, at))
		if d.State != Disabled || d.Moved.Reason != why || !d.Moved.At.Equal(at) || d.WakeAt != nil || d.Until != nil || !d.GoneAt.Equal(at.Add(90*day)) {
			t.Errorf("%s: %+v", why, d)
		}
		if !d.Token.Empty() || !d.P256dh.Empty() || !d.Auth.Empty() {
			t.Errorf("%s: the address is kept", why)
		}
		must(t, d.Disable(mei, OffMoved, at.Add(time.Hour)))
		if d.Moved.Reason != why {
			t.Errorf("%s became %s", why, d.Moved.Reason)
		}
	}
}

// A push service's answer can be older than the address the app has reported since.
func TestDiedAfterANewAddress(t *testing.T) {
	d := deviceIn(t, Active)
	old := d.Token
	a := browser()
	a.Token += "/new"
	must(t, d.Report(a, fast, noon))
	must(t, d.Died(old, noon))
	if d.State != Active || d.Token.Reveal() != a.Token {
		t.Errorf("%+v", d)
	}
	must(t, d.Died(d.Token, noon))
	if d.State != Disabled || d.Moved.Reason != OffToken || d.Moved.By != models.Clockwork.Role {
		t.Errorf("%+v", d)
	}
}

func TestDeviceWakes(t *testing.T) {
	stale, gone := noon.Add(30*day), noon.Add(270*day)
	d := deviceIn(t, Active)
	must(t, d.Wake(stale.Add(-time.Millisecond)))
	if d.State != Active || !d.WakeAt.Equal(stale) {
		t.Fatalf("%+v", d)
	}
	must(t, d.Wake(stale.Add(time.Hour)))
	if d.State != Stale || !d.Moved.At.Equal(stale) || !d.WakeAt.Equal(gone) || d.GoneAt != nil {
		t.Fatalf("%+v", d)
	}
	must(t, d.Wake(gone.Add(-time.Millisecond)))
	if d.State != Stale || !d.WakeAt.Equal(gone) {
		t.Fatalf("%+v", d)
	}
	must(t, d.Wake(gone))
	if d.State != Disabled || d.Moved.Reason != OffSilent || !d.Moved.At.Equal(gone) || d.WakeAt != nil || !d.GoneAt.Equal(gone.Add(90*day)) {
		t.Fatalf("%+v", d)
	}
	outage := deviceIn(t, Active)
	must(t, outage.Wake(gone.Add(300*day))) // nobody woke it for long: the same end
	same(t, d, outage)
}

// A sweep that listed a device wakes a fresh copy: what the app reported in between counts.
func TestWakeAfterAReport(t *testing.T) {
	d := deviceIn(t, Active)
	must(t, d.Report(browser(), fast, noon.Add(30*day)))
	must(t, d.Wake(noon.Add(30*day)))
	if d.State != Active || !d.WakeAt.Equal(noon.Add(60*day)) {
		t.Errorf("%+v", d)
	}
}

// A policy that gives up on a device before it calls it stale.
func TestGoneBeforeStale(t *testing.T) {
	p := fast
	p.StaleAfter, p.GoneAfter = 30*day, 10*day
	d, err := NewDevice("mei", "i1", browser(), p, noon)
	must(t, err)
	if !d.WakeAt.Equal(noon.Add(10 * day)) {
		t.Fatalf("wakes at %s", d.WakeAt)
	}
	must(t, d.Wake(*d.WakeAt))
	if d.State != Disabled || d.WakeAt != nil {
		t.Errorf("%+v", d)
	}
}

func TestReachable(t *testing.T) {
	for s, c := range map[DeviceState]map[Class]bool{
		Active: {Service: true, Marketing: true}, Stale: {Service: true, Marketing: false}, Disabled: {Service: false, Marketing: false},
	} {
		for class, ok := range c {
			if deviceIn(t, s).Reachable(class) != ok {
				t.Errorf("%s for %s", s, class)
			}
		}
	}
}

func TestMarket(t *testing.T) {
	midnight := models.Day("2026-04-25").Start() // in Shanghai; 16:00 UTC
	d := deviceIn(t, Active)
	for i, c := range []struct {
		at   time.Time
		most int
		ok   bool
		left int
		day  models.Day
	}{
		{noon, 0, false, 0, ""},
		{noon, 2, true, 1, "2026-04-24"},
		{noon, 2, true, 2, "2026-04-24"},
		{noon, 2, false, 2, "2026-04-24"},
		{midnight.Add(-time.Millisecond), 2, false, 2, "2026-04-24"},
		{midnight, 0, false, 2, "2026-04-24"},
		{midnight, -1, false, 2, "2026-04-24"},
		{midnight, 2, true, 1, "2026-04-25"},
		{midnight.Add(8 * time.Hour), 2, true, 2, "2026-04-25"}, // the UTC day changed, this one did not
		{midnight.Add(8 * time.Hour), 2, false, 2, "2026-04-25"},
	} {
		if ok := d.Market(c.most, c.at); ok != c.ok || d.Marketings != c.left || d.MarketingOn != c.day {
			t.Errorf("%d: %v, %d on %s", i, ok, d.Marketings, d.MarketingOn)
		}
	}
}
