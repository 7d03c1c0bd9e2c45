package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// begin serves the demo city with the bounds it has by itself, on a free port until the test ends.
func begin(t *testing.T) *App {
	t.Helper()
	cfg, err := ReadConfig([]string{"ADDR=127.0.0.1:0", "DATA_DIR=" + cityDir(t), "SANDBOX=true", "LOG_LEVEL=ERROR"})
	if err != nil {
		t.Fatal(err)
	}
	cfg.unsynced = true
	return program(t, cfg)
}

var shell = regexp.MustCompile("(?s)```sh\n(.*?)```")

// walk is the shell of a README between its walk marks.
func walk(t *testing.T, file string) string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, file), "<!-- walk -->")
	part, _, end := strings.Cut(rest, "<!-- /walk -->")
	if !ok || !end {
		t.Fatalf("%s has no walk", file)
	}
	var script strings.Builder
	for _, block := range shell.FindAllStringSubmatch(part, -1) {
		script.WriteString(block[1])
	}
	return script.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReadmeWalk runs the README's walk through the journey as printed, against the real program.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the walk needs %s", tool)
		}
	}
	a := begin(t)
	const printed = "http://127.0.0.1:8080"
	script := walk(t, "README.md")
	if !strings.Contains(script, printed) {
		t.Fatalf("the walk does not name %s", printed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu")
	cmd.Dir = t.TempDir() // it saves a report
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(script, printed, a.URL()))
	raw, err := cmd.CombinedOutput()
	out := string(raw)
	if err != nil {
		t.Fatalf("the walk failed: %v\n%s", err, out)
	}
	// In this order the reader sees:
	for _, want := range []string{
		`"name":"Liuyang credit medical care"`, `"state":"ACTIVE"`, `"result":"ACCEPTED"`, `"deferredFen":18735`, // at the hospital
		`"principalFen":18735`, `"state":"PARTIALLY_PAID"`, `"outstandingFen":8735`, // at home
		`medical.bill_overdue`,       // late
		`"kind":"medical.bill_paid"`, // the timeline
		`"state":"PAID"`, `"paidFen":18735`, `"outstandingFen":0`, `"availableFen":100000`,
	} {
		i := strings.Index(out, want)
		if i < 0 {
			t.Fatalf("the walk does not come to %s; the output:\n%s", want, raw)
		}
		out = out[i:]
	}
}

func TestReadmesSayTheSame(t *testing.T) {
	t.Parallel()
	quoted := regexp.MustCompile(`Accept-Language: \w+`)
	plain := func(s string) string { return quoted.ReplaceAllString(s, "") }
	if en, zh := plain(walk(t, "README.md")), plain(walk(t, "README.zh-CN.md")); en != zh {
		t.Error("the walks of README.md and README.zh-CN.md differ")
	}
	row := regexp.MustCompile("(?m)^\\| `([a-zA-Z_]+)` \\|")
	names := func(file string) string { return fmt.Sprint(row.FindAllString(read(t, file), -1)) }
	if en, zh := names("README.md"), names("README.zh-CN.md"); en != zh {
		t.Errorf("the tables differ:\n%s\n%s", en, zh)
	}
}

// TestReadmeSettings keeps the README's table of settings true.
func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	for _, s := range new(Config).table() {
		fallback := " "
		if s.fallback != "" {
			fallback = " `" + s.fallback + "` "
		}
		fmt.Fprintf(&want, "| `%s` |%s| %s |\n", s.name, fallback, strings.ReplaceAll(s.help, "|", `\|`))
	}
	if !strings.Contains(read(t, "README.md"), want.String()) {
		t.Errorf("README.md does not show these settings:\n%s", want.String())
	}
}
