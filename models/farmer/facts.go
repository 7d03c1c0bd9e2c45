package farmer

import (
	"slices"

	"xinyi/models"
	"xinyi/models/form"
)

// The facts that are more than the sum of a field. Any other is "<section>/<field>": the sum of its whole numbers, or how many rows
// say yes; so a county that adds a field can have it count without a new program.
//
// Source: docs/sources.md#farmer-score.
const (
	FactPersons   = "household/persons"
	FactLabour    = "household/labour"
	FactYearsHere = "household/yearsHere"
	FactHome      = "household/fixedHome"
	FactGoodYears = "household/goodYears" // whole years on file without a veto
	FactMain      = "production/mainYears"
	FactScale     = "production/scale" // 1 small, 2 middling, 3 large: the largest
	FactInsured   = "production/insured"
	FactSkills    = "household/skills"
	FactNet       = "income/net"     // fen a year
	FactPerHead   = "income/perHead" // fen a year
	FactMean      = "county/ruralMean"
	FactAssets    = "assets/total"
	FactDebt      = "debts/total"
	FactService   = "debts/service" // to be paid a year
	FactSurety    = "debts/guaranteed"
	FactHonours   = "honours/count"
	FactHours     = "conduct/volunteerHours"
	FactDues      = "conduct/duesPaid"
	FactDuty      = "conduct/publicDuty"

	FactLoans    = "loans/late"   // 0 never late, 1 once and below 30 days, 2 at most three times and below 30, 3 worse; in 24 months
	FactPromises = "records/kept" // 1 every commitment and contract on record was kept, 0 one was not
	FactBills    = "records/bills"
	FactPeers    = "peers/score" // hundredths of a point, 0 to 800
)

// derived are the facts a file alone gives, besides sums.
var derived = []string{
	FactPersons, FactLabour, FactYearsHere, FactHome, FactGoodYears, FactMain, FactScale, FactInsured, FactSkills, FactNet, FactPerHead,
	FactMean,
	FactAssets, FactDebt, FactService, FactSurety, FactHonours, FactHours, FactDues, FactDuty, FactLoans, FactPromises, FactBills, FactPeers,
}

// KnownFact says whether a model may name a fact: a derived one, or a field of one of forms that counts.
func KnownFact(forms Forms) func(string) bool {
	known := map[string]bool{}
	for _, f := range derived {
		known[f] = true
	}
	for section, sheet := range forms {
		for _, c := range sheet.Columns {
			if c.Kind == form.Whole || c.Kind == form.Yes {
				known[section+"/"+c.Key] = true
			}
		}
	}
	return func(f string) bool { return known[f] }
}

// ofRestricted are the derived facts that restricted cells make.
var ofRestricted = []string{FactNet, FactPerHead, FactAssets, FactDebt, FactService, FactSurety}

// RestrictedFact says whether a fact comes from restricted cells.
func RestrictedFact(forms Forms) func(string) bool {
	closed := map[string]bool{}
	for _, f := range ofRestricted {
		closed[f] = true
	}
	for section, sheet := range forms {
		for _, c := range sheet.Columns {
			if c.Restricted {
				closed[section+"/"+c.Key] = true
			}
		}
	}
	return func(f string) bool { return closed[f] }
}

// elsewhere are the facts that do not come from the file.
var elsewhere = []string{FactLoans, FactPromises, FactPeers}

var scales = map[string]int64{"small": 1, "middle": 2, "large": 3}

// Facts are what the file says that counts. What nobody told is not among them.
func (f *File) Facts(mean int64, today models.Day) map[string]int64 {
	facts := map[string]int64{FactMean: mean}
	sums := map[string]bool{}
	for _, section := range f.sections() {
		for _, r := range f.Rows(section) {
			for key, c := range r.Cells {
				name := section + "/" + key
				switch v := c.Value().(type) {
				case int64:
					facts[name] += v
					sums[name] = true
				case bool:
					n := facts[name]
					if v {
						n++
					}
					facts[name] = n
				}
			}
		}
	}
	f.people(facts, today)
	f.work(facts)
	f.money(facts)
	return facts
}

