package identity

import (
	"time"

	"xinyi/models"
)

// A CodeState is where a one-time code stands.
type CodeState string

// The states of a code.
const (
	Waiting CodeState = "WAITING" // sent, not yet answered
	Used    CodeState = "USED"    // answered rightly, once
	Burnt   CodeState = "BURNT"   // answered wrongly too often
)

// codeMoves is the whole life of a phone's code: a new one can always follow.
var codeActs = models.Acts[CodeState]{
	models.From(Waiting, Used, Burnt).To(Waiting).By("Send", models.System),
	models.From(Waiting).To(Used, Burnt).By("Answer", models.System),
}

var codeMoves = codeActs.Machine()

// A Code is the one-time code of a phone for one asker, the newest only: a device that was signed in before, or an address. So strangers
// who ask and answer wrongly shut out themselves. Its id is made of hashes of phone and asker; the code is kept as a keyed hash.
type Code struct {
	models.Meta            `bson:",inline"`
	models.Life[CodeState] `bson:",inline"`

	Hash      string      `bson:"hash"`
	ExpiresAt time.Time   `bson:"expiresAt"`
	Tries     int         `bson:"tries"` // wrong answers
	Sent      []time.Time `bson:"sent"`  // of the last hour, oldest first
}

// NewCode sends a phone its first code. hash is the keyed hash of the six digits.
func NewCode(id, hash string, pol Policy, now time.Time) *Code {
	c := &Code{}
	c.ID = id
	c.send(hash, pol, now)
	c.State, c.Moved = Waiting, models.Moved{By: models.System, At: now}
	return c
}

// Send replaces the code. Errors: Limited with the time to wait, when the last is too young or the hour is full.
func (c *Code) Send(hash string, pol Policy, now time.Time) error {
	c.forget(now)
	if n := len(c.Sent); n > 0 {
		wait := c.Sent[n-1].Add(pol.CodeEvery).Sub(now)
		if n >= pol.CodesHourly {
			wait = max(wait, c.Sent[n-pol.CodesHourly].Add(time.Hour).Sub(now))
		}
		if wait > 0 {
			e := models.E(models.Limited, "identity.code_too_often")
			e.RetryAfter = wait
			return e
		}
	}
	if err := c.Move(codeMoves, Waiting, models.Clockwork.At(now), "identity.code_not_sent"); err != nil {
		return err
	}
	c.send(hash, pol, now)
	return nil
}

// forget drops what was sent more than an hour ago.
func (c *Code) forget(now time.Time) {
	for len(c.Sent) > 0 && !now.Before(c.Sent[0].Add(time.Hour)) {
		c.Sent = c.Sent[1:]
	}
}

func (c *Code) send(hash string, pol Policy, now time.Time) {
	c.Hash, c.Tries, c.ExpiresAt = hash, 0, now.Add(pol.CodeLife)
	c.Sent = append(c.Sent, now)
	c.GoneAt = models.At(now.Add(time.Hour + pol.CodeLife))
}

// Answer says whether hash is the code's, still good and not yet used; then it is used. A wrong answer counts, and the last
// one allowed burns the code: that must be saved too, so it is an answer and not an error.
func (c *Code) Answer(hash string, pol Policy, now time.Time) bool {
	if c.State != Waiting || !now.Before(c.ExpiresAt) {
		return false
	}
	to := Used
	if !same(hash, c.Hash) {
		if c.Tries++; c.Tries < pol.CodeTries {
			return false
		}
		to = Burnt
	}
	return c.Move(codeMoves, to, models.Clockwork.At(now), "identity.code_wrong") == nil && to == Used
}
