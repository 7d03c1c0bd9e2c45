package delivery

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWait(t *testing.T) {
	for channel, waits := range map[string][]time.Duration{FCM: Standard.PushWaits, SMS: Standard.PushWaits, Webhook: Standard.WebhookWaits} {
		for _, tries := range []int{math.MinInt, -1, 0, len(waits) + 1, math.MaxInt} {
			if wait, more := Standard.Wait(channel, "d", tries); more || wait != 0 {
				t.Errorf("%s: %s after %d tries", channel, wait, tries)
			}
		}
		for i, least := range waits {
			seen := map[time.Duration]bool{}
			for id := range 50 {
				wait, more := Standard.Wait(channel, strconv.Itoa(id), i+1)
				again, _ := Standard.Wait(channel, strconv.Itoa(id), i+1)
				if !more || wait < least || wait >= least+least/5 || wait != again {
					t.Errorf("%s: %s, then %s after %d tries", channel, wait, again, i+1)
				}
				seen[wait] = true
			}
			if len(seen) < 40 {
				t.Errorf("%s: 50 deliveries wait only %d times after %d tries", channel, len(seen), i+1)
			}
			if i > 0 && least <= waits[i-1] {
				t.Errorf("%s: wait %d is not longer than the one before", channel, i+1)
			}
		}
	}
	// Each try has a lengthening of its own, the tenth and later too.
	p := Policy{PushWaits: make([]time.Duration, 30)}
	seen := map[time.Duration]bool{}
	for i := range p.PushWaits {
		p.PushWaits[i] = time.Hour
		wait, _ := p.Wait(FCM, "d", i+1)
		seen[wait] = true
	}
	if len(seen) != 30 {
		t.Errorf("30 tries wait only %d times", len(seen))
	}
}

// Standard Webhooks: at once, then after these.
func TestWebhookSchedule(t *testing.T) {
	var sum time.Duration
	for _, w := range Standard.WebhookWaits {
		sum += w
	}
	if len(Standard.WebhookWaits) != 9 || sum != 75*time.Hour+35*time.Minute+5*time.Second {
		t.Errorf("%d waits of %s", len(Standard.WebhookWaits), sum)
	}
}

func TestShareHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		s := share(d, words...)
		switch {
		case s != share(d, words...):
			t.Fatal("not the same for the same words")
		case s != s.Truncate(time.Millisecond):
			t.Fatalf("%s is finer than a document keeps", s)
		case d <= 0 && s != 0, d > 0 && (s < 0 || s >= d):
			t.Fatalf("%s of %s", s, d)
		}
	})
}

func TestLane(t *testing.T) {
	for want, d := range map[string]Delivery{
		"fcm":                  {Channel: FCM, To: "i1"},
		"jpush":                {Channel: Vendor, To: "i1"},
		"sms":                  {Channel: SMS, To: "mei"},
		"webpush/push.example": {Channel: WebPush, To: "i1", Host: "push.example"},
		"webhook/w1":           {Channel: Webhook, To: "w1"},
	} {
		if got := d.destination(); got != want {
			t.Errorf("lane %q, want %q", got, want)
		}
	}
}

func TestPushes(t *testing.T) {
	for channel, want := range map[string]bool{FCM: true, Vendor: true, WebPush: true, SMS: false, Webhook: false, "": false} {
		if Pushes(channel) != want {
			t.Errorf("%q", channel)
		}
	}
}
