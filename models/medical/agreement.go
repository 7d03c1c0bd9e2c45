package medical

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// An AgreementState is where an agreement stands.
type AgreementState string

// The states of an agreement.
const (
	Draft      AgreementState = "DRAFT"
	Verifying  AgreementState = "VERIFYING"
	Consenting AgreementState = "CONSENTING"
	Review     AgreementState = "REVIEW"
	Active     AgreementState = "ACTIVE"
	Suspended  AgreementState = "SUSPENDED"
	Closing    AgreementState = "CLOSING"
	Closed     AgreementState = "CLOSED"
	Rejected   AgreementState = "REJECTED"
	Expired    AgreementState = "EXPIRED"
)

// agreementMoves is the whole life of an agreement. A rejection may be looked at again by a person (Review);
// an expired agreement with debts runs off like a closing one.
var agreementActs = models.Acts[AgreementState]{
	models.From(Draft).To(Verifying).By("Sign", models.Resident),
	models.From(Verifying).To(Consenting, Rejected).By("Sign", models.Resident),
	models.From(Consenting).To(Review).By("Sign", models.Resident),
	models.From(Review).To(Active, Rejected).By("Decide", models.CountyHealth),
	models.From(Review).To(Active, Rejected).By("Sign", models.Resident),
	models.From(Active).To(Suspended).By("Block", models.System),
	models.From(Active).To(Suspended).By("Defaulted", models.System),
	models.From(Active).To(Suspended).By("Suspend", models.CountyHealth),
	models.From(Active).To(Suspended).By("Withdraw", models.Resident),
	models.From(Active, Suspended).To(Closing).By("Close", models.Resident),
	models.From(Active).To(Expired).By("Wake", models.System),
	models.From(Suspended).To(Active).By("Cleared", models.System),
	models.From(Suspended).To(Active).By("Cured", models.System),
	models.From(Suspended).To(Active).By("Reinstate", models.CountyHealth),
	models.From(Suspended).To(Active).By("Unblock", models.System),
	models.From(Suspended).To(Active, Expired).By("Wake", models.System),
	models.From(Suspended).To(Closing).By("Defaulted", models.System),
	models.From(Closing).To(Closed).By("Close", models.Resident),
	models.From(Closing).To(Closed).By("Draw", models.System),
	models.From(Expired).To(Closed).By("Wake", models.System),
	models.From(Rejected).To(Review).By("AskReview", models.Resident),
}

var agreementMoves = agreementActs.Machine()

// An Agreement is a resident's standing in one scheme: the limit, what uses it, and what stands in the way of new credit.
type Agreement struct {
	models.Meta                 `bson:",inline"`
	models.Life[AgreementState] `bson:",inline"`

	Person        string          `bson:"person"`
	Scheme        string          `bson:"scheme"`
	SchemeVersion int64           `bson:"schemeVersion"` // the scheme's revision when signed
	Region        models.Region   `bson:"region"`        // the scheme's county
	Slot          string          `bson:"slot"`          // person/scheme while it lives, unique: one agreement a scheme
	Terms         Terms           `bson:"terms"`
	Consents      []Consent       `bson:"consents"`
	Band          string          `bson:"band"`
	Top           models.Fen      `bson:"top"`        // the next band's outpatient limit: as far as punctuality raises
	Outpatient    Pool            `bson:"outpatient"` // outpatient, emergency and registration
	Inpatient     Pool            `bson:"inpatient"`
	Blocks        []Block         `bson:"blocks,omitempty"`
	Limits        []LimitChange   `bson:"limits,omitempty"`
	OnTime        int             `bson:"onTime"`             // bills paid on time, all told
	Punctual      []string        `bson:"punctual,omitempty"` // the last of them, so that none counts twice
	Defaults      []Default       `bson:"defaults,omitempty"`
	Clauses       []models.Clause `bson:"clauses,omitempty"` // of a rejection: why
	Decided       *Decided        `bson:"decided,omitempty"` // what it was decided upon; nil for one older than that
	Plea          string          `bson:"plea,omitempty"`    // what the person asked a human reviewer to weigh
	SignedAt      *time.Time      `bson:"signedAt,omitempty"`
	Ends          models.Day      `bson:"ends,omitempty"` // last day of the term
	ToldEnding    bool            `bson:"toldEnding,omitempty"`
}

