package farmer

import (
	"slices"
	"time"

	"xinyi/models"
)

// A State is where a file stands.
type State string

// The states of a file.
const (
	Draft     State = "DRAFT"     // being filled in, or changed since it was verified
	Submitted State = "SUBMITTED" // a second person has to look
	Verified  State = "VERIFIED"
	Left      State = "LEFT" // the household is no more here, or wants no file; nothing of it is kept but that it was
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Draft, Submitted, Verified, Left) }

// States lists them.
var States = []State{Draft, Submitted, Verified, Left}

var acts = models.Acts[State]{
	models.From(Draft).To(Submitted).By("Submit", models.VillageStaff, models.TownStaff),
	models.From(Draft, Submitted, Verified).To(Left).By("Leave", models.System, models.Resident),
	models.From(Submitted).To(Draft).By("Return", models.VillageStaff),
	models.From(Submitted).To(Verified).Another("Verify", models.VillageStaff, models.TownStaff),
	models.From(Verified).To(Draft).By("Apply", models.Resident, models.Department, models.TownStaff),
	models.From(Verified).To(Draft).By("Join", models.System),
	models.From(Verified).To(Draft, Left).By("Carry", models.System),
}

var moves = acts.Machine()

// A Conflict is a cell that two people wrote without knowing of each other. What was later by their clocks stands in the file; the
// other is kept here until somebody who knows has looked.
type Conflict struct {
	ID     string        `bson:"id"`
	At     string        `bson:"at"`   // the cell
	Lost   models.Secret `bson:"lost"` // the value that does not stand, as JSON
	By     string        `bson:"by"`   // who wrote that one
	Origin Origin        `bson:"origin"`
	Wrote  time.Time     `bson:"wrote"`
}

// An Agreement is a text the head of the household agreed to.
type Agreement struct {
	Text    string       `bson:"text"`
	Version string       `bson:"version"`
	Hash    string       `bson:"hash"`
	Lang    string       `bson:"lang"`
	How     How          `bson:"how"`
	Proof   string       `bson:"proof,omitempty"` // of paper: the picture of the signature
	By      models.Actor `bson:"by"`
	At      time.Time    `bson:"at"`
	Ended   *time.Time   `bson:"ended,omitempty"` // withdrawn
}

// How is in what way somebody agreed.
type How string

// The ways.
const (
	InApp   How = "APP"
	OnPaper How = "PAPER"
)

// Enum are all of them.
func (How) Enum() []any { return models.Enum(InApp, OnPaper) }

// The texts: to be filed at all, and the two that restricted data needs besides.
//
// Source: docs/sources.md#consent-restricted, docs/sources.md#farmer-file.
const (
	TextFile    = "farm_file"
	TextAdverse = "adverse"
	TextWritten = "written"
)

// The bounds of a file.
const (
	maxCells     = 1500
	maxConflicts = 100
	maxPhotos    = 60
	maxOps       = 50
)

// A Photo is a picture or a scan that goes with a file.
type Photo struct {
	ID     string    `bson:"id"` // of the blob
	About  string    `bson:"about"`
	Note   string    `bson:"note,omitempty"`
	By     string    `bson:"by"`
	At     time.Time `bson:"at"`
	Width  int       `bson:"width"`
	Height int       `bson:"height"`
}

// A File is one household's.
type File struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	No      string        `bson:"no"` // 户号
	Village models.Region `bson:"village"`
	Seat    string        `bson:"seat,omitempty"`   // unique: hash of the head's number, while it is not left
	Person  string        `bson:"person,omitempty"` // the head's account, "" while there is none
	Slot    string        `bson:"slot,omitempty"`   // unique: village and number

	Forms     map[string]string `bson:"forms,omitempty"` // by section, the version its cells are by
	Cells     map[string]Cell   `bson:"cells,omitempty"`
	Agreed    []Agreement       `bson:"agreed,omitempty"`
	Conflicts []Conflict        `bson:"conflicts,omitempty"`
	Photos    []Photo           `bson:"photos,omitempty"`
	Ops       []string          `bson:"ops,omitempty"`    // the last operations of phones that were taken
	Makers    models.Makers     `bson:"makers,omitempty"` // whoever wrote since it was last verified

	FiledOn    models.Day `bson:"filedOn"`
	VerifiedOn models.Day `bson:"verifiedOn,omitempty"`
	VerifiedBy string     `bson:"verifiedBy,omitempty"`
	Applied    []string   `bson:"applied,omitempty"` // changes that are done
}

