package main

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// elsewhere are where an office may be that is none of Changsha's counties with documents: another county of the city, another city of
// the province, another province. An office of a town or a village lies in a town or a village of there.
var elsewhereRegions = []string{"430111", "4302", "4401"}

// seat is the region of an office of a role in one of elsewhere.
func seat(role models.Role, region string) string {
	for _, narrow := range []struct {
		role models.Role
		more string
	}{{models.VillageStaff, "430111101201"}, {models.TownStaff, "430111101"}} {
		if role == narrow.role {
			return region + narrow.more[min(len(region), 6):]
		}
	}
	return region
}

// A target is where the documents of a route are, and what else a request for one needs.
type target struct {
	in      string            // the collection
	ids     map[string]string // what stands in the path, or as "$name" in body or query → where it is in the document
	body    m                 // over what the document of the routes makes up
	ask     string            // query
	like    string            // a request whose answer has what the body asks for
	none    int               // the answer to what is not there, 404 unless said
	city    bool              // it holds in a whole city, and who works there sees it
	shown   []string          // states in which everybody is shown it
	refused string            // in the refusal of a request that names nothing but a place
	why     string            // why nothing of it is anybody's in particular: it is not walked
}

// walk is the whole of it.
type widthWalk struct {
	t    *testing.T
	a    *App
	doc  m
	docs map[string][]bson.Raw // by collection
	ids  map[string]bool       // of the documents that are not everybody's
	keys atomic.Int64
	mu   sync.Mutex
	done map[string]int // requests by route
}

var pathNames = regexp.MustCompile(`\{([a-zA-Z]+)\}`)

// some are documents of a collection that are not the stranger's, one of each state first.
func (w *widthWalk) some(of target, mine string) []bson.Raw {
	var first, rest []bson.Raw
	seen := map[string]bool{}
	for _, raw := range w.docs[of.in] {
		if mine != "" && bytes.Contains(raw, []byte(mine)) {
			continue
		}
		state := textAt(raw, "state")
		if slices.Contains(of.shown, state) {
			continue
		}
		if !seen[state] {
			first = append(first, raw)
		} else {
			rest = append(rest, raw)
		}
		seen[state] = true
	}
	all := append(first, rest...)
	return all[:min(len(all), 4)]
}

// route walks one route as one caller: what belongs to another is what is not there.
func (w *widthWalk) route(name, token string, of target) (faults []string) {
	mine := "stranger-"
	if strings.HasPrefix(token, "walk/resident") || strings.HasPrefix(token, "walk/business") {
		mine = stranger
	}
	body, query := w.bodyOf(name, of), w.queryOf(name, of)
	none := w.ask(token, filled(name+query, of, nil), filled(body, of, nil))
	if of.refused != "" && strings.Contains(none.body, of.refused) {
		return nil
	}
	switch {
	case of.in != "" && none.status != cmp.Or(of.none, 404), of.in == "" && none.status == 400:
		return []string{fmt.Sprintf("%s by %s of what is not there: %d: %s %s", name, token, none.status, body, none.body)}
	case of.in == "": // it names nothing that is there: what it makes must be the caller's own, which unchanged sees
		return nil
	}
	docs := w.some(of, mine)
	if len(docs) == 0 {
		return []string{fmt.Sprintf("%s: %s has no document", name, of.in)}
	}
	for i, raw := range docs {
		for _, match := range []string{"", revisionOf(raw), `"999999"`} {
			if match != "" && (i > 0 || strings.HasPrefix(name, "GET ")) {
				continue
			}
			var header []string
			if match != "" {
				header = []string{"If-Match", match}
			}
			line := filled(name+query, of, raw)
			got := w.ask(token, line, filled(body, of, raw), header...)
			if got != none {
				faults = append(faults, fmt.Sprintf("%s by %s on %s (%s, If-Match %s): %d %.300s; of one that is not there %d %.200s",
					name, token, line, textAt(raw, "state"), match, got.status, got.body, none.status, none.body))
			}
		}
	}
	w.mu.Lock()
	w.done[name] += 1 + len(docs)
	w.mu.Unlock()
	return faults
}

// everybodys are collections that anybody may read whole.
var everybodys = map[string]bool{"divisions": true, "zones": true, "scenes": true, "seeds": true, "rules": true, "units": true}

// targetOf is what the walk knows of a route: by its name, else by the path up to what it names first.
func targetOf(name string) (target, bool) {
	of, known := targets[name]
	if _, path, _ := strings.Cut(name, " "); !known && strings.Contains(path, "{") {
		of, known = targets[path[:strings.Index(path, "}")+1]]
		of.body = bodies[name]
	}
	return of, known
}

// callers are who walks a route: each role that it lets in, in each place that is not where the documents are.
func callers(admits func(models.Role) bool) (tokens []string) {
	for _, role := range models.Roles {
		switch {
		case !admits(role) || role == models.Operator: // whose office is everywhere, and shows no personal data
		case role == models.Resident || role == models.Business:
			tokens = append(tokens, "walk/"+string(role)+"/430104")
		default:
			for _, region := range elsewhereRegions {
				tokens = append(tokens, "walk/"+string(role)+"/"+seat(role, region))
			}
		}
	}
	return tokens
}

// together runs all, a few side by side, and reports what they found.
func together(t *testing.T, all []func() []string) {
	var group sync.WaitGroup
	next := make(chan func() []string)
	for range 4 {
		group.Go(func() {
			for one := range next {
				for _, fault := range one() {
					t.Error(fault)
				}
			}
		})
	}
	for _, one := range all {
		next <- one
	}
	close(next)
	group.Wait()
}

func openWidth(t *testing.T) *widthWalk {
	a := program(t, settingsOf(t, cityDir(t)))
	a.router.Cfg.Auth = strangers{a.router.Cfg.Auth}
	raw, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	w := &widthWalk{t: t, a: a, doc: parsed(t, raw), done: map[string]int{}}
	w.hush()
	w.plant()
	w.settle()
	w.ids = map[string]bool{}
	for name, rows := range w.docs {
		for _, raw := range rows {
			if !everybodys[name] {
				w.ids[textAt(raw, "_id")] = true
			}
		}
	}
	return w
}

// TestWidth walks every route that is not open, as each role it lets in, in another county, another city and another province, and
// as another person: what is there and theirs not to know is answered as what is not there, in a list not at all, and nothing of it
// changes. A route that the tables do not know fails.
func TestWidth(t *testing.T) {
	w := openWidth(t)
	began := time.Now()
	var all []func() []string
	for _, rt := range w.a.router.Routes {
		if rt.Open {
			continue
		}
		name := rt.Name()
		of, known := targetOf(name)
		lists := strings.HasPrefix(name, "GET ") && !strings.Contains(name, "{")
		for _, token := range callers(rt.Admits) {
			switch {
			case of.why != "":
			case of.city && strings.HasPrefix(name, "GET ") && strings.Contains(token, "/4301"): // its own city's
			case lists && known && of.in != "", !lists && known:
				all = append(all, func() []string { return w.route(name, token, of) })
			case lists && !strings.HasPrefix(token, "walk/resident") && !strings.HasPrefix(token, "walk/business"):
				all = append(all, func() []string { return w.list(name, token, of) })
			case lists:
			default:
				t.Errorf("%s may name what is another's, and the walk does not know what", name)
			}
		}
	}
	together(t, all)
	w.unchanged()
	t.Logf("%d requests of %d routes in %v", w.keys.Load(), len(w.done), time.Since(began))
}
