package decision

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/models/record"
	deciding "xinyi/models/rule"
	"xinyi/store"
	"xinyi/usecase"
)

// Facts reads from the credit file what a decision may rest on, and nothing else.
type Facts struct {
	Subjects usecase.Subjects
	Records  *store.Repo[record.Record]
	Lists    Lists
}

// Lists says where a measure is written down that may withhold an agreement.
type Lists struct {
	Item     string   // code of the catalogue item of serious-list entries
	Measures string   // its attribute that names the measures
	Named    []string // the words of the measures that withhold preferential policies
}

// StandardLists is the list the product comes with (严重失信主体名单).
//
// Source: docs/sources.md#red-line-3.
var StandardLists = Lists{Item: "YZSX", Measures: "YZ_CS", Named: []string{"限制享受优惠政策"}}

// Restricts is the entry in force whose listed measures withhold preferential policies from a person, as "<record>@<version>", and
// every entry that was looked at. Somebody without a real name has no file: "" and none.
func (f Facts) Restricts(ctx context.Context, person string) (restricted string, looked []deciding.Cited, err error) {
	sub, err := f.Subjects.Of(ctx, models.Actor{Person: person, Role: models.Resident})
	if errors.Is(err, models.Conflict) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	_, err = f.Records.Each(ctx, store.RecordsOf(sub.Ref), func(r *record.Record) error {
		if r.Item != f.Lists.Item || !r.Used() || !r.Subject.Is(sub) || len(looked) == deciding.MaxList {
			return nil
		}
		looked = append(looked, deciding.Cited{Record: r.ID, Version: r.Current.No})
		measures, named := r.Current.Attributes[f.Lists.Measures].(string)
		if named && restricted == "" && medical.Withholds(measures, f.Lists.Named) {
			restricted = r.Versioned()
		}
		return nil
	})
	return restricted, looked, err
}
