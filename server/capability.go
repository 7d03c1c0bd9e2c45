package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xinyi/flows"
	"xinyi/handlers/api"
	identityhttp "xinyi/handlers/identity"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/seed"
)

// A Capability is one service of the city, or one part of the machinery below them, with everything it brings to the program.
// The list of capabilities is the only place that names it: what is brought by this value is forgotten nowhere.
type Capability struct {
	Name string

	// Policy is what a department may set of it without a new program, by the name it has in the file of POLICY_PATH; each value
	// is the standard. Open finds what is in force by its type (policyOf).
	Policy map[string]any

	// Events are what its documents publish, each with its data, and with the reason when nobody is told; nil: they publish nothing.
	Events func() []*models.Declared

	// Lives are the pictures of its documents, for the pages that show them; nil: it has none that move.
	Lives func() []models.Picture

	// Open ties it to the stores and to what the others offer. Nothing is read or written yet.
	Open func(a *App) Parts
}

// Parts are what a capability does in one running program. Its collections are those it opens; its permissions and its portions of
// an export come with its routes.
type Parts struct {
	Routes  []api.Mounter
	Follows []flows.Subscriber
	Ties    []identityhttp.Tie // what holds a person back from closing the account
	Grounds []ground           // what access to somebody's data may rest on
	Erases  []flows.Eraser     // what of it goes when an erasure is granted
	Seed    seed.Step          // its part of the demo city; nil: none, or it is part of seed.City itself
}

// A ground finds the case or document that an access rests on. Errors: NotFound when the id is none of the capability's.
type ground = func(ctx context.Context, id string) (*access.Ground, error)

// open opens every capability, once.
func (a *App) open() error {
	names := map[string]bool{}
	for _, c := range a.cfg.all() {
		if names[c.Name] {
			return fmt.Errorf("the capability %s is there twice", c.Name)
		}
		names[c.Name] = true
		a.parts = append(a.parts, c.Open(a))
	}
	var faults []error
	for _, p := range a.parts {
		faults = append(faults, a.relay.Subscribe(p.Follows...))
	}
	return errors.Join(faults...)
}

// ties are those of all capabilities.
func (a *App) ties() (all []identityhttp.Tie) {
	for _, p := range a.parts {
		all = append(all, p.Ties...)
	}
	return all
}

// erases are those of all capabilities.
func (a *App) erases() (all []flows.Eraser) {
	for _, p := range a.parts {
		all = append(all, p.Erases...)
	}
	return all
}

// seeds are those of all capabilities.
func (a *App) seeds() (all []seed.Step) {
	for _, p := range a.parts {
		if p.Seed != nil {
			all = append(all, p.Seed)
		}
	}
	return all
}

// ground finds what an access rests on, whosever it is. Errors: NotFound.
func (a *App) ground(ctx context.Context, id string) (*access.Ground, error) {
	for _, p := range a.parts {
		for _, find := range p.Grounds {
			g, err := find(ctx, id)
			if !errors.Is(err, models.NotFound) {
				return g, err
			}
		}
	}
	return nil, models.E(models.NotFound, "not_found")
}

// all are the capabilities of the product, and those a test adds.
func (c Config) all() []Capability { return slices.Concat(capabilities(), c.more) }

// silences are the kinds of events nobody is told of, each with the reason.
func (c Config) silences() map[string]string {
	all := map[string]string{}
	for _, one := range c.all() {
		if one.Events == nil {
			continue
		}
		for _, d := range one.Events() {
			if d.Silence() != "" {
				all[d.Name()] = d.Silence()
			}
		}
	}
	return all
}
