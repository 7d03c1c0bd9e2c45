package store

// Collections is every collection there is, for the tests and tools that go through all of them.
// Opening a repo does not need this list; a capability adds its collections here, a line each.
var Collections = []Collection{
	Divisions, Zones, Seeds,
	Events, Dead, Leaves, Heads, Sealers,
	People, Links, Codes, Sessions, Demos, Clients, Mandates, Representatives,
	Sandbox, Inbox, Deliveries, Devices, Preferences, Endpoints,
	Campaigns, Tags,
	Items, Units, Orgs, Tickets, Scans,
	Batches, Rows,
	Records, Uses, Accesses, Cases, Blobs, Reports,
	Consents, Receipts, Partners,
	Decisions, Rules, Calls,
	Scenes, Offers, Versions, Simulations, Shares, Claims, BenefitCodes, Waits, Profiles, Tallies,
	FarmFiles, FarmSeats, FarmForms, FarmLayouts, FarmImports, FarmChanges, FarmScores, FarmModels, FarmRuns, FarmEvaluations, FarmShares, FarmVillages, Notices,
	LoanProducts, LoanApplications, Loans, LoanTallies, LoanLists,
	VillageSchemes, VillageRounds, VillageEntries, VillageFrozens, VillageFigures, VillageAnswers,
	Awards, AwardProgrammes, AwardNominations, AwardBallots, AwardMeasures,
	Credentials, Presentations, StatusLists,
	PracticeCases, PracticeRounds,
	Schemes, Hospitals, Agreements, MedCodes, Encounters, Bills, Conducts, Checks,
}
