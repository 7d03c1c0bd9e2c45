package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/models/score"
	"xinyi/store"
	"xinyi/usecase"
)

// Farmer is what follows for households' files: scores follow files, records and neighbours; changes are done once they are
// approved; sheets are read; evaluations follow their notices; banks delete what is over.
type Farmer struct {
	usecase.Farmer
	Facts  usecase.FarmFacts
	Policy farmer.Policy
	Now    func() time.Time

	size int // households in a part of a run, lines in a part of an import; 0 is runPart, importPart
}

// Subscribers are to be given to the relay.
func (f Farmer) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "farmer.rate", Do: f.rate, Kinds: Kinds(farmer.EventVerified, farmer.EventClosed)},
		{Name: "farmer.judged", Do: f.judged, Kinds: Kinds(farmer.EventRevoked)},
		{Name: "farmer.record", Do: f.record, Kinds: Kinds(record.EventKept, record.EventHonoured, record.EventRevised, record.EventCorrected,
			record.EventRepaired, record.EventRestored, record.EventEnded, record.EventWithdrawn)},
		{Name: "farmer.forget", Do: f.forget, Kinds: Kinds(farmer.EventClosed)},
		{Name: "farmer.people", Do: f.people, Kinds: Kinds(farmer.EventPeople)},
		{Name: "farmer.gone", Do: f.left, Kinds: Kinds(farmer.EventLeft)},
		{Name: "farmer.bound", Do: f.bound, Kinds: Kinds(identity.EventBound)},
		{Name: "farmer.closed", Do: f.closed, Kinds: Kinds(identity.EventLeft)},
		{Name: "farmer.carry", Do: f.carry, Kinds: Kinds(farmer.EventApproved)},
		Worker[farmer.Import, *farmer.Import]{Repo: f.Imports, Now: f.Now, Do: f.importPart}.Subscriber("farmer.import"),
		Worker[farmer.Run, *farmer.Run]{Repo: f.Runs, Now: f.Now, Do: f.run}.Subscriber("farmer.run"),
		{Name: "farmer.tried", Do: f.tried, Kinds: Kinds(farmer.EventRunDone)},
		{Name: "farmer.model", Do: f.active, Kinds: Kinds(farmer.EventModelOn)},
		{Name: "farmer.warn", Do: f.warn, Kinds: Kinds(farmer.EventModelDue)},
		{Name: "farmer.evaluate", Do: f.evaluate, Kinds: Kinds(farmer.EventPeersDone)},
		{Name: "farmer.notice", Do: f.notices().follow, Kinds: noticeKinds},
		{Name: "farmer.share", Do: f.ended, Kinds: Kinds(consent.EventWithdrawn, consent.EventExpired, consent.EventExhausted)},
	}
}

// rate scores a household anew.
func (f Farmer) rate(ctx context.Context, e models.Event) error { return f.score(ctx, e.Subject) }

// judged scores the household of an evaluation that was revoked: what was false counts from then on.
func (f Farmer) judged(ctx context.Context, e models.Event) error {
	v, err := f.Evaluations.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	return f.score(ctx, v.Household)
}

// Score has a household scored anew.
func (f Farmer) Score(ctx context.Context, household string) error { return f.score(ctx, household) }

// score scores a household by what is known now. Only a file that was verified once counts.
func (f Farmer) score(ctx context.Context, household string) error {
	file, err := f.Files.Get(ctx, household)
	if err != nil || file.State == farmer.Left {
		return gone(err)
	}
	_, err = f.Rate(ctx, file, f.Facts, f.Policy)
	return gone(err)
}

