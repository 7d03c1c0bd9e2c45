package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"xinyi/models"
)

// A SessionState is where a sign-in stands.
type SessionState string

// The states of a session.
const (
	Live  SessionState = "LIVE"
	Ended SessionState = "ENDED"
)

// sessionMoves is the whole life of a session.
var sessionActs = models.Acts[SessionState]{
	models.From(Live).To(Ended).By("End", models.Resident),
	models.From(Live).To(Ended).By("Leave", models.System),
	models.From(Live).To(Ended).By("Refresh", models.System),
	models.From(Live).To(Ended).By("Wake", models.System),
}

var sessionMoves = sessionActs.Machine()

// Why a session ended.
const (
	EndedBySelf    = "signed_out"
	EndedByOther   = "other_device" // the person ended it from another device
	EndedByReuse   = "reuse"
	EndedByTime    = "expired"
	sessionKept    = 30 * 24 * time.Hour // an ended session stays in the list of the past
	maxDeviceRunes = 100
)

// A Session is one sign-in on one device: a family of refresh tokens, of which only the newest is good.
// Tokens are kept as hashes. Every refresh replaces the token; one that was replaced and comes back after its grace shows
// that two hold the family, and ends it.
type Session struct {
	models.Meta               `bson:",inline"`
	models.Life[SessionState] `bson:",inline"`

	Person      string    `bson:"person"`
	Device      string    `bson:"device"`           // what the app calls itself; "" unknown
	Method      string    `bson:"method"`           // code, oidc
	Family      string    `bson:"family"`           // hash of the part all refresh tokens of this session share
	Token       string    `bson:"token"`            // hash of the newest part
	Before      string    `bson:"before,omitempty"` // hash of the one it replaced
	BeforeUntil time.Time `bson:"beforeUntil"`      // how long that is still good
	StartedAt   time.Time `bson:"startedAt"`
	UsedAt      time.Time `bson:"usedAt"`
	IdleAt      time.Time `bson:"idleAt"` // ends here unless refreshed
	EndsAt      time.Time `bson:"endsAt"` // ends here in any case
}

// HashToken is how random tokens and client secrets are kept: SHA-256 in hex. They carry at least 128 random bits,
// so a plain hash cannot be searched.
func HashToken(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// same compares hashes in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// A SignIn is how and where a person signed in. Family and Token are hashes of the first refresh token's two parts.
type SignIn struct{ ID, Device, Method, Family, Token string }

// NewSession starts a session of a person. family and token are hashes of its first refresh token's two parts.
func NewSession(p *Person, in SignIn, pol Policy, now time.Time) *Session {
	if r := []rune(in.Device); len(r) > maxDeviceRunes {
		in.Device = string(r[:maxDeviceRunes])
	}
	s := &Session{Person: p.ID, Device: in.Device, Method: in.Method, Family: in.Family, Token: in.Token, StartedAt: now,
		EndsAt: now.Add(pol.Absolute)}
	s.ID, s.State, s.Moved = in.ID, Live, models.Moved{By: models.Resident, At: now}
	s.used(pol, now)
	s.Publish(EventSignedIn.Of(SignedInData{Method: in.Method}), p.ID, p.Self(), now)
	return s
}

func (s *Session) used(pol Policy, now time.Time) {
	s.UsedAt, s.IdleAt = now, now.Add(pol.Idle)
	s.WakeAt = models.Earliest(models.At(s.IdleAt), models.At(s.EndsAt))
}

// LiveAt says whether the session is good at now.
func (s *Session) LiveAt(now time.Time) bool {
	return s.State == Live && now.Before(s.IdleAt) && now.Before(s.EndsAt)
}

// Refresh replaces the refresh token, whose two parts have the hashes family and token, by one with the hash next, which the
// caller derives from the old token alone: so the same old token, sent again within its grace, gets the same new one.
//
// Answers whether the token was good. A token of this family that is neither the newest nor in grace ends the session
// (identity.session_reuse_detected): that change must be saved too, so it is an answer and not an error. A token of
// another family changes nothing, so a guess cannot end anybody's session.
func (s *Session) Refresh(family, token, next string, pol Policy, now time.Time) bool {
	switch {
	case !same(family, s.Family) || !s.LiveAt(now):
		return false
	case same(token, s.Token):
		s.Before, s.BeforeUntil = s.Token, now.Add(pol.Grace)
		s.Token = next
		s.used(pol, now)
		return true
	case s.Before != "" && same(token, s.Before) && now.Before(s.BeforeUntil):
		return same(next, s.Token)
	}
	s.reused(now)
	return false
}

func (s *Session) reused(now time.Time) {
	s.end(models.Clockwork, EndedByReuse, now)
	s.Publish(EventReuse, s.Person, models.Clockwork, now)
}

// End signs the device out. why is EndedBySelf or EndedByOther. One that has ended stays as it is.
func (s *Session) End(by models.Actor, why string, now time.Time) error {
	if by.Person != s.Person || by.Agent != "" {
		return models.E(models.NotFound, "not_found")
	}
	if s.State == Live {
		s.end(by, why, now)
	}
	return nil
}

// end is called on a live session only.
func (s *Session) end(by models.Actor, why string, now time.Time) {
	if err := s.Move(sessionMoves, Ended, by.At(now).Because(why), "identity.session_ended"); err != nil {
		return
	}
	s.Before, s.WakeAt, s.GoneAt = "", nil, models.At(now.Add(sessionKept))
	s.Publish(EventSessionEnded.Of(EndedData{Why: why}), s.Person, by, now)
}

// Wake ends a session whose time is over.
func (s *Session) Wake(now time.Time) error {
	if s.State == Live && !s.LiveAt(now) {
		s.end(models.Clockwork, EndedByTime, *models.Earliest(&s.IdleAt, &s.EndsAt))
	}
	return nil
}
