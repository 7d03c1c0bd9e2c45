package seed

import (
	"slices"
	"strings"
	"testing"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/release"
)

// seeded is the catalogue by id.
func seeded(t *testing.T) map[string]*catalogue.Item {
	t.Helper()
	maker := models.Actor{Person: "m", Role: models.CreditOffice, Region: "4301"}
	approver := models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}
	items, err := Catalogue(maker, approver)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*catalogue.Item{}
	for _, it := range items {
		by[it.ID] = it
	}
	return by
}

// The eleven classes of the city's plan, point 2, are there and in force; every state is there.
func TestCatalogueHasTheElevenClasses(t *testing.T) {
	by := seeded(t)
	for _, code := range strings.Fields("XZXK XZCF XZQZ XZQR XZCJ XZJL XZJC XYCN HTLY KJYF SDQJF DJZC ZCZY JYYC YZSX XYPJ RYXX SFCP") {
		inForce := 0
		for _, it := range by {
			if it.Code == code && it.InForce("2026-05-10") {
				inForce++
			}
		}
		if inForce != 1 {
			t.Errorf("%s: %d versions in force", code, inForce)
		}
	}
	states := map[release.State]int{}
	for _, it := range by {
		states[it.State]++
	}
	for _, s := range []release.State{release.Draft, release.Checked, release.InForce, release.Retired} {
		if states[s] == 0 {
			t.Errorf("none is %s", s)
		}
	}
	if v1, v2 := by["HTLY@1"], by["HTLY@2"]; v1.State != release.Retired || v1.To != "2025-06-30" || v2.From != "2025-07-01" || !v1.InForce("2025-06-30") || v1.InForce("2025-07-01") {
		t.Errorf("%+v, %+v", v1.Life, v2.Life)
	}
}

// The field lists of the two public notices (双公示) are whole.
func TestCatalogueFieldsOfThePublicNotices(t *testing.T) {
	by := seeded(t)
	for id, want := range map[string]string{
		"XZXK@1": "XK_XDR_MC XK_XDR_LB XK_XDR_SHXYM XK_XDR_GSZC XK_XDR_ZZJG XK_XDR_SWDJ XK_XDR_SYDW XK_XDR_SHZZ XK_FRDB XK_FR_ZJLX XK_FR_SFZH XK_XDR_ZJLX XK_XDR_ZJHM XK_XKWS XK_WSH XK_XKLB XK_XKZS XK_XKBH XK_NR XK_JDRQ XK_YXQZ XK_YXQZI XK_XKJG XK_XKJGDM XK_ZT XK_LYDW XK_LYDWDM BZ",
		"XZCF@1": "CF_XDR_MC CF_XDR_LB CF_XDR_SHXYM CF_XDR_GSZC CF_XDR_ZZJG CF_XDR_SWDJ CF_XDR_SYDW CF_XDR_SHZZ CF_FRDB CF_FR_ZJLX CF_FR_ZJHM CF_XDR_ZJLX CF_XDR_ZJHM CF_WSH CF_WFXW CF_SY CF_YJ CF_CFLB CF_NR CF_NR_FK CF_NR_WFFF CF_NR_ZKDX CF_JDRQ CF_YXQ CF_GSJZQ CF_CFJG CF_CFJGDM CF_SJLY CF_SJLYDM CASE_PROCESS_TYPE CF_YZCD CF_XWZZRQ CF_LSTD BZ",
	} {
		form, err := by[id].Form()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range form.Columns {
			got = append(got, c.Key)
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// Every item of the demo city makes a form whose own sample row it reads, and whose headings find their columns.
func TestCatalogueRoundTrips(t *testing.T) {
	for id, it := range seeded(t) {
		form, err := it.Form()
		if err != nil {
			t.Fatal(id, err)
		}
		for _, c := range form.Columns {
			if key, ok := form.Column(" " + c.Title.ZH + "*"); !ok || key != c.Key {
				t.Errorf("%s: the heading %q finds %q", id, c.Title.ZH, key)
			}
		}
		for _, kind := range it.Kinds {
			row, faults := form.Read(form.Sample(kind))
			if len(faults) > 0 || row.Kind != kind || row.Key == "" || row.DecidedOn == "" || row.Filled != row.Required || row.Required == 0 {
				t.Errorf("%s for %s: %+v %+v", id, kind, faults, row)
			}
		}
	}
}
