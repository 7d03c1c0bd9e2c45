package seed

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
)

// A Planted fault of a sample: the row it is in, its column and what must be said of it.
type Planted struct {
	Row    int // from 1, the heading left out
	Column string
	Code   string
}

// plant spoils one cell of a good row. orgs says whose rows it fits.
type plant struct {
	column, code string
	orgs, people bool
	spoil        func(row map[string]string, i int)
}

func put(column, value string) func(map[string]string, int) {
	return func(row map[string]string, _ int) { row[column] = value }
}

// plants are one of each fault that a penalty's row can have.
var plants = []plant{
	{"CF_WSH", "required", true, true, put("CF_WSH", " ")},
	{"CF_SY", "required", true, true, put("CF_SY", "")},
	{"CF_XDR_SHXYM", "required", true, false, put("CF_XDR_SHXYM", "")},
	{"CF_XDR_SHXYM", models.USCCChecksum, true, false, func(row map[string]string, _ int) {
		code := row["CF_XDR_SHXYM"]
		last := byte('0')
		if code[17] == '0' {
			last = '1'
		}
		row["CF_XDR_SHXYM"] = code[:17] + string(last)
	}},
	{"CF_XDR_SHXYM", models.USCCLength, true, false, func(row map[string]string, _ int) { row["CF_XDR_SHXYM"] = row["CF_XDR_SHXYM"][:17] }},
	{"CF_XDR_SHXYM", models.USCCChar, true, false, func(row map[string]string, _ int) { row["CF_XDR_SHXYM"] = row["CF_XDR_SHXYM"][:17] + "O" }},
	{"CF_XDR_ZJHM", "cnid", false, true, func(row map[string]string, i int) {
		number := row["CF_XDR_ZJHM"]
		row["CF_XDR_ZJHM"] = number[:16] + strconv.Itoa(i%10) + number[17:]
		if models.ValidIDNumber(row["CF_XDR_ZJHM"]) {
			row["CF_XDR_ZJHM"] = number[:17]
		}
	}},
	{"CF_XDR_ZJHM", "minor", false, true, func(row map[string]string, i int) {
		n, err := models.SyntheticIDNumber("430181", models.Day("2015-01-01").Add(i%3000))
		if err == nil {
			row["CF_XDR_ZJHM"] = n.Reveal()
		}
	}},
	{"CF_JDRQ", "day", true, true, put("CF_JDRQ", "2026-02-30")},
	{"CF_NR_FK", "wan", true, true, put("CF_NR_FK", "1.23456789")},
	{"CASE_PROCESS_TYPE", "oneof", true, true, put("CASE_PROCESS_TYPE", "03")},
	{"CASE_PROCESS_TYPE", "simple_procedure", false, true, put("CASE_PROCESS_TYPE", "01")},
	{"CF_YZCD", "oneof", true, true, put("CF_YZCD", "特别严重")},
	{"CF_WFXW", "max", true, true, put("CF_WFXW", strings.Repeat("长", 201))},
	{"CF_XWZZRQ", "ended_later", true, true, func(row map[string]string, _ int) { row["CF_XWZZRQ"] = string(models.Day(row["CF_JDRQ"]).Add(1)) }},
}

// SampleItem is the item a sample is a file of. MostFaults is the most of each fault it can have, in a thousand rows.
const (
	SampleItem = "XZCF"
	MostFaults = 60
)

// A Sampling says how much is made up.
type Sampling struct {
	Rows     int
	PerMille int    // how many of a thousand rows have a fault
	Seed     uint64 // the same makes up the same
}

// Sample writes a file of made-up penalties (双公示) decided in the ninety days up to a moment: eight rows in ten about
// organisations, the others about persons, and perMille of the rows spoiled by each of the faults there are. The same seed writes
// the same file. No number or code in it is anybody's.
func Sample(w io.Writer, form *catalogue.Form, of Sampling, now time.Time) ([]Planted, error) {
	out := csv.NewWriter(w)
	head := make([]string, len(form.Columns))
	for i, c := range form.Columns {
		head[i] = c.Title.ZH
	}
	if err := out.Write(head); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(of.Seed, 29)) //nolint:gosec // the same sample each time
	s := sampler{rng: rng, today: models.DayOf(now), prefix: strconv.FormatUint(of.Seed, 36)}
	var planted []Planted
	cells := make([]string, len(head))
	for i := range of.Rows {
		row := s.row(i)
		if p, ok := s.fault(row, of.PerMille); ok {
			p.spoil(row, i)
			planted = append(planted, Planted{i + 1, p.column, p.code})
		}
		for j, c := range form.Columns {
			cells[j] = row[c.Key]
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return planted, out.Error()
}

type sampler struct {
	rng    *rand.Rand
	today  models.Day
	prefix string
}

func (s *sampler) pick(words ...string) string { return words[s.rng.IntN(len(words))] }

// row is a good row.
func (s *sampler) row(i int) map[string]string {
	decided := s.today.Add(-s.rng.IntN(90))
	row := map[string]string{
		"CF_WSH":  fmt.Sprintf("长市监罚决〔2026〕%s-%07d号", s.prefix, i+1),
		"CF_WFXW": s.pick("未按规定明码标价", "超出登记的经营范围", "未按期办理变更登记", "经营标签不合格的食品", "占道经营"),
		"CF_SY":   "检查时发现，当事人已按要求改正。", "CF_YJ": s.pick("《中华人民共和国价格法》第四十二条", "《中华人民共和国食品安全法》第一百二十五条"),
		"CF_CFLB": "罚款", "CF_NR": "责令改正，处以罚款。", "CF_NR_FK": fmt.Sprintf("%d.%02d", s.rng.IntN(20), s.rng.IntN(100)),
		"CF_JDRQ": string(decided), "CF_CFJG": "长沙市市场监督管理局", "CF_CFJGDM": "114301000000000270",
		"CF_SJLY": "长沙市市场监督管理局", "CF_SJLYDM": "114301000000000270", "CASE_PROCESS_TYPE": "02",
		"CF_YZCD": s.pick("1", "2", "2", "3"), "CF_LSTD": s.pick("是", "否"), "CF_XWZZRQ": string(decided.Add(-s.rng.IntN(60))),
	}
	county := models.Region(s.pick("430181", "430182", "430121", "430112", "430104"))
	if s.rng.IntN(10) < 8 {
		n := s.rng.IntN(60_000)
		row["CF_XDR_LB"], row["CF_XDR_SHXYM"] = "02", string(models.SyntheticUSCC("91", county, n))
		row["CF_XDR_MC"] = fmt.Sprintf("示例第%d商贸有限公司", n)
		return row
	}
	number, err := models.SyntheticIDNumber(county, models.Day("1950-01-01").Add(s.rng.IntN(18_000)))
	if err != nil {
		return row // no such county: the row is refused, and the test says so
	}
	row["CF_XDR_LB"], row["CF_XDR_ZJLX"], row["CF_XDR_ZJHM"] = "01", "01", number.Reveal()
	row["CF_XDR_MC"] = s.pick(surnames...) + s.pick(given...)
	return row
}

// fault picks a fault that fits the row, each with the same chance.
func (s *sampler) fault(row map[string]string, perMille int) (plant, bool) {
	i := s.rng.IntN(1000)
	if perMille <= 0 || i/perMille >= len(plants) {
		return plant{}, false
	}
	p := plants[i/perMille]
	fits := p.people
	if row["CF_XDR_LB"] == "02" {
		fits = p.orgs
	}
	return p, fits
}
