package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"xinyi/models"
)

// Purposes are what consent can be given for. The keys are rows of the log of accesses, too.
//
// Source: docs/sources.md#access-purposes.
var Purposes = map[string]models.Words{
	"share.loan":        {ZH: "贷款审批", EN: "a decision on a loan"},
	"share.loan_review": {ZH: "贷后管理", EN: "looking after a loan"},
	"share.benefit":     {ZH: "享受信用惠民服务", EN: "a benefit of good credit"},
	"share.procurement": {ZH: "招标投标、政府采购资格审查", EN: "tenders and public procurement"},
	"share.service":     {ZH: "办理您申请的公共服务", EN: "a public service you asked for"},
	"share.cooperation": {ZH: "合作伙伴了解信用状况", EN: "a partner in business"},
}

// A Scope is a part of what there is to show.
type Scope struct {
	models.Words
	Restricted bool // needs both notices besides
}

// itemScope starts the name of a scope of one catalogue item: "item.XZCF".
const itemScope = "item."

// recordScope starts the name of a scope of one category: "records.penalty" is the category PENALTY.
const recordScope = "records."

// Scopes are the named groups. Incomes, savings, securities, insurance, property and tax amounts are restricted.
//
// Source: docs/sources.md#consent-restricted.
var Scopes = map[string]Scope{
	"profile.name":         {models.Words{ZH: "名称或姓名", EN: "Name"}, false},
	"profile.region":       {models.Words{ZH: "所在地区", EN: "Region"}, false},
	"records.registration": {models.Words{ZH: "登记注册信息", EN: "Registration"}, false},
	"records.judicial":     {models.Words{ZH: "司法裁判及执行信息", EN: "Judgments and enforcement"}, false},
	"records.licence":      {models.Words{ZH: "行政许可", EN: "Licences"}, false},
	"records.penalty":      {models.Words{ZH: "行政处罚", EN: "Penalties"}, false},
	"records.compulsion":   {models.Words{ZH: "行政强制", EN: "Compulsory measures"}, false},
	"records.confirmation": {models.Words{ZH: "行政确认", EN: "Confirmations"}, false},
	"records.ruling":       {models.Words{ZH: "行政裁决", EN: "Rulings"}, false},
	"records.reward":       {models.Words{ZH: "行政奖励", EN: "Rewards"}, false},
	"records.inspection":   {models.Words{ZH: "监督检查", EN: "Inspections"}, false},
	"records.profession":   {models.Words{ZH: "职称和职业资格", EN: "Professions"}, false},
	"records.abnormal":     {models.Words{ZH: "经营异常名录", EN: "List of abnormal operation"}, false},
	"records.serious_list": {models.Words{ZH: "严重失信主体名单", EN: "List of serious cases"}, false},
	"records.contract":     {models.Words{ZH: "合同履行", EN: "Contracts"}, false},
	"records.commitment":   {models.Words{ZH: "信用承诺及履行", EN: "Commitments"}, false},
	"records.evaluation":   {models.Words{ZH: "信用评价结果", EN: "Evaluations"}, false},
	"records.honour":       {models.Words{ZH: "诚实守信荣誉", EN: "Honours"}, false},
	"records.research":     {models.Words{ZH: "科研诚信", EN: "Research"}, false},
	"records.utility":      {models.Words{ZH: "水电气缴费", EN: "Utilities"}, false},
	"farm.household":       {models.Words{ZH: "农户基本情况", EN: "The household"}, false},
	"farm.members":         {models.Words{ZH: "家庭成员", EN: "Members of the household"}, false},
	"farm.land":            {models.Words{ZH: "土地", EN: "Land"}, false},
	"farm.production":      {models.Words{ZH: "生产经营", EN: "Production"}, false},
	"farm.insurance":       {models.Words{ZH: "农业保险与补贴", EN: "Farm insurance and subsidies"}, false},
	"farm.honours":         {models.Words{ZH: "农户荣誉", EN: "Honours of the household"}, false},
	"farm.conduct":         {models.Words{ZH: "公益与义务", EN: "Public good and duties"}, false},
	"farm.venture":         {models.Words{ZH: "新型农业经营主体", EN: "Farm businesses"}, false},
	"farm.score":           {models.Words{ZH: "农户信用评分与等级", EN: "Score and grade of the household"}, false},
	"farm.debts":           {models.Words{ZH: "负债与担保", EN: "Debts and guarantees"}, true},
	"finance.income":       {models.Words{ZH: "收入", EN: "Income"}, true},
	"finance.deposits":     {models.Words{ZH: "存款", EN: "Deposits"}, true},
	"finance.securities":   {models.Words{ZH: "有价证券", EN: "Securities"}, true},
	"finance.insurance":    {models.Words{ZH: "商业保险", EN: "Insurance"}, true},
	"finance.property":     {models.Words{ZH: "不动产", EN: "Property"}, true},
	"finance.tax":          {models.Words{ZH: "纳税数额", EN: "Amounts of tax"}, true},
}

