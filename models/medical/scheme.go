package medical

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"xinyi/models"
)

// A FundingMode says whose money waits until the patient pays.
type FundingMode string

// The funding modes.
const (
	HospitalDeferred FundingMode = "HOSPITAL_DEFERRED" // the hospital waits
	BankAdvance      FundingMode = "BANK_ADVANCE"      // a bank pays the hospital the next day and waits
)

// A Scheme is a county's offer of credit medical care. All of it is data: limits, windows, reminders, texts.
// Terms are copied into every agreement and bill when it starts, so a later change never rewrites the past.
type Scheme struct {
	models.Meta `bson:",inline"`
	Name        models.Words  `bson:"name"`
	Region      models.Region `bson:"region"`
	Funding     FundingMode   `bson:"funding"`
	Types       []VisitType   `bson:"types"`
	Hospitals   []string      `bson:"hospitals"` // organisation ids; one that leaves opens no new holds
	Bands       []Band        `bson:"bands"`     // from the lowest
	StartBand   string        `bson:"startBand"`
	MinLevel    int           `bson:"minLevel"` // identity evidence needed, 1 and up
	Consents    []ConsentText `bson:"consents"`
	Terms       Terms         `bson:"terms"`
	From        models.Day    `bson:"from"`
	To          models.Day    `bson:"to"` // "" = open end; the day itself still counts
}

// A Band is a step of the limit. Bands only reward: the lowest is everybody's start.
type Band struct {
	ID         string     `bson:"id"`
	Outpatient models.Fen `bson:"outpatient"`
	Inpatient  models.Fen `bson:"inpatient"` // for all stays together
}

// A ConsentText is what a resident is asked to agree to, one purpose each.
type ConsentText struct {
	ID      string       `bson:"id"` // credit_query, health_cost, data_sharing
	Version string       `bson:"version"`
	Text    models.Words `bson:"text"`
}

// Hash identifies the exact text that was agreed to.
func (c ConsentText) Hash() string {
	sum := sha256.Sum256([]byte(c.ID + "\n" + c.Version + "\n" + c.Text.ZH + "\n" + c.Text.EN))
	return hex.EncodeToString(sum[:])
}

// Open says whether new visits of a type at a hospital may be put on credit under s on a day.
func (s *Scheme) Open(hospital string, typ VisitType, on models.Day) bool {
	return on >= s.From && (s.To == "" || on <= s.To) && slices.Contains(s.Hospitals, hospital) && slices.Contains(s.Types, typ)
}

// band finds a band and the one above it (itself at the top).
func (s *Scheme) band(id string) (band, above Band, err error) {
	i := slices.IndexFunc(s.Bands, func(b Band) bool { return b.ID == id })
	if i < 0 {
		return Band{}, Band{}, models.E(models.Internal, "medical.unknown_band")
	}
	return s.Bands[i], s.Bands[min(i+1, len(s.Bands)-1)], nil
}

// A Consent is one text a resident agreed to, by id and version, with the hash of what was shown.
type Consent struct {
	ID        string      `bson:"id"`
	Version   string      `bson:"version"`
	Hash      string      `bson:"hash"`
	Withdrawn *models.Day `bson:"withdrawn,omitempty"`
}
