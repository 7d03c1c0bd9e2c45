package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	recallhttp "xinyi/handlers/recall"
	"xinyi/models/recall"
)

// recallCapability is how a correction reaches everybody who read what was wrong.
var recallCapability = Capability{
	Name:   "recall",
	Lives:  recall.Lives,
	Events: recall.Events,
	Policy: map[string]any{"Recall": recall.Standard},
	Open: func(a *App) Parts {
		return Parts{
			Routes:  []api.Mounter{recallhttp.Handler{Recall: a.repos.Recall.Recall, Subjects: a.repos.Subjects}},
			Follows: flows.Recall{Recall: a.repos.Recall}.Subscribers(),
		}
	},
}
