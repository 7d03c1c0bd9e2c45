package api

// RuleView names a rule so that nobody can put another in its place.
type RuleView struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Hash    string `json:"hash"`
	Engine  string `json:"engine"`
}

// DecisionClause is a clause with the record or document it rests on.
type DecisionClause struct {
	ProblemClause
	Source string `json:"source,omitempty"`
}
