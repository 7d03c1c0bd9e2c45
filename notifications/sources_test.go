package notifications_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A site is a place in the models that tells an event: its kind, the keys of its data, and those that may be missing.
type site struct {
	at    string // file:line
	kinds []string
	keys  []string
	maybe []string
	whom  bool // it tells of a person
}

// indirect names the kinds that a function tells through a variable: package.function → kinds.
var indirect = map[string][]string{
	"job.Ask": {"batch.part_due", "benefit.simulation_due", "medical.check_due", "farmer.run_due", "farmer.import_due", "campaign.part_due", "recall.sweep_due",
		"uscc.part_due", "village.round_closing"},
	"consent.tell":         {"consent.asked", "consent.given", "consent.denied", "consent.lapsed", "consent.withdrawn", "consent.expired", "consent.exhausted"},
	"medical.stop":         {"medical.bill_disputed", "medical.bill_paused"},
	"medical.DecideWaiver": {"medical.bill_waived", "medical.bill_written_off"},
	"medical.do": {"medical.bill_overdue", "medical.bill_overdue_suspends", "medical.bill_default_noticed", "medical.bill_in_collection",
		"medical.bill_due_soon", "medical.bill_due_today", "medical.bill_overdue_reminded"},
	"decision.Settle":   {"decision.confirmed", "decision.changed"},
	"recall.tell":       {"recall.recalled", "recall.chased", "recall.overdue", "recall.acknowledged"},
	"identity.tellBoth": {"identity.mandate_approved", "identity.mandate_ended"},
	"identity.tell":     {"identity.represents", "identity.represents_ended"},
	"casework.tell": {"casework.filed", "casework.checking", "casework.answered", "casework.need_more", "casework.supplied", "casework.approved",
		"casework.rejected", "casework.withdrawn", "casework.closed", "casework.late", "casework.lapsed",
		"casework.prepared", "casework.accepted", "casework.not_accepted", "casework.extended", "casework.synced", "casework.revoked", "casework.over"},
	"credential.tell": {"credential.issued", "credential.reissued", "credential.replaced", "credential.revoked", "credential.expired"},
	"report.tell":     {"report.issued", "report.expired", "report.superseded", "report.revoked"},
	"batch.tell":      {"batch.submitted", "batch.done", "batch.failed", "batch.withdrawn"},
	"record.tell": {"record.kept", "record.honoured", "record.objected", "record.upheld", "record.revised", "record.corrected", "record.eligible", "record.repaired",
		"record.restored", "record.ended", "record.withdrawn"},
	"benefit.act": {"benefit.offer_paused", "benefit.offer_resumed", "benefit.offer_closed"},
	"benefit.tell": {"benefit.claim_held", "benefit.claim_claimed", "benefit.claim_used", "benefit.claim_reversed", "benefit.claim_returned", "benefit.claim_due_back",
		"benefit.claim_breached", "benefit.claim_cured", "benefit.claim_lapsed", "benefit.claim_cancelled", "benefit.claim_settled", "benefit.claim_ending",
		"benefit.breach_objected", "benefit.breach_upheld"},
	"farmer.decide": {"farmer.change_approved", "farmer.change_rejected", "farmer.change_revision"},
	"farmer.tell": {"farmer.eval_applied", "farmer.eval_peers_done", "farmer.eval_prelim", "farmer.eval_notice", "farmer.eval_review", "farmer.eval_late",
		"farmer.eval_certified", "farmer.eval_rejected", "farmer.eval_appealed", "farmer.eval_annual", "farmer.eval_renewed", "farmer.eval_grace", "farmer.eval_grace_over",
		"farmer.eval_revoked", "farmer.eval_withdrawn"},
	"loan.tell": {"loan.submitted", "loan.delivered", "loan.bank_late", "loan.in_review", "loan.info_requested", "loan.info_supplied", "loan.offered", "loan.declined",
		"loan.offer_accepted", "loan.withdrawn", "loan.expired", "loan.disbursed"},
	"loan.says": {"loan.opened", "loan.due_soon", "loan.overdue", "loan.range", "loan.repaid", "loan.settled", "loan.overpaid", "loan.written_off"},
	"award.tell": {"award.granted", "award.renewed", "award.expiring", "award.expired", "award.revocation_asked", "award.revocation_dropped", "award.revoked",
		"award.naming_changed", "award.renewal_asked", "award.renewal_refused", "award.recommended"},
	"award.tellTo": {"award.nominated", "award.vetting_due", "award.returned", "award.hit_found", "award.excluded", "award.concern", "award.draw_due",
		"award.expert_asked", "award.office_late", "award.runner_up", "award.not_selected", "award.on_notice", "award.struck", "award.approved",
		"award.seat_free", "award.withdrawn"},
	"award.announce": {"award.programme_published", "award.programme_open", "award.programme_closed", "award.vote_due", "award.vote_open", "award.vote_closed",
		"award.select_due", "award.selected", "award.late", "award.programme_done"},
	"notice.tell": {"notice.opened", "notice.closed", "notice.passed", "notice.struck", "notice.objected", "notice.answered", "notice.overdue", "notice.withdrawn"},
	"village.tell": {"village.applied", "village.in_review", "village.returned", "village.prelim", "village.shown", "village.deciding", "village.certified",
		"village.refused", "village.annual", "village.renewed", "village.grace", "village.revoked", "village.withdrawn", "village.late"},
	"village.says": {"village.round_opened", "village.round_closing", "village.round_closed"},
	"practice.tell": {"practice.filed", "practice.returned", "practice.accepted", "practice.rejected", "practice.asked", "practice.proposed", "practice.published",
		"practice.withdrawn", "practice.adopted", "practice.late"},
	"practice.say": {"practice.opened", "practice.drawn", "practice.ranked", "practice.round_done", "practice.cancelled"},
	"catalogue.tell": {"catalogue.drafted", "catalogue.changed", "catalogue.submitted", "catalogue.returned", "catalogue.published",
		"catalogue.in_force", "catalogue.retired"},
	"uscc.tell": {"uscc.ticket_opened", "uscc.ticket_assigned", "uscc.ticket_corrected", "uscc.ticket_verified", "uscc.ticket_reopened",
		"uscc.ticket_late", "uscc.ticket_closed"},
}

