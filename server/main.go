// Command xinyi is the backend of a city's credit services, one binary. `xinyi help` lists what it can do.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is set by the build: -X main.version=….
var version = "dev"

// softMemory is where the garbage collector starts to work harder, unless GOMEMLIMIT says otherwise.
const softMemory = 1 << 30

// A command is one word after xinyi.
type command struct {
	name, help string
	run        func(ctx context.Context, cfg Config, args []string, out io.Writer) error
}

var commands = []command{
	{"serve", "serve this store", serve},
	{"demo", "serve the demo city in a sandbox: made-up people, shown codes, a clock to move", demo},
	{"seed", "keep divisions and zones, with SANDBOX=true the demo city too, and end", seedOnly},
	{"migrate", "make collections and indexes, and end", migrate},
	{"doctor", "check configuration, keys, store, indexes and channels", doctor},
	{"operator", "make somebody an operator, who appoints everybody else: operator PHONE", operatorCommand},
	{"backup", "copy a store into FILE while it is served, checked; the keys are copied apart from it", backupCommand},
	{"restore", "make a store of a backup: restore FILE", restoreCommand},
	{"check", "look through a store or a backup: its file, with a store the ledger and the audit log too: check [FILE]", checkCommand},
	{"policy", "print the legal clocks, periods and limits in force", policyCommand},
	{"verify", "check a report, a certificate or a credential, offline", verifyCommand},
	{"recompute", "score a published village or town again, offline, and check a household's row: recompute BUNDLE", recomputeCommand},
	{"sample-data", "write a file of made-up penalties with planted faults, to try a delivery with", sampleCommand},
	{"audit", "verify the audit log, check a proof, list or rotate the seals", auditCommand},
	{"keys", "create, show, prepare, rotate, reencrypt or retire the keys of personal data", keysCommand},
}

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is main without the process. It answers the exit code: 0, 1 for a failure, 2 for a wrong call or configuration.
func run(ctx context.Context, args, environ []string, out, faults io.Writer) int {
	name := "help"
	if len(args) > 0 {
		name = args[0]
	}
	switch name {
	case "help", "-h", "-help", "--help":
		help(out)
		return 0
	case "version", "-version", "--version":
		fmt.Fprintln(out, version)
		return 0
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		cfg, err := ReadConfig(environ)
		if err != nil {
			fmt.Fprintf(faults, "xinyi: the configuration is wrong:\n%v\n", err)
			return 2
		}
		if err := c.run(ctx, cfg, args[1:], out); err != nil {
			fmt.Fprintf(faults, "xinyi %s: %v\n", name, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(faults, "xinyi: no command %q; `xinyi help` lists them\n", name)
	return 2
}

func help(out io.Writer) {
	fmt.Fprintf(out, "Xinyi 信易 %s: the backend of a city's credit services.\n\nCommands:\n", version)
	for _, c := range commands {
		fmt.Fprintf(out, "  %-11s %s\n", c.name, c.help)
	}
	fmt.Fprintf(out, "  %-11s %s\n  %-11s %s\n\nEnvironment (each X also as X_FILE, a file that holds it):\n", "version", "print the version",
		"help", "print this")
	for _, s := range new(Config).table() {
		fallback := ""
		if s.fallback != "" {
			fallback = " (" + s.fallback + ")"
		}
		fmt.Fprintf(out, "  %-16s %s%s\n", s.name, s.help, fallback)
	}
}
