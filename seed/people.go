package seed

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
)

// A quota says how many residents a county has in the demo city.
type quota struct {
	county models.Region
	people int
}

// quotas add up to 482; with the named people the city has about 500.
var quotas = []quota{
	{"430181", 190}, {"430182", 110}, {"430121", 90}, {"430112", 60}, {"430104", 12}, {"360302", 12}, {"360322", 8},
}

// The youngest and the oldest birth years of made-up residents; every sixteenth is a child.
const (
	bornFirst, bornLast           = 1941, 2005
	childBornFirst, childBornLast = 2011, 2021
)

var (
	surnames = strings.Fields("李 王 张 刘 陈 杨 黄 周 吴 罗 谭 彭 曾 邓 肖 谢 邹 何 廖 汤 唐 胡 高 朱 戴 易 欧阳 钟 孔 沈 袁 钱 涂 宋 苏 卢 蒋 蔡 余 潘")
	given    = strings.Fields("芳 伟 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 霞 平 刚 桂英 玉兰 建国 建军 志强 小红 春梅 海燕 雪梅 国庆 文斌 晓东 丹 婷 慧 佳怡 子轩 雨桐 浩然 思远 家豪 欣怡 俊杰 美玲 德胜 福生 运华 菊香 满秀")
)

// reserved are county and birthday of made-up numbers that documents and newcomers type in by hand: they stay nobody's.
var reserved = []string{
	"4301811990-01-01", "4301021998-02-29", "4301811975-12-31", "4301122010-06-01", "4301211949-01-01", "4301811963-08-15", "4301811960-05-15",
}

// maker makes people who are all different: nobody shares a number with anybody.
type maker struct {
	rng   *rand.Rand
	seen  map[string]bool
	homes map[models.Region][]models.Region // the villages of a county
	now   time.Time                         // when they were verified
	n     int
}

func newMaker(now time.Time) (*maker, error) {
	ds, err := readDivisions(divisionsCSV)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(430181, 29)) //nolint:gosec // the same people each time
	m := &maker{rng: rng, seen: map[string]bool{}, homes: map[models.Region][]models.Region{}, now: now}
	for _, number := range reserved {
		m.seen[number] = true
	}
	for _, d := range ds {
		if r := d.Region(); len(r) == 12 {
			m.homes[r.County()] = append(m.homes[r.County()], r)
		}
	}
	return m, nil
}

// residents makes everybody of quotas, the same every time. Every fiftieth has no phone.
func (m *maker) residents() ([]*identity.Person, error) {
	var ps []*identity.Person
	for _, q := range quotas {
		for i := range q.people {
			first, last := bornFirst, bornLast
			if i%16 == 15 {
				first, last = childBornFirst, childBornLast
			}
			p, err := m.resident(q.county, first, last, i%50 != 49)
			if err != nil {
				return nil, err
			}
			ps = append(ps, p)
		}
	}
	return ps, nil
}

func (m *maker) resident(county models.Region, first, last int, phoned bool) (*identity.Person, error) {
	m.n++
	id := fmt.Sprintf("resident-%03d", m.n)
	phone := ""
	if phoned {
		phone = fmt.Sprintf("1990000%04d", 1000+m.n)
	}
	name := surnames[m.rng.IntN(len(surnames))] + given[m.rng.IntN(len(given))]
	home := county
	if villages := m.homes[county]; len(villages) > 0 {
		home = villages[m.rng.IntN(len(villages))]
	}
	return m.person(id, phone, name, home, m.birthday(county, first, last))
}

// birthday is one that nobody made so far of the county has: a made-up ID number is county and birthday alone.
func (m *maker) birthday(county models.Region, first, last int) models.Day {
	for {
		days := m.rng.IntN((last - first + 1) * 365)
		d := models.Day(fmt.Sprintf("%d-01-01", first)).Add(days)
		if key := string(county) + string(d); !m.seen[key] {
			m.seen[key] = true
			return d
		}
	}
}

// person makes somebody verified by real name. phone may be "".
func (m *maker) person(id, phone, name string, home models.Region, birth models.Day) (*identity.Person, error) {
	number, err := models.SyntheticIDNumber(home.County(), birth)
	if err != nil {
		return nil, fmt.Errorf("seed %s: %w", name, err)
	}
	m.seen[string(home.County())+string(birth)] = true
	p, err := m.caller(id, phone)
	if err != nil {
		return nil, err
	}
	p.Region = home
	if err := p.Bind(name, number, identity.Evidence{Method: "sandbox", Ref: id, At: m.now}, m.now); err != nil {
		return nil, fmt.Errorf("seed %s: %w", name, err)
	}
	p.Outbox = nil // that happened before the city opened: nobody is told
	return p, nil
}

// caller makes somebody known by a phone alone, or by nothing.
func (m *maker) caller(id, phone string) (*identity.Person, error) {
	if phone == "" {
		return identity.NewPerson(id, models.Secret{}, "zh", m.now), nil
	}
	number, err := identity.ParsePhone(phone)
	if err != nil {
		return nil, err
	}
	return identity.NewPerson(id, number, "zh", m.now), nil
}
