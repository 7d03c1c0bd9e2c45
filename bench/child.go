package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A child is the server in a process of its own.
type child struct {
	cmd   *exec.Cmd
	url   string
	ready time.Duration // from its start to its first /readyz
}

// start starts the binary over dir in a sandbox without rate limits, and waits until it is ready.
func start(ctx context.Context, binary, dir string) (*child, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, binary, "serve"), url: "http://" + addr}
	c.cmd.Env = append(os.Environ(), "ADDR="+addr, "OPS_ADDR=off", "DATA_DIR="+dir, "SANDBOX=true", "LOG_LEVEL=ERROR", "RATE_PERSON=0",
		"RATE_CLIENT=0", "RATE_ADDRESS=0")
	c.cmd.Stderr = os.Stderr
	begun := time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begun) < 20*time.Second {
		if c.up(ctx) {
			c.ready = time.Since(begun)
			time.Sleep(time.Second) // at rest
			return c, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("the server did not become ready in 20 s"), c.stop())
}

func (c *child) up(ctx context.Context) bool {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
	if err != nil {
		return false
	}
	rs, err := http.DefaultClient.Do(rq)
	if err != nil {
		return false
	}
	return rs.Body.Close() == nil && rs.StatusCode == http.StatusOK
}

// stop ends the process as an operator would.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return c.cmd.Wait()
}

// processor is how much processor the process has used, in user and kernel, to 10 ms; 0 where there is no /proc.
func (c *child) processor() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime
		if n, err := strconv.ParseInt(f, 10, 64); err == nil {
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory is how much the process holds, in bytes; 0 where there is no /proc.
func (c *child) memory() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