// known says whether a scope exists.
func known(scope string) bool {
	if code, ok := strings.CutPrefix(scope, itemScope); ok {
		return len(code) >= 2 && len(code) <= 12 && code == strings.ToUpper(code) && !strings.ContainsAny(code, " ./")
	}
	_, ok := Scopes[scope]
	return ok
}

// Covers says whether scopes let a record be shown, by its item's code and category.
func Covers(scopes []string, item, category string) bool {
	return slices.Contains(scopes, itemScope+item) || category != "" && slices.Contains(scopes, recordScope+strings.ToLower(category))
}

// ItemScope is the scope of one catalogue item.
func ItemScope(item string) string { return itemScope + item }

// RecordScopes are the scopes of all groups of records.
func RecordScopes() (all []string) {
	for s := range Scopes {
		if strings.HasPrefix(s, recordScope) {
			all = append(all, s)
		}
	}
	return all
}

// Restricted says whether one of scopes needs both notices.
//
// Source: docs/sources.md#consent-restricted.
func Restricted(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return Scopes[s].Restricted })
}

// Policy bounds consents. All numbers are our assumption.
//
// Source: docs/sources.md#consent-terms.
type Policy struct {
	MaxDays   int // a consent lasts at most so many days
	MaxReads  int
	ReplyDays int // how long a request awaits its answer
}

// Standard is the policy in force.
var Standard = Policy{MaxDays: 366, MaxReads: 60, ReplyDays: 7}

// maxScopes bounds a consent.
const maxScopes = 40

// checked is t with what follows from its mode. Errors: Invalid with every fault.
func (t Terms) checked(pol Policy) (Terms, error) {
	if t.Mode == "" {
		t.Mode = OneTime
	}
	if t.Mode == OneTime && t.Reads == 0 {
		t.Reads = 1
	}
	t.Scopes = slices.Clone(t.Scopes)
	slices.Sort(t.Scopes)
	t.Scopes = slices.Compact(t.Scopes)
	var fields []models.Field
	need := func(ok bool, pointer, code string) {
		if !ok {
			fields = append(fields, models.Field{Pointer: pointer, Code: code})
		}
	}
	_, purpose := Purposes[t.Purpose]
	need(purpose, "/purpose", "unknown")
	need(len(t.Scopes) > 0 && len(t.Scopes) <= maxScopes && !slices.ContainsFunc(t.Scopes, func(s string) bool { return !known(s) }),
		"/scopes", "unknown")
	need(t.Mode == OneTime || t.Mode == Periodic, "/mode", "unknown")
	need(t.Days >= 1 && t.Days <= pol.MaxDays, "/days", "range")
	need(t.Reads >= 1 && t.Reads <= pol.MaxReads && (t.Mode == Periodic || t.Reads == 1), "/reads", "range")
	need(t.Class == "" || slices.Contains(Classes, t.Class), "/class", "unknown")
	if len(fields) > 0 {
		return t, &models.Error{Code: models.Invalid, Reason: "consent.terms_invalid", Fields: fields}
	}
	return t, nil
}

// Classes are the kinds of recipients a consent can name instead of one.
var Classes = []models.Role{models.Bank, models.Provider, models.Department}

// narrowed is t with something taken off. Errors: Invalid "consent.widened".
func (t Terms) narrowed(less Narrowing) (Terms, error) {
	switch {
	case less.Scopes != nil && (len(less.Scopes) == 0 || !has(t.Scopes, less.Scopes)):
		return t, models.Bad("/scopes", "wider", "consent.widened")
	case less.Days < 0 || less.Days > t.Days:
		return t, models.Bad("/days", "wider", "consent.widened")
	case less.Reads < 0 || less.Reads > t.Reads:
		return t, models.Bad("/reads", "wider", "consent.widened")
	}
	if less.Scopes != nil {
		t.Scopes = slices.Compact(slices.Sorted(slices.Values(less.Scopes)))
	}
	if less.Days > 0 {
		t.Days = less.Days
	}
	if less.Reads > 0 {
		t.Reads = less.Reads
	}
	return t, nil
}

// A Text is what is shown before somebody agrees. Its words never change under one version.
type Text struct {
	ID, Version string
	Words       models.Words
}

// Hash names the text in both languages.
func (t Text) Hash() string {
	sum := sha256.Sum256([]byte(t.ID + "\n" + t.Version + "\n" + t.Words.ZH + "\n" + t.Words.EN))
	return hex.EncodeToString(sum[:])
}

