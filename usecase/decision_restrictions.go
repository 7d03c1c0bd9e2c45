package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
)

// Restrictions reads from the credit file what withholds preferential policies from a person, and nothing else.
type Restrictions struct {
	Subjects Subjects
	Records  *store.Repo[record.Record]
	Facts    RestrictionFacts
}

// RestrictionFacts says where a measure is written down that may withhold preferential policies.
type RestrictionFacts struct {
	Item     string   // code of the catalogue item of serious-list entries
	Measures string   // its attribute that names the measures
	Named    []string // the words of the measures that withhold preferential policies
}

// StandardRestrictionFacts is the list the product comes with (严重失信主体名单).
//
// Source: docs/sources.md#red-line-3.
var StandardRestrictionFacts = RestrictionFacts{Item: "YZSX", Measures: "YZ_CS", Named: []string{"限制享受优惠政策"}}

// Restricts is the entry in force whose listed measures withhold preferential policies from a person, as "<record>@<version>", and
// every entry that was looked at. Somebody without a real name has no file: "" and none.
func (f Restrictions) Restricts(ctx context.Context, person string) (restricted string, looked []rule.Cited, err error) {
	sub, err := f.Subjects.Of(ctx, models.Actor{Person: person, Role: models.Resident})
	if errors.Is(err, models.Conflict) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	_, err = f.Records.Each(ctx, store.RecordsOf(sub.Ref), func(r *record.Record) error {
		if r.Item != f.Facts.Item || !r.Used() || !r.Subject.Is(sub) || len(looked) == rule.MaxList {
			return nil
		}
		looked = append(looked, rule.Cited{Record: r.ID, Version: r.Current.No})
		measures, named := r.Current.Attributes[f.Facts.Measures].(string)
		if named && restricted == "" && medical.Withholds(measures, f.Facts.Named) {
			restricted = r.Versioned()
		}
		return nil
	})
	return restricted, looked, err
}