// A BlockKind says what stands in the way of new credit.
type BlockKind string

// The kinds of blocks. A freeze only stops new holds; all others suspend the agreement.
const (
	Freeze           BlockKind = "FREEZE"  // a bill is overdue
	Overdue7         BlockKind = "OVERDUE" // and has been for Terms.SuspendDpd days
	InDefault        BlockKind = "DEFAULT" // a confirmed default, until its cure and the cooling after it
	ByOffice         BlockKind = "OFFICE"  // a person in the health administration, with a reason
	ConsentWithdrawn BlockKind = "CONSENT"
)

// A Block is one reason, in force until it is lifted or its time is over.
type Block struct {
	Kind  BlockKind  `bson:"kind"`
	Ref   string     `bson:"ref"` // the bill or conduct record, or the reason's own words for an office
	Since time.Time  `bson:"since"`
	Until *time.Time `bson:"until,omitempty"` // nil: until lifted
}

// A LimitChange is one row of the limit's history; amounts are of the outpatient pool.
type LimitChange struct {
	At     time.Time   `bson:"at"`
	Old    models.Fen  `bson:"old"`
	New    models.Fen  `bson:"new"`
	Reason string      `bson:"reason"`
	By     models.Role `bson:"by"`
}

// A Default is a confirmed default in this scheme.
type Default struct {
	Conduct   string      `bson:"conduct"`
	Confirmed models.Day  `bson:"confirmed"`
	Cured     *models.Day `bson:"cured,omitempty"`
	Cut       models.Fen  `bson:"cut,omitempty"` // what its cure took off the limit; given back when the record is dropped
}

// Applicant is what a signing needs to know of a person, gathered by the caller.
type Applicant struct {
	Person       string
	Birth        models.Day // "" when not yet bound
	Level        int        // identity evidence, 0 none
	OpenDefaults []string   // conduct records of this scheme not yet cured
	CoolingUntil models.Day // of an earlier agreement of this scheme; "" none
	// the serious-list entry in effect whose listed measures withhold preferential policies, "<record>@<version>"; "" none
	Restricted string
	Looked     []rule.Cited // every entry that was looked at for it
}

// Sign applies for an agreement under s and decides at once. What the person can put right herself (identity, age, consents)
// is Denied and leaves nothing behind; what only time or an office can change is a rejected agreement, returned together with
// the Denied error, whose clauses she may ask a human to look at (AskReview).
//
// Source: docs/sources.md#medical-agreement.
func (s *Scheme) Sign(id string, who Applicant, consents []Consent, by models.Actor, now time.Time) (*Agreement, error) {
	today := models.DayOf(now)
	if today < s.From || s.To != "" && today > s.To {
		return nil, models.E(models.Conflict, "medical.scheme_closed")
	}
	signed, err := s.signed(consents)
	if err != nil {
		return nil, err
	}
	s.inOrder(signed)
	decided, err := s.admits(who, signed, now)
	if err != nil {
		return nil, err
	}
	if anyFails(decided.own()) {
		return nil, &models.Error{Code: models.Denied, Reason: "medical.not_ready_to_sign", Clauses: decided.own()}
	}
	band, above, err := s.band(s.StartBand)
	if err != nil {
		return nil, err
	}
	a := &Agreement{
		Meta: models.Meta{ID: id}, Life: models.Life[AgreementState]{State: Draft},
		Person: who.Person, Scheme: s.ID, SchemeVersion: s.Revision, Region: s.Region, Slot: who.Person + "/" + s.ID,
		Terms: s.Terms, Consents: signed, Band: band.ID, Top: above.Outpatient, Decided: decided,
	}
	return a, a.admitOrReject(band, by, now)
}

