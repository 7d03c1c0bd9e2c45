package catalogue

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/release"
)

func formIn(t *testing.T) *Form {
	t.Helper()
	f, err := in(t, release.Draft).Form()
	do(t, err)
	return f
}

var org = map[string]string{"MC": "示例有限公司", "LB": "02", "DM": "91430100MAXX000152", "WSH": "长市监罚〔2026〕1号", "RQ": "2026-05-10"}

var man = map[string]string{"MC": "张三", "LB": "自然人", "ZJHM": "430181199001010003", "WSH": "2号", "RQ": "2026/5/10"}

// with is cells with some changed; "-" takes one away.
func with(base map[string]string, kv ...string) map[string]string {
	cells := maps.Clone(base)
	for i := 0; i < len(kv); i += 2 {
		if cells[kv[i]] = kv[i+1]; kv[i+1] == "-" {
			delete(cells, kv[i])
		}
	}
	return cells
}

func TestReadOrganisation(t *testing.T) {
	row, faults := formIn(t).Read(with(org, "MC", "　示例有限公司 ", "LB", "０２", "DM", " ９1430100maxx000152", "FK", "1.5", "JE", "1,234.50", "SL", "３",
		"YZ", "严重", "CX", "01", "SD", "是", "FR", "李四", "ZZ", "2026-05-01", "GD", ""))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := Row{
		Kind: models.Organisation, Name: "示例有限公司", Code: "91430100MAXX000152", Key: "长市监罚〔2026〕1号", DecidedOn: "2026-05-10", Ended: "2026-05-01",
		Severity: models.Serious, Served: true, Filled: 5, Required: 5, Private: map[string]models.Secret{"FR": models.NewSecret("李四")},
		Attributes: map[string]any{"LB": "02", "WSH": "长市监罚〔2026〕1号", "RQ": "2026-05-10", "ZZ": "2026-05-01", "FK": int64(1500000), "JE": int64(123450),
			"SL": int64(3), "YZ": "3", "CX": "01", "SD": true},
	}
	if d := cmp.Diff(want, row, cmp.Comparer(func(a, b models.Secret) bool { return a.Reveal() == b.Reveal() })); d != "" {
		t.Error(d)
	}
}

func TestReadPerson(t *testing.T) {
	row, faults := formIn(t).Read(man)
	if len(faults) > 0 || row.Kind != models.PersonSubject || row.IDNumber.Reveal() != "430181199001010003" || row.DecidedOn != "2026-05-10" || row.Filled != 5 {
		t.Fatalf("%+v %+v", faults, row)
	}
	if _, kept := row.Attributes["ZJHM"]; kept || row.Attributes["MC"] != nil || len(row.Private) != 0 {
		t.Errorf("the person is among the attributes: %v", row.Attributes)
	}
	if row, _ = formIn(t).Read(with(man, "ZJHM", "43018119600515000x")); row.IDNumber.Reveal() != "43018119600515000X" {
		t.Error("a small x")
	}
}

// Each fault is named at its column, and no other.
func TestReadFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		cells map[string]string
		want  string
	}{
		"no name":              {with(org, "MC", " 　"), "/MC required"},
		"all missing":          {map[string]string{}, "/MC required /LB required /WSH required /RQ required"},
		"no code":              {with(org, "DM", "-"), "/DM required"},
		"no number":            {with(man, "ZJHM", "-"), "/ZJHM required"},
		"long name":            {with(org, "MC", strings.Repeat("长", 21)), "/MC max"},
		"kind":                 {with(org, "LB", "07"), "/LB oneof"},
		"kind not of the item": {with(org, "LB", "09"), "/LB not_of_item"},
		"code too short":       {with(org, "DM", "91430100"), "/DM uscc_length"},
		"code with an O":       {with(org, "DM", "9143O100MAXX000152"), "/DM uscc_char"},
		"code slip":            {with(org, "DM", "91430100MAXX000153"), "/DM uscc_checksum"},
		"code of a person":     {with(man, "DM", "91430100MAXX000152"), "/DM not_for_kind"},
		"number of a firm":     {with(org, "ZJHM", "430181199001010003"), "/ZJHM not_for_kind"},
		"number":               {with(man, "ZJHM", "430181199001010004"), "/ZJHM cnid"},
		"a minor":              {with(man, "ZJHM", "43011220100601000X"), "/ZJHM minor"},
		"a passport":           {with(man, "ZJLX", "02"), "/ZJLX id_kind"},
		"simple procedure":     {with(man, "CX", "01"), "/CX simple_procedure"},
		"day":                  {with(org, "RQ", "2026-02-30"), "/RQ day"},
		"ended later":          {with(org, "ZZ", "2026-05-11", "SL", "1"), "/ZZ ended_later"},
		"wan":                  {with(org, "FK", "1.2345678"), "/FK wan"},
		"negative":             {with(org, "FK", "-1"), "/FK wan"},
		"wan too much":         {with(org, "FK", "100000.000001"), "/FK range"},
		"yuan":                 {with(org, "JE", "1.005"), "/JE yuan"},
		"whole":                {with(org, "SL", "1.5"), "/SL number"},
		"none":                 {with(org, "SL", "0"), "/SL range"},
		"severity":             {with(org, "YZ", "一般"), "/YZ oneof"},
		"truth":                {with(org, "SD", "maybe"), "/SD oneof"},
		"pattern":              {with(org, "GD", "abc"), "/GD pattern"},
		"together":             {with(org, "ZZ", "2026-05-01"), "/SL required_with"},
		"no UTF-8":             {with(org, "FR", "\xff"), "/FR syntax"},
		"unknown column":       {with(org, "a/b", "1"), "/a~1b unknown_column"},
		"unknown and empty":    {with(org, "QT", ""), "/QT unknown_column"},
		"forbidden column":     {with(org, "血型", "A", "QT", "x"), "/QT unknown_column /血型 forbidden_column"},
		"several":              {with(org, "MC", "", "RQ", "x", "FK", "x"), "/MC required /RQ day /FK wan"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := formIn(t).Read(tc.cells)
			var got []string
			for _, f := range faults {
				got = append(got, f.Pointer+" "+f.Code)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A code whose inner check character does not fit is taken with a warning: such codes were issued.
func TestReadWarns(t *testing.T) {
	code := ""
	for _, c := range "0123456789ABCDEFGHJKLMNPQRTUWXY" {
		if fs := models.USCCFaults("91430100MAXX00016" + string(c)); len(fs) == 1 && fs[0] == models.USCCInner {
			code = "91430100MAXX00016" + string(c)
		}
	}
	row, faults := formIn(t).Read(with(org, "DM", code))
	if len(faults) != 0 || string(row.Code) != code || len(row.Warnings) != 1 || row.Warnings[0].Pointer != "/DM" || row.Warnings[0].Code != models.USCCInner {
		t.Errorf("%q: %v %+v", code, faults, row.Warnings)
	}
}

func TestCheck(t *testing.T) {
	f := formIn(t)
	row, _ := f.Read(with(org, "FK", "1.5", "FR", "李四"))
	if faults := f.Check(row.Attributes, row.Private); len(faults) > 0 {
		t.Error(faults)
	}
	row.Attributes["FK"], row.Attributes["QT"] = int64(-1), "x"
	faults := f.Check(row.Attributes, row.Private)
	if !slices.ContainsFunc(faults, func(x models.Field) bool { return x.Pointer == "/QT" && x.Code == "unknown_column" }) ||
		!slices.ContainsFunc(faults, func(x models.Field) bool { return x.Pointer == "/FK" && x.Code == "range" }) {
		t.Error(faults)
	}
}
