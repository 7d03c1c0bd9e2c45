package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/notifications"
	"xinyi/store"
)

// errSick is the doctor's verdict; the lines above it say what.
var errSick = errors.New("something is not as it should be")

// A visit is one run of the doctor.
type visit struct {
	out  io.Writer
	sick bool
}

// line prints one finding.
func (v *visit) line(what string, err error) bool {
	if err != nil {
		v.sick = true
		fmt.Fprintf(v.out, "✗ %s: %v\n", what, err)
		return false
	}
	fmt.Fprintf(v.out, "✓ %s\n", what)
	return true
}

// note prints what is missing but does no harm.
func (v *visit) note(ok bool, what, without string) {
	if ok {
		fmt.Fprintf(v.out, "✓ %s\n", what)
		return
	}
	fmt.Fprintf(v.out, "- no %s: %s\n", what, without)
}

// doctor checks everything that can be checked without changing a document, and shows the settings in force.
// With SQLite the server must be stopped: the file belongs to one process.
func doctor(ctx context.Context, cfg Config, _ []string, out io.Writer) error {
	v := &visit{out: out}
	for _, s := range cfg.table() {
		fmt.Fprintf(out, "  %-16s %s\n", s.name, s.value)
	}
	v.line("configuration", nil)
	if soft, hard, known := fileLimit(); known {
		v.line(fmt.Sprintf("open files: %d of at most %d, which leaves room for %d connections", soft, hard, cfg.connections()), nil)
	}
	v.note(cfg.Ops != "", "operators' listener on "+cfg.Ops, "nobody can ask for metrics, profiles and dead letters (OPS_ADDR)")
	_, err := store.LoadKeys(cfg.Keys, cfg.keyOptions()...)
	none := errors.Is(cfg.standing(), errNoStore)
	switch {
	case none && errors.Is(err, fs.ErrNotExist):
		v.note(false, "keys and no store yet", "the first start makes them")
	case none && v.line("keys of personal data", err):
		v.note(false, "store yet", "the first start makes it")
	case !none:
		v.store(ctx, cfg)
	}
	v.note(cfg.Sandbox || cfg.SMSKey != "" || cfg.SMSPrint, "text messages", "people can sign in with OIDC_ISSUERS only (SMS_KEY_ID)")
	v.note(cfg.Sandbox || cfg.FCMCredentials != "" || cfg.JPushKey != "", "pushes to phones",
		"the inbox alone tells people (FCM_CREDENTIALS, JPUSH_APP_KEY)")
	v.note(cfg.Sandbox || cfg.RealNameURL != "", "real-name verifier", "nobody can be verified (REALNAME_URL)")
	v.note(cfg.Sandbox, "payment channel", "bills are paid at the hospital only")
	v.note(len(cfg.OIDC) > 0, "outside sign-in", "people sign in with their phone (OIDC_ISSUERS)")
	if v.sick {
		return errSick
	}
	return nil
}

// store checks the engine (MongoDB's contest is part of opening it), the indexes and the events nobody could take.
func (v *visit) store(ctx context.Context, cfg Config) {
	a, err := whole(ctx, cfg)
	what := "store answers to these keys"
	if cfg.MongoDBURI != "" {
		what = "store keeps every one of many saves at once, and answers to these keys"
	}
	if !v.line(what, err) {
		return
	}
	fmt.Fprintf(v.out, "  fingerprint of the keys %s\n", a.store.Keys.Fingerprint())
	lost, err := a.guard.Lost(ctx, a.sealIDs())
	if err == nil && len(lost) > 0 {
		err = fmt.Errorf("%v have signed for this store and are gone from %s", lost, cfg.Seals)
	}
	v.line("seals", err)
	v.line("every named query runs along an index", a.explain(ctx))
	waiting, err := a.repos.lost.Count(ctx, store.DeadUndecided())
	if v.line("event log", err) {
		v.note(waiting == 0, "dead events", fmt.Sprintf("%d wait for a decision: GET /v1/events/dead at the operators' listener", waiting))
	}
	v.ledger(a.ledger.Whole(ctx))
	for _, c := range a.outside.channels {
		if p, ok := c.(notifications.Prober); ok {
			v.line("channel "+c.Name()+" answers", p.Probe(ctx))
		}
	}
	a.outside.close()
	v.line("store closes", a.store.Engine.Close())
}

// ledger shows what a check of the whole store came to, with its first faults.
func (v *visit) ledger(s medical.Summary, faults []medical.Fault, underway int, err error) {
	if err == nil && s.Faults > 0 {
		err = fmt.Errorf("%d amounts of %d bills and %d agreements differ", s.Faults, s.Bills, s.Agreements)
	}
	what := "ledger"
	if err == nil {
		what = agree(s, underway)
	}
	v.line(what, err)
	for _, f := range faults[:min(len(faults), 5)] {
		fmt.Fprintf(v.out, "    %s\n", f)
	}
}

// agree says that the ledger holds, but for what is still to be delivered.
func agree(s medical.Summary, underway int) string {
	what := fmt.Sprintf("ledger: %d bills and %d agreements agree to the fen", s.Bills, s.Agreements)
	if underway > 0 {
		what += fmt.Sprintf(", but for %d whose events the next server delivers; look again then", underway)
	}
	return what
}

// explain asks the engine about every named query of every collection.
func (a *App) explain(ctx context.Context) error {
	var faults []error
	for _, f := range a.store.Collections() {
		c := f.Collection()
		queries := c.AllQueries()
		for _, name := range slices.Sorted(maps.Keys(queries)) {
			q := queries[name]
			ix, ok := c.IndexFor(q)
			if !ok {
				faults = append(faults, fmt.Errorf("%s of %s has no index", name, c.Name))
				continue
			}
			plan, err := a.store.Engine.Explain(ctx, c, q, ix)
			if err == nil && !plan.Indexed {
				err = models.E(models.Internal, "internal", errors.New(plan.Detail))
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("%s of %s: %w", name, c.Name, err))
			}
		}
	}
	return errors.Join(faults...)
}