// Main is the text of every consent, Farm that of a farming household's file, Lending that of a loan. Adverse and Written are the two
// documents restricted data needs besides: the notice of adverse consequences, and the written consent.
//
// Source: docs/sources.md#consent-notice, docs/sources.md#consent-restricted.
var (
	Main = Text{"share", "2026-1", models.Words{
		ZH: "您同意本页所列的接收方，为所列目的，在所列期限和次数内，查询所列范围的信用信息。每次查询前都会登记，您可以随时看到，也可以随时撤回；撤回后不能再查询，撤回前已提供的不受影响。不同意不会影响您办理不需要这些信息的事项，也不需要说明理由。接收方只能用于所列目的，用后应当删除。您有权查阅、复制、更正、删除自己的信息，并可以向信用主管部门投诉。",
		EN: "You agree that the recipient named here may read the credit information listed here, for the purpose, the time and the number of reads listed here. Every read is logged before it is answered and you can see it. You can withdraw at any time; then nothing more is read, and what was given before stays given. If you do not agree, nothing that does not need this information is refused to you, and you need not say why. The recipient may use it for this purpose only and deletes it afterwards. You may see, copy, correct and delete your information and complain to the credit office.",
	}}
	Farm = Text{"farm_file", "2026-1", models.Words{
		ZH: "您自愿建立农户信用档案。村里的采集员和乡镇工作人员登记您家的基本情况、土地、生产经营、荣誉和公益，第二个人核实；每一项都写明来源，您随时可以查看、指出错误、要求更改。收入、存款、房产等要您另外签两份文件才登记，不签不影响建档，也不扣分。不登记宗教信仰、基因、指纹、血型、疾病和病史。档案只用于信用户评定、您自己选择的银行和惠农服务；谁看过，您都看得到。您申请评定的，结果在村里公示七天，只写打码的姓名和等级。您随时可以退出，退出后内容删除，不影响您办理任何不需要它的事项。",
		EN: "You have a credit file of your farming household because you want one. People of the village and the township note the household, its land, production, honours and public good, and a second person looks; each field says where it comes from, and you may see it, say that it is wrong and have it changed. Incomes, savings and property are noted only after you sign two more texts; if you do not, you are filed all the same and lose no points. Never religion, genes, fingerprints, blood group, illness or medical history. The file is for becoming a credit household and for the banks and services you choose yourself; you see everybody who looked. If you ask to be evaluated, the result is shown in the village for seven days: a masked name and the grade. You may leave at any time; what it holds is then erased, and nothing that does not need it is refused to you.",
	}}
	Lending = Text{"lending", "2026-1", models.Words{
		ZH: "您同意贷款银行把您在本平台申请的贷款怎样办的告诉平台：放款、分期、还款、逾期和结清。平台据此给您看还款计划、到期前提醒，并计入农户信用评分的履约记录；发生逾期会先告诉您，不向其他人提供，除非您另外授权。您可以随时查看和提出异议。",
		EN: "You agree that the bank tells the platform how a loan you asked for here goes: paid out, instalments, repayments, days past due, settled. The platform shows you the schedule, reminds you, and counts it in your household's record of keeping its word; before anything past due counts you are told, and nobody else is given it unless you agree. You may look at it and object at any time.",
	}}
	Adverse = Text{"adverse", "2026-1", models.Words{
		ZH: "收入、存款、有价证券、商业保险、不动产、纳税数额提供给接收方后，可能影响对方是否与您交易、额度、价格和条件，也可能被对方留存。请想清楚再同意。",
		EN: "Once your income, savings, securities, insurance, property or amounts of tax are given, they may affect whether the recipient deals with you, to what amount, at what price and on what conditions, and the recipient may keep them. Think before you agree.",
	}}
	Written = Text{"written", "2026-1", models.Words{
		ZH: "本人已阅读不良后果告知，书面同意提供本页勾选的收入、存款、有价证券、商业保险、不动产、纳税数额信息。",
		EN: "I have read the notice of adverse consequences and agree in writing that the marked information on income, savings, securities, insurance, property and amounts of tax is given.",
	}}
)

// Notices are the texts that scopes need besides Main.
func Notices(scopes []string) []Text {
	if Restricted(scopes) {
		return []Text{Adverse, Written}
	}
	return nil
}

// complete says whether what was shown is what the terms need. Errors: Conflict "consent.text_outdated", "consent.notice_missing".
func (s Signature) complete(t Terms) error {
	if !s.Text.of(Main) {
		return models.E(models.Conflict, "consent.text_outdated")
	}
	for _, n := range Notices(t.Scopes) {
		if !slices.ContainsFunc(s.Notices, func(signed Signed) bool { return signed.of(n) }) {
			return models.E(models.Conflict, "consent.notice_missing")
		}
	}
	return nil
}

func (s Signed) of(t Text) bool { return s.ID == t.ID && s.Version == t.Version && s.Hash == t.Hash() }
