package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	villagehttp "xinyi/handlers/village"
	"xinyi/models/village"
)

// recomputeUse is how recompute is called.
const recomputeUse = "say which bundle: recompute BUNDLE [--row PROOF] [--rows FILE] [--seals SEALS] [--lang zh|en]; BUNDLE is what GET /v1/village-entries/{id}/bundle answers, " +
	"PROOF an item (or its proof) of GET /v1/me/village-rows, FILE what GET /v1/village-entries/{id}/rows answers, SEALS a file as GET /v1/seals answers it, else our own seals are taken"

// recomputeWords are what is printed, Chinese and English.
var recomputeWords = map[string][2]string{
	"seal":       {"印章有效，内容未被改动", "The seal is good and the content is as it was issued"},
	"total":      {"总分", "Total"},
	"grade":      {"等级", "Grade"},
	"published":  {"公布", "published"},
	"made":       {"重算", "made again"},
	"root":       {"各户数据的根", "Root of the households' rows"},
	"PROVEN":     {"可证：按公布的数据，只可能是这个等级", "PROVEN: from what is published only this grade is possible"},
	"CONSISTENT": {"相符：这个等级是可能的；少于五户的数不公布，所以别的等级也可能：", "CONSISTENT: this grade is possible; since counts below five are hidden, so are others: "},
	"WRONG":      {"不符：", "WRONG: "},
	"row":        {"这一户在公布的根之内", "This row is among those the root commits to"},
	"rows":       {"全部各户的根相同，合计在公布的数之内", "All rows have this root, and sum up to what is published"},
}

// recomputeCommand scores a published village again, with nothing but the files and the public keys.
func recomputeCommand(_ context.Context, cfg Config, args []string, out io.Writer) error {
	file, opts, err := recomputeArgs(args)
	if err != nil {
		return err
	}
	at := 1
	if opts["--lang"] == "zh" || opts["--lang"] == "" && strings.HasPrefix(os.Getenv("LANG"), "zh") {
		at = 0
	}
	say := func(key string) string { return recomputeWords[key][at] }
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var from []string
	if opts["--seals"] != "" {
		from = []string{opts["--seals"]}
	}
	seals, err := sealsFrom(cfg, from)
	if err != nil {
		return err
	}
	b, err := villagehttp.OpenVillage(raw, seals)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(out, "%s: %s %s, %s\n", say("seal"), b.Place, b.Name, b.Round)
	r := village.Recompute(b)
	for _, c := range r.Items {
		name := c.Name.ZH
		if at == 1 {
			name = c.Name.EN
		}
		fmt.Fprintf(out, "  %s: %s %s, %s %s / %s\n", name, say("published"), village.Reaching{Least: c.Published.Least, Most: c.Published.Most},
			say("made"), village.Reaching{Least: c.Made.Least, Most: c.Made.Most}, c.Made.Max)
	}
	fmt.Fprintf(out, "  %s: %s %s, %s %s\n  %s: %s\n", say("total"), say("published"), b.Total, say("made"), r.Total, say("grade"), b.Grade)
	switch r.Finding {
	case village.Untrue:
		return errors.New(say("WRONG") + strings.Join(r.Differs, "; "))
	case village.Consistent:
		fmt.Fprintln(out, say("CONSISTENT")+strings.Join(slices.DeleteFunc(r.Grades, func(g string) bool { return g == b.Grade }), ", "))
	case village.Proven:
		fmt.Fprintln(out, say("PROVEN"))
	}
	return recomputeRows(b, opts, say, out)
}

// recomputeArgs takes the words after recompute apart.
func recomputeArgs(args []string) (file string, opts map[string]string, err error) {
	opts = map[string]string{}
	for len(args) > 0 {
		word := args[0]
		switch {
		case slices.Contains([]string{"--row", "--rows", "--seals", "--lang"}, word) && len(args) > 1 && opts[word] == "":
			opts[word], args = args[1], args[2:]
		case !strings.HasPrefix(word, "-") && file == "":
			file, args = word, args[1:]
		default:
			return "", nil, errors.New(recomputeUse)
		}
	}
	if file == "" {
		return "", nil, errors.New(recomputeUse)
	}
	return file, opts, nil
}

// recomputeRows checks a household's proof, and all rows, against a bundle.
func recomputeRows(b village.Bundle, opts map[string]string, say func(string) string, out io.Writer) error {
	if path := opts["--row"]; path != "" {
		var item struct {
			village.Proof
			Inner *village.Proof `json:"proof"`
		}
		if err := readJSON(path, &item); err != nil {
			return err
		}
		if item.Inner != nil {
			item.Proof = *item.Inner
		}
		if err := b.Holds(item.Proof); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(out, "%s (%d):\n\n%s\n", say("row"), item.Index, item.Row)
	}
	if path := opts["--rows"]; path != "" {
		var page struct {
			Round   string `json:"round"`
			Village string `json:"village"`
			Items   []struct {
				Row string `json:"row"`
			} `json:"items"`
		}
		if err := readJSON(path, &page); err != nil {
			return err
		}
		s := village.RowList{Round: page.Round, Village: b.Place}
		for _, row := range page.Items {
			s.Rows = append(s.Rows, row.Row)
		}
		facts, err := b.Sums(s)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Fprintf(out, "%s: %v\n", say("rows"), facts)
	}
	return nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
