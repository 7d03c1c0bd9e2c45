package api

import (
	"xinyi/models"
	"xinyi/models/score"
)

// A FarmScoreView is a household's score with everything it counts.
type FarmScoreView struct {
	Model      string         `json:"model"`
	Hash       string         `json:"modelHash"`
	On         models.Day     `json:"on"`
	Points     string         `json:"points" description:"Of 100, with two decimals"`
	Grade      string         `json:"grade" enum:"AAA,AA,A,B,C"`
	Good       bool           `json:"creditHousehold" description:"The grade is A or better and nothing stands against it; the title itself comes with the evaluation"`
	Dimensions []FarmDimView  `json:"dimensions"`
	Vetoes     []farmVetoView `json:"vetoes"`
}

// A FarmDimView is one dimension of a score.
type FarmDimView struct {
	Code   string         `json:"code"`
	Title  string         `json:"title"`
	Points string         `json:"points"`
	Max    string         `json:"max"`
	Items  []farmItemView `json:"items"`
}

type farmItemView struct {
	Code    string    `json:"code"`
	Title   string    `json:"title"`
	Source  string    `json:"source"`
	Points  string    `json:"points"`
	Max     string    `json:"max"`
	Why     score.Why `json:"why"`
	Value   *int64    `json:"value,omitempty"`
	Explain string    `json:"explanation"`
}

type farmVetoView struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Record string `json:"record" description:"The lawful record it rests on: <id>@<version>"`
}

// ViewFarmScore shows a score.
func ViewFarmScore(set *score.Set, r score.Result, on models.Day, lang string) FarmScoreView {
	v := FarmScoreView{Model: r.Set, Hash: r.Hash, On: on, Points: r.Total.String(), Grade: r.Grade, Good: r.Good,
		Dimensions: []FarmDimView{}, Vetoes: []farmVetoView{}}
	n := 0
	for _, d := range set.Dimensions {
		dv := FarmDimView{Code: d.Code, Title: d.Name.In(lang), Max: d.Max().String(), Items: []farmItemView{}}
		var sum score.Points
		for _, x := range d.Indicators {
			it := r.Items[n]
			n++
			sum += it.Points
			args := map[string]string{"points": it.Points.String(), "max": it.Max.String(), "value": ""}
			if it.Value != nil {
				args["value"] = score.Points(*it.Value).String()
				if x.Over == "" {
					args["value"] = Itoa(int(*it.Value))
				}
			}
			kind := "fact"
			if x.Over != "" {
				kind = "share"
			}
			key := "farmer.explain_" + string(it.Why)
			if it.Why == score.Counted || it.Why == score.Nothing {
				key += "_" + kind
			}
			dv.Items = append(dv.Items, farmItemView{it.Code, x.Name.In(lang), x.Source.In(lang), it.Points.String(), it.Max.String(), it.Why,
				it.Value, Say(key, lang, args)})
		}
		dv.Points = sum.String()
		v.Dimensions = append(v.Dimensions, dv)
	}
	for _, g := range r.Vetoes {
		for _, veto := range set.Vetoes {
			if veto.Code == g.Code {
				v.Vetoes = append(v.Vetoes, farmVetoView{g.Code, veto.Name.In(lang), g.Record})
			}
		}
	}
	return v
}
