package usecase

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/store"
)

// A Gathered is what a phone or a sheet brings for one household.
type Gathered struct {
	Op        string // the phone's id of the operation, "" none
	Household string // the file's id, or the phone's own of one it started; "" for one known by village and number
	Village   models.Region
	No        string
	Edits     []farmer.Edit
	Agreed    []farmer.Agreement
	DryRun    bool // nothing is kept
}

// FarmFileID is the id of a file that a phone started under an id of its own.
func FarmFileID(local string) string { return models.Derived("farmfile", local) }

// A Collected is what became of it.
type Collected struct {
	File     *farmer.File
	Created  bool
	Verdicts []farmer.Verdict
}

// Collect takes what was gathered of one household: it finds or starts the file, seats whoever is new in it, and writes cell by
// cell. The same operation twice changes nothing. Errors: as farmer.NewFile, farmer.File.Apply; Conflict "farmer.number_taken",
// "farmer.head_elsewhere".
func (f Farmer) Collect(ctx context.Context, g Gathered, pol farmer.Policy, by models.Actor) (Collected, error) {
	file, err := f.find(ctx, g)
	c := Collected{}
	if err == nil && farmer.OriginOf(by) == farmer.Collector && !by.Region.Contains(file.Village) { // not there for whoever collects elsewhere
		err = models.E(models.NotFound, "not_found")
	}
	if errors.Is(err, models.NotFound) {
		if file, err = f.start(ctx, g, by); err == nil {
			c.Created = true
		}
	}
	if err != nil {
		return c, err
	}
	if err := file.Takes(by); err != nil { // before anybody is seated
		return c, err
	}
	forms, err := f.FormsAt(ctx, file.Village)
	if err != nil {
		return c, err
	}
	took := file.Took(g.Op) // sent again: what became of it is said again, and nothing is written
	g.DryRun = g.DryRun || took
	s, err := f.seat(ctx, file, g, by)
	if err != nil {
		return c, err
	}
	change := func(file *farmer.File) error {
		for _, a := range g.Agreed {
			if err := file.Agree(a, by, f.Now()); err != nil {
				return err
			}
		}
		var err error
		c.Verdicts, err = file.Apply(farmer.Operation{ID: g.Op, Edits: s.edits, Skew: time.Duration(pol.SkewMinutes) * time.Minute}, forms, by,
			f.Now())
		if err == nil && s.head.Ref != "" && file.Cells[farmer.HeadNumber].Text() == s.number { // and nobody wrote another later
			file.Tie(s.head.Ref, s.head.Person, f.Now())
		}
		return err
	}
	if g.DryRun {
		if err := change(file); err != nil {
			return c, err
		}
		c.File, c.Verdicts = file, append(c.Verdicts, s.refused...)
		if took { // its changes are not those of today
			c.File, err = f.Files.Get(ctx, file.ID)
		}
		return c, err
	}
	c.File, err = f.Files.UpdateFrom(ctx, file, change)
	if c.File == nil && s.head.Ref != "" && models.CodeOf(err) == models.Conflict {
		err = models.E(models.Conflict, "farmer.head_elsewhere", err)
	}
	if !f.sits(c.File, s.refs) { // somebody was seated and is not in the file after all
		err = errors.Join(err, f.Reseat(ctx, file.ID))
	}
	c.Verdicts = append(c.Verdicts, s.refused...)
	return c, err
}

// sits says whether all of refs are in a file; nil is none.
func (f Farmer) sits(file *farmer.File, refs []string) bool {
	if file == nil || len(refs) == 0 {
		return len(refs) == 0
	}
	in := f.Present(file)
	return !slices.ContainsFunc(refs, func(ref string) bool { return !in[ref] })
}

// find is the file that is meant.
func (f Farmer) find(ctx context.Context, g Gathered) (*farmer.File, error) {
	if g.Household == "" {
		return f.Files.First(ctx, store.FarmFileIn(g.Village, g.No))
	}
	file, err := f.Files.Get(ctx, g.Household)
	if errors.Is(err, models.NotFound) {
		file, err = f.Files.Get(ctx, FarmFileID(g.Household))
	}
	return file, err
}

// start starts a file.
func (f Farmer) start(ctx context.Context, g Gathered, by models.Actor) (*farmer.File, error) {
	id := FarmFileID(g.Household)
	if g.Household == "" {
		id = models.Derived("farmfile", string(g.Village), g.No)
	}
	file, err := farmer.NewFile(id, g.No, g.Village, by, f.Now())
	if err != nil || g.DryRun {
		return file, err
	}
	return f.Keep(ctx, file)
}

// Keep keeps a new file, and answers it as it is kept: one that is there already is the same act, once more. Errors: Conflict
// "farmer.number_taken".
func (f Farmer) Keep(ctx context.Context, file *farmer.File) (*farmer.File, error) {
	err := f.Files.Insert(ctx, file)
	if !errors.Is(err, models.Conflict) {
		return file, err
	}
	kept, err := f.Files.Get(ctx, file.ID)
	if errors.Is(err, models.NotFound) { // not the id: the number
		err = models.E(models.Conflict, "farmer.number_taken")
	}
	return kept, err
}

