package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"xinyi/models"
)

// keptSeal is a seal in the file that all replicas share, the newest first. None is ever taken out: what it signed stays good.
type keptSeal struct {
	Seed  []byte    `json:"seed"` // of Ed25519
	Since time.Time `json:"since"`
}

// LoadSeals reads the seals at path, and makes the file with a first one when there is none.
func LoadSeals(path string, now time.Time) (models.Seals, error) {
	seals, err := ReadSeals(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := AddSeal(path, now); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		return ReadSeals(path) // ours, or that of a replica that was faster
	}
	return seals, err
}

// ReadSeals reads the seals at path. A missing file is fs.ErrNotExist.
func ReadSeals(path string) (models.Seals, error) {
	kept, err := readSeals(path)
	if err != nil {
		return nil, err
	}
	seals := make(models.Seals, len(kept))
	for i, k := range kept {
		if seals[i], err = models.NewSeal(k.Seed, k.Since); err != nil {
			return nil, fmt.Errorf("seals %s: seal %d is damaged: %w", path, i, err)
		}
	}
	return seals, nil
}

// AddSeal adds a seal that signs from now on, after a restart of every replica; it makes the file when there is none,
// fs.ErrExist when another did just then.
func AddSeal(path string, now time.Time) error {
	kept, err := readSeals(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return err
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return fmt.Errorf("seals: %w", err)
	}
	raw, err := json.MarshalIndent(append([]keptSeal{{seed, now.UTC()}}, kept...), "", "  ")
	if err != nil {
		return fmt.Errorf("seals: %w", err)
	}
	if err := WriteWhole(path, raw, fresh); err != nil {
		return fmt.Errorf("seals: %w", err)
	}
	return nil
}

func readSeals(path string) ([]keptSeal, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fmt.Errorf("seals: %w", err)
	}
	var kept []keptSeal
	if err := json.Unmarshal(raw, &kept); err != nil || len(kept) == 0 {
		return nil, fmt.Errorf("seals %s cannot be read: %w", path, err)
	}
	return kept, nil
}
