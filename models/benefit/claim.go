package benefit

import (
	"strconv"
	"time"

	"xinyi/models"
)

// A ClaimState is where a claim stands.
type ClaimState string

// The states of a claim.
const (
	Held      ClaimState = "HELD"    // a place is kept while she makes up her mind
	Claimed   ClaimState = "CLAIMED" // hers, until Ends
	Used      ClaimState = "USED"
	Returned  ClaimState = "RETURNED" // the thing was brought back
	Breached  ClaimState = "BREACHED" // it was not: counts with this provider's scene alone
	Settled   ClaimState = "SETTLED"
	Expired   ClaimState = "EXPIRED"
	Cancelled ClaimState = "CANCELLED" // given up, or its use reversed
)

// Enum are all of them.
func (ClaimState) Enum() []any {
	return models.Enum(Held, Claimed, Used, Returned, Breached, Settled, Expired, Cancelled)
}

// ClaimStates lists them.
var ClaimStates = []ClaimState{Held, Claimed, Used, Returned, Breached, Settled, Expired, Cancelled}

var claimActs = models.Acts[ClaimState]{
	models.From(Held).To(Claimed).By("Claim", models.Resident, models.Business),
	models.From(Held, Claimed).To(Expired).By("Wake", models.System),
	models.From(Held, Claimed).To(Cancelled).By("Cancel", models.Resident, models.Business),
	models.From(Claimed).To(Used).By("Redeem", models.Provider, models.Department),
	models.From(Used, Breached).To(Returned).By("Return", models.Provider),
	models.From(Used).To(Breached).By("Breaks", models.Provider),
	models.From(Used, Returned).To(Settled).By("Wake", models.System),
	models.From(Used).To(Cancelled).By("Reverse", models.Provider),
}

var claimMoves = claimActs.Machine()

// A Claim is one use of an offer by one person or organisation.
type Claim struct {
	models.Meta             `bson:",inline"`
	models.Life[ClaimState] `bson:",inline"`

	Offer    string             `bson:"offer"`
	Under    int                `bson:"under"` // the version whose terms it was claimed under
	Scene    string             `bson:"scene"`
	Provider string             `bson:"provider"`
	Kind     models.SubjectKind `bson:"kind"`
	Holder   string             `bson:"holder"` // account or code
	Person   string             `bson:"person"` // the account that hears of it
	Name     models.Secret      `bson:"name"`   // a provider sees it masked
	Slot     string             `bson:"slot,omitempty"`
	Shares   []string           `bson:"shares,omitempty"` // where its places are

	Until   *time.Time   `bson:"until,omitempty"` // of a held place
	Title   models.Words `bson:"title"`           // the offer's name
	Good    int          `bson:"good"`            // days it is good once claimed
	Bring   int          `bson:"bring"`
	Cap     models.Fen   `bson:"cap"`
	Ends    models.Day   `bson:"ends,omitempty"` // last day of use
	Agreed  string       `bson:"agreed,omitempty"`
	Decided []string     `bson:"decided,omitempty"` // the decisions: at claiming, at use

	No       string     `bson:"no,omitempty"`   // the provider's own number of the use
	Used     string     `bson:"used,omitempty"` // provider/no, unique
	UsedAt   *time.Time `bson:"usedAt,omitempty"`
	Day      models.Day `bson:"day,omitempty"` // of the use, in Shanghai
	Amount   models.Fen `bson:"amount"`        // what was bought
	Saved    models.Fen `bson:"saved"`         // of it, what the offer saved
	Due      models.Day `bson:"due,omitempty"` // the thing is to be brought back
	Breach   string     `bson:"breach,omitempty"`
	Kept     string     `bson:"kept,omitempty"`     // holder/provider/scene while a breach counts
	Objected string     `bson:"objected,omitempty"` // the person's words, until somebody decides
	Finding  string     `bson:"finding,omitempty"`
	Queue    string     `bson:"queue,omitempty"` // the region whose office decides on the objection
	Warned   bool       `bson:"warned,omitempty"`
	Reversal int        `bson:"reversal"` // days in which a use may be reversed
}

