package casework

import (
	"errors"
	"strings"
	"testing"

	"xinyi/models"
)

func TestTooEarlyToAsk(t *testing.T) {
	early := repairs
	early.Eligible = "2026-05-12"
	_, err := filing(Repair).AskRepair("c", early, Standard, ann, noon)
	var e *models.Error
	if !errors.As(err, &e) || e.Code != models.Denied || len(e.Clauses) != 1 || *e.Clauses[0].From != "2026-05-12" {
		t.Errorf("%v", err)
	}
	if _, err := filing(Repair).AskRepair("c", early, Standard, ann, models.Day("2026-05-12").Start()); err != nil {
		t.Errorf("on the day: %v", err)
	}
}

func TestTheCommitmentIsMade(t *testing.T) {
	without := repairs
	without.Commitment = ""
	if _, err := filing(Repair).AskRepair("c", without, Standard, ann, noon); models.CodeOf(err) != models.Invalid {
		t.Errorf("%v", err)
	}
	c := in(t, Repair, Draft)
	if err := c.Confirm(strings.Repeat("0", 64), "", ann, noon); models.CodeOf(err) != models.Invalid || c.State != Draft || c.Repair.Commitment != "" {
		t.Errorf("other words: %v", err)
	}
	if err := c.Confirm(Promise.Hash(), " 已缴清 ", ann, noon); err != nil || c.State != Submitted || c.Repair.Commitment != Promise.Hash() ||
		c.Words.Reveal() != "已缴清" || c.Filed != ann || c.Clock.Due != "2026-05-14" || !c.Repair.Auto {
		t.Errorf("%v %+v", err, c)
	}
	if len(Promise.Hash()) != 64 || Promise.Hash() == (Commitment{Version: Promise.Version, Words: models.Words{ZH: Promise.ZH, EN: Promise.EN + " "}}).Hash() {
		t.Error("the hash does not name the words")
	}
}

// Who made the record decides about it: nothing is granted before the unit has answered, and against it never.
func TestTheUnitBinds(t *testing.T) {
	c := in(t, Repair, Checking)
	if c.Queue != "unit" || c.Clock.Due != "2026-05-25" {
		t.Errorf("%s %+v", c.Queue, c.Clock)
	}
	if err := c.Answer(unit, false, "not paid", noon); err != nil || c.State != Accepted || c.Queue != "desk" {
		t.Fatalf("%v %s", err, c.State)
	}
	if err := c.GrantRepair(office, "w", noon); !errors.Is(err, models.Conflict) || c.State != Accepted {
		t.Errorf("against the unit: %v", err)
	}
	if err := c.Reject(office, "the unit says it is not paid", noon); err != nil || c.Slot != "" {
		t.Errorf("%v", err)
	}
	own, err := func() Filing { f := filing(Repair); f.Desk = "unit"; return f }().AskRepair("c", repairs, Standard, ann, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Accept(unit, noon); err != nil || own.State != Accepted {
		t.Fatalf("its own record: %v %s", err, own.State)
	}
	if err := own.GrantRepair(unit, "w", noon); err != nil {
		t.Errorf("%v", err)
	}
}

func TestExtendOnce(t *testing.T) {
	c := in(t, Repair, Checking)
	if err := c.Extend(office, "complex", noon); err != nil || c.Clock.Due != "2026-06-08" {
		t.Fatalf("%v %s", err, c.Clock.Due)
	}
	if err := c.Extend(office, "again", noon); !errors.Is(err, models.Conflict) || c.Clock.Due != "2026-06-08" {
		t.Errorf("%v %s", err, c.Clock.Due)
	}
	if err := in(t, Repair, Checking).Extend(office, " ", noon); models.CodeOf(err) != models.Invalid {
		t.Errorf("%v", err)
	}
}

func TestTenPapers(t *testing.T) {
	c := filed(t, Repair)
	for range maxMaterials {
		if err := c.Attach(Material{Kind: "proof", Name: "a", Blob: "b"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Attach(Material{Kind: "proof", Name: "a", Blob: "b"}); !errors.Is(err, models.Conflict) || len(c.Materials) != maxMaterials {
		t.Errorf("%v", err)
	}
}

// When the record ends by itself there is nothing left to decide; a draft goes without a word.
func TestOver(t *testing.T) {
	for _, s := range States {
		c := in(t, Repair, s)
		if c == nil {
			continue
		}
		changed, err := c.Over("record.ended", noon)
		open := s == Draft || s == Submitted || s == NeedMore || s == Accepted || s == Checking
		if err != nil || changed != open || open && (c.State != Closed || c.Slot != "") || !open && c.State != s {
			t.Errorf("%s: %v %v, now %s", s, changed, err, c.State)
		}
		if told := len(c.Outbox) > 0; told != (open && s != Draft) {
			t.Errorf("%s tells %v", s, c.Outbox)
		}
	}
	if changed, err := filed(t, Objection).Over("record.ended", noon); changed || err != nil {
		t.Errorf("an objection: %v %v", changed, err)
	}
}

// Granted, everybody is to be told within three working days; that is late, too, when it is.
func TestSyncHasAClock(t *testing.T) {
	c := in(t, Repair, Approved)
	if c.Clock.Due != "2026-05-14" || c.WakeAt == nil {
		t.Errorf("%+v", c.Clock)
	}
	if err := c.Wake(models.Day("2026-05-15").Start()); err != nil || !c.Clock.Late {
		t.Errorf("%v %+v", err, c.Clock)
	}
	if err := c.Sync(noon); err != nil || c.Clock.Due != "" {
		t.Errorf("%v %+v", err, c.Clock)
	}
}
