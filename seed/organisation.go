package seed

import (
	"context"
	_ "embed" // the table
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
)

//go:embed organisations.csv
var organisationsCSV string

// unitContact is the phone of the source units of the demo city.
const unitContact = "19900000133"

// offices are the credit offices that source units answer to, by region.
var offices = map[models.Region]string{
	"4301": "office-credit-changsha", "430181": creditLiuyang, "430182": "office-credit-ningxiang", "430121": "office-credit-changshaxian",
	"430112": "office-credit-wangcheng",
}

// A Register is the organisations of the demo city: those of the table, and the source units of the catalogue.
type Register struct {
	All  []*organisation.Organisation // whom one answers to comes before it
	byID map[string]*organisation.Organisation
}

// NewRegister makes the register as it stood at a time.
func NewRegister(at time.Time) (*Register, error) {
	r := &Register{byID: map[string]*organisation.Organisation{}}
	rows, err := rowsOf(organisationsCSV)
	if err != nil {
		return nil, err
	}
	of, err := rowsOf(unitsCSV)
	if err != nil {
		return nil, err
	}
	for _, u := range of {
		rows = append(rows, map[string]string{
			"id": u["code"], "kind": string(organisation.SourceUnit), "zh": u["zh"], "en": u["en"], "region": u["region"],
			"parent": offices[models.Region(u["region"])], "contact": unitContact,
		})
	}
	for _, row := range rows {
		if err := r.add(row, at); err != nil {
			return nil, fmt.Errorf("seed organisation %s: %w", row["id"], err)
		}
	}
	return r, nil
}

func (r *Register) add(row map[string]string, at time.Time) error {
	c := organisation.Content{
		Kind: organisation.Kind(row["kind"]), Name: models.Words{ZH: row["zh"], EN: row["en"]}, Region: models.Region(row["region"]),
	}
	var contact models.Secret
	if row["contact"] != "" {
		contact = models.NewSecret(row["contact"])
	}
	o, err := organisation.New(row["id"], c, contact, r.byID[row["parent"]], models.Clockwork, at)
	if err == nil {
		err = o.Confirm(models.Clockwork, at)
	}
	if err != nil {
		return err
	}
	o.Outbox = nil
	r.All, r.byID[o.ID] = append(r.All, o), o
	return nil
}

// install makes the appointment by which a named person holds the office.
func (r *Register) install(n named, at time.Time) (*organisation.Appointment, error) {
	o := r.byID[n.org]
	if o == nil {
		return nil, fmt.Errorf("seed %s: no organisation %s", n.id, n.org)
	}
	a, err := o.Install("office-of-"+n.id, n.role, n.id, at)
	if err != nil {
		return nil, fmt.Errorf("seed %s: %w", n.id, err)
	}
	a.Outbox = nil
	return a, nil
}

// of is whom a system of an institution acts for.
func (r *Register) of(i Institution) (identity.ClientOf, error) {
	o := r.byID[i.ID]
	if o == nil || organisation.Holdings[o.Kind].System != i.Kind {
		return identity.ClientOf{}, fmt.Errorf("seed %s: no such organisation", i.ID)
	}
	return identity.ClientOf{Kind: i.Kind, Name: i.Name, Org: o.ID, Region: o.Region, Scope: o.Scope()}, nil
}

// Operations keeps the organisation of those who run the program: every store has it, since the first operator is made on the machine.
func Operations(ctx context.Context, s Stores) error {
	r, err := NewRegister(time.Unix(0, 0).UTC())
	if err != nil {
		return err
	}
	return fresh(ctx, s.Organisation.Organisations, r.All[:1])
}