// SlotOf is what of an offer somebody has once a period.
func SlotOf(offer, holder, period string, n int) string {
	return offer + "/" + holder + "/" + period + "/" + strconv.Itoa(n)
}

// KeptKey names the open breaches of somebody with one provider's scene.
func KeptKey(provider, scene, holder string) string { return holder + "/" + provider + "/" + scene }

// A Grant is what makes a claim.
type Grant struct {
	ID       string
	Holder   string
	Person   string
	Name     models.Secret
	Slot     string
	Shares   []string
	Until    time.Time
	Decision string
	By       models.Actor
}

// NewClaim holds a place of an offer for somebody.
func NewClaim(o *Offer, g Grant, pol Policy, now time.Time) *Claim {
	t := o.Terms
	c := &Claim{
		Offer: o.ID, Under: o.Active, Scene: o.Scene, Provider: o.Provider, Kind: o.Subject, Holder: g.Holder, Person: g.Person, Name: g.Name, Slot: g.Slot,
		Shares: g.Shares, Until: models.At(g.Until), Title: t.Name, Good: t.Good, Bring: t.Bring, Cap: t.Cap, Reversal: int(pol.Reversal / (24 * time.Hour)),
	}
	c.ID, c.State, c.Moved, c.WakeAt = g.ID, Held, models.Moved{By: g.By.Role, At: now}, c.Until
	if g.Decision != "" {
		c.Decided = []string{g.Decision}
	}
	c.publish(EventHeld, "", g.By, now)
	return c
}

// publish says what happened. from is the day from which the offer is for others, "" otherwise.
func (c *Claim) publish(kind models.Kind[ClaimData], from models.Day, by models.Actor, now time.Time) {
	until := ""
	if c.Until != nil {
		until = c.Until.In(models.Shanghai).Format("2006-01-02 15:04")
	}
	c.Publish(kind.Of(ClaimData{
		Offer: c.Offer, Scene: c.Scene, Name: c.Title.ZH, NameEN: c.Title.EN, Until: until,
		Ends: c.Ends, Day: c.Day, Saved: c.Saved, Due: c.Due, From: from, Region: c.Queue,
	}), c.Person, by, now)
}

func (c *Claim) move(to ClaimState, by models.Actor, now time.Time, why string) error {
	return c.Move(claimMoves, to, by.At(now).Because(why), "benefit.claim_state")
}

// over frees what a claim holds.
func (c *Claim) over(to ClaimState, kind models.Kind[ClaimData], why string, by models.Actor, now time.Time) error {
	if err := c.move(to, by, now, why); err != nil {
		return err
	}
	c.Slot, c.Until, c.WakeAt = "", nil, nil
	c.publish(kind, "", by, now)
	return nil
}

// Claim makes a held place hers. agreed names the text she agreed to. It may be called again. Errors: Conflict "benefit.hold_over";
// InvalidTransition.
func (c *Claim) Claim(agreed string, by models.Actor, now time.Time) error {
	if c.State == Claimed && c.Agreed == agreed {
		return nil
	}
	if c.State == Held && !now.Before(*c.Until) {
		return models.E(models.Conflict, "benefit.hold_over")
	}
	if err := c.move(Claimed, by, now, ""); err != nil {
		return err
	}
	c.Agreed, c.Until = agreed, nil
	c.Ends = models.DayOf(now).Add(c.Good)
	c.WakeAt = models.At(c.Ends.Add(1).Start())
	c.publish(EventClaimed, "", by, now)
	return nil
}

// Usable says whether it may be used. Errors: Conflict "benefit.claim_over"; InvalidTransition unless claimed.
func (c *Claim) Usable(now time.Time) error {
	if err := claimMoves.Check(c.Life, Used, "benefit.claim_state"); err != nil {
		return err
	}
	if models.DayOf(now) > c.Ends {
		return models.E(models.Conflict, "benefit.claim_over")
	}
	return nil
}

