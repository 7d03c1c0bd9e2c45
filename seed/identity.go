package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/usecase"
)

// An Institution is a made-up organisation of the demo city and its system.
type Institution struct {
	ID     string // the organisation; its system's client id is the same
	Kind   models.Role
	Name   string
	Region models.Region
}

// Institutions are the organisations of the demo city.
var Institutions = []Institution{
	{"hospital-liuyang-zhongyi", models.Hospital, "浏阳市中医院", "430181"},
	{"hospital-liuyang-renmin", models.Hospital, "浏阳市人民医院", "430181"},
	{"hospital-ningxiang-renmin", models.Hospital, "宁乡市人民医院", "430182"},
	{"hospital-changshaxian-renmin", models.Hospital, "长沙县人民医院", "430121"},
	{"hospital-wangcheng-renmin", models.Hospital, "望城区人民医院", "430112"},
	{"hospital-pingxiang-renmin", models.Hospital, "萍乡市人民医院", "360302"},
	{"bank-liuyang-nongshang", models.Bank, "浏阳农商银行", "430181"},
	{otherBank, models.Bank, "浏阳江淮村镇银行", "430181"},
	{"provider-liuyang-wenlv", models.Provider, "浏阳文旅", "430181"},
	{marketUnit, models.Department, marketName, "4301"},
	{"department-changsha-minzheng", models.Department, "长沙市民政局", "4301"},
	{library, models.Provider, "长沙市图书馆", "4301"},
	{buses, models.Provider, "长沙公交", "4301"},
	{alliance, models.Provider, "长沙信易生活联盟", "4301"},
	{permits, models.Department, "长沙市行政审批服务局", "4301"},
}

// institution is the institution with an id.
func institution(id string) Institution {
	for _, i := range Institutions {
		if i.ID == id {
			return i
		}
	}
	return Institution{}
}

// Hospitals are the hospitals among Institutions.
func Hospitals() []Institution {
	var hs []Institution
	for _, i := range Institutions {
		if i.Kind == models.Hospital {
			hs = append(hs, i)
		}
	}
	return hs
}

// secretOf is the public secret of a demo system: only a sandbox takes it.
func secretOf(i Institution) string { return "sandbox-secret-of-" + i.ID }

// A named person of the demo city. Everybody can sign in with their phone and the code the sandbox shows.
type named struct {
	id, phone, name string
	home            models.Region
	birth           models.Day // "" for one who has not given a real name yet
	role            models.Role
	org, orgName    string        // of the office held
	scope           models.Region // of the office held
}

const townOffice, villageOffice, countyHealth, creditLiuyang = "office-gugang", "office-fanshi", "office-health-liuyang",
	"office-credit-liuyang"

// The ids of the demo people the seeds of other capabilities build on.
const (
	DemoResident  = "demo-resident" // a resident of Liuyang
	DemoFarmer    = "demo-farmer"
	DemoGuardian  = "demo-guardian" // acts for DemoChild and DemoElder
	DemoChild     = "demo-child"    // a minor without a phone
	DemoElder     = "demo-elder"    // an old farmer without a phone
	DemoNingxiang = "demo-ningxiang"
	DemoNew       = "demo-new" // has signed in, but not given a real name
)

