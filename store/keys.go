package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/tink"

	"xinyi/models"
)

// Keys encrypts what documents keep secret. In a document a models.Secret is
//
//	{c: <binary: AES-256-GCM, the key's id in front>, hash: "<hex: HMAC-SHA256, the key's id in front>"}
//
// and the empty secret is null. "phone.hash" finds equal texts and nothing else: no prefix, no order.
//
// The ciphertext is bound to its purpose and to the hash beside it, so that neither half can be exchanged alone.
// It is not bound to the document or the path: a document may be copied or archived and its fields renamed without keys.
//
// The nil and the zero Keys keep documents without secrets and fail on any other. All methods are safe for concurrent use.
type Keys struct {
	sealer tink.AEAD
	macs   []macKey // the primary first, then the newest
	sets   sets
	codec  codec
}

type macKey struct {
	id uint32
	tink.MAC
}

// sets are the keysets themselves.
type sets struct{ aead, mac *keyset.Handle }

// errNoKeys is what a secret fails with when there are no keys.
var errNoKeys = errors.New("a secret cannot be kept or read: no keys are loaded")

// purpose keeps these ciphertexts apart from anything else ever encrypted with the same keys.
const purpose = "xinyi/secret/1:"

// NewKeys makes Keys from keysets of Tink: AEAD keys and MAC keys, both with the Tink prefix.
func NewKeys(aeadKeys, macKeys *keyset.Handle) (*Keys, error) {
	k := &Keys{sets: sets{aeadKeys, macKeys}}
	var err error
	if k.sealer, err = aead.New(aeadKeys); err != nil {
		return nil, fmt.Errorf("encryption keys: %w", err)
	}
	if k.macs, err = macsOf(macKeys); err != nil {
		return nil, fmt.Errorf("hash keys: %w", err)
	}
	k.codec.use(k)
	return k, nil
}

// freshSets makes one new key of each kind.
func freshSets() (sets, error) {
	a, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return sets{}, err
	}
	m, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	return sets{a, m}, err
}

// macsOf makes one MAC per enabled key, for Tink computes only with the primary of a keyset.
func macsOf(h *keyset.Handle) ([]macKey, error) {
	primary, err := h.Primary()
	if err != nil {
		return nil, err
	}
	var keys []macKey
	for i := h.Len() - 1; i >= 0; i-- {
		entry, err := h.Entry(i)
		if err != nil {
			return nil, err
		}
		if entry.KeyStatus() != keyset.Enabled {
			continue
		}
		m, err := macUnder(h, entry.KeyID())
		if err != nil {
			return nil, err
		}
		key := macKey{entry.KeyID(), m}
		if key.id == primary.KeyID() {
			keys = append([]macKey{key}, keys...)
		} else {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func macUnder(h *keyset.Handle, id uint32) (tink.MAC, error) {
	m := keyset.NewManagerFromHandle(h)
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	only, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return mac.New(only)
}

// Hash is what documents keep beside the ciphertext of s, under the primary hash key; "" for the empty secret.
// Equal texts have equal hashes.
func (k *Keys) Hash(s models.Secret) string {
	if k == nil || len(k.macs) == 0 {
		return ""
	}
	return k.macs[0].hash(s)
}

// Hashes are the hashes of s under every hash key, the primary first, for Where("phone.hash", In, keys.Hashes(s)...)
// while documents of an older hash key remain; nil for the empty secret.
func (k *Keys) Hashes(s models.Secret) []any {
	if k == nil || s.Empty() {
		return nil
	}
	all := make([]any, len(k.macs))
	for i, m := range k.macs {
		all[i] = m.hash(s)
	}
	return all
}

func (m macKey) hash(s models.Secret) string {
	if s.Empty() {
		return ""
	}
	tag, err := m.ComputeMAC([]byte(s.Reveal()))
	if err != nil {
		return "" // HMAC fails for no input; an empty hash finds nothing
	}
	return hex.EncodeToString(tag)
}

// seal encrypts s, which is not empty.
func (k *Keys) seal(s models.Secret) (c []byte, hash string, err error) {
	if k == nil || k.sealer == nil {
		return nil, "", errNoKeys
	}
	if hash = k.Hash(s); hash == "" {
		return nil, "", errNoKeys
	}
	c, err = k.sealer.Encrypt([]byte(s.Reveal()), []byte(purpose+hash))
	return c, hash, err
}

// open decrypts what seal made.
func (k *Keys) open(c []byte, hash string) (models.Secret, error) {
	if k == nil || k.sealer == nil {
		return models.Secret{}, errNoKeys
	}
	text, err := k.sealer.Decrypt(c, []byte(purpose+hash))
	if err != nil {
		return models.Secret{}, fmt.Errorf("a secret cannot be read: it was changed, or encrypted with a key (id %s) other than those loaded: %w", keyID(c), err)
	}
	return models.NewSecret(string(text)), nil
}

// TestKeys are keys for tests: made once a process, never kept.
func TestKeys() *Keys { return testKeys() }

var testKeys = sync.OnceValue(func() *Keys {
	s, err := freshSets()
	if err != nil {
		panic(err)
	}
	k, err := NewKeys(s.aead, s.mac)
	if err != nil {
		panic(err)
	}
	return k
})
