package organisation

import (
	"slices"

	"xinyi/models"
)

// A Kind is what an organisation is.
type Kind string

// The kinds.
const (
	CreditOffice Kind = "CREDIT_OFFICE" // 信用办
	HealthOffice Kind = "HEALTH_OFFICE" // 卫生健康局
	Town         Kind = "TOWN"          // 乡镇人民政府、街道办事处
	Village      Kind = "VILLAGE"       // 村（居）民委员会
	SourceUnit   Kind = "SOURCE_UNIT"   // 信息提供单位; its id is the unit's code in the catalogue
	Hospital     Kind = "HOSPITAL"      // 定点医疗机构
	Bank         Kind = "BANK"          // 银行
	Provider     Kind = "PROVIDER"      // 惠民服务商
	AuditOffice  Kind = "AUDIT_OFFICE"  // 审计局
	Operations   Kind = "OPERATIONS"    // 运维
)

// Enum are all of them.
func (Kind) Enum() []any {
	return models.Enum(CreditOffice, HealthOffice, Town, Village, SourceUnit, Hospital, Bank, Provider, AuditOffice, Operations)
}

// A Holding is what organisations of a kind may hold, and who they answer to.
type Holding struct {
	Staff  []models.Role // offices their people hold
	System models.Role   // what their systems act as; "" they have none
	Under  []Kind        // what they answer to; none: they stand alone
	By     models.Role   // whose officers appoint their people and register their systems
}

// Holdings is the one table of what a kind may hold. Whatever is not in it is held by nobody.
//
// Source: docs/sources.md#organisation-kinds (our assumption).
var Holdings = map[Kind]Holding{
	CreditOffice: {Staff: []models.Role{models.CreditOffice}, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	HealthOffice: {Staff: []models.Role{models.CountyHealth}, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	Town:         {Staff: []models.Role{models.TownStaff}, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	Village:      {Staff: []models.Role{models.VillageStaff}, Under: []Kind{Town, CreditOffice}, By: models.CreditOffice},
	SourceUnit:   {Staff: []models.Role{models.DataOfficer}, System: models.Department, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	Hospital: {
		Staff: []models.Role{models.HospitalFinance}, System: models.Hospital, Under: []Kind{HealthOffice, CreditOffice}, By: models.CreditOffice,
	},
	Bank:        {System: models.Bank, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	Provider:    {System: models.Provider, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	AuditOffice: {Staff: []models.Role{models.Auditor}, Under: []Kind{CreditOffice}, By: models.CreditOffice},
	Operations:  {Staff: []models.Role{models.Operator}, By: models.Operator},
}

// Alone says whether organisations of the kind may answer to nobody: a city's first credit office, and whoever runs the program.
func (k Kind) Alone() bool { return k == CreditOffice || k == Operations }

// Gives says whether people of the kind's organisations may hold role.
func (k Kind) Gives(role models.Role) bool { return slices.Contains(Holdings[k].Staff, role) }
