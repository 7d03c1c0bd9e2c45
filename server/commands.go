package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"xinyi/models/identity"
	"xinyi/seed"
)

// serve runs the program until a signal.
func serve(ctx context.Context, cfg Config, _ []string, _ io.Writer) error {
	a, err := Open(ctx, cfg, false)
	if err != nil {
		return err
	}
	return a.serve(ctx)
}

// serve runs until a signal. What the start needed and a resting server does not is given back first.
func (a *App) serve(ctx context.Context) error {
	debug.FreeOSMemory()
	return errors.Join(a.Run(ctx), a.Close())
}

// demo serves the demo city in a sandbox.
func demo(ctx context.Context, cfg Config, _ []string, out io.Writer) error {
	cfg.Sandbox = true
	a, err := Open(ctx, cfg, true)
	if err != nil {
		return err
	}
	if err := a.welcome(ctx, out); err != nil {
		return errors.Join(err, a.Close())
	}
	return a.serve(ctx)
}

// welcome tells a newcomer who lives here and where to go on.
func (a *App) welcome(ctx context.Context, out io.Writer) error {
	d, err := a.repos.Identity.Demos.Get(ctx, identity.DemoID)
	if err != nil {
		return err
	}
	kept, err := seed.Kept(ctx, a.repos.Stores)
	if err != nil {
		return err
	}
	if kept != seed.Edition {
		fmt.Fprintf(out, "\nThis store holds edition %s of the demo city, this program makes edition %s: what is new in it is not here, and what is here stays as it is.\n"+
			"For the new one stop, and start with an empty folder: DATA_DIR=./data-%s xinyi demo\n", kept, seed.Edition, seed.Edition)
	}
	fmt.Fprintf(out, "\nThe demo city is at %s (stop it with Ctrl-C). Everybody in it is made up.\n\n", a.URL())
	fmt.Fprintf(out, "  documentation  %s/docs\n  all accounts   %s/v1/sandbox/accounts\n", a.URL(), a.URL())
	if a.inside != nil {
		fmt.Fprintf(out, "  operators      %s/metrics, %[1]s/debug/pprof/\n", urlOf(a.inside))
	}
	fmt.Fprintf(out, "  sign in        ask POST /v1/auth/codes for a code, then read it at %s/v1/sandbox/codes/<phone>\n", a.URL())
	fmt.Fprintf(out, "  move time      POST /v1/sandbox/clock {\"advance\":\"P8D\"}\n\n")
	for _, p := range d.People {
		name := p.Name
		if name == "" {
			name = "(no real name yet)"
		}
		fmt.Fprintf(out, "  %s  %-16s %-9s %s\n", p.Phone.Reveal(), p.Role, p.Region, name)
	}
	fmt.Fprintln(out)
	return nil
}

// seedOnly fills the store and ends.
func seedOnly(ctx context.Context, cfg Config, _ []string, out io.Writer) error {
	a, err := assemble(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.fill(ctx, cfg.Sandbox); err != nil {
		return errors.Join(err, a.store.Engine.Close())
	}
	fmt.Fprintln(out, "seeded: divisions, zones"+map[bool]string{true: ", the demo city"}[cfg.Sandbox])
	return a.store.Engine.Close()
}

// migrate makes collections and indexes and ends. serve does the same at every start.
func migrate(ctx context.Context, cfg Config, _ []string, out io.Writer) error {
	a, err := whole(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.outside.close()
	if err := errors.Join(a.mark(ctx), a.store.Engine.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d collections with their indexes are there\n", len(a.store.Collections()))
	return nil
}

// operatorCommand makes somebody an operator, the first who can appoint others. The person has signed in and given a real name.
func operatorCommand(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("say who: operator PHONE, of somebody who has signed in and given a real name")
	}
	phone, err := identity.ParsePhone(args[0])
	if err != nil {
		return err
	}
	if err := cfg.standing(); err != nil {
		return err
	}
	a, err := assemble(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.outside.close()
	err = func() error {
		if err := seed.Operations(ctx, a.repos.Stores); err != nil {
			return err
		}
		p, err := a.repos.Identity.People.First(ctx, a.repos.Identity.Keys.PersonByPhone(phone))
		if err != nil {
			return fmt.Errorf("nobody has signed in with this phone: %w", err)
		}
		return a.organisations().Operate(ctx, p, a.now())
	}()
	if err := errors.Join(err, a.store.Engine.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, "an operator since now; a server that is running takes notice within a minute")
	return nil
}
