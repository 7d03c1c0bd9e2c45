package xinyi

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// regionLengths are comparisons of the length of a code where the level of a region is meant, and cityCodes the province and the city
// written out: both are data, of the division table and of the demo city.
var (
	regionLengths = regexp.MustCompile(`\blen\(([\w.]*\.)?([rR]egion|[cC]ounty|[vV]illage|[tT]own|place)\)`)
	cityCodes     = regexp.MustCompile(`"(43|4301)"`)
)

func TestRegionsHaveLevels(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data := strings.HasPrefix(path, "seed/") || strings.HasPrefix(path, "bench/")
		for i, line := range strings.Split(string(text), "\n") {
			if m := regionLengths.FindString(line); m != "" {
				t.Errorf("%s:%d: %s: ask for the Level of the region", path, i+1, m)
			}
			if m := cityCodes.FindString(line); m != "" && !data {
				t.Errorf("%s:%d: %s stands in code", path, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
