package store

import (
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// BenchmarkCodec compares a document of about 1 KB with the driver's own coding, and shows what three secrets add.
func BenchmarkCodec(b *testing.B) {
	at := time.UnixMilli(1)
	v := holder{Meta: models.Meta{ID: "p1", CreatedAt: at, UpdatedAt: at}, Name: "x"}
	for range 20 {
		v.Lines = append(v.Lines, strings.Repeat("l", 40))
	}
	k := TestKeys()
	with := v
	with.Phone, with.Kin = models.NewSecret("13800000001"), []models.Secret{models.NewSecret("430181199003070018"), models.NewSecret("x")}
	raws := map[string]bson.Raw{}
	for name, h := range map[string]holder{"plain": v, "secrets": with} {
		raw, err := k.marshal(&h)
		if err != nil {
			b.Fatal(err)
		}
		raws[name] = raw
	}
	for name, do := range map[string]func() error{
		"marshal/keys":    func() error { _, err := k.marshal(&v); return err },
		"marshal/secrets": func() error { _, err := k.marshal(&with); return err },
		"unmarshal/keys":  func() error { return k.unmarshal(raws["plain"], &holder{}) },
		"unmarshal/driver": func() error {
			return bson.Unmarshal(raws["plain"], &struct {
				models.Meta `bson:",inline"`
				Name        string
				Lines       []string
			}{})
		},
		"unmarshal/secrets": func() error { return k.unmarshal(raws["secrets"], &holder{}) },
		"marshal/driver":    func() error { _, err := bson.Marshal(&v); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
