package identity

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
)

// An asker is who asks for codes to a phone: a device that was signed in with it before, or an address. Each has codes of its own and its
// own count of wrong answers, so that nobody is shut out by somebody else's.
type asker struct {
	id    string // no device or address can be read off it
	known bool
}

// askerOf is who asks: the device a token names, when it is ours for this very phone, else the address.
func (h Handler) askerOf(phone models.Secret, token string, rq api.Request) asker {
	if id, ok := h.deviceOf(phone, token); ok {
		return asker{"d" + id, true}
	}
	return asker{"a" + h.Keys.Hash(models.NewSecret("address\n"+rq.Address)), false}
}

// deviceToken names this device at the next sign-in with the same phone; one that is good already stays. Nothing is kept of it: it proves
// itself by our key.
func (h Handler) deviceToken(phone models.Secret, old string) string {
	if _, ok := h.deviceOf(phone, old); ok {
		return old
	}
	id := rand.Text()
	return id + "." + h.deviceProof(phone, id)
}

func (h Handler) deviceOf(phone models.Secret, token string) (id string, ok bool) {
	id, proof, _ := strings.Cut(token, ".")
	return id, id != "" && identity.HashToken(proof) == identity.HashToken(h.deviceProof(phone, id))
}

func (h Handler) deviceProof(phone models.Secret, id string) string {
	return h.Keys.Hash(models.NewSecret("device\n" + phone.Reveal() + "\n" + id))
}

// spend takes a code from what may be sent: to this phone by strange devices, and to all phones in a minute and in a day.
// Errors: Limited "identity.codes_exhausted".
func (h Handler) spend(ctx context.Context, phone models.Secret, who asker, now time.Time) error {
	if !who.known {
		if err := h.take(ctx, allowance{h.Keys.PhoneBudget(phone), h.Policy.PhoneHourly, time.Hour}, true, now); err != nil {
			return err
		}
	}
	if err := h.take(ctx, allowance{"city/minute", h.Policy.CityMinute, time.Minute}, who.known, now); err != nil {
		return err
	}
	return h.take(ctx, allowance{"city/day", h.Policy.CityDaily, 24 * time.Hour}, who.known, now)
}

// An allowance is how many codes a budget has in a while.
type allowance struct {
	budget string
	most   int
	per    time.Duration
}

// take takes one from a budget, or from all but its reserve. A budget begins when it is first needed.
func (h Handler) take(ctx context.Context, of allowance, whole bool, now time.Time) error {
	if of.most <= 0 {
		return nil
	}
	alarm, refused := false, error(nil)
	spend := func(b *identity.Budget) error {
		alarm, refused = b.Take(of.most, of.per, whole, now)
		return nil
	}
	_, err := h.Budgets.Update(ctx, of.budget, spend)
	if models.CodeOf(err) == models.NotFound {
		b := &identity.Budget{}
		b.ID = of.budget
		if err = spend(b); err == nil {
			err = h.Budgets.Insert(ctx, b)
		}
		if models.CodeOf(err) == models.Conflict { // somebody else's first came in between
			_, err = h.Budgets.Update(ctx, of.budget, spend)
		}
	}
	if err != nil {
		return err
	}
	if alarm && h.Alarm != nil && strings.HasPrefix(of.budget, "city/") {
		h.Alarm(ctx, of.budget)
	}
	return refused
}
