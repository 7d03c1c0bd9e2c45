package seed

import (
	"context"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/practice"
	"xinyi/models/score"
)

// practices are the demo city's cases worth copying: last year's selection is published, this year's is on notice.
type practices struct {
	now         time.Time
	by          map[string]models.Actor
	cases       []*practice.Case
	rounds      []*practice.Round
	notices     []*notice.Notice
	county, one models.Actor
	two         models.Actor
}

// written is a case of the demo city, and how far it goes.
type written struct {
	writer, unit string
	class        practice.Class
	title, done  string
	to           practice.State
}

var writtenCases = []written{
	{"staff-data-1", marketName, practice.Supervision, "信用分级少打扰：低风险企业一年只查一次", "按信用等级定抽查频次，检查结果当天公开。", practice.Published},
	{library, "长沙市图书馆", practice.Benefit, "信用借书不收押金", "信用良好的读者免押金借书，逾期先提醒。", practice.Published},
	{"staff-town", "古港镇人民政府", practice.Governance, "信用积分进村规民约", "每季度公开积分，积分换服务，不和基本权利挂钩。", practice.Published},
	{"staff-health-1", "浏阳市卫生健康局", practice.Approval, "告知承诺办卫生许可，三天变当天", "符合条件的承诺后当天发证，事后核查。", practice.Published},
	{"staff-town-2", "古港镇人民政府", practice.Culture, "诚信故事进屋场会", "每月一次屋场会，讲身边守信的事。", practice.Published},
	{"staff-town", "古港镇人民政府", practice.Governance, "公共维修信用接龙", "谁报修、谁验收、谁守约，全程公开。", practice.Proposed},
	{"staff-data-1", marketName, practice.Supervision, "修复告知随处罚决定一起送达", "送达处罚决定时同时送达修复告知书。", practice.Accepted},
	{"staff-health-1", "浏阳市卫生健康局", practice.Benefit, "先看病后付费下乡镇", "乡镇卫生院开通先诊疗后付费。", practice.Review},
	{"staff-town-2", "古港镇人民政府", practice.Approval, "帮代办窗口信用容缺", "缺一份材料先受理，承诺三天补齐。", practice.Revision},
	{"staff-town", "古港镇人民政府", practice.Culture, "诚信小课堂进校园", "和学校一起开诚信小课堂。", practice.Draft},
	{"staff-town-2", "古港镇人民政府", practice.Governance, "禁燃禁放信用承诺书", "户户签承诺书。", practice.Rejected},
	{library, "长沙市图书馆", practice.Culture, "守信读者荣誉墙", "公布借阅守约的读者故事。", practice.Withdrawn},
}

// keepPractices keeps the demo's cases in every state and class, two selections and their notices.
func keepPractices(ctx context.Context, s Stores, p *Population, now time.Time) error {
	if s.Practice.Cases == nil {
		return nil
	}
	ps := &practices{now: now, by: map[string]models.Actor{library: {Role: models.Provider, Org: library, Client: library, Region: "4301"}}}
	for _, id := range []string{"staff-data-1", "staff-town", "staff-town-2", "staff-health-1"} {
		ps.by[id] = p.byID[id].Actors(now)[1]
	}
	ps.county, ps.one, ps.two = p.byID["staff-credit-1"].Actors(now)[1], p.byID["staff-credit-city"].Actors(now)[1],
		p.byID["staff-credit-city-2"].Actors(now)[1]
	if err := ps.live(); err != nil {
		return fmt.Errorf("cases worth copying: %w", err)
	}
	for _, c := range ps.cases {
		c.Outbox = nil
	}
	for i := range ps.rounds {
		ps.rounds[i].Outbox, ps.notices[i].Outbox = nil, nil
	}
	err := fresh(ctx, s.Practice.Cases, ps.cases)
	if err == nil {
		err = fresh(ctx, s.Practice.Rounds, ps.rounds)
	}
	if err == nil {
		err = fresh(ctx, s.Farmer.Notices, ps.notices)
	}
	return err
}

// live writes the cases and holds both selections.
func (ps *practices) live() error {
	var last, this []*practice.Case
	for i, w := range writtenCases {
		at := ps.now.AddDate(0, 0, -60)
		switch w.to { //nolint:exhaustive // the others began two months ago
		case practice.Published:
			at = ps.now.AddDate(0, 0, -380)
		case practice.Review, practice.Draft:
			at = ps.now.AddDate(0, 0, -2)
		}
		c, err := ps.write(fmt.Sprintf("practice-case-%02d", i+1), w, at)
		if err != nil {
			return fmt.Errorf("%s: %w", w.title, err)
		}
		ps.cases = append(ps.cases, c)
		switch w.to { //nolint:exhaustive // only these two are chosen
		case practice.Published:
			last = append(last, c)
		case practice.Proposed:
			this = append(this, c)
		}
	}
	year := models.DayOf(ps.now).Clock(12, 0).Year()
	if err := ps.hold("practice-round-1", year-1, -360, last, true); err != nil {
		return err
	}
	for i, c := range last[:3] {
		for _, who := range []string{"staff-health-1", "staff-data-1", "staff-town"} {
			if by := ps.by[who]; by.Org != c.Unit && (i != 2 || who != "staff-data-1") {
				if err := c.Adopt(practice.Unit{Name: unitOf(who), By: by}, "照着做了，效果不错。", ps.now.AddDate(0, 0, -90)); err != nil {
					return err
				}
			}
		}
	}
	return ps.hold("practice-round-2", year, -40, this, false)
}