// NewFile starts a file. Errors: Invalid "farmer.no_village"; Forbidden "farmer.other_region".
func NewFile(id, no string, village models.Region, by models.Actor, now time.Time) (*File, error) {
	switch {
	case village.Level() != models.Village:
		return nil, models.Bad("/village", "farmer_village", "farmer.no_village")
	case !mayWriteIn(by, village):
		return nil, models.E(models.Forbidden, "farmer.other_region")
	}
	f := &File{No: no, Village: village, FiledOn: models.DayOf(now), Cells: map[string]Cell{}, Forms: map[string]string{},
		Slot: string(village) + "/" + no}
	f.ID, f.State, f.Moved = id, Draft, models.Moved{By: by.Role, At: now}
	return f, nil
}

func mayWriteIn(by models.Actor, village models.Region) bool {
	return by.Is(models.VillageStaff, models.TownStaff) && by.Region.Contains(village) && by.Agent == ""
}

// Mine says whether a person is of the household: the head, by the account.
func (f *File) Mine(person string) bool { return person != "" && f.Person == person && f.State != Left }

// Label is the head's name, masked.
func (f *File) Label() string { return models.NewSecret(f.Cells[HeadName].Text()).String() }

// Agrees says whether the head agreed to a text and did not withdraw.
func (f *File) Agrees(text string) bool {
	return slices.ContainsFunc(f.Agreed, func(a Agreement) bool { return a.Text == text && a.Ended == nil })
}

// Open says whether restricted data may be kept and looked at: both texts were agreed to.
//
// Source: docs/sources.md#consent-restricted.
func (f *File) Open() bool { return f.Agrees(TextAdverse) && f.Agrees(TextWritten) }

// Agree notes that the head agreed to a text. On paper the picture of the signature says so. The same text twice is once.
// Errors: Invalid "farmer.no_proof"; Forbidden "farmer.not_yours".
func (f *File) Agree(a Agreement, by models.Actor, now time.Time) error {
	switch {
	case a.How == InApp && !f.Mine(by.Person):
		return models.E(models.Forbidden, "farmer.not_yours")
	case a.How == OnPaper && !mayWriteIn(by, f.Village):
		return models.E(models.Forbidden, "farmer.other_region")
	case a.How == OnPaper && !slices.ContainsFunc(f.Photos, func(p Photo) bool { return p.ID == a.Proof }):
		return models.Bad("/proof", "farmer_proof", "farmer.no_proof")
	}
	if slices.ContainsFunc(f.Agreed, func(old Agreement) bool { return old.Text == a.Text && old.Hash == a.Hash && old.Ended == nil }) {
		return nil
	}
	a.By, a.At, a.Ended = by, now, nil
	f.Agreed = append(f.Agreed, a)
	return nil
}

// Disagree withdraws the agreement to restricted data: what is restricted is erased at once, and counts as not told from then on.
// Errors: Forbidden; Conflict "farmer.not_agreed".
func (f *File) Disagree(forms Forms, by models.Actor, now time.Time) error {
	switch {
	case !f.Mine(by.Person) && !mayWriteIn(by, f.Village):
		return models.E(models.Forbidden, "farmer.not_yours")
	case !f.Agrees(TextAdverse) && !f.Agrees(TextWritten):
		return models.E(models.Conflict, "farmer.not_agreed")
	}
	f.close(forms, func(a Agreement) bool { return a.Text != TextFile }, by, now)
	return nil
}

// close ends agreements and erases every restricted cell, and what lost to one.
func (f *File) close(forms Forms, which func(Agreement) bool, by models.Actor, now time.Time) {
	for i := range f.Agreed {
		if a := &f.Agreed[i]; a.Ended == nil && which(*a) {
			a.Ended = models.At(now)
		}
	}
	f.Publish(EventClosed, f.Person, by, now)
	for at := range f.Cells {
		if restricted(forms, at) {
			delete(f.Cells, at)
		}
	}
	f.Conflicts = slices.DeleteFunc(f.Conflicts, func(c Conflict) bool { return restricted(forms, c.At) })
}

func restricted(forms Forms, at string) bool {
	a, ok := ParseAddress(at)
	if !ok || forms[a.Section] == nil {
		return false
	}
	c := forms[a.Section].Column(a.Key)
	return c != nil && c.Restricted
}

// Tie names the head: the hash of the number, and the account if there is one. It says whether anything changed.
func (f *File) Tie(ref, person string, now time.Time) bool {
	if f.Seat == ref && f.Person == person {
		return false
	}
	if person != "" && person != f.Person {
		f.Publish(EventCreated.Of(CreatedData{No: f.No}), person, models.Clockwork, now)
	}
	f.Seat, f.Person = ref, person
	return true
}

