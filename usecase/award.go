package usecase

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/identity"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/store"
)

// Award looks nominees up and counts ballots.
type Award struct {
	store.Award
	Notices  *store.Repo[notice.Notice]
	Records  *store.Repo[record.Record]
	People   *store.Repo[identity.Person]
	Subjects Subjects
	Keys     *store.Keys
	Now      func() time.Time
}

// OpenAward opens the repos on s, once a process.
func OpenAward(s *store.Store, notices *store.Repo[notice.Notice], records *store.Repo[record.Record], subjects Subjects) Award {
	return Award{
		Award: store.OpenAward(s), Notices: notices, Records: records, People: subjects.People, Subjects: subjects, Keys: s.Keys, Now: s.Now,
	}
}

// Nominee is a subject as a programme asks about it: its bar, and when it won the same title before. name is what it is called where no
// account says.
func (a Award) Nominee(ctx context.Context, p *award.Programme, sub models.Subject, name models.Secret, birth models.Day) (award.Nominee,
	error) {
	who := award.Nominee{Subject: sub, Name: name, Birth: birth}
	if sub.Person != "" {
		person, err := a.People.Get(ctx, sub.Person)
		if err != nil && !errors.Is(err, models.NotFound) {
			return who, err
		}
		if err == nil {
			who.Name, who.Birth, who.Region = person.Name, person.Birth, person.Region
		}
	}
	_, err := a.Awards.Each(ctx, store.AwardsHeldBy(sub.Ref), func(v *award.Award) error {
		who.Barred = max(who.Barred, v.Barred)
		if v.Title.ZH == p.Title.ZH || p.Category(v.Category) != nil && v.Title == p.Category(v.Category).Title {
			who.WonOn = max(who.WonOn, v.Since)
		}
		return nil
	})
	return who, err
}

// Tally counts a programme's ballots, by nomination.
func (a Award) Tally(ctx context.Context, programme string) (map[string]int, error) {
	counted := map[string]int{}
	_, err := a.Ballots.Each(ctx, store.BallotsOf(programme), func(b *award.Ballot) error {
		if b.Counts() {
			counted[b.Nomination]++
		}
		return nil
	})
	return counted, err
}
