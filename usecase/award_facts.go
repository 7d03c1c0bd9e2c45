package usecase

import (
	"context"
	"slices"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
)

// AwardFacts says how the credit file names what a vetting looks at.
type AwardFacts struct {
	Serious      string            // item of serious breaches of trust
	Penalty      string            // item of penalties
	Abnormal     string            // item of abnormal operation
	Broken       map[string]Broken // items of promises and contracts, by code
	Registration string            // item of registrations
	Founded      string            // its attribute of the day
	Standing     string            // its attribute of the state
	Stands       string            // and what it says of one that stands
	Months       int               // penalties count so long
	Honours      HonourCells
}

// Broken says what an attribute says of a promise that was broken.
type Broken struct{ Attribute, Value string }

// HonourCells are the cells of an honour's row.
type HonourCells struct {
	Item                                         string
	Name, Kind, Code, IDKind, Number             string
	No, Title, Level, Reason, Day, Until, Office string
	Source, SourceCode                           string
	Person, Organisation, ResidentID             string
	Levels                                       [6]string // by level of models.Honour
}

// StandardAwardFacts is how the catalogue the product comes with names them.
//
// Source: docs/sources.md#award-vetting, docs/sources.md#award-record.
var StandardAwardFacts = AwardFacts{
	Serious: "YZSX", Penalty: "XZCF", Abnormal: "JYYC", Broken: map[string]Broken{"XYCN": {"CN_LXZT", "2"}, "HTLY": {"HT_ZT", "4"}},
	Registration: "DJZC", Founded: "DJ_CLRQ", Standing: "DJ_ZT", Stands: "1", Months: 24,
	Honours: HonourCells{
		Item: "RYXX", Name: "XDR_MC", Kind: "XDR_LB", Code: "XDR_SHXYM", IDKind: "XDR_ZJLX", Number: "XDR_ZJHM", No: "RY_WSH", Title: "RY_MC", Level: "RY_JB",
		Reason: "RY_SY", Day: "RY_RQ", Until: "RY_YXQ", Office: "RY_JG", Source: "LYDW", SourceCode: "LYDWDM", Person: "01", Organisation: "02", ResidentID: "01",
		Levels: [6]string{"", "5", "4", "3", "2", "1"},
	},
}

// Known reads every list and record of a nominee's credit file. A negative record its person was not told of yet is not used.
//
// Source: docs/sources.md#award-vetting, docs/sources.md#record-told.
func (a Award) Known(ctx context.Context, sub models.Subject, f AwardFacts, today models.Day) (award.Known, error) {
	k := award.Known{Lists: map[string][]string{}}
	if sub.Kind == models.Organisation {
		_, err := models.ParseUSCC(sub.Ref)
		k.CodeValid = err == nil
	} else if sub.Person != "" {
		p, err := a.People.Get(ctx, sub.Person)
		if err != nil {
			return k, err
		}
		k.Birth = p.Birth
	}
	_, err := a.Records.Each(ctx, store.RecordsOf(sub.Ref), func(r *record.Record) error {
		if !r.Subject.Is(sub) || !r.Providable() || len(k.Looked) == rule.MaxList {
			return nil
		}
		k.Looked = append(k.Looked, rule.Cited{Record: r.ID, Version: r.Current.No})
		if r.Item == f.Registration {
			k.CodeValid = k.CodeValid && textOf(r.Current.Attributes[f.Standing]) == f.Stands
			k.Founded = models.Day(textOf(r.Current.Attributes[f.Founded]))
		}
		fact := f.speaks(r, today)
		if fact != "" {
			k.Lists[fact] = append(k.Lists[fact], r.Versioned())
		}
		if fact != "" || r.Nature == models.Negative {
			k.Hits = append(k.Hits, award.Hit{ID: r.ID, No: r.Current.No, Item: r.Item, Unit: r.Unit, On: r.DecidedOn})
		}
		return nil
	})
	for fact := range k.Lists {
		slices.Sort(k.Lists[fact]) // the same records are the same facts
	}
	return k, err
}

// speaks is the fact a record speaks for, "" for none.
func (f AwardFacts) speaks(r *record.Record, today models.Day) string {
	broken, promise := f.Broken[r.Item]
	graver := r.Publication.Severity == models.General || r.Publication.Severity == models.Serious
	switch {
	case r.Item == f.Serious:
		return award.FactSerious
	case r.Item == f.Abnormal:
		return award.FactAbnormal
	case r.Item == f.Penalty && graver && r.DecidedOn > today.AddMonths(-f.Months):
		return award.FactPenalties
	case promise && textOf(r.Current.Attributes[broken.Attribute]) == broken.Value:
		return award.FactBreaches
	}
	return ""
}