func (f *File) sections() []string {
	seen := map[string]bool{}
	var names []string
	for at := range f.Cells {
		if a, ok := ParseAddress(at); ok && !seen[a.Section] {
			seen[a.Section] = true
			names = append(names, a.Section)
		}
	}
	slices.Sort(names)
	return names
}

func (f *File) people(facts map[string]int64, today models.Day) {
	head := f.row(Head)
	members := f.Rows(Members)
	facts[FactPersons] = int64(1 + len(members))
	if v, ok := head.Cells["labour"].Value().(bool); ok || facts[Members+"/labour"] > 0 {
		facts[FactLabour] = facts[Members+"/labour"]
		if v {
			facts[FactLabour]++
		}
	}
	if since := head.text("since"); since != "" {
		facts[FactYearsHere] = int64(models.AgeOn(models.Day(since), today))
	}
	if v, ok := head.Cells["fixedHome"].Value().(bool); ok {
		facts[FactHome] = count(v)
	}
	if _, told := head.Cells["certificate"]; told || len(members) > 0 {
		n := int64(0)
		for _, r := range append(members, head) {
			if r.Cells["certificate"].Value() == true {
				n++
			}
		}
		facts[FactSkills] = n
	}
	facts[FactGoodYears] = f.goodYears(today)
	if len(f.Rows(Honours)) > 0 {
		facts[FactHonours] = int64(len(f.Rows(Honours)))
	}
}

// goodYears is how many whole years the household has been on file.
func (f *File) goodYears(today models.Day) int64 { return int64(models.AgeOn(f.FiledOn, today)) }

func count(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

func (f *File) row(section string) Row {
	for _, r := range f.Rows(section) {
		if r.ID == "" {
			return r
		}
	}
	return Row{}
}

func (f *File) work(facts map[string]int64) {
	rows := f.Rows(Production)
	if len(rows) == 0 {
		return
	}
	delete(facts, FactScale)
	for _, r := range rows {
		if n, ok := r.Cells["years"].Value().(int64); ok {
			facts[FactMain] = max(facts[FactMain], n)
		}
		if n := scales[r.text("scale")]; n > 0 {
			facts[FactScale] = max(facts[FactScale], n)
		}
		if v, ok := r.Cells["insured"].Value().(bool); ok {
			facts[FactInsured] = max(facts[FactInsured], count(v))
		}
	}
}

// money are the facts of what is restricted; without it there are none.
func (f *File) money(facts map[string]int64) {
	if r := f.row(Income); len(r.Cells) > 0 {
		net := int64(0)
		for _, c := range r.Cells {
			if n, ok := c.Value().(int64); ok {
				net += n
			}
		}
		if n, ok := f.row(Expense).Cells["production"].Value().(int64); ok {
			net -= n
		}
		facts[FactNet], facts[FactPerHead] = max(net, 0), max(net, 0)/facts[FactPersons]
	}
	if rows := f.Rows(Assets); len(rows) > 0 || len(f.Rows(Housing)) > 0 {
		total := facts[Housing+"/valueFen"]
		for _, r := range rows {
			for _, c := range r.Cells {
				if n, ok := c.Value().(int64); ok {
					total += n
				}
			}
		}
		facts[FactAssets] = total
	}
	if r := f.row(Debts); len(r.Cells) > 0 {
		for _, key := range []string{"ownBankFen", "otherBanksFen", "cardsFen", "privateFen", "payableFen"} {
			if n, ok := r.Cells[key].Value().(int64); ok {
				facts[FactDebt] += n
			}
		}
		if _, ok := facts[FactDebt]; !ok {
			facts[FactDebt] = 0
		}
		if n, ok := r.Cells["yearlyFen"].Value().(int64); ok {
			facts[FactService] = n
		}
		if n, ok := r.Cells["guaranteedFen"].Value().(int64); ok {
			facts[FactSurety] = n
		}
	}
}
