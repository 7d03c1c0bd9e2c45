package medical

import "testing"

// A revision whose sums did not hold only waited: the right one may come under the same number, or a lower one.
func TestWhatOnlyWaitedBlocksNothing(t *testing.T) {
	for _, revision := range []int{9, 3} {
		e := visit(Outpatient)
		bad := Amounts{MedfeeSum: 1000, FundPaySum: 100, PsnPart: 800, CashPay: 800}
		s, err := e.Settle(InsurerWord{SetlID: "S", Revision: 9, Amounts: bad, MulaidInside: false}, 1000, his, noon)
		if err != nil || s.Result != Excepted || e.Queued == "" {
			t.Fatal(s, err)
		}
		good := Amounts{MedfeeSum: 1000, FundPaySum: 200, PsnPart: 800, CashPay: 800}
		if s, err = e.Settle(InsurerWord{SetlID: "S", Revision: revision, Amounts: good, MulaidInside: false}, 1000, his, noon); err != nil || s.Result != SettledOK || e.Queued != "" {
			t.Errorf("revision %d: %+v, %v", revision, s, err)
		}
	}
}