// sources is what the sources of models/<capability> say.
type sources struct {
	kinds map[string]string // constant's value → where it stands
	sites []site
}

var kindly = regexp.MustCompile(`^[a-z]+\.[a-z]+(_[a-z]+)*$`)

// always are values that medical.data, which leaves out empty ones, never leaves out.
var always = []string{"billNo", "due", "ends", "until", "hospital", "payNo", "refundNo", "visit", "type", "repaired", "suspends"}

func read(t *testing.T) sources {
	t.Helper()
	files, err := filepath.Glob("../models/*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no models: %v", err)
	}
	s := sources{kinds: map[string]string{}}
	fset := token.NewFileSet()
	byName := map[string]string{} // package.Constant → kind
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		s.constants(f, fset, byName)
	}
	for _, f := range parsed {
		s.tells(t, f, fset, byName)
	}
	return s
}

// constants collects the exported constants without a type whose value looks like "area.past_tense".
func (s *sources) constants(f *ast.File, fset *token.FileSet, byName map[string]string) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || v.Type != nil {
				continue
			}
			for i, value := range v.Values {
				text, ok := literal(value)
				if !ok || !v.Names[i].IsExported() || !kindly.MatchString(text) {
					continue
				}
				s.kinds[text] = fset.Position(v.Pos()).String()
				byName[f.Name.Name+"."+v.Names[i].Name] = text
			}
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(b.Value)
	return s, err == nil
}

// tells collects the calls x.Tell(kind, person, by, at, data).
func (s *sources) tells(t *testing.T, f *ast.File, fset *token.FileSet, byName map[string]string) {
	t.Helper()
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 5 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Tell" {
				return true
			}
			at := site{at: fset.Position(call.Pos()).String(), whom: true}
			if text, ok := literal(call.Args[1]); ok && text == "" {
				at.whom = false
			}
			name, _ := call.Args[0].(*ast.Ident)
			switch {
			case name == nil:
			case byName[f.Name.Name+"."+name.Name] != "":
				at.kinds = []string{byName[f.Name.Name+"."+name.Name]}
			default:
				at.kinds = indirect[f.Name.Name+"."+fn.Name.Name]
			}
			if len(at.kinds) == 0 {
				t.Errorf("%s: nobody knows what %s.%s tells: add it to indirect", at.at, f.Name.Name, fn.Name.Name)
			}
			if !at.data(fn.Body, call.Args[4]) {
				t.Errorf("%s: the data is built in a way this test cannot read", at.at)
			}
			s.sites = append(s.sites, at)
			return true
		})
	}
}

// data reads the keys of nil, a map literal, a call of data(k, v, …), or a variable of the function that holds one.
func (at *site) data(body *ast.BlockStmt, e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name == "nil" || at.data(body, assigned(body, x.Name))
	case *ast.CompositeLit:
		for _, elt := range x.Elts {
			pair, ok := elt.(*ast.KeyValueExpr)
			if !ok {
				return false
			}
			key, ok := literal(pair.Key)
			if !ok {
				return false
			}
			at.keys = append(at.keys, key)
		}
		return true
	case *ast.CallExpr:
		if fun, ok := x.Fun.(*ast.Ident); !ok || fun.Name != "data" || len(x.Args)%2 != 0 {
			return false
		}
		for i := 0; i < len(x.Args); i += 2 {
			key, ok := literal(x.Args[i])
			if !ok {
				return false
			}
			at.keys = append(at.keys, key)
			if !slices.Contains(always, key) && !full(x.Args[i+1]) {
				at.maybe = append(at.maybe, key)
			}
		}
		return true
	}
	return false
}

// full says whether a value is never empty.
func full(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch fun := call.Fun.(type) {
	case *ast.SelectorExpr:
		pkg, _ := fun.X.(*ast.Ident)
		return fun.Sel.Name == "Yuan" || pkg != nil && pkg.Name == "strconv"
	case *ast.Ident: // string(InDefault), string(kind): one of a closed set
		arg, ok := call.Args[0].(*ast.Ident)
		return ok && fun.Name == "string" && (arg.IsExported() || arg.Name == "kind")
	}
	return false
}

// assigned is what a function assigns to a variable, nil for nothing.
func assigned(body *ast.BlockStmt, name string) (value ast.Expr) {
	ast.Inspect(body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			if id, ok := a.Lhs[0].(*ast.Ident); ok && id.Name == name {
				value = a.Rhs[0]
			}
		}
		return true
	})
	return value
}

// of are the sites that tell a kind.
func (s sources) of(kind string) []site {
	var of []site
	for _, at := range s.sites {
		if slices.Contains(at.kinds, kind) {
			of = append(of, at)
		}
	}
	slices.SortFunc(of, func(a, b site) int { return cmp.Compare(a.at, b.at) })
	return of
}
