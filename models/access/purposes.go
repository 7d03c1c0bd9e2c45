package access

import (
	"slices"

	"xinyi/models"
)

// A Purpose is why somebody may look at another's data. The table is closed: what has no row is not a reason to look.
type Purpose struct {
	Words models.Words
	Basis models.Words  // the law it rests on
	Cases bool          // it needs a case or a document that is worked on
	Told  bool          // whom the data is about hears of every access; else only of unusual ones, and reads the list
	Law   bool          // offices may look up a subject for it without consent, for a case that is about that subject
	By    []models.Role // who may say that this is why
}

// Who may state a purpose. Everybody else is refused, so that nobody is told a false one.
var (
	hospitals = []models.Role{models.Hospital, models.HospitalFinance}
	health    = []models.Role{models.CountyHealth}
	care      = slices.Concat(hospitals, health)
	desks     = []models.Role{models.TownStaff, models.CreditOffice, models.Auditor, models.Operator}
	sources   = []models.Role{models.DataOfficer, models.Department}
	creditors = []models.Role{models.CreditOffice, models.DataOfficer, models.Department}
	offices   = slices.Concat(creditors, health, []models.Role{models.TownStaff})
	reviewers = slices.Concat(offices, []models.Role{models.Auditor})
	counters  = []models.Role{models.Provider, models.CreditOffice}
	villages  = []models.Role{models.VillageStaff, models.TownStaff, models.CreditOffice}
	awarders  = slices.Concat(creditors, []models.Role{models.TownStaff, models.VillageStaff, models.Resident, models.Auditor})
	auditors  = []models.Role{models.Auditor}
	partners  = []models.Role{models.Bank, models.Provider, models.Department, models.Hospital, models.CreditOffice, models.DataOfficer}
	anybody   = models.Roles
)

// May says whether somebody who acts as role may say that p is why.
func (p Purpose) May(role models.Role) bool { return slices.Contains(p.By, role) }

var (
	publicService = models.Words{ZH: "《个人信息保护法》第三十四条：国家机关履行法定职责", EN: "Personal Information Protection Law, art. 34: duties of state organs"}
	consented     = models.Words{ZH: "《个人信息保护法》第十三条第一项：个人同意", EN: "Personal Information Protection Law, art. 13 (1): consent"}
	contracted    = models.Words{ZH: "《个人信息保护法》第十三条第二项：履行个人订立的合同所必需", EN: "Personal Information Protection Law, art. 13 (2): a contract of the person"}
	requested     = models.Words{ZH: "《个人信息保护法》第五十条：处理个人行使权利的申请", EN: "Personal Information Protection Law, art. 50: what the person asked for"}
	supervised    = models.Words{ZH: "《征信业管理条例》第二十二条：查询登记与监督", EN: "Regulation on the Credit Reporting Industry, art. 22: register of queries and supervision"}
)

