package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"xinyi/flows"
	"xinyi/handlers/api"
	audithttp "xinyi/handlers/audit"
	"xinyi/models"
	"xinyi/models/journal"
)

// auditCapability is the sealed log of everything that happened.
var auditCapability = Capability{Name: "audit", Open: func(a *App) Parts {
	return Parts{Routes: []api.Mounter{audithttp.Handler{Audit: a.repos.audit, Seals: a.seals}}, Follows: a.seal.Subscribers()}
}}

var errAuditUsage = errors.New(`say what to do with the audit log:
  verify [HEAD]        recompute it from its rows and compare it with every signed head, and with a head kept elsewhere
  check FILE [SEALS]   check a proof without a store; SEALS is a file as GET /v1/seals answers it, else our own seals are taken
  seals                list the seals
  rotate               add a seal that signs from the next start on; the older ones go on verifying`)

// errUnsound is the verifier's verdict; the lines above it say what.
var errUnsound = errors.New("the audit log does not hold")

// auditCommand looks after the audit log.
func auditCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	switch {
	case len(args) >= 1 && len(args) <= 2 && args[0] == "verify":
		return auditVerify(ctx, cfg, args[1:], out)
	case len(args) >= 2 && len(args) <= 3 && args[0] == "check":
		return auditCheck(cfg, args[1], args[2:], out)
	case len(args) == 1 && args[0] == "rotate":
		return api.AddSeal(cfg.Seals, cfg.outside())
	case len(args) == 1 && args[0] == "seals":
		seals, err := api.ReadSeals(cfg.Seals)
		for i, s := range seals {
			fmt.Fprintf(out, "  %s  since %s%s\n", s.ID, s.Since.Format("2006-01-02"), map[bool]string{true: ", signs"}[i == 0])
		}
		return err
	}
	return errAuditUsage
}

func auditVerify(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	known := ""
	if len(args) == 1 {
		text, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		known = string(text)
	}
	if err := cfg.standing(); err != nil {
		return err
	}
	a, err := assemble(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.outside.close()
	if a.clock != nil {
		err = a.clock.Join(ctx, a.store, a.repos.clocks, a.relay, a.sweep)
	}
	var v flows.Verdict
	if err == nil {
		v, err = a.seal.Verify(ctx, known, a.now(), func(n int64) { fmt.Fprintf(out, "  %d rows\n", n) })
	}
	if err = errors.Join(err, a.store.Engine.Close()); err != nil {
		return err
	}
	for _, f := range v.Faults {
		fmt.Fprintln(out, "✗ "+f)
	}
	fmt.Fprintf(out, "%d rows under %d signed heads, %d not sealed yet: %d faults\n", v.Rows, v.Heads, v.Loose, v.Count)
	if v.Count > 0 {
		return errUnsound
	}
	return nil
}

// auditCheck checks a proof with nothing but the file and the public keys.
func auditCheck(cfg Config, path string, args []string, out io.Writer) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	seals, err := sealsFrom(cfg, args)
	if err != nil {
		return err
	}
	p, err := journal.ReadProof(string(text))
	if err == nil {
		err = p.Check(seals)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "This row is in the audit log, at place %d:\n\n%s", p.Index, p.Row)
	return nil
}

// sealsFrom are the seals of a file as GET /v1/seals answers it, or our own.
func sealsFrom(cfg Config, args []string) (models.Seals, error) {
	if len(args) == 0 {
		seals, err := api.ReadSeals(cfg.Seals)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: there are no seals here to check with; give the file that GET /v1/seals of the issuer answers", err)
		}
		return seals, err
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			Public string `json:"public"`
		} `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	var seals models.Seals
	for _, item := range list.Items {
		key, err := base64.StdEncoding.DecodeString(item.Public)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("%s: not a public key: %q", args[0], item.Public)
		}
		seals = append(seals, models.SealOf(key, cfg.outside()))
	}
	return seals, nil
}