var namedPeople = []named{
	{DemoResident, "19900000001", "周晓兰", "430181001001", "1986-04-12", models.Resident, "", "", ""},
	{DemoFarmer, "19900000002", "罗德胜", "430181108203", "1963-09-30", models.Resident, "", "", ""},
	{DemoGuardian, "19900000003", "黄春梅", "430181108210", "1984-02-29", models.Resident, "", "", ""},
	{DemoNingxiang, "19900000004", "谭志强", "430182001001", "1979-11-03", models.Resident, "", "", ""},
	{DemoNew, "19900000009", "", "", "", models.Resident, "", "", ""},
	{DemoChild, "", "黄子轩", "430181108210", "2014-06-01", models.Resident, "", "", ""},
	{DemoElder, "", "李桂英", "430181108210", "1948-01-17", models.Resident, "", "", ""},
	{"staff-health-1", "19900000011", "彭海燕", "430181002001", "1980-03-08", models.CountyHealth, countyHealth, "浏阳市卫生健康局", "430181"},
	{"staff-health-2", "19900000012", "邓文斌", "430181002001", "1977-07-21", models.CountyHealth, countyHealth, "浏阳市卫生健康局", "430181"},
	{"staff-health-ningxiang", "19900000013", "肖丹", "430182001001", "1988-10-10", models.CountyHealth, "office-health-ningxiang", "宁乡市卫生健康局", "430182"},
	{"staff-finance-1", "19900000021", "谢敏", "430181001001", "1990-05-05", models.HospitalFinance, "hospital-liuyang-zhongyi", "浏阳市中医院", "430181"},
	{"staff-finance-2", "19900000022", "汤军", "430181001001", "1982-12-01", models.HospitalFinance, "hospital-liuyang-zhongyi", "浏阳市中医院", "430181"},
	{"staff-credit-1", "19900000031", "曾慧", "430181001001", "1985-08-19", models.CreditOffice, creditLiuyang, "浏阳市信用办", "430181"},
	{"staff-credit-2", "19900000032", "易超", "430181001001", "1983-01-25", models.CreditOffice, creditLiuyang, "浏阳市信用办", "430181"},
	{"staff-credit-city", "19900000033", "欧阳静", "430104", "1978-06-15", models.CreditOffice, "office-credit-changsha", "长沙市信用办", "4301"},
	{"staff-credit-city-2", "19900000034", "孔志强", "430104", "1981-09-27", models.CreditOffice, "office-credit-changsha", "长沙市信用办", "4301"},
	{"staff-town", "19900000041", "廖勇", "430181108203", "1987-09-09", models.TownStaff, townOffice, "古港镇人民政府", "430181108"},
	{"staff-town-2", "19900000044", "苏娟", "430181108203", "1990-11-21", models.TownStaff, townOffice, "古港镇人民政府", "430181108"},
	{"staff-village-1", "19900000042", "卢满秀", "430181108203", "1986-03-17", models.VillageStaff, villageOffice, "范市村村委会", "430181108203"},
	{"staff-village-2", "19900000043", "涂建军", "430181108203", "1979-12-05", models.VillageStaff, villageOffice, "范市村村委会", "430181108203"},
	{"staff-auditor", "19900000051", "沈平", "430104", "1975-02-14", models.Auditor, "office-audit-changsha", "长沙市审计局", "4301"},
	{"staff-data-1", "19900000071", "蒋文", "430104", "1989-03-03", models.DataOfficer, marketUnit, marketName, "4301"},
	{"staff-operator", "19900000061", "袁浩然", "430104", "1992-11-11", models.Operator, "xinyi", "信易运维", ""},
}

// leaders came to their offices after everybody else was made.
var leaders = []named{
	{"staff-credit-3", "19900000035", "柳青山", "430181001001", "1974-04-04", models.CreditOffice, creditLiuyang, "浏阳市信用办", "430181"},
	{"staff-operator-2", "19900000062", "贺文斌", "430104", "1988-02-15", models.Operator, "xinyi", "信易运维", ""},
}

// Population is everybody of the demo city and their systems, ready to be kept. The seeds of other capabilities read it.
type Population struct {
	People   []*identity.Person // the named ones first, in a fixed order
	Clients  []*identity.Client
	Mandates []*identity.Mandate
	Register *Register
	Offices  []*organisation.Appointment
	Demo     *identity.Demo
	Opened   time.Time // when all this began: 400 days before the seed

	byID map[string]*identity.Person
}

// Person is the person with an id, nil if there is none.
func (p *Population) Person(id string) *identity.Person { return p.byID[id] }

// byNumber is the person with an ID number, nil if there is none.
func (p *Population) byNumber(n models.IDNumber) *identity.Person {
	for _, who := range p.People {
		if !n.Empty() && who.IDNumber == n.Secret {
			return who
		}
	}
	return nil
}

// NewPopulation makes the people of the city as it stands at now.
func NewPopulation(now time.Time) (*Population, error) {
	p := &Population{Opened: models.DayOf(now).Add(-400).Clock(9, 0), byID: map[string]*identity.Person{}}
	p.Demo = &identity.Demo{Meta: models.Meta{ID: identity.DemoID}}
	var err error
	if p.Register, err = NewRegister(p.Opened); err != nil {
		return nil, err
	}
	m, err := newMaker(p.Opened)
	if err != nil {
		return nil, err
	}
	for _, n := range namedPeople {
		if err := p.add(m, n); err != nil {
			return nil, err
		}
	}
	residents, err := m.residents()
	if err != nil {
		return nil, err
	}
	p.People = append(p.People, residents...)
	farmers, err := m.farmers()
	if err != nil {
		return nil, err
	}
	p.People = append(p.People, farmers...)
	for _, n := range leaders {
		if err := p.add(m, n); err != nil {
			return nil, err
		}
	}
	for _, r := range p.People {
		p.byID[r.ID] = r
	}
	return p, errors.Join(p.mandates(), p.clients())
}

