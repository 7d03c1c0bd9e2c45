package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/release"
)

var (
	noon     = time.Date(2026, 5, 10, 4, 0, 0, 0, time.UTC)
	maker    = models.Actor{Person: "m", Role: models.CreditOffice, Region: "4301"}
	approver = models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}
)

// penalty is a schema with every role and type there is.
const penalty = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{
"MC":{"type":"string","x-kind":"text","title":"名称","x-title-en":"Name","x-order":1,"x-role":"name","maxLength":20},
"LB":{"type":"string","x-kind":"text","title":"类别","x-title-en":"Kind","x-order":2,"x-role":"subjectKind","enum":["01","02","09"],"x-labels":{"01":{"zh":"自然人","en":"Person"},"02":{"zh":"法人","en":"Firm"},"09":{"zh":"农户","en":"Household"}},"x-kinds":{"01":"PERSON","02":"ORGANISATION","09":"HOUSEHOLD"}},
"DM":{"type":"string","x-kind":"text","title":"统一代码","x-title-en":"Code","x-order":3,"x-role":"code"},
"ZJLX":{"type":"string","x-kind":"text","title":"证件类型","x-title-en":"Document","x-order":4,"x-role":"idKind","enum":["01","02"],"x-resident":"01"},
"ZJHM":{"type":"string","x-kind":"text","title":"证件号码","x-title-en":"Number","x-order":5,"x-role":"idNumber","x-private":true},
"WSH":{"type":"string","x-kind":"text","title":"文书号","x-title-en":"Decision no.","x-order":6,"x-role":"key"},
"RQ":{"type":"string","title":"决定日期","x-title-en":"Decided on","x-order":7,"x-kind":"day","x-role":"decidedOn"},
"ZZ":{"type":"string","title":"终了日期","x-title-en":"Ended on","x-order":8,"x-kind":"day","x-role":"endedOn"},
"FK":{"type":"integer","title":"罚款","x-title-en":"Fine","x-order":9,"x-kind":"wan","minimum":0,"maximum":100000000000},
"JE":{"type":"integer","title":"金额","x-title-en":"Amount","x-order":10,"x-kind":"yuan"},
"SL":{"type":"integer","title":"数量","x-title-en":"Count","x-order":11,"x-kind":"whole","minimum":1},
"YZ":{"type":"string","x-kind":"text","title":"程度","x-title-en":"Severity","x-order":12,"x-role":"severity","enum":["1","3"],"x-labels":{"1":{"zh":"轻微","en":"Minor"},"3":{"zh":"严重","en":"Serious"}},"x-severities":{"1":"MINOR","3":"SERIOUS"}},
"CX":{"type":"string","x-kind":"text","title":"程序","x-title-en":"Procedure","x-order":13,"x-role":"procedure","enum":["01","02"],"x-simple":"01"},
"SD":{"type":"boolean","title":"送达","x-title-en":"Served","x-order":14,"x-kind":"yes","x-role":"served"},
"FR":{"type":"string","x-kind":"text","title":"法定代表人","x-title-en":"Legal representative","x-order":15,"x-private":true},
"GD":{"type":"string","x-kind":"text","title":"工单","x-title-en":"Ticket","x-order":16,"pattern":"^[A-Z]+$"}},
"required":["MC","LB","WSH","RQ"],"dependentRequired":{"ZZ":["SL"]},
"if":{"properties":{"LB":{"const":"01"}}},"then":{"required":["ZJHM"]},"else":{"required":["DM"]}}`

func content() Content {
	return Content{
		Name: models.Words{ZH: "行政处罚", EN: "Penalties"}, Category: "PENALTY", Kinds: []models.SubjectKind{models.Organisation, models.PersonSubject},
		Nature: models.Negative, Openness: models.Public, KeepMonths: 60, Cycle: SevenDays, Units: []string{"u"}, Basis: []string{"法"}, Schema: penalty, From: "2026-06-01",
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in is an item in a state.
func in(t *testing.T, s release.State) *Item {
	t.Helper()
	it, err := New("XZCF", maker, content(), noon)
	do(t, err)
	if s == release.Draft {
		return it
	}
	do(t, it.Submit(maker, noon))
	if s == release.Checked {
		return it
	}
	do(t, it.Publish(approver, noon))
	if s == release.InForce {
		do(t, it.Wake(it.From.Start()))
	}
	if s == release.Retired {
		do(t, it.Retire(approver, "why", noon))
	}
	if it.State != s {
		t.Fatalf("it is %s, want %s", it.State, s)
	}
	return it
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := []struct {
		name    string
		do      func(*Item) error
		allowed []release.State
	}{
		{"edit", func(it *Item) error { return it.Edit(maker, content(), noon) }, []release.State{release.Draft}},
		{"submit", func(it *Item) error { return it.Submit(maker, noon) }, []release.State{release.Draft}},
		{"return", func(it *Item) error { return it.Return(approver, "why", noon) }, []release.State{release.Checked}},
		{"publish", func(it *Item) error { return it.Publish(approver, noon) }, []release.State{release.Checked}},
		{"retire", func(it *Item) error { return it.Retire(approver, "why", noon) }, []release.State{release.Announced, release.InForce}},
	}
	for _, s := range append(slices.Clone(path), release.Retired) {
		for _, act := range acts {
			t.Run(fmt.Sprintf("%s/%s", act.name, s), func(t *testing.T) {
				it, before := in(t, s), in(t, s)
				err := act.do(it)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err != nil && (!errors.Is(err, models.InvalidTransition) || cmp.Diff(before, it) != "") {
					t.Errorf("a refused act: %v\n%s", err, cmp.Diff(before, it))
				}
			})
		}
	}
}

func TestWhoMay(t *testing.T) {
	for name, tc := range map[string]struct {
		state release.State
		do    func(*Item) error
	}{
		"own work": {release.Checked, func(it *Item) error { return it.Publish(maker, noon) }},
		"a data office": {release.Draft, func(it *Item) error {
			return it.Edit(models.Actor{Person: "d", Role: models.DataOfficer}, content(), noon)
		}},
		"an agent": {release.Checked, func(it *Item) error {
			return it.Publish(models.Actor{Person: "a", Agent: "x", Role: models.CreditOffice}, noon)
		}},
		"nobody": {release.Announced, func(it *Item) error { return it.Retire(models.Actor{}, "why", noon) }},
	} {
		it := in(t, tc.state)
		if err := tc.do(it); !errors.Is(err, models.Forbidden) || cmp.Diff(in(t, tc.state), it) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	it := in(t, release.Checked)
	if err := it.Publish(approver, noon.AddDate(0, 1, 0)); !errors.Is(err, models.Invalid) || it.State != release.Checked {
		t.Errorf("published after its first day: %v", err)
	}
}

// A later version takes the place of the one before on its day, and what governed a day keeps governing it.
func TestVersionsFollowEachOther(t *testing.T) {
	v1 := in(t, release.Announced)
	if v1.InForce("2026-05-31") || !v1.InForce("2026-06-01") || v1.State == release.InForce {
		t.Error("in force before its day")
	}
	if _, err := in(t, release.Draft).Next(maker, "2026-09-01", noon); !errors.Is(err, models.Conflict) {
		t.Errorf("a version after a draft: %v", err)
	}
	v2, err := v1.Next(maker, "2026-09-01", noon)
	do(t, err)
	if v2.ID != "XZCF@2" || v2.Schema != v1.Schema || v2.State != release.Draft {
		t.Errorf("%+v", v2)
	}
	do(t, v1.Wake(models.Day("2026-06-01").Start()))
	if v1.State != release.InForce || v1.WakeAt != nil {
		t.Errorf("its day came: %v %v", v1.State, v1.WakeAt)
	}
	for _, want := range []bool{true, false} {
		changed, err := v1.Yield("2026-09-01", noon)
		if do(t, err); changed != want {
			t.Errorf("changed %v, want %v", changed, want)
		}
	}
	if v1.State != release.InForce || v1.WakeAt == nil || !v1.WakeAt.Equal(models.Day("2026-09-01").Start()) {
		t.Errorf("%s, wakes %v", v1.State, v1.WakeAt)
	}
	do(t, v1.Wake(models.Day("2026-09-01").Start()))
	if v1.State != release.Retired || v1.To != "2026-08-31" || !v1.InForce("2026-08-31") || v1.InForce("2026-09-01") {
		t.Errorf("%s to %s", v1.State, v1.To)
	}
}

func TestContentRefused(t *testing.T) {
	column := func(key, title string) string {
		return strings.Replace(penalty, `"GD":{"type":"string","x-kind":"text","title":"工单"`, `"`+key+`":{"type":"string","x-kind":"text","title":"`+title+`"`, 1)
	}
	for name, tc := range map[string]struct {
		change        func(*Content)
		pointer, code string
	}{
		"no name":             {func(c *Content) { c.Name.EN = " " }, "/name/en", "required"},
		"no such category":    {func(c *Content) { c.Category = "X" }, "/category", "unknown"},
		"no end for persons":  {func(c *Content) { c.KeepMonths = 0 }, "/keepMonths", "catalogue_keep"},
		"61 months":           {func(c *Content) { c.KeepMonths = 61 }, "/keepMonths", "catalogue_keep"},
		"no unit":             {func(c *Content) { c.Units = nil }, "/units", "required"},
		"no basis":            {func(c *Content) { c.Basis = nil }, "/basis", "required"},
		"no day":              {func(c *Content) { c.From = "2026-02-30" }, "/from", "day"},
		"public about people": {func(c *Content) { c.Kinds = c.Kinds[1:] }, "/openness", "catalogue_openness"},
		"household":           {func(c *Content) { c.Kinds = []models.SubjectKind{models.Household} }, "/kinds", "unknown"},
		"blood type":          {func(c *Content) { c.Schema = column("bloodType", "其他") }, "/schema/properties/bloodType", "forbidden_data"},
		"an illness":          {func(c *Content) { c.Schema = column("QT", "所患疾病") }, "/schema/properties/QT", "forbidden_data"},
		"income":              {func(c *Content) { c.Schema = column("QT", "年收入") }, "/schema/properties/QT", "restricted_data"},
		"red light":           {func(c *Content) { c.Name.ZH = "闯红灯信息" }, "/name", "uncreditable_conduct"},
		"petition":            {func(c *Content) { c.Schema = column("petition_no", "编号") }, "/schema/properties/petition_no", "uncreditable_conduct"},
		"open object":         {func(c *Content) { c.Schema = strings.Replace(penalty, `"additionalProperties":false,`, "", 1) }, "/schema", "schema"},
		"no key":              {func(c *Content) { c.Schema = strings.Replace(penalty, `,"x-role":"key"`, "", 1) }, "/schema", "schema"},
		"two names":           {func(c *Content) { c.Schema = strings.Replace(penalty, `"x-private":true},`, `"x-role":"name"},`, 1) }, "/schema", "schema"},
		"unknown role":        {func(c *Content) { c.Schema = strings.Replace(penalty, `"x-role":"served"`, `"x-role":"king"`, 1) }, "/schema", "schema"},
		"a path in a key":     {func(c *Content) { c.Schema = column("a.b", "其他") }, "/schema", "schema"},
		"a file": {func(c *Content) {
			c.Schema = strings.Replace(penalty, `"pattern":"^[A-Z]+$"`, `"$ref":"file:///etc/passwd"`, 1)
		}, "/schema/properties/GD/$ref", "schema_ref"},
		"no JSON": {func(c *Content) { c.Schema = "{" }, "/schema", "schema"},
	} {
		t.Run(name, func(t *testing.T) {
			c := content()
			tc.change(&c)
			_, err := New("XZCF", maker, c, noon)
			e := (*models.Error)(nil)
			if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields, func(f models.Field) bool { return f.Pointer == tc.pointer && f.Code == tc.code }) {
				t.Errorf("%v %+v", err, e)
			}
			it := in(t, release.Draft)
			if err := it.Edit(maker, c, noon); !errors.Is(err, models.Invalid) || cmp.Diff(in(t, release.Draft), it) != "" {
				t.Errorf("a refused edit: %v", err)
			}
		})
	}
	for _, code := range []string{"", "X", "xzcf", "1X", "TOOLONGACODEX", "X Y"} {
		if _, err := New(code, maker, content(), noon); !errors.Is(err, models.Invalid) {
			t.Errorf("the code %q: %v", code, err)
		}
	}
}

func TestForbidden(t *testing.T) {
	for name, want := range map[string]bool{
		"宗教信仰": true, "基因": true, "指 纹": true, "血型": true, "疾病": true, "病史": true, "blood_type": true, "bloodType": true, "DNA": true,
		"medical-history": true, "Ｂlood Type": true, "religion": true,
		"行政相对人名称": false, "generalNote": false, "医师资格": false, "CF_SY": false, "genre": false, "信用评价": false,
	} {
		if word, got := Forbidden(name); got != want {
			t.Errorf("%q: %v (%s)", name, got, word)
		}
	}
	for name, want := range map[string]bool{"年收入": true, "存款余额": true, "tax_amount": true, "real estate": true, "罚款金额": false, "taxpayer": false} {
		if _, got := Restricted(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestOpenness(t *testing.T) {
	it := in(t, release.Announced)
	if it.For(models.Organisation) != models.Public || it.For(models.PersonSubject) != models.ByQuery {
		t.Error("a person's record is open to everybody")
	}
}

func TestDiff(t *testing.T) {
	a, b := in(t, release.Announced), in(t, release.Announced)
	b.KeepMonths = 36
	b.Schema = strings.NewReplacer(`"maxLength":20`, `"maxLength":50`, `"zh":"严重"`, `"zh":"特别严重"`, `"pattern":"^[A-Z]+$"`, `"pattern":"^[0-9]+$"`,
		`"JE":{"type":"integer","title":"金额","x-title-en":"Amount"`, `"XE":{"type":"integer","title":"新额","x-title-en":"New amount"`, `"required":["MC",`, `"required":["MC","FR",`,
		`"dependentRequired":{"ZZ":["SL"]},`, ``).Replace(penalty)
	changes, err := Diff(a, b)
	do(t, err)
	var got []string
	for _, c := range changes {
		got = append(got, strings.Join([]string{c.Kind, c.What, c.Column}, " "))
	}
	want := []string{"CHANGED keepMonths ", "CHANGED rules ", "CHANGED max MC", "ADDED column XE", "CHANGED values YZ", "CHANGED required FR", "CHANGED rules GD", "REMOVED column JE"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if changes[0].Before != "60" || changes[0].After != "36" {
		t.Errorf("%+v", changes[0])
	}
	if same, err := Diff(a, a); err != nil || len(same) != 0 {
		t.Errorf("%v %v", same, err)
	}
}
