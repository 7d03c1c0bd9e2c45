package handlers

import (
	"context"
	"strconv"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/record"
	"xinyi/store"
)

// Forms are the forms of catalogue versions, each compiled once a process: a version never changes once it governs a record.
type Forms struct {
	store.Catalogue
	mu sync.Mutex
	of map[string]form
}

// form is a version and its columns.
type form struct {
	item *catalogue.Item
	form *catalogue.Form
}

// Of is the form of a version of an item. Errors: NotFound.
func (f *Forms) Of(ctx context.Context, code string, version int) (*catalogue.Item, *catalogue.Form, error) {
	id := catalogue.ID(code, version)
	f.mu.Lock()
	was, ok := f.of[id]
	f.mu.Unlock()
	if ok {
		return was.item, was.form, nil
	}
	it, err := f.Items.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	made, err := it.Form()
	if err != nil {
		return nil, nil, models.E(models.Internal, "internal", err)
	}
	if it.Published() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.of == nil {
			f.of = map[string]form{}
		}
		f.of[id] = form{it, made}
	}
	return it, made, nil
}

// recordRow is a record in a list.
type recordRow struct {
	ID        string          `json:"id"`
	Item      string          `json:"item" description:"Code of the catalogue item"`
	ItemName  string          `json:"itemName"`
	Category  string          `json:"category"`
	Nature    models.Nature   `json:"nature"`
	Openness  models.Openness `json:"openness"`
	Unit      string          `json:"unit"`
	UnitName  string          `json:"unitName"`
	Key       string          `json:"key" description:"Number of the document at its source"`
	DecidedOn models.Day      `json:"decidedOn"`
	State     record.State    `json:"state"`
	Mark      string          `json:"mark,omitempty" description:"Travels with the record: OBJECTED, CORRECTED, REPAIRED"`
	Version   int             `json:"version"`
	Counts    bool            `json:"counts" description:"Whether it may be shown to others, shared or decided upon now"`
	Severity  models.Severity `json:"severity,omitempty"`
	Shown     bool            `json:"shown" description:"Published where its openness allows"`
	Eligible  models.Day      `json:"repairFrom,omitempty" description:"First day on which repair may be asked for"`
	Ends      models.Day      `json:"endsOn,omitempty" description:"The day on which it stops by itself"`
	KeptUntil models.Day      `json:"keptUntil,omitempty"`
}

// recordView is a record whole, with its versions.
type recordView struct {
	recordRow
	Revision   int64           `json:"revision"`
	Name       string          `json:"name" personal:"true"`
	Values     []valueView     `json:"values"`
	Versions   []versionView   `json:"versions" description:"The newest first"`
	At         *versionView    `json:"at,omitempty" description:"The version known or valid then, when that was asked"`
	ToldAt     *time.Time      `json:"toldAt,omitempty" description:"When its person heard of it; before, nobody is given it"`
	Moved      recordMovedView `json:"moved"`
	Publishing publishedView   `json:"publication"`
}

type recordMovedView struct {
	By models.Role `json:"by"`
	At time.Time   `json:"at"`
	// Reason is what the office gave, "" for none.
	Reason string `json:"reason,omitempty"`
}

type publishedView struct {
	Regime string `json:"regime,omitempty" description:"R1: order 58; R2: order 36"`
	Shown  bool   `json:"shown"`
}

// valueView is one attribute in words.
type valueView struct {
	Key     string `json:"key"`
	Heading string `json:"heading"`
	Text    string `json:"text"`
}

type versionView struct {
	No     int         `json:"no"`
	Known  time.Time   `json:"knownAt"`
	Valid  models.Day  `json:"validOn"`
	By     models.Role `json:"by"`
	Why    string      `json:"why,omitempty"`
	Values []valueView `json:"values"`
}

// shower turns records into views in one language. own shows what is about persons in the clear.
type shower struct {
	forms *Forms
	lang  string
	own   bool
}

func (s shower) row(ctx context.Context, r *record.Record) (recordRow, error) {
	it, _, err := s.forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return recordRow{}, err
	}
	unit := r.Unit
	if u, err := s.forms.Units.Get(ctx, r.Unit); err == nil {
		unit = in(s.lang, u.Name)
	} else if models.CodeOf(err) != models.NotFound {
		return recordRow{}, err
	}
	p := r.Publication
	return recordRow{
		ID: r.ID, Item: r.Item, ItemName: in(s.lang, it.Name), Category: it.Category, Nature: r.Nature, Openness: r.Openness,
		Unit: r.Unit, UnitName: unit, Key: r.Key, DecidedOn: r.DecidedOn, State: r.State, Mark: r.Mark(), Version: r.Current.No,
		Counts: r.Used(), Severity: p.Severity, Shown: p.Shown && r.Used(), Eligible: p.Eligible, Ends: p.Ends, KeptUntil: r.KeptUntil,
	}, nil
}

// in picks a catalogue text.
func in(lang string, t catalogue.Text) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

func (s shower) whole(ctx context.Context, r *record.Record) (recordView, error) {
	row, err := s.row(ctx, r)
	if err != nil {
		return recordView{}, err
	}
	_, f, err := s.forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return recordView{}, err
	}
	v := recordView{
		recordRow: row, Revision: r.Head().Revision, Name: s.secret(r.Name, r.Subject.Kind == models.Organisation),
		Values:     s.values(f, r.Current),
		Moved:      recordMovedView{r.Moved.By, r.Moved.At, r.Moved.Reason},
		Publishing: publishedView{r.Publication.Regime, r.Publication.Shown},
		Versions:   []versionView{s.version(f, r.Current)},
	}
	if r.Told != nil {
		v.ToldAt = &r.Told.At
	}
	for i := len(r.Earlier) - 1; i >= 0; i-- {
		v.Versions = append(v.Versions, s.version(f, r.Earlier[i]))
	}
	return v, nil
}

func (s shower) version(f *catalogue.Form, v record.Version) versionView {
	return versionView{No: v.No, Known: v.Known, Valid: v.Valid, By: v.By, Why: v.Why, Values: s.values(f, v)}
}

// secret shows what is about a person to that person, and masked to anybody else.
func (s shower) secret(x models.Secret, open bool) string {
	if s.own || open {
		return x.Reveal()
	}
	return x.String()
}

// values are the attributes in the order of the form, each in words.
func (s shower) values(f *catalogue.Form, v record.Version) []valueView {
	values := []valueView{}
	for _, c := range f.Columns {
		text, ok := "", false
		if secret, private := v.Private[c.Key]; private {
			text, ok = s.secret(secret, false), true
		} else if x, has := v.Attributes[c.Key]; has {
			text, ok = worded(c, x, s.lang), true
		}
		if ok {
			values = append(values, valueView{c.Key, c.Heading, text})
		}
	}
	return values
}

// worded is a value as people read it.
func worded(c catalogue.Column, value any, lang string) string {
	switch x := value.(type) {
	case string:
		for _, l := range c.Labels {
			if l.Value == x {
				return l.Label
			}
		}
		return x
	case int64:
		switch c.Type {
		case "wan": // as its heading says
			return models.Fen(x).Wan()
		case "yuan":
			return models.Fen(x).Yuan()
		}
		return strconv.FormatInt(x, 10)
	case bool:
		return say(map[bool]string{true: "record.yes", false: "record.no"}[x], lang, nil)
	}
	return ""
}
