package farmer

import (
	"time"

	"xinyi/models"
)

// A ShareState is where a bank's copy of a file stands.
type ShareState string

// The states of a share.
const (
	Sharing   ShareState = "ACTIVE"
	DeleteDue ShareState = "DELETE_DUE" // the consent is over: the bank has to say that it deleted what it had
	Deleted   ShareState = "DELETED"
	Undeleted ShareState = "OVERDUE" // it did not say so by its day
)

// Enum are all of them.
func (ShareState) Enum() []any { return models.Enum(Sharing, DeleteDue, Deleted, Undeleted) }

// ShareStates lists them.
var ShareStates = []ShareState{Sharing, DeleteDue, Deleted, Undeleted}

var shareActs = models.Acts[ShareState]{
	models.From(Sharing).To(DeleteDue).By("End", models.System),
	models.From(DeleteDue).To(Undeleted).By("Wake", models.System),
	models.From(DeleteDue, Undeleted).To(Deleted).By("Attest", models.Bank),
}

var shareMoves = shareActs.Machine()

// A Share is what one bank has of one household under one consent. Its id is the consent's.
type Share struct {
	models.Meta             `bson:",inline"`
	models.Life[ShareState] `bson:",inline"`

	Household string        `bson:"household"`
	Person    string        `bson:"person"`
	Bank      string        `bson:"bank"`
	Name      string        `bson:"name"`
	Village   models.Region `bson:"village"`
	Scopes    []string      `bson:"scopes"`
	Reads     []ShareRead   `bson:"reads"`
	Due       models.Day    `bson:"due,omitempty"`
	Attested  string        `bson:"attested,omitempty"` // the bank's own number of its deletion
	DeletedAt *time.Time    `bson:"deletedAt,omitempty"`
}

// A ShareRead is one package that was given.
type ShareRead struct {
	Receipt string    `bson:"receipt"`
	Digest  string    `bson:"digest"` // SHA-256 of the package, in hex
	At      time.Time `bson:"at"`
}

// A Recipient is the bank that a consent gives a file to.
type Recipient struct {
	Consent, Bank, Name string
	Scopes              []string
}

// NewShare starts a share with its first read.
func (f *File) NewShare(to Recipient, r ShareRead, by models.Actor, now time.Time) *Share {
	s := &Share{Household: f.ID, Person: f.Person, Bank: to.Bank, Name: to.Name, Village: f.Village, Scopes: to.Scopes}
	s.ID, s.State, s.Moved = to.Consent, Sharing, models.Moved{By: by.Role, At: now}
	s.Read(r, by, now)
	return s
}

// Read notes a package that was given. The same receipt twice is once.
func (s *Share) Read(r ShareRead, by models.Actor, now time.Time) {
	for _, old := range s.Reads {
		if old.Receipt == r.Receipt {
			return
		}
	}
	s.Reads = append(s.Reads, r)
	s.Publish(EventHandedOut.Of(BankData{Bank: s.Name}), s.Person, by, now)
}

// End asks for the deletion: the consent is over. It says whether anything changed.
func (s *Share) End(pol Policy, now time.Time) bool {
	if s.State != Sharing || s.Move(shareMoves, DeleteDue, models.Clockwork.At(now), "farmer.share_state") != nil {
		return false
	}
	s.Due = models.DayOf(now).Add(pol.DeleteDays)
	s.WakeAt = models.At(s.Due.Add(1).Start())
	s.Publish(EventDeleteDue.Of(DeleteData{Bank: s.Name, Due: s.Due}), s.Person, models.Clockwork, now)
	return true
}

// Attest takes the bank's word that it deleted what it had. Errors: Forbidden; InvalidTransition.
func (s *Share) Attest(no string, by models.Actor, now time.Time) error {
	if by.Org != s.Bank {
		return models.E(models.NotFound, "not_found")
	}
	if err := s.Move(shareMoves, Deleted, by.At(now), "farmer.share_state"); err != nil {
		return err
	}
	s.Attested, s.DeletedAt, s.WakeAt = no, models.At(now), nil
	s.Publish(EventDeleted.Of(BankData{Bank: s.Name}), s.Person, by, now)
	return nil
}

// Wake says that the bank did not attest by its day.
func (s *Share) Wake(now time.Time) error {
	if s.WakeAt == nil || s.WakeAt.After(now) {
		return nil
	}
	s.WakeAt = nil
	if s.State != DeleteDue {
		return nil
	}
	s.Publish(EventUndeleted.Of(DeleteData{Bank: s.Name, Due: s.Due}), s.Person, models.Clockwork, now)
	return s.Move(shareMoves, Undeleted, models.Clockwork.At(now), "farmer.share_state")
}
