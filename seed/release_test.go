package seed

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/benefit"
	"xinyi/models/campaign"
	"xinyi/models/catalogue"
	"xinyi/models/farmer"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/models/village"
)

// A twice is a document with its acts: a first person writes it, a second saves it as it is, and one lets it go.
type twice struct {
	doc     any
	edit    func(by models.Actor) error
	ready   func() error // what lies between the draft and the word of a second person; nil: nothing
	approve func(by models.Actor) error
}

func staff(person string) models.Actor {
	return models.Actor{Person: person, Role: models.CreditOffice, Org: "office-credit-changsha", Region: "4301"}
}

// releasedKinds drafts one document of every kind that one person writes and a second lets go.
func releasedKinds(t *testing.T, a models.Actor) map[string]twice {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kinds := map[string]twice{}

	var plan village.Plan
	must(json.Unmarshal([]byte(villageSchemeJSON), &plan))
	s, err := village.NewScheme(village.OfVillages, 1, plan, a, noon)
	must(err)
	kinds["village.Scheme"] = twice{
		doc: s, edit: func(by models.Actor) error { return s.Edit(plan, by) }, approve: func(by models.Actor) error { return s.Publish(by, noon) },
	}

	drafts, err := readFarmForms(farmFormsCSV)
	must(err)
	f, err := farmer.NewForm(1, drafts[0], FarmLook, a, noon)
	must(err)
	kinds["farmer.Form"] = twice{doc: f, approve: func(by models.Actor) error { return f.Publish(by, noon) }}

	var set score.Set
	must(json.Unmarshal([]byte(farmModelJSON), &set))
	m, err := farmer.NewModel(1, set, a, noon)
	must(err)
	kinds["farmer.Model"] = twice{
		doc: m, edit: func(by models.Actor) error { return m.Edit(set, by) }, approve: func(by models.Actor) error { return m.Approve(farmer.Standard, by, noon) },
		ready: func() error {
			must(release.Check(m, "h", a, noon))
			return release.Try(m, release.Trial{ID: "t", Of: m.ID, Hash: "h", At: models.At(noon)}, noon)
		},
	}

	v := benefit.NewVersion(&benefit.Offer{Meta: models.Meta{ID: "o"}}, 1, benefit.Terms{}, a, noon)
	kinds["benefit.Version"] = twice{
		doc: v, edit: func(by models.Actor) error { return v.Edit(benefit.Terms{}, by) },
		approve: func(by models.Actor) error { return v.Approve(benefit.Standard, by, noon) },
		ready: func() error {
			must(release.Check(v, "h", a, noon))
			return release.Try(v, release.Trial{ID: "t", Of: v.ID, Hash: "h", At: models.At(noon)}, noon)
		},
	}

	items, err := Catalogue(a, staff("nobody else"))
	must(err)
	content := items[0].Content
	content.From = models.DayOf(noon).Add(1)
	it, err := catalogue.New("TWICE", a, content, noon)
	must(err)
	kinds["catalogue.Item"] = twice{
		doc: it, edit: func(by models.Actor) error {
			must(it.Submit(by, noon))
			must(it.Return(by, "once more", noon))
			return it.Edit(by, content, noon)
		},
		ready: func() error { return it.Submit(a, noon) }, approve: func(by models.Actor) error { return it.Publish(by, noon) },
	}

	words := models.Words{ZH: "诚信之星", EN: "Star of honesty"}
	call := award.Call{
		Kind: award.Person, Year: 2026, Title: words, Level: 3, Unit: "长沙市信用办", Opens: models.DayOf(noon).Add(1),
		Categories: []award.Category{{Code: "star", Title: words, Seats: 3}},
		Criteria:   award.PersonCriteria, Weights: award.StandardWeights, Terms: award.StandardTerms, Vetting: award.PersonVetting,
	}
	p, err := award.NewProgramme("p", call, a, noon)
	must(err)
	kinds["award.Programme"] = twice{
		doc: p, edit: func(by models.Actor) error { return p.Edit(call, by, noon) }, approve: func(by models.Actor) error { return p.Publish("seed", by, noon) },
	}

	text := models.Words{ZH: "通知", EN: "Notice"}
	c, err := campaign.New("c", a, campaign.Content{
		Title: text, Body: text, Class: campaign.Service, Severity: campaign.Info, Audience: campaign.Audience{Region: "4301"},
	}, noon)
	must(err)
	kinds["campaign.Campaign"] = twice{doc: c, approve: func(by models.Actor) error { return c.Approve(by, noon) }} // edited by its maker alone
	return kinds
}

// Four eyes stay four: who ever touched a text does not let it go, whoever saved it last, and a refusal changes nothing.
func TestNoMakerApproves(t *testing.T) {
	a, b, c := staff("a"), staff("b"), staff("c")
	for name := range releasedKinds(t, a) {
		t.Run(name, func(t *testing.T) {
			k := releasedKinds(t, a)[name]
			makers := []models.Actor{a}
			if k.edit != nil {
				if err := k.edit(b); err != nil {
					t.Fatal(err)
				}
				makers = append(makers, b)
			}
			if k.ready != nil {
				if err := k.ready(); err != nil {
					t.Fatal(err)
				}
			}
			for _, by := range append(makers, models.Actor{Client: "system", Role: models.CreditOffice, Region: "4301"}) {
				before, err := json.Marshal(k.doc)
				if err != nil {
					t.Fatal(err)
				}
				if err := k.approve(by); !errors.Is(err, models.Forbidden) {
					t.Errorf("%s approves: %v", by.Principal(), err)
				}
				after, err := json.Marshal(k.doc)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(before), string(after)); diff != "" {
					t.Errorf("refused to %s, and changed: %s", by.Principal(), diff)
				}
			}
			if err := k.approve(c); err != nil {
				t.Errorf("the second person: %v", err)
			}
		})
	}
}

// Whoever uses the engine is walked by the test above.
func TestEveryReleasedKindIsWalked(t *testing.T) {
	files, err := filepath.Glob("../models/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	walked := releasedKinds(t, staff("a"))
	found := 0
	for _, file := range files {
		pkg := filepath.Base(filepath.Dir(file))
		if pkg == "release" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kind := ""
		for line := range strings.SplitSeq(string(b), "\n") {
			if rest, ok := strings.CutPrefix(line, "type "); ok {
				kind, _, _ = strings.Cut(rest, " ")
			}
			if embeds := strings.TrimSpace(line); strings.HasPrefix(embeds, "release.Release ") || strings.HasPrefix(embeds, "release.Hands ") {
				found++
				if _, ok := walked[pkg+"."+kind]; !ok {
					t.Errorf("%s.%s is let go by a second person, and not walked", pkg, kind)
				}
			}
		}
	}
	if found != len(walked) {
		t.Errorf("%d kinds, %d walked", found, len(walked))
	}
}
