package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// The beats of an exchange.
const (
	alive     = 3  // at least one word of a server in so many
	silent    = 7  // without a word: the server has died
	lastWords = 10 // words that a server's document holds
)

// Servers is where the servers that share a store say what is due next: one small document each.
var Servers = Collection{Name: "servers"}

// Peers exchanges next moments between the servers that share a store. Each writes what it saved, gathered over a beat, into
// a document of its own and reads those of the others. What a server that died had not said is read from the collections:
// whoever notices that it is silent, or gone, reads them all anew. So nothing is written beside a save, and nothing can be lost.
type Peers struct {
	s     *Store
	id    string
	beats int
	tries int64  // of saying something; the versions of the document
	said  int64  // the version stored, 0 for none
	open  word   // gathered and not said yet
	words []word // the last that were said
	heard map[string]*peer
}

type word map[string]map[Moment]time.Time // by collection

type peer struct {
	version int64
	quiet   int // beats without a word
}

type spoken struct {
	ID      string `bson:"_id"`
	Version int64  `bson:"version"`
	Moments word   `bson:"moments"`
}

// Join makes the place where servers meet. It is called once, before the first beat.
func (s *Store) Join(ctx context.Context) (*Peers, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, models.E(models.Internal, "internal", err)
	}
	return &Peers{s: s, id: id.String(), open: word{}, heard: map[string]*peer{}}, s.Engine.Ensure(ctx, Servers)
}

// Exchange is one beat: it says what was saved since the last, and hears what others saved. One goroutine calls it.
func (p *Peers) Exchange(ctx context.Context) error {
	p.beats++
	p.gather()
	if len(p.open) > 0 || p.beats%alive == 1 {
		if err := p.say(ctx); err != nil {
			return err
		}
	}
	return p.hear(ctx)
}

// Leave says good-bye: the others take over at their next beat.
func (p *Peers) Leave(ctx context.Context) error { return p.s.Engine.Delete(ctx, Servers, p.id) }

func (p *Peers) gather() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for name, h := range p.s.horizons {
		p.open.add(name, h.take())
	}
}

func (w word) add(name string, changed map[Moment]time.Time) {
	for m, at := range changed {
		if w[name] == nil {
			w[name] = make(map[Moment]time.Time)
		}
		if before, is := w[name][m]; !is || at.Before(before) {
			w[name][m] = at
		}
	}
}

// say writes the last words as one document.
func (p *Peers) say(ctx context.Context) error {
	words := append(p.words, p.open)
	words = words[max(0, len(words)-lastWords):]
	all := word{}
	for _, w := range words {
		for name, changed := range w {
			all.add(name, changed)
		}
	}
	p.tries++ // anew for every try: after a lost answer the others still see that something is new
	doc, err := bson.Marshal(spoken{ID: p.id, Version: p.tries, Moments: all})
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	saved := false
	if p.said > 0 {
		if saved, err = p.s.Engine.Replace(ctx, Servers, p.id, p.said, doc); err != nil {
			return err
		}
	}
	if !saved { // the first word, or the others thought this server dead, or an answer was lost
		if err := p.s.Engine.Delete(ctx, Servers, p.id); err != nil {
			return err
		}
		if err := p.s.Engine.Insert(ctx, Servers, doc); err != nil {
			return err
		}
	}
	p.said, p.words, p.open = p.tries, words, word{}
	return nil
}

// hear reads what the others said.
func (p *Peers) hear(ctx context.Context) error {
	docs, err := p.s.Engine.Find(ctx, Servers, Scan{Limit: MaxPage})
	if err != nil {
		return err
	}
	before := p.heard
	p.heard = map[string]*peer{}
	for _, doc := range docs {
		var v spoken
		if err := bson.Unmarshal(doc, &v); err != nil {
			return models.E(models.Internal, "internal", err)
		}
		if v.ID == p.id {
			continue
		}
		if err := p.listen(ctx, v, before[v.ID]); err != nil {
			p.heard = before
			return err
		}
		delete(before, v.ID)
	}
	if len(before) > 0 { // servers that left
		p.s.Forget()
	}
	return nil
}

// listen takes in what one server said; before is what was known of it, nil for nothing.
func (p *Peers) listen(ctx context.Context, v spoken, before *peer) error {
	now := &peer{version: v.Version}
	switch {
	case before == nil || v.Version > before.version+lastWords || v.Version < before.version:
		p.s.Forget()
	case v.Version > before.version:
		p.take(v.Moments)
	default:
		if now.quiet = before.quiet + 1; now.quiet >= silent {
			p.s.Forget()
			return p.s.Engine.Delete(ctx, Servers, v.ID)
		}
	}
	p.heard[v.ID] = now
	return nil
}

func (p *Peers) take(said word) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for name, changed := range said {
		if h := p.s.horizons[name]; h != nil {
			for m, at := range changed {
				if h.known[m] != nil {
					h.note(m, at.UTC())
				}
			}
		}
	}
}
