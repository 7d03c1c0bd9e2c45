package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"xinyi/models"
)

type holder struct {
	models.Meta `bson:",inline"`
	Name        string                   `bson:"name"`
	Phone       models.Secret            `bson:"phone"`
	Number      *models.Secret           `bson:"number"`
	Kin         []models.Secret          `bson:"kin"`
	Notes       map[string]models.Secret `bson:"notes"`
	Lines       []string                 `bson:"lines"`
}

var sameSecret = cmp.Comparer(func(a, b models.Secret) bool { return a.Reveal() == b.Reveal() })

func newKeys(t testing.TB) *Keys {
	t.Helper()
	s, err := freshSets()
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKeys(s.aead, s.mac)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSecretsRoundTrip(t *testing.T) {
	number := models.NewSecret("430181199003070018")
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	in := holder{
		Meta: models.Meta{ID: "p1", Version: 3, CreatedAt: at, UpdatedAt: at, WakeAt: &at}, Name: "x",
		Phone: models.NewSecret("13800000001"), Number: &number,
		Kin:   []models.Secret{models.NewSecret("a"), {}, models.NewSecret("浏阳市大瑶镇")},
		Notes: map[string]models.Secret{"address": models.NewSecret("金刚路 1 号")}, Lines: []string{"l"},
	}
	k := TestKeys()
	raw, err := k.marshal(&in)
	if err != nil {
		t.Fatal(err)
	}
	var out holder
	if err := k.unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out, sameSecret); d != "" {
		t.Error(d)
	}
	if got, want := Scalar(At(raw, "phone.hash")), k.Hash(in.Phone); got != want {
		t.Errorf("phone.hash is %v, want %v", got, want)
	}
	if got := At(raw, "kin.1").Type; got != bson.TypeNull {
		t.Errorf("the empty secret is a %v, want null", got)
	}
}

func TestEqualTextsHaveEqualHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringN(1, 40, -1).Draw(t, "a")
		b := rapid.StringN(1, 40, -1).Draw(t, "b")
		k := TestKeys()
		if same := k.Hash(models.NewSecret(a)) == k.Hash(models.NewSecret(b)); same != (a == b) {
			t.Fatalf("equal hashes: %v, for %q and %q", same, a, b)
		}
	})
}

func TestNothingOfTheTextIsInTheBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9]{11}|[0-9]{17}[0-9X]|[\p{Han}]{4,20}`).Draw(t, "text")
		raw, err := TestKeys().marshal(&holder{Phone: models.NewSecret(text)})
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from+8 <= len(text); from++ {
			part := []byte(text[from : from+8])
			if bytes.Contains(raw, part) || bytes.Contains(raw, []byte(hex.EncodeToString(part))) {
				t.Fatalf("%q of %q is in the document", part, text)
			}
		}
	})
}

func TestAFlippedBitIsDetected(t *testing.T) {
	k := TestKeys()
	type one struct {
		S models.Secret `bson:"s"`
	}
	const text = "13800000001"
	raw, err := k.marshal(one{models.NewSecret(text)})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := raw.LookupErr("s", "c")
	sealed := bytes.Index(raw, c.Value)
	for i := range len(raw) * 8 {
		bad := bson.Raw(bytes.Clone(raw))
		bad[i/8] ^= 1 << (i % 8)
		var out one
		err := k.unmarshal(bad, &out)
		if got := out.S.Reveal(); got != "" && got != text {
			t.Fatalf("bit %d was flipped and %q came out", i, got)
		}
		if inside := i/8 >= sealed+5 && i/8 < sealed+len(c.Value); inside && err == nil {
			t.Fatalf("bit %d of the ciphertext was flipped and nobody noticed", i)
		}
	}
}

func TestHalvesCannotBeExchanged(t *testing.T) {
	k := TestKeys()
	a, _, err := k.seal(models.NewSecret("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.open(a, k.Hash(models.NewSecret("b"))); err == nil {
		t.Error("the ciphertext of one text opened with the hash of another")
	}
}

func TestAnotherKeyIsAClearError(t *testing.T) {
	raw, err := newKeys(t).marshal(&holder{Phone: models.NewSecret("13800000001")})
	if err != nil {
		t.Fatal(err)
	}
	err = newKeys(t).unmarshal(raw, &holder{})
	if err == nil || !strings.Contains(err.Error(), "encrypted with a key (id "+keyIDIn(raw)+")") {
		t.Errorf("unmarshal = %v", err)
	}
}

func keyIDIn(raw bson.Raw) string {
	_, c := raw.Lookup("phone", "c").Binary()
	return keyID(c)
}

func TestWithoutKeysOnlyPlainDocuments(t *testing.T) {
	for name, k := range map[string]*Keys{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			raw, err := k.marshal(&holder{Name: "plain"})
			if err != nil {
				t.Fatal(err)
			}
			var out holder
			if err := k.unmarshal(raw, &out); err != nil || out.Name != "plain" {
				t.Fatalf("unmarshal = %v, %+v", err, out)
			}
			if _, err := k.marshal(&holder{Phone: models.NewSecret("1")}); !errors.Is(err, errNoKeys) {
				t.Errorf("marshal = %v", err)
			}
			if got := k.Hash(models.NewSecret("1")); got != "" {
				t.Errorf("Hash = %q", got)
			}
		})
	}
}

func TestAFailedDocumentSpoilsNoOther(t *testing.T) {
	k := newKeys(t)
	for range 50 {
		if _, err := k.marshal(map[string]any{"a": 1, "b": make(chan int)}); err == nil {
			t.Fatal("a channel was encoded")
		}
		raw, err := k.marshal(&holder{Name: "good"})
		if err != nil || raw.Validate() != nil || raw.Lookup("name").StringValue() != "good" {
			t.Fatalf("marshal = %v, %v", raw, err)
		}
	}
}

func TestBrokenBytesAreErrors(t *testing.T) {
	for name, raw := range map[string]bson.Raw{"nothing": nil, "short": {5, 0}, "longer than it is": {9, 0, 0, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			if err := TestKeys().unmarshal(raw, &holder{}); !errors.Is(err, errLength) {
				t.Errorf("unmarshal = %v", err)
			}
		})
	}
}

func TestSecretsPrintMasked(t *testing.T) {
	const text = "13812345678"
	h := holder{Phone: models.NewSecret(text), Kin: []models.Secret{models.NewSecret(text)}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("seen", "phone", h.Phone, "holder", h)
	prints := []string{log.String(), h.Phone.String()}
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %T") {
		prints = append(prints, fmt.Sprintf(verb, h.Phone), fmt.Sprintf(verb, h), fmt.Sprintf(verb, &h), fmt.Sprintf(verb, []any{h.Phone}))
	}
	for _, p := range prints {
		if strings.Contains(p, text) || strings.Contains(strings.ToLower(p), hex.EncodeToString([]byte(text))) {
			t.Errorf("printed: %s", p)
		}
	}
}
