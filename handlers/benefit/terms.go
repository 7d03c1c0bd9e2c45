package benefit

import (
	"xinyi/models"
	"xinyi/models/benefit"
)

// needRequest is one thing an offer asks.
type needRequest struct {
	Kind         benefit.NeedKind `json:"kind" validate:"required,oneof=BAND MIN_AGE MAX_AGE REGION REAL_NAME HONOUR MEDICAL ON_TIME CUSTOM"`
	Number       int              `json:"number,omitempty" validate:"gte=0,lte=1000"`
	Text         string           `json:"text,omitempty" validate:"max=500" description:"BAND: its name. CUSTOM: an expression over birth, level, region, band, honour, honours, medical, onTime and today"`
	Regions      []models.Region  `json:"regions,omitempty" validate:"max=40,dive,division"`
	AnyOf        string           `json:"anyOf,omitempty" validate:"max=20" description:"Needs that name the same are alternatives"`
	Label        models.Words     `json:"label" validate:"omitempty"`
	Remedy       models.Words     `json:"remedy" validate:"omitempty"`
	Basis        string           `json:"basis,omitempty" validate:"max=200"`
	ChangeableBy string           `json:"changeableBy,omitempty" validate:"omitempty,oneof=subject department time nobody"`
}

type quotaRequest struct {
	Total     int            `json:"total" validate:"gte=0,lte=100000"`
	Daily     int            `json:"daily" validate:"gte=0,lte=100000"`
	PerPerson int            `json:"perPerson" validate:"gte=1,lte=100"`
	Period    benefit.Period `json:"period" validate:"required,oneof=ONCE DAY MONTH YEAR"`
}

// termsRequest is what a version says.
type termsRequest struct {
	Name      models.Words    `json:"name"`
	Details   models.Words    `json:"details"`
	Otherwise models.Words    `json:"otherwise" validate:"omitempty" description:"Of a public service: how everybody gets it without the offer"`
	Form      benefit.Form    `json:"form" validate:"required,max=20"`
	Needs     []needRequest   `json:"needs" validate:"max=12,dive"`
	Quota     quotaRequest    `json:"quota"`
	CapFen    models.Fen      `json:"capFen" validate:"fen"`
	Regions   []models.Region `json:"regions" validate:"required,min=1,max=40,dive,division"`
	From      models.Day      `json:"from" validate:"required"`
	Until     models.Day      `json:"until" validate:"required"`
	GoodDays  int             `json:"goodDays" validate:"gte=0,lte=366"`
	BringDays int             `json:"bringDays" validate:"gte=0,lte=366"`
	Consent   models.Words    `json:"consent"`
}

func (t termsRequest) terms() benefit.Terms {
	out := benefit.Terms{
		Name: t.Name, Details: t.Details, Otherwise: t.Otherwise, Form: t.Form, Quota: benefit.Quota(t.Quota), Cap: t.CapFen,
		Regions: t.Regions, From: t.From, Until: t.Until, Good: t.GoodDays, Bring: t.BringDays, Consent: t.Consent,
	}
	for _, n := range t.Needs {
		out.Needs = append(out.Needs, benefit.Need{
			Kind: n.Kind, Number: n.Number, Text: n.Text, Regions: n.Regions, AnyOf: n.AnyOf, Label: n.Label, Remedy: n.Remedy,
			Basis: n.Basis, ChangeableBy: n.ChangeableBy,
		})
	}
	return out
}