// Purposes is the closed table.
//
// Source: docs/sources.md#access-purposes.
var Purposes = map[string]Purpose{
	"medical.care":        {models.Words{ZH: "信用就医：为本次就诊核对信用额度", EN: "Pay-later care: what this visit can be put on"}, contracted, true, false, false, hospitals},
	"medical.billing":     {models.Words{ZH: "信用就医：处理账单", EN: "Pay-later care: work on a bill"}, contracted, true, false, false, care},
	"medical.agreement":   {models.Words{ZH: "信用就医：审核协议与额度", EN: "Pay-later care: agreements and limits"}, contracted, true, false, false, care},
	"medical.conduct":     {models.Words{ZH: "信用就医：核实逾期记录与异议", EN: "Pay-later care: records of unpaid bills and objections"}, contracted, true, false, false, care},
	"medical.supervision": {models.Words{ZH: "卫生健康部门监督信用就医", EN: "Supervision of pay-later care"}, publicService, true, true, true, health},

	"identity.mandate": {models.Words{ZH: "核实监护或代办委托", EN: "Check a mandate or a guardianship"}, requested, true, false, false, desks},
	"delivery.proof":   {models.Words{ZH: "核查通知是否送达", EN: "Check whether a notice was delivered"}, publicService, true, false, false, desks},

	"credit.ingest":      {models.Words{ZH: "归集部门核对本单位报送的信用信息", EN: "A source unit checks what it reported"}, publicService, true, false, false, sources},
	"credit.correct":     {models.Words{ZH: "更正信用信息", EN: "Correct credit information"}, publicService, true, true, true, creditors},
	"credit.objection":   {models.Words{ZH: "办理异议申请", EN: "Work on an objection"}, requested, true, true, true, creditors},
	"credit.repair":      {models.Words{ZH: "办理信用修复申请", EN: "Work on a repair"}, requested, true, true, true, creditors},
	"credit.case":        {models.Words{ZH: "办理您提出的事项", EN: "Work on what you asked for"}, requested, true, true, true, creditors},
	"credit.report":      {models.Words{ZH: "出具您申请的信用报告", EN: "Make a report you asked for"}, requested, true, false, false, creditors},
	"credit.decision":    {models.Words{ZH: "人工复核自动化决定", EN: "A person reviews an automated decision"}, requested, true, true, true, reviewers},
	"credit.recall":      {models.Words{ZH: "信息变更后通知使用单位", EN: "Tell recipients that a record changed"}, publicService, true, false, false, reviewers},
	"credit.evaluation":  {models.Words{ZH: "评价、评优时依法核查信用记录", EN: "A lawful check before an evaluation or an award"}, publicService, true, true, true, offices},
	"credit.supervision": {models.Words{ZH: "信用监管执法中查询", EN: "Supervision and enforcement"}, publicService, true, true, true, offices},

	"benefit.use":    {models.Words{ZH: "核对您出示的信易+领取码", EN: "Check the code you showed for a benefit"}, contracted, true, false, false, counters},
	"benefit.breach": {models.Words{ZH: "办理您对信易+违约登记的异议", EN: "Work on your objection to a breach"}, requested, true, true, false, counters},

	"farmer.file":       {models.Words{ZH: "建立和核实农户信用档案", EN: "Gather and check a farming household's file"}, consented, true, false, false, villages},
	"farmer.evaluation": {models.Words{ZH: "评定信用户", EN: "Evaluate a credit household"}, consented, true, false, false, villages},
	"notice.objection":  {models.Words{ZH: "办理公示异议", EN: "Work on an objection to a public notice"}, requested, true, false, false, villages},

	"award.vetting":  {models.Words{ZH: "评选诚信个人、诚信单位：核查信用记录", EN: "An award for honesty: the records are read"}, consented, true, false, false, awarders},
	"award.case":     {models.Words{ZH: "评选诚信个人、诚信单位：审核、评分与审定", EN: "An award for honesty: check, scores and decision"}, consented, true, false, false, awarders},
	"village.sample": {models.Words{ZH: "信用村评定的县级抽查", EN: "The county checks a household for its village's evaluation"}, consented, true, false, false, villages},
	"village.audit":  {models.Words{ZH: "审计信用村评定所依据的各户情况（不含姓名）", EN: "An auditor checks the rows a village's evaluation rests on, without names"}, supervised, false, false, false, auditors},

	"audit.access": {models.Words{ZH: "审计查询记录本身", EN: "Audit of the access log"}, supervised, false, false, false, auditors},

	"share.loan":        {models.Words{ZH: "贷款审批", EN: "A decision on a loan"}, consented, true, true, false, partners},
	"share.loan_review": {models.Words{ZH: "贷后管理", EN: "Looking after a loan"}, consented, true, true, false, partners},
	"share.benefit":     {models.Words{ZH: "享受信用惠民服务", EN: "A benefit of good credit"}, consented, true, true, false, partners},
	"share.procurement": {models.Words{ZH: "招标投标、政府采购资格审查", EN: "Tenders and public procurement"}, consented, true, true, false, partners},
	"share.service":     {models.Words{ZH: "办理您申请的公共服务", EN: "A public service you asked for"}, consented, true, true, false, partners},
	"share.unstated":    {models.Words{ZH: "未说明或不允许的目的", EN: "A purpose that was not stated or is not allowed"}, consented, true, true, false, anybody},
	"share.cooperation": {models.Words{ZH: "合作伙伴了解信用状况", EN: "A partner in business"}, consented, true, true, false, partners},
}

// A Ground is what an office's access without consent rests on: an open case or a document, and whom it is about. It carries what it is
// there for and no more: a bill opens no penalties.
type Ground struct {
	ID       string
	Subject  models.Subject
	Desk     string        // the office that works on it; "" any of its region
	Region   models.Region // where it is worked on; "" anywhere
	Roles    []models.Role // who works on it
	Purposes []string      // rows of Purposes
	Scopes   []string      // which records it opens, as consents say it: "records.penalty", "item.XZCF"; none: no records
	Open     bool
}

// Carries says whether by works on what g is, while it is open, for a purpose and about a subject. Errors: Forbidden "access.no_ground",
// "access.case_closed", "access.case_of_other".
func (g *Ground) Carries(by models.Actor, subject models.Subject, purpose string) error {
	switch {
	case g == nil || g.Desk != "" && g.Desk != by.Org || g.Region != "" && !by.Region.Contains(g.Region) || !by.Is(g.Roles...) ||
		!slices.Contains(g.Purposes, purpose):
		return models.E(models.Forbidden, "access.no_ground")
	case !g.Open:
		return models.E(models.Forbidden, "access.case_closed")
	case !g.Subject.Is(subject) && (g.Subject.Person == "" || g.Subject.Person != subject.Person):
		return models.E(models.Forbidden, "access.case_of_other")
	}
	return nil
}

// Allows says whether the ground lets by look at a subject's records for a purpose without consent. Errors: those of Carries; Forbidden
// "access.not_by_law", "access.not_your_purpose".
func (g *Ground) Allows(by models.Actor, subject models.Subject, purpose string) error {
	p := Purposes[purpose]
	switch {
	case !p.Law:
		return models.E(models.Forbidden, "access.not_by_law")
	case !p.May(by.Role):
		return models.E(models.Forbidden, "access.not_your_purpose")
	}
	if err := g.Carries(by, subject, purpose); err != nil {
		return err
	}
	if len(g.Scopes) == 0 {
		return models.E(models.Forbidden, "access.no_ground")
	}
	return nil
}
