package seed

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/usecase"
)

// The list entries of the demo city: who made them, and what they withhold.
const (
	listUnit = "unit-changsha-fgw"
	listItem = "YZSX"
)

// listEntry is the id of the list entry of a resident who was refused an agreement.
func listEntry(person string) string { return record.ID(listUnit, listItem, listNo(person)) }

func listNo(person string) string { return "演示〔2026〕" + person }

// listed is an applicant with a list entry that stands in the way.
func listed(who medical.Applicant) medical.Applicant {
	who.Restricted, who.Looked = record.At(listEntry(who.Person), 1), []rule.Cited{{Record: listEntry(who.Person), Version: 1}}
	return who
}

// A verdict is everything about the decisions of the demo city.
type verdict struct {
	decisions []*decision.Decision
	rules     map[string]rule.Rule
	records   []*record.Record
	recalls
}

// newVerdicts are the decisions about every agreement of the city. Of those refused for a list entry, the first was made again
// after the entry was corrected; the entry of the other stands.
func newVerdicts(p *Population, c *care, subjects usecase.Subjects, now time.Time) (*verdict, error) {
	v := &verdict{rules: map[string]rule.Rule{}}
	agreements := map[string]*medical.Agreement{}
	for _, a := range c.agreements {
		agreements[a.ID] = a
	}
	for _, e := range c.events {
		if e.Kind != medical.AgreementSigned.Name() && e.Kind != medical.AgreementRejected.Name() {
			continue
		}
		a, person := agreements[e.Subject], p.byID[e.Person]
		subject, err := subjects.OfPerson(person)
		if err != nil {
			return nil, err
		}
		r, err := a.Rule()
		if err != nil {
			return nil, err
		}
		v.rules[r.Key()] = r
		d, err := decision.New(usecase.Admitted(a, subject, e))
		if err != nil {
			return nil, err
		}
		d.Outbox = nil
		v.decisions = append(v.decisions, d)
		if len(d.Uses) == 0 {
			continue
		}
		entry, err := newEntry(person.ID, subject, person.Name, person.IDNumber, d.At)
		if err != nil {
			return nil, err
		}
		first := len(v.records) == 0
		v.records = append(v.records, entry)
		v.use(d, entry)
		if first {
			if err := v.correct(d, entry, r, now.AddDate(0, 0, -2)); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// newEntry is a resident's list entry, a month older than the refusal it led to.
func newEntry(person string, subject models.Subject, name, number models.Secret, refused time.Time) (*record.Record, error) {
	on := models.DayOf(refused).AddMonths(-1)
	r, err := record.New(record.Draft{
		Item: listItem, ItemVersion: 1, Nature: models.Negative, Openness: models.ByQuery, Subject: subject, Name: name, IDNumber: number,
		Region: "4301", Unit: listUnit, Key: listNo(person), DecidedOn: on, KeepMonths: 60, Served: true,
		Attributes: map[string]any{
			"YZ_BH": listNo(person), "YZ_MD": "1", "YZ_SY": "有履行能力而拒不履行生效法律文书确定的义务", "YZ_YJ": "最高人民法院关于公布失信被执行人名单信息的若干规定",
			"YZ_CS": "限制乘坐飞机；限制享受优惠政策和便利措施", "YZ_RQ": string(on), "YZ_JG": "长沙市发展和改革委员会",
		},
	}, record.Standard, models.Clockwork, on.Clock(10, 0))
	if err == nil {
		r.Outbox = nil
	}
	return r, err
}

// correct puts an entry right, calls back what rested on it, and makes the decision again.
func (v *verdict) correct(d *decision.Decision, entry *record.Record, r rule.Rule, at time.Time) error {
	attributes := map[string]any{}
	for key, value := range entry.Current.Attributes {
		attributes[key] = value
	}
	attributes["YZ_CS"] = "限制乘坐飞机"
	if err := entry.Correct(record.Change{Attributes: attributes, Why: "措施与名单不符，原单位更正"}, models.Clockwork, at); err != nil {
		return err
	}
	corrected := entry.Outbox[len(entry.Outbox)-1]
	entry.Outbox = nil
	if err := v.call(corrected, entry, at); err != nil {
		return err
	}
	next, err := again(d, r, entry, at)
	if err != nil {
		return err
	}
	v.decisions = append(v.decisions, next)
	v.uses = append(v.uses, recall.NewUse(recall.Paper{Kind: recall.Decision, Ref: next.ID, Recipient: ""}, entry.ID, entry.Current.No,
		d.Subject, at))
	return nil
}

// again makes a decision anew without what stood in the way.
func again(d *decision.Decision, r rule.Rule, entry *record.Record, at time.Time) (*decision.Decision, error) {
	program, err := rule.Compile(r)
	if err != nil {
		return nil, err
	}
	facts, err := rule.Facts([]byte(d.Inputs.Reveal()))
	if err != nil {
		return nil, err
	}
	facts[medical.Restricted] = ""
	if _, err := d.Recall(record.EventCorrected.Name(), at); err != nil {
		return nil, err
	}
	next, err := d.Again(program, facts, []rule.Cited{{Record: entry.ID, Version: entry.Current.No}}, at)
	if err != nil {
		return nil, err
	}
	err = d.Settle(next, false, at)
	d.Outbox, next.Outbox = nil, nil
	return next, err
}

// keep writes the decisions, their rules, the entries they rest on and who else had used those.
func (v *verdict) keep(ctx context.Context, s Stores) error {
	for _, r := range v.rules {
		if err := s.Decision.Keep(ctx, r); err != nil {
			return err
		}
	}
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Records, v.records) },
		func() error { return fresh(ctx, s.Recall.Uses, v.uses) },
		func() error { return fresh(ctx, s.Recall.Calls, v.calls) },
		func() error { return fresh(ctx, s.Decision.Decisions, v.decisions) },
	} {
		if err := keep(); err != nil {
			return err
		}
	}
	return nil
}