func unitOf(writer string) string {
	for _, w := range writtenCases {
		if w.writer == writer {
			return w.unit
		}
	}
	return writer
}

// write leads a case as far as it goes before a selection.
func (ps *practices) write(id string, w written, at time.Time) (*practice.Case, error) {
	by := ps.by[w.writer]
	c, err := practice.New(id, practice.Content{
		Class: w.class, Title: w.title, Summary: w.title + "，做法简单，别处也能用。", Problem: "以前办事慢、检查多，群众和企业有意见。", Done: w.done + "做法写进了制度。",
		Effect: "办理时间和跑动次数都少了，满意的人多了。", Copy: "一张流程图、一份承诺书，照着就能办。",
		Figures: []practice.Figure{{Name: "平均办理时间", Before: 15, After: 3, Unit: "个工作日"}, {Name: "满意度", Before: 82, After: 96, Unit: "%"}},
	}, practice.Unit{Name: w.unit, By: by}, at)
	if err != nil || w.to == practice.Draft {
		return c, err
	}
	if err := c.File(practice.Standard, by, at); err != nil || w.to == practice.Review {
		return c, err
	}
	first, second := ps.county, ps.one
	if c.Region.Level() < models.County {
		first, second = ps.two, ps.one
	}
	at = at.Add(24 * time.Hour)
	switch w.to { //nolint:exhaustive // the others pass
	case practice.Revision:
		return c, c.Review(flow.Revise, "请补充实施前后的数据", first, at)
	case practice.Rejected:
		return c, c.Review(flow.Reject, "不属于信用场景，没有数据", first, at)
	case practice.Withdrawn:
		return c, c.Withdraw("并入另一个案例", by, at)
	}
	if err := c.Review(flow.Approve, "", first, at); err != nil {
		return c, err
	}
	return c, c.Review(flow.Approve, "", second, at.Add(24*time.Hour))
}

// experts are the pool of the demo's selections.
func experts() (all []practice.Expert) {
	for i, who := range []string{DemoResident, DemoFarmer, DemoGuardian, DemoNingxiang, "staff-health-2", "staff-health-ningxiang",
		"staff-finance-1", "staff-finance-2", "staff-auditor"} {
		all = append(all, practice.Expert{Person: who, Unit: fmt.Sprintf("expert-unit-%d", i+1)})
	}
	return all
}

// hold holds a selection that opened so many days from now: experts score what is in it; over: its notice has passed.
func (ps *practices) hold(id string, year, days int, cases []*practice.Case, over bool) error {
	opened := ps.now.AddDate(0, 0, days)
	call := practice.Call{Year: year, Closes: models.DayOf(opened).Add(10), Pool: experts()}
	for _, class := range practice.Classes {
		call.Seats = append(call.Seats, practice.Seats{Class: class, N: 2})
	}
	r, err := call.Round(id, "demo seed of "+id, practice.Standard, ps.one, opened)
	if err != nil {
		return err
	}
	at := call.Closes.Add(1).Start()
	if err := r.Wake(at); err != nil {
		return err
	}
	for i, c := range cases {
		if err := scored(c, r, i, at); err != nil {
			return err
		}
	}
	ranked := ps.now.Add(-26 * time.Hour)
	if over {
		ranked = at.AddDate(0, 0, 20)
	}
	if err := r.Rank(cases, ps.one, ranked); err != nil {
		return err
	}
	draft := notice.Draft{About: practice.About, Title: "信用场景典型案例拟入选公示", Region: r.Region, Level: models.Prefecture}
	for _, x := range r.Results {
		draft.Lines = append(draft.Lines, notice.Line{Ref: x.Case, Label: x.Unit, Text: x.Title})
	}
	n, err := notice.New(models.Derived("practice-notice", r.ID), draft, r.Terms, r.Ranker, ranked)
	if err != nil {
		return err
	}
	r.Show(n.ID)
	ps.rounds, ps.notices = append(ps.rounds, r), append(ps.notices, n)
	for _, c := range cases {
		if _, err := c.Ranked(r, ranked); err != nil {
			return err
		}
	}
	if !over {
		return nil
	}
	end := n.Closes.Add(1).Start()
	if err := n.Wake(end); err != nil {
		return err
	}
	for _, c := range cases {
		if _, err := c.Settle(r, practice.Published, "", end); err != nil {
			return err
		}
		n.Publish(c.ID, "入选典型案例")
	}
	r.Finish(end)
	return nil
}

// scored seats the experts of a case, who all score it.
func scored(c *practice.Case, r *practice.Round, i int, at time.Time) error {
	c.Seat(r, at)
	for j, s := range c.Entry.Jury.Seats {
		marks := map[string]score.Points{}
		for _, k := range r.Criteria {
			marks[k.Code] = k.Max * score.Points(80+i+2*j) / 100
		}
		if err := c.Score(jury.Sheet{Marks: marks}, r, models.Actor{Person: s.Person, Role: models.Resident},
			at.Add(time.Duration(j+1)*time.Hour)); err != nil {
			return err
		}
	}
	return nil
}
