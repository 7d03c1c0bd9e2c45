package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"xinyi/handlers"
)

// verifyCommand checks a report with nothing but the file and the public keys.
func verifyCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) < 1 || len(args) > 2 {
		return errors.New("say which report: verify FILE [SEALS]; SEALS is a file as GET /v1/seals answers it, else our own seals are taken")
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	seals, err := sealsFrom(cfg, args[1:])
	if err != nil {
		return err
	}
	c, err := handlers.CheckReport(raw, seals)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	fmt.Fprintf(out, "The seal is good and the file is as it was issued: report %s\n", c.No)
	if c.Subject != "" {
		fmt.Fprintf(out, "  %s, %s, from %s to %s, issued %s, valid until %s\n", c.Kind, c.Subject, c.From, c.To, c.At, c.Until)
		fmt.Fprintf(out, "  whether it still holds: %s\n", c.URL)
	}
	return nil
}
