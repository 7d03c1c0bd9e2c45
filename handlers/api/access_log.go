package api

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/store"
)

// AccessLog is the one way to somebody else's data: it writes what is about to be seen into the log before anything is shown.
type AccessLog struct {
	Entries *store.Repo[access.Entry]

	Office  func(ctx context.Context, by models.Actor) (string, error)       // what people call an office; nil: its id
	Grounds func(ctx context.Context, caseID string) (*access.Ground, error) // the case or document named; NotFound; nil: none is asked for
}

// errNoLog is a router that was built without its access log.
var errNoLog = errors.New("there is no access log")

// hourly bounds how many entries of the last hour are read to count an officer's people.
const hourly = store.MaxPage

// Note notes what rq is about to see, one entry an access; none at all is a list that came out empty. It is called before the
// answer is made, and an error of it ends the request. Whom the data is about is told when the entry is kept.
//
// A purpose that was sent must be the caller's to state, and of the route's own kind unless the case that was sent carries it; a case that
// was sent must be one that is open, the caller's, and about whom is looked at.
//
// Errors: Invalid "access.no_purpose", "access.unknown_purpose", "access.no_case"; Forbidden "access.not_your_purpose", "access.no_ground",
// "access.case_closed", "access.case_of_other".
func (l *AccessLog) Note(ctx context.Context, rq Request, looks ...access.Access) error {
	if l == nil || l.Entries == nil {
		return models.E(models.Internal, "internal", errNoLog)
	}
	entries, err := l.entries(ctx, rq, looks)
	if err != nil {
		return err
	}
	if err := l.Entries.InsertMany(ctx, entries); err != nil && !errors.Is(err, models.Conflict) {
		return err
	}
	if rq.seen != nil {
		*rq.seen = true
	}
	return nil
}

// entries are the entries of accesses, with what is unusual about them.
func (l *AccessLog) entries(ctx context.Context, rq Request, looks []access.Access) ([]*access.Entry, error) {
	if len(looks) == 0 {
		return nil, nil
	}
	office, err := l.OfficeName(ctx, rq.Actor)
	if err != nil {
		return nil, err
	}
	hours := access.Standard.Hours(rq.Actor, rq.Now)
	entries := make([]*access.Entry, 0, len(looks))
	for i, viewing := range looks {
		id := models.Derived("look", rq.ID, rq.Actor.Principal(), strconv.FormatInt(rq.Now.UnixMilli(), 10), strconv.Itoa(i),
			viewing.Subject.Ref, viewing.Subject.Person, viewing.About)
		e, err := access.New(id, viewing, rq.Actor, rq.ID, rq.Now)
		if err != nil {
			return nil, err
		}
		if err := l.founded(ctx, rq, viewing); err != nil {
			return nil, err
		}
		e.Office = office
		e.Find(hours...)
		closed, err := l.closed(ctx, rq, e)
		if err != nil {
			return nil, err
		}
		e.Find(closed)
		entries = append(entries, e)
	}
	crowd, err := l.crowd(ctx, rq, entries)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		e.Find(crowd)
		e.Announce()
	}
	return entries, nil
}

// founded says whether what the caller sent of why it looks is so. What was not sent follows from the route.
func (l *AccessLog) founded(ctx context.Context, rq Request, viewing access.Access) error {
	if viewing.Refused != "" || viewing.Receipt != "" {
		return nil
	}
	stated := rq.Purpose != "" && viewing.Purpose == rq.Purpose
	if stated && !access.Purposes[rq.Purpose].May(rq.Actor.Role) {
		return models.E(models.Forbidden, "access.not_your_purpose")
	}
	carried := false
	if rq.Case != "" && viewing.Case == rq.Case && rq.Case != viewing.About && l.Grounds != nil {
		g, err := l.Grounds(ctx, rq.Case)
		if err != nil && !errors.Is(err, models.NotFound) {
			return err
		}
		if err := g.Carries(rq.Actor, viewing.Subject, viewing.Purpose); err != nil {
			return err
		}
		carried = true
	}
	if stated && !carried && rq.own != nil && *rq.own != "" && kindOf(*rq.own) != kindOf(rq.Purpose) {
		return models.E(models.Forbidden, "access.not_your_purpose")
	}
	return nil
}

