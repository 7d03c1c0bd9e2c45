package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// codec is a BSON registry that knows secrets, and the encoders that use it.
type codec struct {
	once     sync.Once
	registry *bson.Registry
	pool     sync.Pool // of *encoder
}

// An encoder is a writer that is used again after each document it ended well.
type encoder struct {
	enc *bson.Encoder
	out []byte
}

// Write keeps a copy of a whole document: the writer beneath reuses its buffer.
func (e *encoder) Write(p []byte) (int, error) {
	e.out = append([]byte(nil), p...)
	return len(p), nil
}

var secretType = reflect.TypeFor[models.Secret]()

func (c *codec) use(k *Keys) {
	c.once.Do(func() {
		c.registry = bson.NewRegistry()
		c.registry.RegisterTypeEncoder(secretType, bson.ValueEncoderFunc(k.encodeSecret))
		c.registry.RegisterTypeDecoder(secretType, bson.ValueDecoderFunc(k.decodeSecret))
		c.pool.New = func() any {
			e := &encoder{}
			e.enc = bson.NewEncoder(bson.NewDocumentWriter(e))
			e.enc.SetRegistry(c.registry)
			return e
		}
	})
}

// noKeys stands for the nil Keys.
var noKeys Keys

func (k *Keys) coder() *codec {
	if k == nil {
		k = &noKeys
	}
	k.codec.use(k)
	return &k.codec
}

// marshal encodes a document, its secrets encrypted.
func (k *Keys) marshal(v any) (bson.Raw, error) {
	c := k.coder()
	e := c.pool.Get().(*encoder) //nolint:errcheck,forcetypeassert // the pool holds nothing else
	if err := e.enc.Encode(v); err != nil {
		return nil, err // the writer stands in the middle of a document: it is not used again
	}
	raw := e.out
	e.out = nil
	c.pool.Put(e)
	return raw, nil
}

// errLength is what a document fails with that is not as long as it says.
var errLength = errors.New("not a whole document")

// unmarshal decodes a document, its secrets decrypted.
func (k *Keys) unmarshal(raw bson.Raw, v any) error {
	if len(raw) < 5 || int64(binary.LittleEndian.Uint32(raw)) != int64(len(raw)) {
		return errLength
	}
	doc := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: raw}
	return doc.UnmarshalWithContext(&bson.DecodeContext{Registry: k.coder().registry}, v)
}

func (k *Keys) encodeSecret(_ bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
	s, ok := v.Interface().(models.Secret)
	if !ok {
		return fmt.Errorf("%s is no secret", v.Type())
	}
	if s.Empty() {
		return w.WriteNull()
	}
	c, hash, err := k.seal(s)
	if err != nil {
		return err
	}
	doc, err := w.WriteDocument()
	if err != nil {
		return err
	}
	field, err := doc.WriteDocumentElement("c")
	if err != nil {
		return err
	}
	if err := field.WriteBinary(c); err != nil {
		return err
	}
	if field, err = doc.WriteDocumentElement("hash"); err != nil {
		return err
	}
	if err := field.WriteString(hash); err != nil {
		return err
	}
	return doc.WriteDocumentEnd()
}

func (k *Keys) decodeSecret(_ bson.DecodeContext, r bson.ValueReader, v reflect.Value) error {
	switch t := r.Type(); t {
	case bson.TypeNull:
		v.SetZero()
		return r.ReadNull()
	case bson.TypeEmbeddedDocument:
	default:
		return fmt.Errorf("a secret cannot be read from a %s", t)
	}
	c, hash, err := readSealed(r)
	if err != nil {
		return err
	}
	s, err := k.open(c, hash)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(s))
	return nil
}

// readSealed reads the two halves of a secret, in any order.
func readSealed(r bson.ValueReader) (c []byte, hash string, err error) {
	doc, err := r.ReadDocument()
	if err != nil {
		return nil, "", err
	}
	for {
		name, field, err := doc.ReadElement()
		if errors.Is(err, bson.ErrEOD) {
			return c, hash, nil
		}
		if err != nil {
			return nil, "", err
		}
		switch name {
		case "c":
			c, _, err = field.ReadBinary()
		case "hash":
			hash, err = field.ReadString()
		default:
			err = fmt.Errorf("a secret has no %q", name)
		}
		if err != nil {
			return nil, "", err
		}
	}
}

// keyID is the id of the key that made a ciphertext, in words.
func keyID(c []byte) string {
	if id := keyOfBytes(c); id != 0 {
		return strconv.FormatUint(uint64(id), 10)
	}
	return "unknown"
}
