package seed

import (
	"context"
	"fmt"
	"maps"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/usecase"
)

// The unit that reports the demo city's credit files: it registers firms, and it fines them.
const (
	marketUnit = "unit-changsha-scjg"
	marketName = "长沙市市场监督管理局"
	marketCode = "114301000000000270"
)

// firmCount is how many firms the demo city has. DemoResident is the legal representative of the first.
const firmCount = 40

// A firm is a made-up organisation.
type firm struct {
	code   models.USCC
	name   string
	county models.Region
}

// firmOf is the i-th firm, from 0.
func firmOf(i int) firm {
	counties := []models.Region{"430181", "430182", "430121", "430112", "430104"}
	trades := []string{"花炮", "蒸菜", "茶油", "花木", "建材", "运输", "农机", "电子"}
	county := counties[i%len(counties)]
	return firm{
		code: models.SyntheticUSCC("91", county, 100_000+i), county: county,
		name: fmt.Sprintf("示例%s%s有限公司", []string{"浏阳", "宁乡", "星沙", "望城", "雨花"}[i%len(counties)], trades[i/len(counties)]),
	}
}

// credit is the credit file of the demo city, and who acts for its firms.
type credit struct {
	people   *Population
	subjects usecase.Subjects
	now      time.Time
	today    models.Day
	clerk    models.Actor
	items    map[string]*catalogue.Item // in force, by code
	forms    map[string]*catalogue.Form

	records []*record.Record
	agents  []*identity.Representative
	byName  map[string]*record.Record // the records others build on
	casebook
}

