package local

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// JPush answers like Jiguang's push interface, version 3: /v3/push, /v3/push/validate and /v3/push/cid. A registration id's
// text before "#" says what it is answered:
//
//	ok#…       taken                                  gone#…    400, 1011: nobody by this id
//	reject#…   400, 1003                              toolong#… 400, 1005
//	limit:7#…  429, 2002, X-Rate-Limit-Reset 7; "limit#" none
//	flood#…    403, 2005: too much for this reader    blocked#… 403, 2003
//	down#…     503, 1030                              broken#…  500, 1000
//	hang:5s#…  taken after five seconds               drop#…    the connection is cut
//	half#…     taken, with half an answer             long#…    taken, with an answer that is far too long
//
// Any other is no registration id: 400, 1003. The zero JPush with its first three fields is ready; it is safe for concurrent use.
type JPush struct {
	AppKey, MasterSecret string
	Now                  func() time.Time // needed

	mu       sync.Mutex
	fail     int
	down     bool
	requests int
	sent     int
	seen     []JPushed // a ring once it is full
	last     map[string]JPushed
}

// jpushKept is how many pushes Seen, and devices Last, remember.
const jpushKept = 10_000

// A JPushed is what a device would have got.
type JPushed struct {
	Registration   string
	Platforms      []string
	Title, Alert   string
	Extras         map[string]string
	Category       string // HarmonyOS's
	Collapse       string
	TTL            time.Duration
	Classification int // 0 marketing, 1 service
	SendNo         int
	At             time.Time
}

// Fail makes every request end in status, until Fail(0).
func (j *JPush) Fail(status int) { j.set(func() { j.fail = status }) }

// Down makes every request end in 503, until Down(false).
func (j *JPush) Down(on bool) { j.set(func() { j.down = on }) }

func (j *JPush) set(change func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change()
}

// Seen lists the last pushes that were taken, oldest first; at most 10,000.
func (j *JPush) Seen() []JPushed {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := 0
	if len(j.seen) == jpushKept {
		from = j.sent % jpushKept
	}
	return append(append([]JPushed(nil), j.seen[from:]...), j.seen[:from]...)
}

// Sent is how many pushes were taken.
func (j *JPush) Sent() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sent
}

// Requests is how many calls arrived, whatever they were answered.
func (j *JPush) Requests() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.requests
}

// Last is the last push a device got.
func (j *JPush) Last(registration string) (JPushed, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p, ok := j.last[registration]
	return p, ok
}

func (j *JPush) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	j.requests++
	fail, down := j.fail, j.down
	j.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	key, secret, _ := r.BasicAuth()
	known := subtle.ConstantTimeCompare([]byte(key+":"+secret), []byte(j.AppKey+":"+j.MasterSecret)) == 1
	switch {
	case down:
		jpushRefuse(w, 503, 1030, "Server internal timeout")
	case fail != 0:
		jpushRefuse(w, fail, 0, "switched to fail")
	case !known:
		jpushRefuse(w, 401, 1004, "Authen failed!")
	case r.URL.Path == "/v3/push/cid" && r.Method == http.MethodGet:
		j.cids(w, r)
	case r.Method != http.MethodPost:
		jpushRefuse(w, 405, 1001, "Only support HTTP Post method")
	case r.URL.Path == "/v3/push", r.URL.Path == "/v3/push/validate":
		j.push(w, r, body)
	default:
		jpushRefuse(w, 404, 0, "no such path")
	}
}

// cids hands out push ids.
func (j *JPush) cids(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("count"))
	if err != nil {
		n = 1
	}
	list := []string{}
	for i := range min(max(n, 1), 10) {
		list = append(list, fmt.Sprintf("%s-%08d-0000-4000-8000-%012d", j.AppKey, j.Requests(), i))
	}
	jpushWrite(w, http.StatusOK, map[string]any{"cidlist": list})
}

func (j *JPush) push(w http.ResponseWriter, r *http.Request, body []byte) {
	p, code, what := jpushRead(body)
	if code != 0 {
		jpushRefuse(w, 400, code, what)
		return
	}
	wish, _, marked := strings.Cut(p.Registration, "#")
	wish, arg, _ := strings.Cut(wish, ":")
	no := jpushRefusals[wish]
	switch {
	case !marked || no.status == 0 && !jpushTaken[wish]:
		no = jpushRefusals["reject"]
	case wish == "drop":
		panic(http.ErrAbortHandler)
	case wish == "limit" && arg != "":
		w.Header().Set("X-Rate-Limit-Limit", "600")
		w.Header().Set("X-Rate-Limit-Remaining", "0")
		w.Header().Set("X-Rate-Limit-Reset", arg)
	case wish == "hang" && !jpushHold(r, arg):
		return
	}
	if no.status != 0 { // the message quotes the id, as the vendor's does
		jpushRefuse(w, no.status, no.code, no.message+" "+p.Registration)
		return
	}
	id := "0"
	if r.URL.Path == "/v3/push" {
		p.At = j.Now()
		id = j.keep(p)
	}
	switch wish {
	case "half":
		_, _ = w.Write([]byte(`{"sendno":"` + strconv.Itoa(p.SendNo) + `","msg`))
	case "long":
		_, _ = w.Write([]byte(`{"sendno":"` + strings.Repeat("0", 1<<20) + `","msg_id":"` + id + `"}`))
	default:
		jpushWrite(w, http.StatusOK, map[string]any{"sendno": strconv.Itoa(p.SendNo), "msg_id": id})
	}
}

// jpushHold waits; false when the asker left.
func jpushHold(r *http.Request, d string) bool {
	wait, err := time.ParseDuration(d)
	if err != nil {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// keep remembers a push that was taken, and numbers it.
func (j *JPush) keep(p JPushed) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last == nil || len(j.last) >= jpushKept {
		j.last = map[string]JPushed{}
	}
	if j.last[p.Registration] = p; len(j.seen) < jpushKept {
		j.seen = append(j.seen, p)
	} else {
		j.seen[j.sent%jpushKept] = p
	}
	j.sent++
	return fmt.Sprintf("18%015d", j.sent)
}

func jpushRefuse(w http.ResponseWriter, status, code int, message string) {
	fields := map[string]any{}
	if code != 0 {
		fields["error"] = map[string]any{"code": code, "message": message}
	}
	jpushWrite(w, status, fields)
}

func jpushWrite(w http.ResponseWriter, status int, fields map[string]any) {
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings and numbers always can be written
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
