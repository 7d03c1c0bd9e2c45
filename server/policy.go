package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinyi/models/award"
	"xinyi/models/benefit"
	"xinyi/models/casework"
	"xinyi/models/consent"
	"xinyi/models/credential"
	"xinyi/models/delivery"
	farming "xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/loan"
	"xinyi/models/practice"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/models/report"
	rural "xinyi/models/village"
)

// Policy is every number and rule that a department may set without a new program: legal clocks, periods of publication, limits.
// A file (POLICY_PATH) says only what differs from the standard. What a document copied when it began stays with it.
type Policy struct {
	Record   record.Policy
	Casework casework.Terms
	Desks    casework.Desks
	Consent  consent.Policy
	Recall   recall.Policy
	Report   report.Policy
	Identity identity.Policy // of a sandbox it is its own
	Delivery delivery.Policy
	Benefit  benefit.Policy
	Farmer   farming.Policy
	Loan     loan.Policy
	Village  rural.Policy
	Award    award.Policy

	Credential credential.Policy
	Practice   practice.Policy
}

// standard is the policy the product comes with.
func standard() Policy {
	return Policy{
		Record: record.Standard, Casework: casework.Standard, Desks: casework.StandardDesks, Consent: consent.Standard, Recall: recall.Standard,
		Report: report.Standard, Identity: identity.Standard, Delivery: delivery.Standard, Benefit: benefit.Standard, Farmer: farming.Standard, Loan: loan.Standard,
		Village:    rural.Standard,
		Award:      award.Standard,
		Credential: credential.Standard,
		Practice:   practice.Standard,
	}
}

// readPolicy is the standard with what the file at path says instead; "" is no file.
func readPolicy(path string) (Policy, error) {
	p := standard()
	if path == "" {
		return p, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("POLICY_PATH: %w", err)
	}
	if err := json.Unmarshal(raw, &p, json.RejectUnknownMembers(true), json.WithUnmarshalers(json.UnmarshalFunc(readSpan))); err != nil {
		return p, fmt.Errorf("POLICY_PATH %s: %w", path, err)
	}
	return p, nil
}

// Spans of time are written as "1h30m"; a day is 24h.
func readSpan(raw []byte, d *time.Duration) error {
	text, err := strconv.Unquote(string(raw))
	if err != nil {
		return errors.New("a span of time is text like 1h30m")
	}
	*d, err = time.ParseDuration(text)
	if err == nil && *d < 0 {
		err = errors.New("a span of time is not negative")
	}
	return err
}

func writeSpan(d time.Duration) ([]byte, error) { return []byte(strconv.Quote(d.String())), nil }

// policyCommand prints the policy in force as a file that POLICY_PATH takes.
func policyCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 0 {
		return errors.New("policy takes no arguments")
	}
	p, err := readPolicy(cfg.Policy)
	if err != nil {
		return err
	}
	return json.MarshalWrite(out, p, jsontext.WithIndent("  "), json.Deterministic(true), json.WithMarshalers(json.MarshalFunc(writeSpan)))
}