// A Use is what the provider says of one.
type Use struct {
	No       string     // the provider's own number: the same again is the same use
	Amount   models.Fen // what was bought
	Saved    models.Fen // of it, what the offer saved
	Decision string
}

// Redeem uses a claim. The same use may be told again. Errors: Invalid "benefit.over_cap" beyond the cap or the amount; those of
// Usable.
func (c *Claim) Redeem(u Use, by models.Actor, now time.Time) error {
	if c.Used == c.Provider+"/"+u.No && c.Amount == u.Amount && c.Saved == u.Saved {
		return nil
	}
	if err := c.Usable(now); err != nil {
		return err
	}
	if u.Saved < 0 || u.Amount < 0 || c.Cap > 0 && u.Saved > c.Cap || u.Saved > u.Amount && c.Bring == 0 {
		return models.Bad("/savedFen", "benefit_saved", "benefit.over_cap")
	}
	if err := c.move(Used, by, now, ""); err != nil {
		return err
	}
	c.No, c.Used, c.UsedAt, c.Day, c.Amount, c.Saved = u.No, c.Provider+"/"+u.No, models.At(now), models.DayOf(now), u.Amount, u.Saved
	if u.Decision != "" {
		c.Decided = append(c.Decided, u.Decision)
	}
	c.WakeAt = models.At(c.Day.Add(c.Reversal + 1).Start())
	if c.Bring > 0 {
		c.Due = c.Day.Add(c.Bring)
		c.WakeAt = models.At(c.Due.Clock(9, 0))
	}
	c.publish(EventUsed, "", by, now)
	return nil
}

// Reverse undoes a use; the place is free again. Errors: Conflict "benefit.settled_already" after its days; InvalidTransition.
func (c *Claim) Reverse(why string, by models.Actor, now time.Time) error {
	if c.State != Used {
		return models.Refused(c.Life, nil, "benefit.claim_state")
	}
	if models.DayOf(now) > c.Day.Add(c.Reversal) {
		return models.E(models.Conflict, "benefit.settled_already")
	}
	return c.over(Cancelled, EventReversed, why, by, now)
}

// Return notes that the thing was brought back; a breach is cured by it. Errors: InvalidTransition; Conflict "benefit.nothing_lent".
func (c *Claim) Return(by models.Actor, now time.Time) error {
	if c.Bring == 0 {
		return models.E(models.Conflict, "benefit.nothing_lent")
	}
	kind := EventReturned
	if c.State == Breached {
		kind = EventCured
	}
	if err := c.move(Returned, by, now, ""); err != nil {
		return err
	}
	c.Kept, c.Queue = "", ""
	c.WakeAt = models.At(models.DayOf(now).Add(c.Reversal + 1).Start())
	c.publish(kind, "", by, now)
	return nil
}

// Breaks says that the thing was not brought back in time. The person is told and may object. Errors: Conflict
// "benefit.not_due" before the day is over; InvalidTransition.
func (c *Claim) Breaks(why string, by models.Actor, now time.Time) error {
	if c.Bring > 0 && models.DayOf(now) <= c.Due {
		return models.E(models.Conflict, "benefit.not_due")
	}
	if c.Bring == 0 {
		return models.E(models.Conflict, "benefit.nothing_lent")
	}
	if err := c.move(Breached, by, now, why); err != nil {
		return err
	}
	c.Breach, c.Kept, c.WakeAt = why, KeptKey(c.Provider, c.Scene, c.Holder), nil
	c.publish(EventBreached, "", by, now)
	return nil
}

// Object says that a breach is wrong; until an office of the region decides it counts no more. Errors: InvalidTransition unless
// breached; Conflict "benefit.objected_already".
func (c *Claim) Object(words string, region models.Region, by models.Actor, now time.Time) error {
	switch {
	case c.State != Breached:
		return models.Refused(c.Life, nil, "benefit.claim_state")
	case c.Objected != "":
		return models.E(models.Conflict, "benefit.objected_already")
	}
	c.Objected, c.Queue, c.Kept = words, string(region), ""
	c.publish(EventObjected, "", by, now)
	return nil
}

