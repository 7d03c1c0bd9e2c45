package journal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
)

// Origin is the name of the audit log in its checkpoints.
const Origin = "xinyi/audit"

// signer is a seal as checkpoints are signed with it: an Ed25519 signed note.
func signer(s models.Seal) (note.Signer, error) {
	vkey, err := note.NewEd25519VerifierKey(Origin, s.Public)
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(vkey, "+")
	hash, _, _ := strings.Cut(rest, "+")
	seed := append([]byte{1}, s.Private().Seed()...) // 1: Ed25519
	return note.NewSigner("PRIVATE+KEY+" + Origin + "+" + hash + "+" + base64.StdEncoding.EncodeToString(seed))
}

// VerifierKey is a seal's public key in the form that tools for signed notes take.
func VerifierKey(public ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(Origin, public)
}

func verifiers(seals models.Seals) (note.Verifiers, error) {
	var list []note.Verifier
	for _, s := range seals {
		vkey, err := VerifierKey(s.Public)
		if err != nil {
			return nil, err
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

// Checkpoint signs a size and a root (C2SP tlog-checkpoint).
func Checkpoint(size int64, root tlog.Hash, seals models.Seals) (string, error) {
	if len(seals) == 0 || seals[0].Private() == nil {
		return "", models.E(models.Internal, "internal", errors.New("there is no seal to sign with"))
	}
	s, err := signer(seals[0])
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	text := Origin + "\n" + strconv.FormatInt(size, 10) + "\n" + root.String() + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return string(signed), nil
}

// errCheckpoint is a checkpoint that says nothing we can use.
var errCheckpoint = errors.New("not a checkpoint of this log")

// ReadCheckpoint checks the signature of a checkpoint and answers its size and root.
func ReadCheckpoint(text string, seals models.Seals) (size int64, root tlog.Hash, err error) {
	known, err := verifiers(seals)
	if err != nil {
		return 0, root, err
	}
	n, err := note.Open([]byte(text), known)
	if err != nil {
		return 0, root, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 3 || lines[0] != Origin {
		return 0, root, errCheckpoint
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || size <= 0 {
		return 0, root, errCheckpoint
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}

// A Proof shows that a row is in the log under a signed head.
type Proof struct {
	Row   []byte
	Index int64
	Path  []tlog.Hash
	Head  string // the signed checkpoint
}

// proofHead is the first line of a proof (C2SP tlog-proof).
const proofHead = "c2sp.org/tlog-proof@v1"

// Text is the proof as others read it. The row is its extra data.
func (p Proof) Text() string {
	var b strings.Builder
	b.WriteString(proofHead + "\nextra " + base64.StdEncoding.EncodeToString(p.Row) + "\nindex " + strconv.FormatInt(p.Index, 10) + "\n")
	for _, h := range p.Path {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n" + p.Head)
	return b.String()
}

// errProof is a text that is no proof.
var errProof = errors.New("not a proof of this log")

// ReadProof reads what Text wrote.
func ReadProof(text string) (Proof, error) {
	body, head, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 || lines[0] != proofHead {
		return Proof{}, errProof
	}
	row, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return Proof{}, errProof
	}
	p := Proof{Row: row, Head: head}
	if p.Index, err = strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64); err != nil {
		return Proof{}, errProof
	}
	for _, line := range lines[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return Proof{}, errProof
		}
		p.Path = append(p.Path, h)
	}
	return p, nil
}

// Check says whether the proof holds: the head is signed by one of seals, and the row is in its log at its place.
func (p Proof) Check(seals models.Seals) error {
	size, root, err := ReadCheckpoint(p.Head, seals)
	if err != nil {
		return fmt.Errorf("the head is not signed by a seal we know: %w", err)
	}
	if p.Index < 0 || p.Index >= size {
		return fmt.Errorf("place %d lies outside a log of %d rows", p.Index, size)
	}
	if err := tlog.CheckRecord(p.Path, size, root, p.Index, tlog.RecordHash(p.Row)); err != nil {
		return fmt.Errorf("the row is not in the log at its place: %w", err)
	}
	return nil
}

// A Fold computes the root of a growing log from its rows alone, in memory of log₂ size.
type Fold struct {
	Size int64
	tops []tlog.Hash // of complete subtrees, the largest first
}

// Add appends a row's hash.
func (f *Fold) Add(h tlog.Hash) {
	for n := f.Size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(f.tops[len(f.tops)-1], h)
		f.tops = f.tops[:len(f.tops)-1]
	}
	f.tops = append(f.tops, h)
	f.Size++
}

// Root is the root of all that was added; the zero hash of nothing.
func (f *Fold) Root() tlog.Hash {
	if len(f.tops) == 0 {
		return tlog.Hash{}
	}
	h := f.tops[len(f.tops)-1]
	for i := len(f.tops) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.tops[i], h)
	}
	return h
}
