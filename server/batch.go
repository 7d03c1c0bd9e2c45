package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	batchhttp "xinyi/handlers/batch"
	"xinyi/models/batch"
	"xinyi/models/record"
)

// batchCapability is how departments deliver records by the sheet.
var batchCapability = Capability{Name: "batch", Lives: batch.Lives, Events: batch.Events, Open: func(a *App) Parts {
	r, policy := a.repos, policyOf[record.Policy](a)
	return Parts{
		Routes: []api.Mounter{
			batchhttp.Handler{Batch: r.Batch, Records: r.Records, Forms: a.forms, Subjects: r.Subjects, Policy: policy, Log: a.accesses, Now: a.now},
		},
		Follows: flows.Batches{
			Batch: r.Batch, Catalogue: r.Catalogue, Records: r.Records, Subjects: r.Subjects, Policy: policy, Log: a.log, Now: a.now,
		}.Subscribers(),
	}
}}