// Meet ties the file to the account its head has opened. It says whether anything changed.
func (f *File) Meet(ref, person string, now time.Time) bool {
	if f.State == Left || f.Seat != ref || f.Person == person {
		return false
	}
	return f.Tie(ref, person, now)
}

// Lacks says what a file still needs before a second person looks, as faults with the cells as pointers.
func (f *File) Lacks(forms Forms) (faults []models.Field) {
	lack := func(pointer, code string) { faults = append(faults, models.Field{Pointer: pointer, Code: code}) }
	if !f.Agrees(TextFile) {
		lack("/agreed", "farmer_agreement")
	}
	if len(f.Conflicts) > 0 {
		lack("/conflicts", "farmer_conflicts")
	}
	if f.Seat == "" {
		lack("/"+HeadNumber, "required")
	}
	for _, name := range forms.Sections() {
		sheet := forms[name]
		rows := f.Rows(name)
		if sheet.Form.Rows == 0 && len(rows) == 0 && name == Head {
			rows = []Row{{}}
		}
		for _, r := range rows {
			for _, key := range sheet.missing(func(k string) bool { _, ok := r.Cells[k]; return ok }) {
				if c := sheet.Column(key); c.Restricted && !f.Open() {
					continue
				}
				lack("/"+Address{name, r.ID, key}.String(), "required")
			}
		}
	}
	return faults
}

// Submit hands the file to a second person. Errors: Invalid "farmer.incomplete" with what it lacks; Forbidden; InvalidTransition.
func (f *File) Submit(forms Forms, by models.Actor, now time.Time) error {
	if !mayWriteIn(by, f.Village) {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	if err := moves.Check(f.Life, Submitted, "farmer.file_state"); err != nil {
		return err
	}
	if faults := f.Lacks(forms); len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "farmer.incomplete", Fields: faults}
	}
	f.Makers.Touch(by)
	f.Publish(EventSubmitted, "", by, now)
	return f.Move(moves, Submitted, by.At(now), "farmer.file_state")
}

// Verify says that the file is as it should be. Nobody verifies what they wrote themselves. Errors: Forbidden "second_person";
// InvalidTransition.
//
// Source: docs/sources.md#farmer-process.
func (f *File) Verify(by models.Actor, now time.Time) error {
	if !mayWriteIn(by, f.Village) {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	if err := f.Makers.Second(by); err != nil {
		return err
	}
	if err := f.Move(moves, Verified, by.At(now), "farmer.file_state"); err != nil {
		return err
	}
	f.Makers, f.VerifiedOn, f.VerifiedBy = nil, models.DayOf(now), by.Principal()
	f.Publish(EventVerified, f.Person, by, now)
	return nil
}

// Return sends a file back. Errors: Forbidden; InvalidTransition.
func (f *File) Return(why string, by models.Actor, now time.Time) error {
	switch {
	case !mayWriteIn(by, f.Village):
		return models.E(models.Forbidden, "farmer.other_region")
	case f.State != Submitted:
		return models.Refused(f.Life, moves[f.State], "farmer.file_state")
	}
	if err := f.Move(moves, Draft, by.At(now).Because(why), "farmer.file_state"); err != nil {
		return err
	}
	f.Publish(EventReturned.Of(ReturnedData{Reason: why}), "", by, now)
	return nil
}

// Leave ends the file: the household asked, or it is no more. What it held is erased. Errors: Forbidden; InvalidTransition.
func (f *File) Leave(why string, by models.Actor, now time.Time) error {
	if !by.Is(models.System) && !f.Mine(by.Person) && !mayWriteIn(by, f.Village) {
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	if err := f.Move(moves, Left, by.At(now).Because(why), "farmer.file_state"); err != nil {
		return err
	}
	f.Publish(EventLeft.Of(LeftData{Ref: f.Seat}), f.Person, by, now)
	f.Seat, f.Slot, f.Cells, f.Conflicts, f.Makers, f.Ops, f.Forms, f.Agreed = "", "", nil, nil, nil, nil, nil, nil
	return nil
}

// Picture adds a photo. The same one twice is once. Errors: Conflict "farmer.too_many_photos"; Forbidden.
func (f *File) Picture(p Photo, by models.Actor, now time.Time) error {
	switch {
	case !f.Mine(by.Person) && !mayWriteIn(by, f.Village):
		return models.E(models.Forbidden, "farmer.not_yours")
	case slices.ContainsFunc(f.Photos, func(old Photo) bool { return old.ID == p.ID }):
		return nil
	case len(f.Photos) >= maxPhotos:
		return models.E(models.Conflict, "farmer.too_many_photos")
	}
	p.By, p.At = by.Principal(), now
	f.Photos = append(f.Photos, p)
	return nil
}
