package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	reporthttp "xinyi/handlers/report"
	"xinyi/models/report"
)

// reportCapability is credit reports.
var reportCapability = Capability{
	Name:   "report",
	Lives:  report.Lives,
	Events: report.Events,
	Policy: map[string]any{"Report": report.Standard},
	Open: func(a *App) Parts {
		r := a.repos
		return Parts{
			Routes: []api.Mounter{reporthttp.Handler{
				Reports: r.reports, Uses: r.Recall.Uses, Records: r.Records, Forms: a.forms, Subjects: r.Subjects, Seals: a.seals,
				Policy: policyOf[report.Policy](a), Address: a.address,
			}},
			Follows: flows.Report{Reports: r.reports, Uses: r.Recall.Uses, Now: a.now}.Subscribers(),
		}
	},
}
