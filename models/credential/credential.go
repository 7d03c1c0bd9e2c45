// Package credential is an honour that a third party checks without asking us (可验证凭证): an SD-JWT VC whose holder chooses what
// it shows, and a status list that says whether it still stands. Whoever has the public keys and a fresh list needs no network.
//
// A credential keeps what it says and a secret, not its text: the same credential, seal and address make the same bytes, so it can be
// shown again for as long as it stands, and a new seal signs what an older one did.
package credential

import (
	"fmt"
	"time"

	"xinyi/models"
)

// A Kind is what a credential attests.
type Kind string

// The kinds of credentials.
const (
	Honour Kind = "HONOUR" // an award of a person or an organisation
	Plaque Kind = "PLAQUE" // 授牌 of a village or a town
)

// Enum are all of them.
func (Kind) Enum() []any { return models.Enum(Honour, Plaque) }

// Kinds lists every kind, for views and checks.
var Kinds = []Kind{Honour, Plaque}

// A State is where a credential stands.
type State string

// The states of a credential.
const (
	Valid    State = "VALID"
	Revoked  State = "REVOKED"
	Expired  State = "EXPIRED"
	Replaced State = "REPLACED" // renewed, or shown under another name: there is a newer one
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Valid, Revoked, Expired, Replaced) }

// States lists every state, for views and checks.
var States = []State{Valid, Revoked, Expired, Replaced}

var acts = models.Acts[State]{
	models.From(Valid).To(Revoked).By("Revoke", models.System),
	models.From(Valid).To(Expired).By("Expire", models.System),
	models.From(Valid).To(Expired).By("Wake", models.System),
	models.From(Valid).To(Replaced).By("Replace", models.System),
}

var moves = acts.Machine()

// Policy is how fresh a status must be and how long things are kept. Standard is what the product comes with; all of it is
// configuration.
type Policy struct {
	StatusLife  time.Duration // how long a status list may be used offline: its exp
	StatusTTL   time.Duration // after how long somebody with a network fetches it anew
	HoldIndex   time.Duration // how long a place in a list waits for its credential
	KeepMonths  int           // months a presentation stays in its holder's log
	MaxTokenAge time.Duration // how old the status may be that xinyi verify goes by, unless it is told otherwise
}

// Standard is the policy of the product.
//
// Source: docs/sources.md#credential-fresh.
var Standard = Policy{StatusLife: 24 * time.Hour, StatusTTL: time.Hour, HoldIndex: time.Hour, KeepMonths: 24, MaxTokenAge: 24 * time.Hour}

// Facts are what a credential says. There is no field for an ID number, a phone, a score, or anything about health.
//
// Source: docs/sources.md#credential-claims.
type Facts struct {
	Title  models.Words  `bson:"title"`
	Level  int           `bson:"level"` // as models.Honour: 1 town to 5 nation
	No     string        `bson:"no"`    // of the certificate
	Since  models.Day    `bson:"since"`
	Until  models.Day    `bson:"until"` // last day
	Code   string        `bson:"code,omitempty"`
	Deed   string        `bson:"deed,omitempty"`
	Region models.Region `bson:"region"`
	Place  string        `bson:"place"` // its name
	Unit   string        `bson:"unit"`  // the office that gives it
}

// A Credential is one issued credential.
type Credential struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Kind   Kind           `bson:"kind"`
	Of     string         `bson:"of"`             // id of what it attests: the award
	Slot   string         `bson:"slot,omitempty"` // unique: one in force for each
	Holder models.Subject `bson:"holder"`
	Name   models.Secret  `bson:"name"` // as it is shown: masked of a holder who does not want to be named
	Facts  Facts          `bson:"facts"`
	At     time.Time      `bson:"at"`
	Code   string         `bson:"code"`   // what the paper's QR code names
	Secret models.Secret  `bson:"secret"` // 64 hex digits: what salts derive from
	List   string         `bson:"list"`   // its place in the status lists
	Index  int            `bson:"index"`
}

// An Issue is what a credential is made from.
type Issue struct {
	ID, Of       string
	Kind         Kind
	Holder       models.Subject
	Name         string
	Facts        Facts
	Code, Secret string
	List         string
	Index        int
	Again        bool // in the place of one that is replaced: its holder is told of that
}

