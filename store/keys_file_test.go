package store

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinyi/models"
)

func TestKeyFile(t *testing.T) {
	master := Master(base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")))
	for name, options := range map[string][]KeyOption{"plain": nil, "with a master key": {master}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			first, err := CreateKeys(path, options...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := CreateKeys(path, options...); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a second CreateKeys = %v", err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			raw, err := first.marshal(&holder{Phone: models.NewSecret("13800000001")})
			if err != nil {
				t.Fatal(err)
			}
			again, err := LoadKeys(path, options...)
			if err != nil {
				t.Fatal(err)
			}
			var out holder
			if err := again.unmarshal(raw, &out); err != nil || out.Phone.Reveal() != "13800000001" {
				t.Errorf("after loading: %v", err)
			}
		})
	}
}

func TestKeyFileRefusals(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	other := base64.StdEncoding.EncodeToString([]byte("ffffffffffffffff0123456789abcdef"))
	dir := t.TempDir()
	plain, wrapped, open := filepath.Join(dir, "plain"), filepath.Join(dir, "wrapped"), filepath.Join(dir, "open")
	for path, master := range map[string]string{plain: "", open: "", wrapped: secret} {
		if _, err := CreateKeys(path, Master(master)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path, master, want string
	}{
		"others may read it":    {open, "", "chmod 600"},
		"no master key":         {wrapped, "", "master key is needed"},
		"another master key":    {wrapped, other, "authentication failed"},
		"a master key too many": {plain, secret, "not encrypted with one"},
		"a short master key":    {wrapped, "c2hvcnQ=", "32 bytes"},
		"no file":               {filepath.Join(dir, "none"), "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadKeys(tc.path, Master(tc.master))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("LoadKeys = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	old, err := CreateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	phone := models.NewSecret("13800000001")
	raw, err := old.marshal(&holder{Phone: phone})
	if err != nil {
		t.Fatal(err)
	}
	id, err := PrepareKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := mustPrimary(t, old), mustPrimary(t, ready); was != is {
		t.Errorf("preparing made %s primary, it was %s", is, was)
	}
	now, err := RotateKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	info := now.Info()
	if len(info) != 3 || info[0].Primary || !info[1].Primary || info[1].ID != id || info[2].Kind != "hash" {
		t.Errorf("Info = %+v", info)
	}
	fresh, err := now.marshal(&holder{Phone: phone})
	if err != nil {
		t.Fatal(err)
	}
	var out holder
	if err := now.unmarshal(raw, &out); err != nil || out.Phone.Reveal() != phone.Reveal() {
		t.Errorf("the old document after rotation: %v", err)
	}
	if err := ready.unmarshal(fresh, &out); err != nil {
		t.Errorf("a replica that has the prepared key: %v", err)
	}
	if old.Hash(phone) != now.Hash(phone) {
		t.Error("rotation changed the hashes")
	}
	retired, err := RetireKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := retired.unmarshal(fresh, &out); err != nil {
		t.Errorf("the new document after retiring: %v", err)
	}
	if err := retired.unmarshal(raw, &out); err == nil {
		t.Error("a retired key still reads")
	}
}

func mustPrimary(t *testing.T, k *Keys) string {
	t.Helper()
	id, err := k.primary()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
