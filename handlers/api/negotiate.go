package api

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"xinyi/models"
)

func reading(c *fiber.Ctx) bool { return c.Method() == http.MethodGet || c.Method() == http.MethodHead }

// revisions are those an If-Match header names; none for no header or "*". Weak tags count, since a proxy that compresses makes them of
// ours; a tag that is none of ours names a revision nobody has. Errors: Invalid for what is no list of tags.
func revisions(header string) (all []int64, err error) {
	if header == "" || strings.TrimSpace(header) == "*" {
		return nil, nil
	}
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		bare := strings.Trim(tag, `"`)
		n, err := strconv.ParseInt(bare, 10, 64)
		quoted := len(tag) == len(bare)+2
		switch {
		case !quoted && tag != bare, !quoted && err != nil, err == nil && n <= 0, strings.Contains(bare, `"`):
			return nil, models.Bad("#header/If-Match", "etag", "request.invalid")
		case err != nil:
			n = -1
		}
		all = append(all, n)
	}
	return all, nil
}

// accepts says whether an Accept-Encoding header (RFC 9110 §12.5.3) takes coding: named, or by *, and not with q=0.
func accepts(header, coding string) bool {
	any := false
	for wish := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(wish, ";")
		good := thousandths(weight) > 0
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case coding, "x-" + coding:
			return good
		case "*":
			any = good
		}
	}
	return any
}

// matches says whether an If-None-Match header names etag; weak tags count.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// minGzip is the body size, in bytes, from which compressing pays: below, it fits one packet anyway.
const minGzip = 1400

// squeeze compresses the answer when the client asks and the body is worth it.
func squeeze(c *fiber.Ctx) {
	res := c.Response()
	if res.IsBodyStream() { // its body has no end
		return
	}
	kind := res.Header.ContentType()
	if len(res.Body()) < minGzip || len(res.Header.ContentEncoding()) > 0 ||
		!bytes.Contains(kind, []byte("json")) && !bytes.HasPrefix(kind, []byte("text/")) {
		return
	}
	res.Header.Add(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if !accepts(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		return
	}
	res.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, res.Body(), fasthttp.CompressBestSpeed))
	res.Header.SetContentEncoding("gzip")
}