// New issues a credential. Errors: Internal when something is missing; Conflict "credential.over" when its last day has passed.
func New(in Issue, now time.Time) (*Credential, error) {
	f := in.Facts
	switch {
	case in.Of == "" || in.Code == "" || len(in.Secret) != 64 || in.List == "" || in.Index < 0 || in.Index >= ListSize ||
		in.Holder.Ref == "" || in.Name == "" || f.No == "":
		return nil, models.E(models.Internal, "internal", fmt.Errorf("credential %q is incomplete", in.ID))
	case f.Until == "" || models.DayOf(now) > f.Until:
		return nil, models.E(models.Conflict, "credential.over")
	}
	if in.Holder.Kind != models.Organisation {
		f.Code = "" // only organisations have one that may be shown
	}
	c := &Credential{
		Kind: in.Kind, Of: in.Of, Slot: in.Of, Holder: in.Holder, Name: models.NewSecret(in.Name), Facts: f, At: *models.At(now), Code: in.Code,
		Secret: models.NewSecret(in.Secret), List: in.List, Index: in.Index,
	}
	c.ID, c.State, c.Moved = in.ID, Valid, models.Moved{By: models.System, At: now}
	c.WakeAt = models.At(c.Ends())
	if in.Again {
		c.publish(EventReissued, now)
	} else {
		c.publish(EventIssued, now)
	}
	return c, nil
}

// Ends is the first moment at which it does not hold any more.
func (c *Credential) Ends() time.Time { return c.Facts.Until.Add(1).Start() }

// Says whether a credential says exactly that.
func (c *Credential) Says(name string, f Facts) bool {
	if c.Holder.Kind != models.Organisation {
		f.Code = ""
	}
	return c.Name.Reveal() == name && c.Facts == f
}

// Replace ends a credential because another one takes its place. It says whether anything changed.
func (c *Credential) Replace(now time.Time) bool { return c.end(Replaced, EventReplaced, now) == nil }

// Revoke ends a credential because its ground is gone. It says whether anything changed.
func (c *Credential) Revoke(now time.Time) bool { return c.end(Revoked, EventRevoked, now) == nil }

// Expire ends a credential whose time is over, or whose award says so. It says whether anything changed.
func (c *Credential) Expire(now time.Time) bool { return c.end(Expired, EventExpired, now) == nil }

func (c *Credential) end(to State, event models.Kind[Data], now time.Time) error {
	if err := c.Move(moves, to, models.Clockwork.At(now), "credential.over"); err != nil {
		return err
	}
	c.WakeAt, c.Slot = nil, ""
	c.publish(event, now)
	return nil
}

// Wake ends a credential whose time is over.
func (c *Credential) Wake(now time.Time) error {
	if c.State == Valid && !now.Before(c.Ends()) {
		return c.end(Expired, EventExpired, now)
	}
	return nil
}

// Standing is the state at a moment; one whose last day has passed has expired, whether or not it was woken.
func (c *Credential) Standing(now time.Time) State {
	if c.State == Valid && !now.Before(c.Ends()) {
		return Expired
	}
	return c.State
}

// Shown is the name for somebody who only scanned the code: of a person masked.
func (c *Credential) Shown() string {
	if c.Holder.Kind == models.PersonSubject {
		return c.Name.String()
	}
	return c.Name.Reveal()
}

func (c *Credential) publish(kind models.Kind[Data], now time.Time) {
	c.Publish(kind.Of(Data{No: c.Facts.No, Until: c.Facts.Until}), c.Holder.Addressee(), models.Clockwork, now)
}

// A Presentation is that a holder took a credential along to show it: what it discloses, and as what.
type Presentation struct {
	models.Meta `bson:",inline"`
	Credential  string    `bson:"credential"`
	Holder      string    `bson:"holder"` // Subject.Ref
	Shows       []string  `bson:"shows"`
	Medium      Medium    `bson:"medium"`
	At          time.Time `bson:"at"`
}

// A Medium is what a credential is shown as.
type Medium string

// The media.
const (
	Token Medium = "TOKEN" // an SD-JWT
	Paper Medium = "PAPER" // a certificate with a code
)

// Enum are all of them.
func (Medium) Enum() []any { return models.Enum(Token, Paper) }

// Media lists them.
var Media = []Medium{Token, Paper}

// Present notes that a credential is taken along. Errors: Conflict "credential.over"; Invalid for a claim it does not have.
func (c *Credential) Present(id string, shows []string, as Medium, p Policy, now time.Time) (*Presentation, error) {
	if c.Standing(now) != Valid {
		return nil, models.E(models.Conflict, "credential.over")
	}
	shows, err := c.chosen(shows)
	if err != nil {
		return nil, err
	}
	seen := &Presentation{Credential: c.ID, Holder: c.Holder.Ref, Shows: shows, Medium: as, At: *models.At(now)}
	seen.ID, seen.GoneAt = id, models.At(models.DayOf(now).AddMonths(p.KeepMonths).Start())
	return seen, nil
}
