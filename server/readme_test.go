package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// begin serves the demo city with the bounds it has by itself, on a free port until the test ends.
func begin(t *testing.T) *App {
	t.Helper()
	cfg, err := ReadConfig([]string{"ADDR=127.0.0.1:0", "OPS_ADDR=off", "DATA_DIR=" + cityDir(t), "SANDBOX=true", "LOG_LEVEL=ERROR"})
	if err != nil {
		t.Fatal(err)
	}
	cfg.unsynced = true
	return program(t, cfg)
}

// read is a file of the repository.
func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inBothLanguages is a page and its Chinese twin.
func inBothLanguages(page string) [2]string { return [2]string{page + ".md", page + ".zh-CN.md"} }

// TestReadmeIsShort keeps the first page one that a newcomer reads to its end.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	for _, file := range inBothLanguages("README") {
		if n := strings.Count(read(t, file), "\n"); n > 150 {
			t.Errorf("%s has %d lines, more than 150", file, n)
		}
	}
}

// TestReadmesSayTheSame compares what both languages must have in common: the rows of the map, and where links lead.
func TestReadmesSayTheSame(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| \\[`([a-z_]+)`\\]")
	names := func(file string) string { return fmt.Sprint(row.FindAllString(read(t, file), -1)) }
	if en, zh := names("README.md"), names("README.zh-CN.md"); en != zh || len(en) < 300 {
		t.Errorf("the maps differ:\n%s\n%s", en, zh)
	}
}

var link = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)

// TestLinksLeadSomewhere follows every link of a page to a file of the repository.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	followed := 0
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".md") {
			if d != nil && d.IsDir() && path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "third_party" || d.Name() == "data") {
				return filepath.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			followed++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		return nil
	})
	if err != nil || followed < 100 {
		t.Fatalf("%d links followed, %v", followed, err)
	}
}