// newCredit makes the files of the city's firms and of two residents. People who act for a firm are given that office.
func newCredit(p *Population, subjects usecase.Subjects, items []*catalogue.Item, now time.Time) (*credit, error) {
	c := &credit{
		people: p, subjects: subjects, now: now, today: models.DayOf(now), clerk: p.byID["staff-data-1"].Actors(now)[1],
		items: map[string]*catalogue.Item{}, forms: map[string]*catalogue.Form{}, byName: map[string]*record.Record{},
	}
	for _, it := range items {
		if it.InForce(c.today) {
			form, err := it.Form()
			if err != nil {
				return nil, err
			}
			c.items[it.Code], c.forms[it.Code] = it, form
		}
	}
	for _, step := range []func() error{c.firms, c.penalties, c.lists, c.persons, c.represented, c.cases} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// report keeps what the unit reports of an item on a day, as a row of a file would, and lets pass what time has brought since.
func (c *credit) report(item string, kind models.SubjectKind, on models.Day, cells map[string]string) (*record.Record, error) {
	form := c.forms[item]
	row := form.Sample(kind)
	for _, col := range form.Columns {
		if !col.Required && !col.ForOrg && !col.ForMan {
			delete(row, col.Key)
		}
	}
	maps.Copy(row, cells)
	read, faults := form.Read(row)
	if len(faults) > 0 {
		return nil, fmt.Errorf("a row of %s: %+v", item, faults)
	}
	d := c.subjects.Drafted(c.items[item], read, marketUnit, c.clerk.Region)
	if person := c.people.byNumber(read.IDNumber); person != nil && kind == models.PersonSubject {
		d.Subject.Person = person.ID
	}
	r, err := record.New(d, record.Standard, c.clerk, on.Add(2).Clock(10, 0))
	if err != nil {
		return nil, fmt.Errorf("a record of %s: %w", item, err)
	}
	for err == nil && r.WakeAt != nil && !r.WakeAt.After(c.now) {
		err = r.Wake(*r.WakeAt)
	}
	r.Outbox = nil // that happened before the city opened: nobody is told
	c.records = append(c.records, r)
	return r, err
}

// firms registers every firm and licenses it; every fourth has an honour.
func (c *credit) firms() error {
	for i := range firmCount {
		f, on := firmOf(i), c.today.Add(-800-i)
		cells := map[string]string{
			"XDR_MC": f.name, "XDR_SHXYM": string(f.code), "DJ_BH": fmt.Sprintf("示登〔2024〕%03d号", i+1), "DJ_LX": "1", "DJ_FR": "示例人",
			"DJ_ZS": "示例路" + fmt.Sprint(i+1) + "号", "DJ_ZB": "100", "DJ_FW": "示例经营范围", "DJ_CLRQ": string(on), "DJ_HZRQ": string(on),
			"DJ_ZT": "1", "DJ_JG": marketName, "LYDW": marketName, "LYDWDM": marketCode,
		}
		if i == 0 {
			head := c.people.byID[DemoResident]
			cells["DJ_FR"], cells["DJ_FRZJ"] = head.Name.Reveal(), head.IDNumber.Reveal()
		}
		registered, err := c.report("DJZC", models.Organisation, on, cells)
		if err != nil {
			return err
		}
		if i == 0 {
			c.byName["registration"] = registered
		}
		licensed := map[string]string{
			"XK_XDR_MC": f.name, "XK_XDR_LB": "02", "XK_XDR_SHXYM": string(f.code), "XK_XKWS": "准予行政许可决定书", "XK_WSH": fmt.Sprintf("示许〔2024〕%03d号", i+1),
			"XK_XKLB": "01", "XK_NR": "食品经营许可", "XK_JDRQ": string(on.Add(20)), "XK_YXQZ": string(on.Add(20)), "XK_YXQZI": string(on.Add(20 + 5*365)),
			"XK_XKJG": marketName, "XK_XKJGDM": marketCode, "XK_ZT": "1", "XK_LYDW": marketName, "XK_LYDWDM": marketCode,
		}
		if _, err := c.report("XZXK", models.Organisation, on.Add(20), licensed); err != nil {
			return err
		}
		if i%4 == 0 {
			if _, err := c.honour(honoured{f.name, string(f.code), models.Organisation}, c.today.Add(-90-i), fmt.Sprintf("示表〔2026〕%03d号", i+1), "4"); err != nil {
				return err
			}
		}
	}
	return nil
}

// honoured is who is given an honour.
type honoured struct {
	name, number string
	kind         models.SubjectKind
}

// honour reports an honour for honesty. number is a code or an ID number.
func (c *credit) honour(who honoured, on models.Day, no, level string) (*record.Record, error) {
	cells := map[string]string{
		"XDR_MC": who.name, "XDR_LB": "02", "RY_WSH": no, "RY_MC": "诚实守信示范", "RY_JB": level, "RY_SY": "多年诚实守信", "RY_RQ": string(on),
		"RY_JG": marketName, "LYDW": marketName, "LYDWDM": marketCode,
	}
	if who.kind == models.Organisation {
		cells["XDR_SHXYM"] = who.number
	} else {
		cells["XDR_LB"], cells["XDR_ZJLX"], cells["XDR_ZJHM"] = "01", "01", who.number
	}
	return c.report("RYXX", who.kind, on, cells)
}

// A penalty of the demo city: whose, how old, how grave, and what other seeds call it.
type penalty struct {
	firm     int
	months   int // before today
	days     int // and days
	severity string
	name     string
}

// The severities as a file writes them.
const (
	minor, general, serious = "1", "2", "3"
)

// fined are the penalties: of each severity under both editions of the rules, and one for each state a record can be in.
var fined = []penalty{
	{0, 3, 5, general, "eligible"}, {0, 2, 0, serious, "early"},
	{1, 5, 0, general, "repaired"}, {2, 4, 0, general, "corrected"}, {3, 1, 20, general, "objected"},
	{4, 1, 0, minor, "minor"}, {5, 37, 0, general, "ended"}, {6, 2, 10, general, "withdrawn"},
	{7, 9, 0, general, "older"}, {8, 13, 0, serious, "serious"}, {12, 0, 9, general, "fresh"}, {16, 20, 0, general, "oldest"},
}

func (c *credit) penalties() error {
	for i, p := range fined {
		f, on := firmOf(p.firm), c.today.AddMonths(-p.months).Add(-p.days)
		r, err := c.report("XZCF", models.Organisation, on,
			c.fine(f.name, on, i, p.severity, map[string]string{"CF_XDR_LB": "02", "CF_XDR_SHXYM": string(f.code)}))
		if err != nil {
			return err
		}
		c.byName[p.name] = r
	}
	corrected, wrong := c.byName["corrected"], c.byName["withdrawn"]
	attributes := maps.Clone(corrected.Current.Attributes)
	attributes["CF_NR_FK"] = int64(100_000)
	if err := corrected.Correct(record.Change{Attributes: attributes, Private: corrected.Current.Private, Why: "罚款金额录入有误"}, c.clerk, c.now.AddDate(0, 0, -20)); err != nil {
		return err
	}
	return wrong.Withdraw(c.clerk, "处罚决定已依法撤销", c.now.AddDate(0, 0, -10))
}

// fine is a penalty's row.
func (c *credit) fine(name string, on models.Day, i int, severity string, whose map[string]string) map[string]string {
	cells := map[string]string{
		"CF_XDR_MC": name, "CF_WSH": fmt.Sprintf("示市监罚决〔%s〕%03d号", string(on)[:4], i+1), "CF_WFXW": "未按规定明码标价",
		"CF_SY": "检查时发现，当事人已按要求改正。", "CF_YJ": "《中华人民共和国价格法》第四十二条", "CF_CFLB": "罚款", "CF_NR": "责令改正，处以罚款。",
		"CF_NR_FK": "0.2", "CF_JDRQ": string(on), "CF_CFJG": marketName, "CF_CFJGDM": marketCode, "CF_SJLY": marketName, "CF_SJLYDM": marketCode,
		"CASE_PROCESS_TYPE": "02", "CF_YZCD": severity, "CF_XWZZRQ": string(on.Add(-30)), "CF_LSTD": "是",
	}
	maps.Copy(cells, whose)
	return cells
}

// lists puts two firms on lists: one for a serious breach of trust, one for an address nobody answers at.
func (c *credit) lists() error {
	f, on := firmOf(9), c.today.AddMonths(-4)
	if _, err := c.report(listItem, models.Organisation, on, map[string]string{
		"XDR_MC": f.name, "XDR_LB": "02", "XDR_SHXYM": string(f.code), "YZ_BH": "示严〔2026〕001号", "YZ_SY": "生产不合格食品，情节严重",
		"YZ_YJ": "《市场监督管理严重违法失信名单管理办法》", "YZ_CS": "列为重点监管对象", "YZ_RQ": string(on), "YZ_JG": marketName, "LYDW": marketName, "LYDWDM": marketCode,
	}); err != nil {
		return err
	}
	f, on = firmOf(13), c.today.AddMonths(-2)
	_, err := c.report("JYYC", models.Organisation, on, map[string]string{
		"XDR_MC": f.name, "XDR_SHXYM": string(f.code), "YC_BH": "示异〔2026〕001号", "YC_YY": "4", "YC_RQ": string(on), "YC_JG": marketName,
		"LYDW": marketName, "LYDWDM": marketCode,
	})
	return err
}

// persons gives the resident an honour, the farmer a fine, and honest residents theirs.
func (c *credit) persons() error {
	resident, farmer := c.people.byID[DemoResident], c.people.byID[DemoFarmer]
	if _, err := c.honour(honoured{resident.Name.Reveal(), resident.IDNumber.Reveal(), models.PersonSubject}, c.today.Add(-120), "示表〔2026〕901号", "4"); err != nil {
		return err
	}
	if err := c.honest(); err != nil {
		return err
	}
	on := c.today.AddMonths(-1)
	r, err := c.report("XZCF", models.PersonSubject, on, c.fine(farmer.Name.Reveal(), on, 900, general, map[string]string{
		"CF_XDR_LB": "01", "CF_XDR_ZJLX": "01", "CF_XDR_ZJHM": farmer.IDNumber.Reveal(), "CF_WFXW": "占道经营",
	}))
	c.byName["farmer"] = r
	return err
}

// honest gives every twentieth resident of age an honour, of the county and of the city in turn.
func (c *credit) honest() error {
	n := 0
	for i, who := range c.people.People {
		if i%20 != 19 || !who.Adult(c.today) || who.Phone.Empty() || len(who.Memberships) > 0 {
			continue
		}
		n++
		level := []string{"4", "3"}[n%2]
		if _, err := c.honour(honoured{who.Name.Reveal(), who.IDNumber.Reveal(), models.PersonSubject}, c.today.Add(-200-n), fmt.Sprintf("示表〔2026〕%03d号", 910+n), level); err != nil {
			return err
		}
	}
	return nil
}

// represented lets the resident act for the firm whose registration names her.
func (c *credit) represented() error {
	head, registered := c.people.byID[DemoResident], c.byName["registration"]
	a, err := identity.Claim(head, identity.Registration{Org: models.USCC(registered.Subject.Ref), Name: registered.Name.Reveal(),
		Source: registered.Versioned(), Number: registered.Current.Private["DJ_FRZJ"]}, c.people.Opened)
	if err != nil {
		return err
	}
	head.Acts(a, c.people.Opened)
	a.Outbox = nil
	c.agents = append(c.agents, a)
	return nil
}

// keep writes the files; what an interrupted seed wrote before stays as it is.
func (c *credit) keep(ctx context.Context, s Stores) error {
	for _, r := range c.records {
		r.Outbox = nil
	}
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Records, c.records) },
		func() error { return fresh(ctx, s.Identity.Agents, c.agents) },
		func() error { return fresh(ctx, s.Cases, c.opened) },
	} {
		if err := keep(); err != nil {
			return err
		}
	}
	return nil
}