// seated are the people an operation names.
type seated struct {
	refs    []string // hashes of their numbers
	head    models.Subject
	number  string // the head's
	edits   []farmer.Edit
	refused []farmer.Verdict
}

// seat makes sure that nobody is of two households. It answers the edits that may be written, and a verdict for each that may not.
// Whoever may not write numbers hears so of the file, and seats nobody.
func (f Farmer) seat(ctx context.Context, file *farmer.File, g Gathered, by models.Actor) (s seated, err error) {
	for _, e := range g.Edits {
		a, _ := farmer.ParseAddress(e.At)
		text, is := e.Value.(string)
		n, err := models.ParseIDNumber(text)
		if !is || err != nil || !a.Number() || farmer.OriginOf(by) != farmer.Collector {
			s.edits = append(s.edits, e)
			continue
		}
		sub, err := f.Subjects.OfNumber(ctx, n)
		if err != nil {
			return s, err
		}
		code := ""
		if a.Section == farmer.Head && !models.Adult(n.Birth(), models.DayOf(f.Now())) {
			code = "farmer_minor"
		} else if taken, err := f.taken(ctx, file, sub.Ref, g.DryRun); err != nil {
			return s, err
		} else if taken {
			code = "farmer_elsewhere"
		}
		if code != "" {
			s.refused = append(s.refused, farmer.Verdict{At: e.At, Outcome: farmer.Refused, Code: code})
			continue
		}
		s.edits, s.refs = append(s.edits, e), append(s.refs, sub.Ref)
		if a.Section == farmer.Head {
			s.head, s.number = sub, n.Reveal()
		}
	}
	return s, nil
}

// Claim seats everybody whose number a change would write into a file. Errors: Conflict "farmer.elsewhere" for somebody of another
// household.
func (f Farmer) Claim(ctx context.Context, file *farmer.File, c *farmer.Change) error {
	for _, n := range c.Numbers() {
		taken, err := f.taken(ctx, file, f.Subjects.Ref(n).Ref, false)
		if err != nil {
			return err
		}
		if taken {
			return models.E(models.Conflict, "farmer.elsewhere")
		}
	}
	return nil
}

// taken says whether somebody is of another household; whoever is of none is seated in file.
func (f Farmer) taken(ctx context.Context, file *farmer.File, ref string, dry bool) (bool, error) {
	seat, err := f.Seats.Get(ctx, ref)
	if errors.Is(err, models.NotFound) {
		if dry {
			return false, nil
		}
		err = f.Seats.Insert(ctx, farmer.NewSeat(ref, file))
		if !errors.Is(err, models.Conflict) {
			return false, err
		}
		seat, err = f.Seats.Get(ctx, ref)
	}
	return err == nil && seat.Household != file.ID, err
}

// Reseat has the seats of a household be those of who is in its file.
func (f Farmer) Reseat(ctx context.Context, household string) error {
	file, err := f.Files.Get(ctx, household)
	if err != nil && !errors.Is(err, models.NotFound) {
		return err
	}
	in := map[string]bool{}
	if err == nil && file.State != farmer.Left {
		in = f.Present(file)
		for ref := range in {
			if _, err := f.taken(ctx, file, ref, false); err != nil {
				return err
			}
		}
	}
	_, err = f.Seats.Each(ctx, store.SeatsOf(household), func(s *farmer.Seat) error {
		if in[s.ID] {
			return nil
		}
		return f.Seats.Delete(ctx, s.ID)
	})
	return err
}

// Present are the hashes of the numbers of everybody in a file.
func (f Farmer) Present(file *farmer.File) map[string]bool {
	refs := map[string]bool{}
	for _, section := range []string{farmer.Head, farmer.Members} {
		for _, r := range file.Rows(section) {
			if n, err := models.ParseIDNumber(r.Cells[farmer.FieldID].Text()); err == nil {
				refs[f.Subjects.Ref(n).Ref] = true
			}
		}
	}
	return refs
}

// Mine is the file of somebody's household, and whether that is the head. Errors: NotFound; Conflict "identity.not_bound".
func (f Farmer) Mine(ctx context.Context, a models.Actor) (*farmer.File, bool, error) {
	sub, err := f.Subjects.Of(ctx, a)
	if err != nil {
		return nil, false, err
	}
	seat, err := f.Seats.Get(ctx, sub.Ref)
	if err != nil {
		return nil, false, err
	}
	file, err := f.Files.Get(ctx, seat.Household)
	if err == nil && file.State == farmer.Left {
		err = models.E(models.NotFound, "not_found")
	}
	return file, err == nil && file.Seat == sub.Ref, err
}
