package seed

import (
	"testing"

	"xinyi/models"
)

// BenchmarkFormRead reads one row of an administrative penalty, 33 columns, all filled.
func BenchmarkFormRead(b *testing.B) {
	items, err := Catalogue(models.Actor{Person: "m", Role: models.CreditOffice}, models.Actor{Person: "a", Role: models.CreditOffice})
	if err != nil {
		b.Fatal(err)
	}
	for _, it := range items {
		if it.ID != "XZCF@1" {
			continue
		}
		form, err := it.Form()
		if err != nil {
			b.Fatal(err)
		}
		cells := form.Sample(models.Organisation)
		b.ReportAllocs()
		for b.Loop() {
			if _, faults := form.Read(cells); len(faults) > 0 {
				b.Fatal(faults)
			}
		}
	}
}
