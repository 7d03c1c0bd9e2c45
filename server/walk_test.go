package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// walks are the pages whose commands are run as printed, in the order in which one demo city lives through them.
var walks = []string{
	"README", "docs/walk/medical", "docs/walk/benefit", "docs/walk/record", "docs/walk/batch", "docs/walk/farmer", "docs/walk/loan",
	"docs/walk/notification", "docs/walk/practice", "docs/walk/village", "docs/walk/award",
}

var (
	shell   = regexp.MustCompile("(?s)```sh\n(.*?)```")
	printed = regexp.MustCompile("(?s)```text\n(.*?)```")
)

// blocks joins the fenced blocks of a page.
func blocks(page string, fence *regexp.Regexp) string {
	var all strings.Builder
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		all.WriteString(m[1])
	}
	return all.String()
}

// TestWalks runs every page in both languages, each language in a city of its own, and looks for what the page shows, line by
// line and in order; … in a page stands for anything.
func TestWalks(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "awk", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the walks need %s", tool)
		}
	}
	for i, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			docs, err := filepath.Abs("../docs")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(docs, filepath.Join(dir, "docs")); err != nil {
				t.Fatal(err)
			}
			environ := append(os.Environ(), "XINYI="+begin(t).URL(), "WALK_DIR="+t.TempDir())
			for _, page := range walks {
				t.Run(filepath.Base(page), func(t *testing.T) { walk(t, read(t, inBothLanguages(page)[i]), dir, environ) })
			}
		})
	}
}

// walk runs the shell of a page in dir and compares.
func walk(t *testing.T, page, dir string, environ []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu")
	cmd.Dir, cmd.Env, cmd.Stdin = dir, environ, strings.NewReader(blocks(page, shell))
	raw, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk failed: %v\n%s", err, raw)
	}
	rest := strings.Split(string(raw), "\n")
	for line := range strings.Lines(blocks(page, printed)) {
		line = strings.TrimRight(line, "\n")
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		for len(rest) > 0 && !want.MatchString(rest[0]) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Fatalf("the page shows %q, and the walk does not come to it; its output:\n%s", line, raw)
		}
		rest = rest[1:]
	}
}

// TestWalksInBothLanguages makes sure that the languages differ in words alone, and that every page there is gets run.
func TestWalksInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, page := range walks {
		files := inBothLanguages(page)
		en, zh := blocks(read(t, files[0]), shell), blocks(read(t, files[1]), shell)
		if en == "" || en != strings.Replace(zh, "WALK_LANG=zh\n", "", 1) {
			t.Errorf("the commands of %s and %s differ", files[0], files[1])
		}
	}
	there, err := filepath.Glob("../docs/walk/*.zh-CN.md")
	if err != nil || len(there) != len(walks) { // the folder's own README is not run, the repository's is
		t.Errorf("%d pages, %d of them run, %v", len(there), len(walks), err)
	}
}
