package file

import (
	"context"
	"strconv"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/catalogue"
	"xinyi/models/form"
	"xinyi/models/record"
)

// RecordRow is a record in a list.
type RecordRow struct {
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

// RecordView is a record whole, with its versions.
type RecordView struct {
	RecordRow
	Revision   int64           `json:"revision"`
	Name       string          `json:"name" personal:"true"`
	Values     []ValueView     `json:"values"`
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

// ValueView is one attribute in words.
type ValueView struct {
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
	Values []ValueView `json:"values"`
}

// Shower turns records into views in one language. own shows what is about persons in the clear.
type Shower struct {
	Forms *Forms
	Lang  string
	Own   bool
}

// Row shows a record in one line.
func (s Shower) Row(ctx context.Context, r *record.Record) (RecordRow, error) {
	it, _, err := s.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return RecordRow{}, err
	}
	unit := r.Unit
	if u, err := s.Forms.Units.Get(ctx, r.Unit); err == nil {
		unit = u.Name.In(s.Lang)
	} else if models.CodeOf(err) != models.NotFound {
		return RecordRow{}, err
	}
	p := r.Publication
	return RecordRow{
		ID: r.ID, Item: r.Item, ItemName: it.Name.In(s.Lang), Category: it.Category, Nature: r.Nature, Openness: r.Openness,
		Unit: r.Unit, UnitName: unit, Key: r.Key, DecidedOn: r.DecidedOn, State: r.State, Mark: r.Mark(), Version: r.Current.No,
		Counts: r.Used(), Severity: p.Severity, Shown: p.Shown && r.Used(), Eligible: p.Eligible, Ends: p.Ends, KeptUntil: r.KeptUntil,
	}, nil
}

// Whole shows a record with every version.
func (s Shower) Whole(ctx context.Context, r *record.Record) (RecordView, error) {
	row, err := s.Row(ctx, r)
	if err != nil {
		return RecordView{}, err
	}
	_, f, err := s.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return RecordView{}, err
	}
	v := RecordView{
		RecordRow: row, Revision: r.Head().Revision, Name: s.secret(r.Name, r.Subject.Kind == models.Organisation),
		Values:     s.Values(f, r.Current),
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

func (s Shower) version(f *catalogue.Form, v record.Version) versionView {
	return versionView{No: v.No, Known: v.Known, Valid: v.Valid, By: v.By, Why: v.Why, Values: s.Values(f, v)}
}

// secret shows what is about a person to that person, and masked to anybody else.
func (s Shower) secret(x models.Secret, open bool) string {
	if s.Own || open {
		return x.Reveal()
	}
	return x.String()
}

// Values are the attributes in the order of the form, each in words.
func (s Shower) Values(f *catalogue.Form, v record.Version) []ValueView {
	values := []ValueView{}
	for _, c := range f.Columns {
		text, ok := "", false
		if secret, private := v.Private[c.Key]; private {
			text, ok = s.secret(secret, false), true
		} else if x, has := v.Attributes[c.Key]; has {
			text, ok = Worded(c.Column, x, s.Lang), true
		}
		if ok {
			values = append(values, ValueView{c.Key, c.Title.In(s.Lang), text})
		}
	}
	return values
}

// Worded is a value as people read it.
func Worded(c form.Column, value any, lang string) string {
	switch x := value.(type) {
	case string:
		return c.Label(x).In(lang)
	case int64:
		switch c.Kind {
		case form.Wan: // as its heading says
			return models.Fen(x).Wan()
		case form.Yuan:
			return models.Fen(x).Yuan()
		}
		return strconv.FormatInt(x, 10)
	case bool:
		return api.Say(map[bool]string{true: "record.yes", false: "record.no"}[x], lang, nil)
	}
	return ""
}

// Past finds the version that was asked for.
func (s Shower) Past(ctx context.Context, v *RecordView, r *record.Record, in MyRecordRequest) error {
	var was record.Version
	var ok bool
	switch {
	case in.KnownAt != nil:
		was, ok = r.AsKnown(*in.KnownAt)
	case in.ValidOn != "":
		was, ok = r.AsValid(in.ValidOn)
	default:
		return nil
	}
	if !ok {
		return models.E(models.NotFound, "record.no_version_then")
	}
	_, f, err := s.Forms.Of(ctx, r.Item, r.ItemVersion)
	if err != nil {
		return err
	}
	at := s.version(f, was)
	v.At = &at
	return nil
}

// ScopesRecord says whether the caller may see a record as an office: its own unit's, or its region's.
func ScopesRecord(a models.Actor, r *record.Record) bool {
	if a.Is(models.Department, models.DataOfficer) {
		return a.Org == r.Unit
	}
	return api.Covers(a, r.Region)
}

// recordAccess is what a look at a record shows.
func recordAccess(rq api.Request, r *record.Record) access.Access {
	purpose := "credit.supervision"
	if rq.Actor.Is(models.Department, models.DataOfficer) {
		purpose = "credit.ingest"
	}
	viewing := access.Access{Subject: r.Subject, Fields: []string{"records." + r.Item}, About: r.ID, Purpose: rq.PurposeOr(purpose),
		Case: rq.Case}
	if viewing.Case == "" && rq.Actor.Is(models.Department, models.DataOfficer) {
		viewing.Case = r.ID // a unit works on its own record
	}
	return viewing
}

// PersonalRecords are the looks at records about natural persons and households.
func PersonalRecords(rq api.Request, rs ...*record.Record) []access.Access {
	var looks []access.Access
	for _, r := range rs {
		if r.Subject.Kind != models.Organisation {
			looks = append(looks, recordAccess(rq, r))
		}
	}
	return looks
}

// Revised lets clients ask whether it changed.
func (v RecordView) Revised() int64 { return v.Revision }