// kindOf is the first word of a purpose: what it is about.
func kindOf(purpose string) string {
	kind, _, _ := strings.Cut(purpose, ".")
	return kind
}

// OfficeName is what people call an office.
func (l *AccessLog) OfficeName(ctx context.Context, by models.Actor) (string, error) {
	if l.Office == nil {
		return by.Org, nil
	}
	return l.Office(ctx, by)
}

// closed says whether an officer's access names a case that is not open, or not about its subject.
func (l *AccessLog) closed(ctx context.Context, rq Request, e *access.Entry) (access.Anomaly, error) {
	if l.Grounds == nil || rq.Actor.Client != "" || e.Receipt != "" || !access.Purposes[e.Purpose].Law {
		return "", nil
	}
	g, err := l.Grounds(ctx, e.Case)
	switch {
	case errors.Is(err, models.NotFound):
		return access.NoOpenCase, nil
	case err != nil:
		return "", err
	case g == nil || !g.Open || !g.Subject.Is(e.Subject) && (g.Subject.Person == "" || g.Subject.Person != e.Subject.Person):
		return access.NoOpenCase, nil
	}
	return "", nil
}

// crowd counts the people an officer looked at within the hour, those of entries among them.
func (l *AccessLog) crowd(ctx context.Context, rq Request, entries []*access.Entry) (access.Anomaly, error) {
	if rq.Actor.Client != "" || rq.Actor.Person == "" {
		return "", nil
	}
	page, err := l.Entries.Find(ctx, store.AccessesSince(rq.Actor.Person, rq.Now.Add(-access.Span)).Page(hourly, "").Only("subject.ref"))
	if err != nil {
		return "", err
	}
	people := map[string]bool{}
	for _, seen := range [][]*access.Entry{page.Items, entries} {
		for _, e := range seen {
			people[e.Subject.Ref] = true
		}
	}
	return access.Standard.Crowd(len(people)), nil
}

// APerson is a subject known by the account alone.
func APerson(id string) models.Subject { return models.Subject{Kind: models.PersonSubject, Person: id} }

// Personal are the looks at documents that are about somebody: one for each, none for those about nobody we know.
func Personal[T any](rq Request, purpose string, fields []string, docs []*T, of func(*T) (id, person string)) []access.Access {
	var looks []access.Access
	for _, d := range docs {
		id, person := of(d)
		if person == "" {
			continue
		}
		looks = append(looks, access.Access{Subject: APerson(person), Fields: fields, About: id, Purpose: rq.PurposeOr(purpose),
			Case: rq.CaseOr(id)})
	}
	return looks
}

// Offices says what people call the offices they deal with. It remembers a name for ten minutes.
type Offices struct {
	store.Identity
	Now func() time.Time

	known Cache[string, officeName]
}

type officeName struct {
	name string
	at   time.Time
}

const officeHolds = 10 * time.Minute

// Name is what an actor's office is called: the name of the system, or of the office held; the organisation's id when nobody
// gave it one.
func (o *Offices) Name(ctx context.Context, by models.Actor) (string, error) {
	key := by.Client + "/" + by.Person + "/" + by.Org
	now := o.Now()
	if known, ok := o.known.Get(key); ok && now.Sub(known.at) < officeHolds && !now.Before(known.at) {
		return known.name, nil
	}
	name, err := o.read(ctx, by)
	if errors.Is(err, models.NotFound) {
		name, err = by.Org, nil
	}
	if err == nil {
		o.known.Put(key, officeName{name, now})
	}
	return name, err
}

func (o *Offices) read(ctx context.Context, by models.Actor) (string, error) {
	if by.Client != "" {
		c, err := o.Clients.Get(ctx, by.Client)
		if err != nil {
			return "", err
		}
		return c.Name, nil
	}
	p, err := o.People.Get(ctx, by.Person)
	if err != nil {
		return "", err
	}
	for _, m := range p.Memberships {
		if m.Org == by.Org && m.Role == by.Role && m.OrgName != "" {
			return m.OrgName, nil
		}
	}
	return by.Org, nil
}
