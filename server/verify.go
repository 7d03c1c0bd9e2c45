package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	reporthttp "xinyi/handlers/report"
	"xinyi/models/credential"
)

// verifyCommand checks a report, a certificate or a credential with nothing but files: the paper itself, the public keys and, for a
// credential, a status list that somebody fetched not long ago.
func verifyCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) < 1 || len(args) > 5 {
		return errors.New("say which file: verify FILE [SEALS]; SEALS is a file as GET /v1/seals answers it, else our own seals are taken. " +
			"For a credential also: verify FILE [STATUS] [SEALS] [24h] [@TIME]; STATUS is its status list, 24h how old that may be, @TIME the moment to check for (RFC 3339)")
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	if strings.Contains(string(raw), "~") && strings.HasPrefix(string(raw), "ey") {
		return verifyCredential(cfg, args[0], string(raw), args[1:], out)
	}
	seals, err := sealsFrom(cfg, args[1:])
	if err != nil {
		return err
	}
	c, err := reporthttp.CheckReport(raw, seals)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	what := "certificate"
	if strings.HasPrefix(c.No, "CSXY-") {
		what = "report"
	}
	fmt.Fprintf(out, "The seal is good and the file is as it was issued: %s %s\n", what, c.No)
	if c.Subject != "" {
		fmt.Fprintf(out, "  %s, %s, from %s to %s, issued %s, valid until %s\n", c.Kind, c.Subject, c.From, c.To, c.At, c.Until)
		fmt.Fprintf(out, "  whether it still holds: %s\n", c.URL)
	}
	return nil
}

// errStands is a credential that is genuine and not to be gone by.
var errStands = errors.New("not to be gone by")

// verifyCredential checks a credential offline. An error is whatever a verifier must not go by, also one that is genuine but revoked, over,
// or of a status nobody can tell.
func verifyCredential(cfg Config, file, text string, args []string, out io.Writer) error {
	policy, err := readPolicy(cfg.Policy, cfg.all())
	if err != nil {
		return err
	}
	now, fresh, status, keys := cfg.outside(), policyIn[credential.Policy](policy).MaxTokenAge, "", []string(nil)
	for _, arg := range args {
		if at, is := strings.CutPrefix(arg, "@"); is {
			if now, err = time.Parse(time.RFC3339, at); err != nil {
				return fmt.Errorf("%s: %w", arg, err)
			}
		} else if span, err := time.ParseDuration(arg); err == nil {
			fresh = span
		} else if raw, err := os.ReadFile(arg); err != nil {
			return err
		} else if strings.HasPrefix(string(raw), "ey") {
			status = strings.TrimSpace(string(raw))
		} else {
			keys = []string{arg}
		}
	}
	seals, err := sealsFrom(cfg, keys)
	if err != nil {
		return err
	}
	seen, err := credential.Check(strings.TrimSpace(text), seals)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	printCredential(out, seen)
	var list *credential.List
	if status != "" {
		if list, err = credential.ReadList(status, seals); err != nil {
			return err
		}
	}
	return standing(seen, list, fresh, now, out)
}

func printCredential(out io.Writer, seen credential.Seen) {
	fmt.Fprintf(out, "The signature is good and nothing was altered: %s of %s, number %s\n", seen.Title, seen.Iss, seen.No)
	fmt.Fprintf(out, "  level %d, from %s to %s, signed by seal %s\n", seen.Level, seen.Since, seen.Until, seen.Key)
	for _, line := range [][2]string{{"name", seen.Name}, {"unified social credit code", seen.USCC}, {"deed", seen.Deed},
		{"given by", seen.Unit}} {
		if line[1] != "" {
			fmt.Fprintf(out, "  %s: %s\n", line[0], line[1])
		}
	}
	if seen.Place != nil {
		fmt.Fprintf(out, "  region: %s %s\n", seen.Place.Code, seen.Place.Name)
	}
}

// standing prints whether a credential stands by a status list, nil for none.
func standing(seen credential.Seen, list *credential.List, fresh time.Duration, now time.Time, out io.Writer) error {
	got, why := seen.Stands(list, fresh, now)
	if list == nil && got == credential.StatusUnknown {
		why = errors.New("there is no status list to go by: fetch " + seen.Status.List.URI)
	}
	if got != credential.StatusValid {
		return errors.Join(fmt.Errorf("status %s: %w", got, errStands), why)
	}
	fmt.Fprintf(out, "  status: VALID as of %s, to be checked anew after %s\n", list.At.Format(time.RFC3339),
		list.At.Add(min(fresh, list.Expires.Sub(list.At))).Format(time.RFC3339))
	return nil
}