// admitOrReject takes a new agreement through its first states, to where what was decided leads.
func (a *Agreement) admitOrReject(band Band, by models.Actor, now time.Time) error {
	for _, to := range []AgreementState{Verifying, Consenting, Review} {
		if err := a.move(to, by, now, ""); err != nil {
			return err
		}
	}
	if anyFails(a.Decided.standing()) {
		return a.reject(a.Decided.standing(), by, now)
	}
	return a.activate(band, by, now)
}

// signed checks the consents sent against the texts of s. Errors: Invalid, pointing at the one that is wrong.
func (s *Scheme) signed(sent []Consent) ([]Consent, error) {
	var signed []Consent
	for i, c := range sent {
		at := slices.IndexFunc(s.Consents, func(t ConsentText) bool { return t.ID == c.ID })
		pointer := "/consents/" + strconv.Itoa(i)
		switch {
		case at < 0:
			return nil, models.Bad(pointer+"/id", "unknown_consent", "medical.unknown_consent")
		case s.Consents[at].Version != c.Version:
			return nil, models.Bad(pointer+"/version", "consent_version", "medical.consent_version")
		case slices.ContainsFunc(signed, func(d Consent) bool { return d.ID == c.ID }):
			return nil, models.Bad(pointer+"/id", "duplicate", "medical.consent_twice")
		}
		signed = append(signed, Consent{ID: c.ID, Version: c.Version, Hash: s.Consents[at].Hash()})
	}
	return signed, nil
}

func anyFails(clauses []models.Clause) bool {
	return slices.ContainsFunc(clauses, func(c models.Clause) bool { return c.Outcome != models.Pass })
}

// reject ends a review with its clauses, frees the slot, and answers the Denied error that shows them.
func (a *Agreement) reject(clauses []models.Clause, by models.Actor, now time.Time) error {
	if err := a.move(Rejected, by, now, ""); err != nil {
		return err
	}
	a.Slot, a.Clauses = "ended/"+a.ID, clauses
	a.Publish(AgreementRejected, a.Person, by, now)
	return &models.Error{Code: models.Denied, Reason: "medical.not_admitted", Clauses: clauses}
}

func (a *Agreement) activate(band Band, by models.Actor, now time.Time) error {
	if err := a.move(Active, by, now, ""); err != nil {
		return err
	}
	a.SignedAt = models.At(now)
	a.Ends = models.DayOf(now).AddMonths(a.Terms.Months).Add(-1)
	a.Outpatient.Limit, a.Inpatient.Limit = band.Outpatient, band.Inpatient
	a.Limits = append(a.Limits, LimitChange{At: now, New: band.Outpatient, Reason: "band_" + band.ID, By: by.Role})
	a.Publish(AgreementSigned.Of(SignedData{Limit: band.Outpatient, Ends: a.Ends}), a.Person, by, now)
	a.plan()
	return nil
}

// move is the only way the state changes.
func (a *Agreement) move(to AgreementState, by models.Actor, now time.Time, why string) error {
	return a.Move(agreementMoves, to, by.At(now).Because(why), "medical.agreement_"+refusal[to])
}

// refusal names what was refused, for the error's reason.
var refusal = map[AgreementState]string{
	Draft:     "not_new", // nothing goes back to it
	Verifying: "not_draft", Consenting: "not_verifying", Review: "not_reviewable", Active: "not_activatable",
	Rejected: "not_in_review", Suspended: "not_suspendable", Closing: "not_closable", Closed: "not_closing", Expired: "not_running",
}

// Live says whether bills and holds may still exist.
func (a *Agreement) Live() bool {
	return slices.Contains([]AgreementState{Active, Suspended, Closing, Expired}, a.State)
}

// pool is the pool a visit type draws on.
func (a *Agreement) pool(typ VisitType) *Pool {
	if typ == Inpatient {
		return &a.Inpatient
	}
	return &a.Outpatient
}
