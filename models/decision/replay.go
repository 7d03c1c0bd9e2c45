package decision

import (
	"xinyi/models/rule"
)

// A Replay is a decision made again with what it was made with.
type Replay struct {
	Equal  bool   // the bytes are the same
	Stored string // hash of how the rule came out then
	Again  string // hash of how it comes out now
	Engine string // what it was replayed with
}

// Replay makes the decision again: the stored inputs, the stored rule. What an office decided beyond the rule is not part of it.
// Errors: Internal "decision.other_rule" for a rule that is not the one it was made by, and those of Program.Eval.
func (v *Decision) Replay(p *rule.Program) (Replay, error) {
	facts, err := rule.Facts([]byte(v.Inputs.Reveal()))
	if err != nil {
		return Replay{}, err
	}
	next, err := v.Again(p, facts, nil, v.At)
	if err != nil {
		return Replay{}, err
	}
	return Replay{Equal: next.Result == v.Result && v.Result != "", Stored: v.Result, Again: next.Result, Engine: rule.Engine}, nil
}
