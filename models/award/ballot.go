package award

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A BallotState is where a ballot stands.
type BallotState string

// The states of a ballot.
const (
	Cast       BallotState = "CAST"
	AsideAsked BallotState = "ASIDE_ASKED" // one person wants it set aside: it counts until a second agrees
	Aside      BallotState = "ASIDE"       // does not count
)

// BallotStates lists them.
var BallotStates = []BallotState{Cast, AsideAsked, Aside}

var ballotActs = models.Acts[BallotState]{
	models.From(Cast).To(AsideAsked).By("AskAside", models.CreditOffice),
	models.From(AsideAsked).To(Aside, Cast).Another("Confirm", models.CreditOffice),
}

var ballotMoves = ballotActs.Machine()

// A Ballot is one vote. Its id derives from the voter's number, so nobody votes twice in a category; the voter is not kept in it.
//
// Source: docs/sources.md#award-vote.
type Ballot struct {
	models.Meta              `bson:",inline"`
	models.Life[BallotState] `bson:",inline"`

	Programme  string    `bson:"programme"`
	Category   string    `bson:"category"`
	Nomination string    `bson:"nomination"`
	Minute     time.Time `bson:"minute"`
	Device     string    `bson:"device,omitempty"`  // keyed hash, erased after the count
	Address    string    `bson:"address,omitempty"` // keyed hash, erased after the count

	AskedBy models.Actor `bson:"askedBy"`
	Why     string       `bson:"why,omitempty"`
	Judge   models.Actor `bson:"judge"`
}

// BallotID is the id of a voter's ballot in a category. ref is the keyed hash of the voter's number.
func BallotID(programme, category, ref string) string {
	return models.Derived("ballot", programme, category, ref)
}

// A Voter is who casts a ballot, and from where: hashes of the device and of the address.
type Voter struct {
	Subject         models.Subject
	Device, Address string
}

// Vote casts a ballot. Errors: InvalidTransition when the vote is not open; Conflict "award.not_candidate";
// Forbidden "award.own_vote".
func Vote(p *Programme, n *Nomination, v Voter, by models.Actor, now time.Time) (*Ballot, error) {
	switch {
	case p.State != Voting:
		return nil, models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	case n.State != InVote || n.Programme != p.ID:
		return nil, models.E(models.Conflict, "award.not_candidate")
	case n.Nominee.Is(v.Subject):
		return nil, models.E(models.Forbidden, "award.own_vote")
	}
	b := &Ballot{Programme: p.ID, Category: n.Category, Nomination: n.ID, Minute: now.UTC().Truncate(time.Minute), Device: v.Device,
		Address: v.Address}
	b.ID, b.State, b.Moved = BallotID(p.ID, n.Category, v.Subject.Ref), Cast, models.Moved{By: by.Role, At: b.Minute}
	return b, nil
}

// AskAside wants the ballot not counted. Errors: Invalid; InvalidTransition.
func (b *Ballot) AskAside(why string, by models.Actor, now time.Time) error {
	if why == "" {
		return models.Bad("/reason", "required", "award.text")
	}
	if err := b.Move(ballotMoves, AsideAsked, by.At(now).Because(why), "award.ballot"); err != nil {
		return err
	}
	b.AskedBy, b.Why = by, why
	return nil
}

// Confirm is the second person's word: aside, or counted after all. Errors: Forbidden "second_person"; InvalidTransition.
func (b *Ballot) Confirm(aside bool, by models.Actor, now time.Time) error {
	if b.State != AsideAsked {
		return models.Refused(b.Life, ballotMoves[b.State], "award.ballot")
	}
	if err := (models.Makers{b.AskedBy}).Second(by); err != nil {
		return err
	}
	to := Cast
	if aside {
		to = Aside
	}
	if err := b.Move(ballotMoves, to, by.At(now).Because(b.Why), "award.ballot"); err != nil {
		return err
	}
	if b.Judge = by; aside {
		b.Publish(EventAside.Of(BallotData{Programme: b.Programme, Nomination: b.Nomination}), "", by, now)
	}
	return nil
}

// Counts says whether the ballot is counted.
func (b *Ballot) Counts() bool { return b.State != Aside }

// Erase forgets where it came from. It says whether anything changed.
func (b *Ballot) Erase() bool {
	changed := b.Device != "" || b.Address != ""
	b.Device, b.Address = "", ""
	return changed
}

// A SignalKind says what is unusual about ballots.
type SignalKind string

// The kinds.
const (
	Burst   SignalKind = "BURST"   // many for one nominee in a minute
	Device  SignalKind = "DEVICE"  // many of one device
	Address SignalKind = "ADDRESS" // many of one address
)

// Enum are all of them.
func (SignalKind) Enum() []any { return models.Enum(Burst, Device, Address) }

// A Signal is something unusual about ballots. It sets nothing aside by itself.
type Signal struct {
	ID         string
	Kind       SignalKind
	Nomination string // of a burst
	Minute     time.Time
	Ballots    []string
	Aside      int // set aside already
}

// Find looks through ballots for what is unusual, the strongest first.
//
// Source: docs/sources.md#award-vote.
func (s Signals) Find(ballots []*Ballot) []Signal {
	found := map[string]*Signal{}
	note := func(key string, kind SignalKind, b *Ballot) {
		x := found[key]
		if x == nil {
			x = &Signal{ID: models.Derived("signal", b.Programme, key), Kind: kind}
			if kind == Burst {
				x.Nomination, x.Minute = b.Nomination, b.Minute
			}
			found[key] = x
		}
		x.Ballots = append(x.Ballots, b.ID)
		if b.State == Aside {
			x.Aside++
		}
	}
	for _, b := range ballots {
		note("burst/"+b.Nomination+"/"+b.Minute.Format(time.RFC3339), Burst, b)
		if b.Device != "" {
			note("device/"+b.Device, Device, b)
		}
		if b.Address != "" {
			note("address/"+b.Address, Address, b)
		}
	}
	least := map[SignalKind]int{Burst: s.PerMinute, Device: s.PerDevice, Address: s.PerAddress}
	var all []Signal
	for _, x := range slices.Collect(maps.Values(found)) {
		if n := least[x.Kind]; n > 0 && len(x.Ballots) >= n {
			slices.Sort(x.Ballots)
			all = append(all, *x)
		}
	}
	slices.SortFunc(all, func(a, b Signal) int {
		return cmp.Or(cmp.Compare(len(b.Ballots), len(a.Ballots)), strings.Compare(a.ID, b.ID))
	})
	return all
}