// forget takes what was restricted out of what is kept beside a file: evaluations and changes.
func (f Farmer) forget(ctx context.Context, e models.Event) error {
	file, err := f.Files.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	forms, err := f.FormsAt(ctx, file.Village)
	if err != nil {
		return err
	}
	err = changeAll(ctx, f.Changes, store.FarmChangesOf(file.ID), func(c *farmer.Change) error {
		if !c.Forget(forms) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	fact := farmer.RestrictedFact(forms)
	return changeAll(ctx, f.Evaluations, store.EvaluationsOf(file.ID), func(v *farmer.Evaluation) error {
		items, err := f.itemsOf(ctx, v, fact)
		if err == nil && !v.Forget(fact, items) {
			return store.Unchanged()
		}
		return err
	})
}

// itemsOf says which items of an evaluation's result are made of such facts.
func (f Farmer) itemsOf(ctx context.Context, v *farmer.Evaluation, fact func(string) bool) (func(code string) bool, error) {
	if v.Result == nil {
		return nil, nil //nolint:nilnil // there are no items to ask about
	}
	m, err := f.Models.Get(ctx, v.Result.Set)
	if err != nil {
		return nil, err
	}
	set, err := m.Read()
	if err != nil {
		return nil, err
	}
	made := map[string]bool{}
	set.Indicators(func(x *score.Indicator) { made[x.Code] = x.Restricted || fact(x.Of) || fact(x.Over) })
	return func(code string) bool { return made[code] }, nil
}

// record follows what is said of a head in the credit file.
func (f Farmer) record(ctx context.Context, e models.Event) error {
	r, err := f.Records.Get(ctx, e.Subject)
	if err != nil || r.Subject.Kind != models.PersonSubject {
		return gone(err)
	}
	file, err := f.Files.First(ctx, store.FarmFileOf(r.Subject.Ref))
	if err != nil {
		return gone(err)
	}
	return f.score(ctx, file.ID)
}

// people seats whoever is of a household now, and has what is about its head follow the head.
func (f Farmer) people(ctx context.Context, e models.Event) error {
	if err := f.Reseat(ctx, e.Subject); err != nil {
		return err
	}
	return gone(f.head(ctx, e.Subject))
}

// left forgets what is kept beside a file that is no more.
func (f Farmer) left(ctx context.Context, e models.Event) error {
	file, err := f.Files.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	if err := f.Reseat(ctx, file.ID); err != nil {
		return err
	}
	err = changeAll(ctx, f.Evaluations, store.EvaluationsOf(file.ID), func(v *farmer.Evaluation) error {
		ended := v.Slot != "" && v.Withdraw(models.Clockwork, f.Now()) == nil
		if !v.Erase() && !ended {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range file.Photos {
		if err := f.Blobs.Delete(ctx, p.ID); err != nil {
			return err
		}
	}
	return f.Scores.Delete(ctx, e.Subject)
}

// bound ties a file to the account its head has opened.
func (f Farmer) bound(ctx context.Context, e models.Event) error {
	sub, err := f.Subjects.Of(ctx, models.Actor{Person: e.Person, Role: models.Resident})
	if errors.Is(err, models.Conflict) || errors.Is(err, models.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	file, err := f.Files.First(ctx, store.FarmFileOf(sub.Ref))
	if err != nil {
		return gone(err)
	}
	file, err = f.Files.Update(ctx, file.ID, func(file *farmer.File) error {
		if !file.Meet(sub.Ref, e.Person, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.follow(ctx, file, file.Person)
}

// closed unties the file of a head whose account is closed; the household is filed on paper from then on.
func (f Farmer) closed(ctx context.Context, e models.Event) error {
	_, err := f.Files.Each(ctx, store.FarmFilesOfPerson(e.Person), func(file *farmer.File) error {
		if err := f.follow(ctx, file, ""); err != nil { // first: once the file is untied nobody finds it here again
			return err
		}
		_, err := f.Files.Update(ctx, file.ID, func(file *farmer.File) error {
			file.Tie(file.Seat, "", f.Now())
			return nil
		})
		return err
	})
	return err
}

// follow has the evaluation that goes on be about whoever leads the household.
func (f Farmer) follow(ctx context.Context, file *farmer.File, person string) error {
	return changeAll(ctx, f.Evaluations, store.EvaluationOf(file.ID), func(v *farmer.Evaluation) error {
		if !v.Heads(person, file.Label()) {
			return store.Unchanged()
		}
		return nil
	})
}

// carry does an approved change.
func (f Farmer) carry(ctx context.Context, e models.Event) error {
	c, err := f.Changes.Get(ctx, e.Subject)
	if err != nil || c.State != farmer.ChangeApproved || c.DoneAt != nil {
		return err
	}
	made, err := f.do(ctx, c)
	failed := ""
	switch models.CodeOf(err) {
	case "":
	case models.Invalid, models.Conflict, models.NotFound, models.InvalidTransition:
		var why *models.Error
		if failed = "farmer.change_failed"; errors.As(err, &why) {
			failed = why.Reason
		}
		if err := f.Reseat(ctx, c.Household); err != nil { // whoever was seated for it
			return err
		}
	default:
		return err
	}
	_, err = f.Changes.Update(ctx, c.ID, func(c *farmer.Change) error {
		if !c.Done(made, failed, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// do carries a change out; cut off at any point and done again it comes to the same.
func (f Farmer) do(ctx context.Context, c *farmer.Change) (made string, err error) {
	file, err := f.Files.Get(ctx, c.Household)
	if err != nil {
		return "", err
	}
	forms, err := f.FormsAt(ctx, file.Village)
	if err != nil {
		return "", err
	}
	if !file.Did(c.ID) {
		if err := c.Fits(file, models.DayOf(f.Now())); err != nil {
			return "", err
		}
		if err := f.Claim(ctx, file, c); err != nil {
			return "", err
		}
	}
	switch c.Kind { //nolint:exhaustive // the others change one file alone
	case farmer.Split:
		if made, err = f.split(ctx, file, c); err != nil {
			return "", err
		}
	case farmer.Merge:
		if err := f.merge(ctx, c, forms); err != nil {
			return "", err
		}
	}
	_, err = f.Files.Update(ctx, file.ID, func(file *farmer.File) error {
		changed, err := file.Carry(c, forms, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	if err != nil {
		return made, err
	}
	return made, f.settle(ctx, c, made)
}

// split makes the new household's file before the old one gives its members up.
func (f Farmer) split(ctx context.Context, file *farmer.File, c *farmer.Change) (string, error) {
	id := models.Derived("split", c.ID)
	if file.Did(c.ID) {
		return id, nil
	}
	_, err := f.Keep(ctx, file.SplitOff(id, c, f.Now()))
	return id, err
}

// merge brings the other household's people and rows into the file, and then ends the other file.
func (f Farmer) merge(ctx context.Context, c *farmer.Change, forms farmer.Forms) error {
	other, err := f.Files.Get(ctx, c.Other)
	if err != nil {
		return err
	}
	if other.State == farmer.Left {
		return nil // done before
	}
	if other.Village != c.Village {
		return models.E(models.Conflict, "farmer.other_village")
	}
	_, err = f.Files.Update(ctx, c.Household, func(file *farmer.File) error {
		changed, err := file.Join(other, c, forms, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = f.Files.Update(ctx, c.Other, func(file *farmer.File) error {
		if file.State == farmer.Left {
			return store.Unchanged()
		}
		return file.Leave("farmer.merged", models.Clockwork, f.Now())
	})
	return err
}

// settle has everybody sit where they are now, and the heads be who they are.
func (f Farmer) settle(ctx context.Context, c *farmer.Change, made string) error {
	for _, id := range []string{c.Household, c.Other, c.Household, made} { // who comes was seated elsewhere until the other gave the seat up
		if id == "" {
			continue
		}
		if err := f.Reseat(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range []string{c.Household, made} {
		if id == "" {
			continue
		}
		if err := f.head(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// head ties a file to whoever its head is now, and what hangs on the head.
func (f Farmer) head(ctx context.Context, id string) error {
	file, err := f.Files.Update(ctx, id, func(file *farmer.File) error {
		var sub models.Subject // nobody, when the number was taken out
		if n, err := models.ParseIDNumber(file.Cells[farmer.HeadNumber].Text()); err == nil {
			if sub, err = f.Subjects.OfNumber(ctx, n); err != nil {
				return err
			}
		}
		if file.State == farmer.Left || !file.Tie(sub.Ref, sub.Person, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil || file.State == farmer.Left {
		return err
	}
	if err := f.follow(ctx, file, file.Person); err != nil {
		return err
	}
	return f.score(ctx, id) // of the household the head's records count
}

// evaluate scores the household of an evaluation whose answers are counted.
func (f Farmer) evaluate(ctx context.Context, e models.Event) error {
	v, err := f.Evaluations.Get(ctx, e.Subject)
	if err != nil || v.State != farmer.Scored {
		return err
	}
	file, err := f.Files.Get(ctx, v.Household)
	if err != nil {
		return err
	}
	if file.State == farmer.Left { // while an appeal went on
		return f.left(ctx, models.Event{Subject: file.ID})
	}
	s, err := f.Rate(ctx, file, f.Facts, f.Policy)
	if err != nil {
		return err
	}
	sc, err := f.Scorer(ctx)
	if err != nil || sc == nil {
		return err
	}
	r, err := sc.Score(s.Input())
	if err != nil {
		return err
	}
	_, err = f.Evaluations.Update(ctx, v.ID, func(v *farmer.Evaluation) error {
		v.Heads(file.Person, file.Label())
		return v.Score(farmer.Known{Village: s.Village, Facts: s.Facts, Open: s.Open, Grounds: s.Grounds}, r)
	})
	return err
}

// aboutHouseholds is what notices of credit households are about.
const aboutHouseholds = "farmer.household"

// notices leads evaluations on as their lines stand.
func (f Farmer) notices() follower[farmer.Evaluation] {
	return follower[farmer.Evaluation]{aboutHouseholds, f.Notices, f.Evaluations, f.lead}
}

func (f Farmer) lead(_ context.Context, v *farmer.Evaluation, n *notice.Notice, to turn, _ models.Event) (bool, error) {
	switch to {
	case shown:
		return v.State == farmer.Prelim && v.Show(n.ID, n.Closes, models.Clockwork, f.Now()) == nil, nil
	case back:
		return v.Back(n.ID, f.Now()), nil
	case struck:
		return v.Strike(n.ID, f.Now()), nil
	case passed:
	}
	return v.Pass(n.ID, f.Policy, f.Now()), nil
}

// ended has a bank delete what it read under a consent that is over.
func (f Farmer) ended(ctx context.Context, e models.Event) error {
	_, err := f.Shares.Update(ctx, e.Subject, func(s *farmer.Share) error {
		if !s.End(f.Policy, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}
