package benefit

import (
	"context"
	"strings"
	"sync"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/decision"
	"xinyi/models/rule"
	"xinyi/store"
)

// A Board holds the offers that may be claimed and their rules made ready, for looks at all of them at once. It may be two
// seconds behind; what is claimed is decided on what is stored. The zero Board is ready.
type Board struct {
	mu    sync.Mutex
	at    time.Time
	posts []posted
	ready map[string]*rule.Program // by version
}

// posted is an offer with its rule.
type posted struct {
	offer   *benefit.Offer
	program *rule.Program
}

const boardTime = 2 * time.Second

// program is an offer's rule in force, made ready once.
func (b *Board) program(o *benefit.Offer) (*rule.Program, error) {
	id := o.InForce()
	b.mu.Lock()
	p := b.ready[id]
	b.mu.Unlock()
	if p != nil {
		return p, nil
	}
	r, err := benefit.RuleOf(o.ID, o.Active, o.Subject, o.Terms.Needs)
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	if p, err = rule.Compile(r); err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready == nil {
		b.ready = map[string]*rule.Program{}
	}
	b.ready[id] = p
	return p, nil
}

// all are the offers that may be claimed.
func (b *Board) all(ctx context.Context, offers *store.Repo[benefit.Offer], now time.Time) ([]posted, error) {
	b.mu.Lock()
	posts, age := b.posts, now.Sub(b.at)
	b.mu.Unlock()
	if posts != nil && age >= 0 && age < boardTime {
		return posts, nil
	}
	posts = []posted{}
	_, err := offers.Each(ctx, store.OffersAlive(), func(o *benefit.Offer) error {
		p, err := b.program(o)
		if err == nil {
			posts = append(posts, posted{o, p})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts, b.at = posts, now
	for id := range b.ready { // versions that gave way
		if len(b.ready) <= len(posts) {
			break
		}
		if !inForce(posts, id) {
			delete(b.ready, id)
		}
	}
	return posts, nil
}

func inForce(posts []posted, version string) bool {
	for _, p := range posts {
		if p.offer.InForce() == version {
			return true
		}
	}
	return false
}

// A judged is how an offer's rule comes out for somebody today.
type judged struct {
	offer    *benefit.Offer
	program  *rule.Program
	facts    map[string]any
	result   rule.Result
	decision *decision.Decision
}

// judge decides whether somebody may have an offer today, and keeps the decision with the facts it rests on: the same facts on
// the same day are the same decision.
func (h Handler) judge(ctx context.Context, rq api.Request, o *benefit.Offer, holder models.Actor) (*judged, error) {
	p, err := h.Refresh(ctx, holder, h.Facts, h.Policy)
	if err != nil {
		return nil, err
	}
	breaches, err := h.Breaches(ctx, o.Provider, o.Scene, p.ID)
	if err != nil {
		return nil, err
	}
	j := &judged{offer: o}
	if j.program, err = h.Board.program(o); err != nil {
		return nil, err
	}
	j.facts = p.Facts(models.DayOf(rq.Now), breaches, h.Policy)
	if j.result, err = j.program.Eval(j.facts); err != nil {
		return nil, err
	}
	raw, err := rule.Canonical(j.facts)
	if err != nil {
		return nil, err
	}
	sub, err := h.Subjects.Of(ctx, holder)
	if models.CodeOf(err) == models.Conflict {
		sub, err = models.Subject{Kind: models.PersonSubject, Person: p.ID}, nil
	}
	if err != nil {
		return nil, err
	}
	r := j.program.Rule()
	j.decision, err = decision.New(decision.Draft{
		ID: models.Derived("eligibility", p.ID, o.ID, j.program.Hash(), rule.Sum(raw)), Kind: decision.Eligibility, Subject: sub, Person: sub.Person, Region: o.Region,
		About: decision.About{Kind: "offer", ID: o.ID}, Rule: r.ID, Version: r.Version, Hash: j.program.Hash(), Engine: rule.Engine, Inputs: raw,
		Result: j.result, Uses: p.Looked, By: holder, At: rq.Now,
	})
	if err != nil {
		return nil, err
	}
	return j, h.Decisions.Decided(ctx, r, j.decision)
}

// clauseWords are a clause's label and remedy: of a custom one the offer's own, else the texts of its kind.
func clauseWords(o *benefit.Offer, c models.Clause, lang string) api.ProblemClause {
	v := api.ViewClause(c, lang)
	if at, custom := strings.CutPrefix(c.ID, "custom."); custom {
		for i, n := range o.Terms.Needs {
			if n.Kind == benefit.Custom && at == api.Itoa(i) {
				v.Label, v.Remedy = n.Label.In(lang), n.Remedy.In(lang)
			}
		}
		return v
	}
	return v
}