// Decide ends an objection. Errors: Conflict "benefit.no_objection".
func (c *Claim) Decide(right bool, finding string, by models.Actor, now time.Time) error {
	if c.Queue == "" {
		return models.E(models.Conflict, "benefit.no_objection")
	}
	c.Queue, c.Finding = "", finding
	if right {
		if err := c.move(Returned, by, now, finding); err != nil {
			return err
		}
		c.WakeAt = models.At(models.DayOf(now).Add(c.Reversal + 1).Start())
		c.publish(EventCured, "", by, now)
		return nil
	}
	c.Kept = KeptKey(c.Provider, c.Scene, c.Holder)
	c.publish(EventUpheld, "", by, now)
	return nil
}

// Cancel gives a claim up before its use. Errors: InvalidTransition.
func (c *Claim) Cancel(by models.Actor, now time.Time) error {
	if c.State != Held && c.State != Claimed {
		return models.Refused(c.Life, nil, "benefit.claim_state")
	}
	return c.over(Cancelled, EventCancelled, "", by, now)
}

// Warn tells her, once, that from a day on the offer is for others. It says whether anything changed.
func (c *Claim) Warn(from models.Day, now time.Time) bool {
	if c.Warned || c.State != Claimed && c.State != Held {
		return false
	}
	c.Warned = true
	c.publish(EventEnding, from, models.Clockwork, now)
	return true
}

// Subject is whom a look at the claim is about.
func (c *Claim) Subject() models.Subject {
	if c.Kind == models.Organisation {
		return models.Subject{Kind: c.Kind, Ref: c.Holder}
	}
	return models.Subject{Kind: models.PersonSubject, Person: c.Person}
}

// Live says whether it has a place that is not used up.
func (c *Claim) Live() bool { return c.State == Held || c.State == Claimed }

// Taken says whether its place is gone for good, or until it is given back.
func (c *Claim) Taken() bool {
	return c.State == Claimed || c.State == Used || c.State == Returned || c.State == Breached || c.State == Settled
}

// Wake lets a hold and a claim run out, reminds of a thing that is due back, and settles a use.
func (c *Claim) Wake(now time.Time) error {
	if c.WakeAt == nil || c.WakeAt.After(now) {
		return nil
	}
	switch c.State { //nolint:exhaustive // the others sleep for good
	case Held, Claimed:
		return c.over(Expired, EventLapsed, "", models.Clockwork, now)
	case Used:
		if c.Bring > 0 { // it stays open until it is back, or said not to be
			c.WakeAt = nil
			c.publish(EventDueBack, "", models.Clockwork, now)
			return nil
		}
		fallthrough
	case Returned:
		c.WakeAt = nil
		c.publish(EventSettled, "", models.Clockwork, now)
		return c.move(Settled, models.Clockwork, now, "")
	}
	c.WakeAt = nil
	return nil
}

// A Code is what a phone shows at the counter: eight characters, one use, a few minutes. Its id is a hash, so nobody who reads
// the store can show it.
type Code struct {
	models.Meta `bson:",inline"`
	Claim       string    `bson:"claim"`
	Expires     time.Time `bson:"expires"`
}

// CodeLetters are the 32 characters of codes: no I, L, O, U.
const CodeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeID is the id of a code shown to a provider.
func CodeID(provider, code string) string { return models.Derived("benefit", provider, code) }

// NewCode keeps a code for a claim.
func NewCode(provider, code, claim string, pol Policy, now time.Time) *Code {
	expires := now.Add(pol.Code)
	return &Code{Meta: models.Meta{ID: CodeID(provider, code), GoneAt: models.At(expires.Add(24 * time.Hour))}, Claim: claim, Expires: expires}
}

// Good says whether the code is good. Errors: Conflict "benefit.code_expired".
func (c *Code) Good(now time.Time) error {
	if !now.Before(c.Expires) {
		return models.E(models.Conflict, "benefit.code_expired")
	}
	return nil
}