// add makes a named person with the office held.
func (p *Population) add(m *maker, n named) error {
	born := func() (*identity.Person, error) { return m.person(n.id, n.phone, n.name, n.home, n.birth) }
	if n.birth == "" {
		born = func() (*identity.Person, error) { return m.caller(n.id, n.phone) }
	}
	who, err := born()
	if err != nil {
		return err
	}
	region := n.home
	if n.role != models.Resident {
		region = n.scope
		a, err := p.Register.install(n, p.Opened)
		if err == nil {
			err = who.Appoint(models.Clockwork, usecase.MembershipOf(a), p.Opened)
		}
		if err != nil {
			return fmt.Errorf("seed %s: %w", n.name, err)
		}
		who.Outbox, p.Offices = nil, append(p.Offices, a)
	}
	p.People = append(p.People, who)
	if n.phone != "" {
		p.Demo.People = append(p.Demo.People, identity.DemoPerson{Name: n.name, Phone: who.Phone, Role: n.role, Region: region})
	}
	return nil
}

// wards are whom the guardian acts for: a child, and an old mother without a phone.
var wards = []struct {
	id    string
	kind  identity.MandateKind
	scope []string
}{
	{DemoChild, identity.Guardian, []string{
		"medical.agreements.read", "medical.agreements.sign", "medical.bills.mine", "medical.bills.pay", "medical.code",
	}},
	{DemoElder, identity.Agent, []string{"medical.agreements.read", "medical.bills.mine", "medical.bills.pay"}},
}

// mandates are given at the town's desk, before two persons.
func (p *Population) mandates() error {
	at := func(staff string) models.Actor { return p.byID[staff].Actors(p.Opened)[1] }
	for _, w := range wards {
		proposal := identity.Proposal{Kind: w.kind, Scope: w.scope, Offered: w.scope, Evidence: "户口簿"}
		m, err := p.byID[DemoGuardian].Propose("mandate-"+w.id, p.byID[w.id], proposal, identity.Standard, p.Opened)
		if err == nil {
			err = m.Approve(at("staff-town"), false, p.Opened)
		}
		if err == nil {
			err = m.Confirm(at("staff-town-2"), false, p.Opened)
		}
		if err != nil {
			return fmt.Errorf("seed mandate of %s: %w", w.id, err)
		}
		m.Outbox = nil
		p.Mandates = append(p.Mandates, m)
	}
	return nil
}

// clients gives every institution a system with its public secret.
func (p *Population) clients() error {
	for _, i := range Institutions {
		of, err := p.Register.of(i)
		if err != nil {
			return err
		}
		c, err := identity.NewClient(i.ID, of, models.Clockwork, p.Opened)
		if err == nil {
			err = c.Confirm(models.Clockwork, p.Opened)
		}
		if err == nil {
			err = c.Rotate(models.Clockwork, secretOf(i), 0, p.Opened)
		}
		if err != nil {
			return fmt.Errorf("seed %s: %w", i.Name, err)
		}
		c.Outbox = nil
		p.Clients = append(p.Clients, c)
		p.Demo.Clients = append(p.Demo.Clients, identity.DemoClient{
			Kind: i.Kind, Name: i.Name, Region: i.Region, ClientID: i.ID, Secret: models.NewSecret(secretOf(i)),
		})
	}
	return nil
}

// keep writes the population; what an interrupted seed wrote before stays as it is.
func (p *Population) keep(ctx context.Context, s Stores) error {
	who, register := s.Identity, s.Organisation
	return errors.Join(
		fresh(ctx, who.People, p.People), fresh(ctx, who.Clients, p.Clients), fresh(ctx, who.Mandates, p.Mandates),
		fresh(ctx, who.Demos, []*identity.Demo{p.Demo}),
		fresh(ctx, register.Organisations, p.Register.All), fresh(ctx, register.Appointments, p.Offices),
	)
}
