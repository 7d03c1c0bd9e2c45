package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long a server may take to begin, to end, or to be well again.
const patience = 60 * time.Second

// A program is the server in a process of its own.
type program struct {
	cmd            *exec.Cmd
	url, operators string
	log            *bytes.Buffer
	over           chan error
}

// environ is what every process of ours is started with: a sandbox without rates that works within the memory it may take up.
func (p plan) environ(dir string, more ...string) []string {
	return append(os.Environ(), append([]string{
		"DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR", "OPS_ADDR=off", "RATE_PERSON=0", "RATE_CLIENT=0", "RATE_ADDRESS=0",
		"MAX_CONNECTIONS_PER_ADDRESS=0",
		fmt.Sprint("GOMEMLIMIT=", p.memory*3/4),
	}, more...)...)
}

// command runs a command of the program and answers its exit code and what it printed.
func (p plan) command(ctx context.Context, dir string, args ...string) (code int, out string) {
	cmd := exec.CommandContext(ctx, p.binary, args...)
	cmd.Env = p.environ(dir)
	raw, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		return -1, err.Error()
	}
	return cmd.ProcessState.ExitCode(), string(raw)
}

// copied is a folder of its own with the demo city in it.
func (p plan) copied(name string) (string, error) {
	dir := filepath.Join(p.dir, name)
	return dir, copyInto(dir, p.city)
}

// copyInto copies a folder of files.
func copyInto(dir, from string) error {
	files, err := os.ReadDir(from)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name()), raw, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// free is an address of this machine that nobody listens on.
func free(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// copyServed is serve over a copy of the demo city of its own.
func (p plan) copyServed(ctx context.Context, name string, files int, more ...string) (*program, error) {
	dir, err := p.copied(name)
	if err != nil {
		return nil, err
	}
	return p.serve(ctx, dir, files, more...)
}

// serve starts a server over dir and waits until it is ready. files bounds how many it may have open, 0 for as many as there may be.
func (p plan) serve(ctx context.Context, dir string, files int, more ...string) (*program, error) {
	addr, err := free(ctx)
	if err != nil {
		return nil, err
	}
	operators, err := free(ctx)
	if err != nil {
		return nil, err
	}
	shell := `exec "$0" serve`
	if files > 0 {
		shell = fmt.Sprintf(`ulimit -n %d && %s`, files, shell)
	}
	s := &program{cmd: exec.CommandContext(ctx, "/bin/sh", "-c", shell, p.binary), url: "http://" + addr, operators: "http://" + operators,
		log: &bytes.Buffer{}, over: make(chan error, 1)}
	s.cmd.Env = p.environ(dir, append([]string{"ADDR=" + addr, "OPS_ADDR=" + operators}, more...)...)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.over <- s.cmd.Wait() }()
	if !until(ctx, patience, func() bool { return s.ready(ctx) == http.StatusOK }) {
		return nil, errors.Join(fmt.Errorf("not ready after %v: %.500s", patience, s.log), s.kill())
	}
	return s, nil
}

// until asks again and again until ok, for so long.
func until(ctx context.Context, d time.Duration, ok func() bool) bool {
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// ready is the status of the server's readiness, 0 for no answer.
func (s *program) ready(ctx context.Context) int {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", http.NoBody)
	if err != nil {
		return 0
	}
	rs, err := browser.Do(rq)
	if err != nil {
		return 0
	}
	defer func() { _ = rs.Body.Close() }()
	if _, err := io.Copy(io.Discard, rs.Body); err != nil {
		return 0
	}
	return rs.StatusCode
}

// stop ends the server as an operator would. Errors: it does not end, or not well.
func (s *program) stop() error {
	browser.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("it has ended by itself: %w: %.500s", <-s.over, s.log)
	}
	select {
	case err := <-s.over:
		return err
	case <-time.After(patience):
		return errors.Join(errors.New("it does not end"), s.kill())
	}
}

// kill ends the server as a power cut would.
func (s *program) kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := <-s.over; err == nil {
		return errors.New("it had ended well before it was killed")
	}
	return nil
}

// peak is the most memory the process has taken up, in bytes; 0 where there is no /proc.
func (s *program) peak() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// done notes the memory of a server that has had its round, and ends it.
func (s *program) done(t *tally) {
	t.peak = max(t.peak, s.peak())
	if err := s.stop(); err != nil {
		t.fault("the server: %v", err)
	}
}
