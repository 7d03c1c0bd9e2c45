package consent

import "xinyi/models"

// A Notice is a text in force from a day on. What was in force before stays readable: people agreed to it.
type Notice struct {
	Text
	Since models.Day
}

// Published are all notices, of each text the newest first.
//
// Source: docs/sources.md#duties-notice.
func Published() []Notice {
	const first = "2026-01-01"
	return []Notice{{Privacy, first}, {Automated, first}, {Main, first}, {Farm, first}, {Lending, first}, {Adverse, first}, {Written, first}}
}

// Privacy says who handles personal data, for what, how, which kinds, for how long, and what one can do. Automated says the same of
// decisions by rule.
var (
	Privacy = Text{"privacy", "2026-1", models.Words{
		ZH: "一、处理者：本市公共信用信息平台，由市信用主管部门负责，联系方式见“帮助”。\n" +
			"二、目的和方式：为您提供信用就医、信用档案、授权查询、信用报告、异议和信用修复等服务；由归集目录列明的单位依法报送，由您本人填写，或者在您使用服务时产生。\n" +
			"三、种类：姓名、身份证号、手机号（加密保存）；归集目录内的信用信息；协议、账单、授权、查询登记和消息。不收集宗教信仰、基因、指纹、血型、疾病和病史。\n" +
			"四、期限：失信信息自行为终止之日起最长五年；查询登记十年；其余到服务结束为止，依法需要保存的除外。\n" +
			"五、您的权利：查阅、复制、更正、删除、撤回同意、要求说明和人工复核，都可以在手机上办理，也可以请村（社区）代办员或者到信用窗口办理，不收任何费用；十五个工作日内答复，不满意的可以投诉。\n" +
			"六、提供给他人：只有您授权的，或者法律规定的；每一次都登记，您随时可以看到并提出质疑。",
		EN: "1. Who: the city's public credit information platform, run by the credit office; see Help.\n" +
			"2. For what and how: to serve you with credit medical care, your credit file, authorised queries, reports, objections and repair. Units named in the catalogue report by law, you tell us, or it comes from using a service.\n" +
			"3. Which kinds: name, ID number and phone (encrypted); credit information within the catalogue; agreements, bills, consents, the log of looks and messages. Never religion, genes, fingerprints, blood group, illness or medical history.\n" +
			"4. How long: negative information at most five years from the end of the conduct; the log of looks ten years; the rest until the service ends, except what the law keeps.\n" +
			"5. Your rights: to see, copy, correct, delete, withdraw consent, be given reasons and have a person look again, in the app, through the village agent or at a counter, free of charge; answered within fifteen working days, and you may complain.\n" +
			"6. To others: only what you agreed to or the law says; each time is logged, and you can see and challenge it.",
	}}
	Automated = Text{"automated", "2026-1", models.Words{
		ZH: "部分事项由规则自动决定，例如信用就医的准入和额度。每个决定都列明逐条结果、依据的规则和记录，以及怎样可以改变。结果只用于激励和便利，不因此拒绝急救、基本医疗或者法定权利。您可以要求说明，也可以要求由人重新决定，十五个工作日内答复。",
		EN: "Some matters are decided by rule, such as who may use credit medical care and to what amount. Each decision lists what was found clause by clause, the rule and the records used, and what would change it. It only rewards and eases; it never refuses emergency care, basic care or a right. You may ask for reasons, and for a person to decide again, answered within fifteen working days.",
	}}
)
