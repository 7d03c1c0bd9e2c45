package local

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// smsRefusals are the codes to the ends of phones that the service itself refuses, with status 200.
var smsRefusals = map[string]string{
	"0400": "isv.INVALID_PARAMETERS",
	"0401": "isv.SMS_TEMPLATE_ILLEGAL",
	"0402": "isv.AMOUNT_NOT_ENOUGH",
	"0403": "isv.SMS_SIGNATURE_ILLEGAL",
	"0404": "isv.MOBILE_NUMBER_ILLEGAL",
	"0427": "isv.OUT_OF_SERVICE",
	"0429": "isv.BUSINESS_LIMIT_CONTROL",
	"0431": "isv.DAY_LIMIT_CONTROL",
	"0500": "isp.SYSTEM_ERROR",
}

// act does what a call that was let in asks for.
func (s *SMS) act(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch action := r.Header.Get("x-acs-action"); {
	case action == "SendSms":
		s.send(w, r, q)
	case action == "QuerySmsSign" && q.Get("SignName") != "":
		smsWrite(w, http.StatusOK, map[string]any{"Code": "OK", "Message": "OK", "SignName": q.Get("SignName"), "SignStatus": 1})
	case action == "QuerySmsTemplate" && q.Get("TemplateCode") != "":
		smsWrite(w, http.StatusOK, map[string]any{"Code": "OK", "Message": "OK", "TemplateCode": q.Get("TemplateCode"), "TemplateStatus": 1})
	default:
		smsWrite(w, http.StatusNotFound, map[string]any{"Code": "InvalidAction.NotFound"})
	}
}

func (s *SMS) send(w http.ResponseWriter, r *http.Request, q url.Values) {
	t := Text{Phone: q.Get("PhoneNumbers"), Sign: q.Get("SignName"), Template: q.Get("TemplateCode"), OutID: q.Get("OutId"), At: s.Now()}
	end := t.Phone[max(len(t.Phone)-4, 0):]
	code := smsRefusals[end]
	if t.Phone == "" || t.Sign == "" || t.Template == "" {
		code = "isv.INVALID_PARAMETERS"
	}
	if p := q.Get("TemplateParam"); p != "" && json.Unmarshal([]byte(p), &t.Params) != nil {
		code = "isv.INVALID_JSON_PARAM"
	}
	if code != "" { // the message quotes the phone, as the vendor's may
		smsWrite(w, http.StatusOK, map[string]any{"Code": code, "Message": t.Phone + "触发小时级流控Permits:5"})
		return
	}
	switch end {
	case "0302":
		http.Redirect(w, r, "http://127.0.0.1:1/?PhoneNumbers="+t.Phone, http.StatusFound)
	case "0408":
		<-r.Context().Done()
	case "0420":
		smsWrite(w, http.StatusBadRequest, map[string]any{"Code": "Throttling.User", "Message": "Request was denied due to user flow control."})
	case "0444":
		panic(http.ErrAbortHandler)
	case "0445":
		_, _ = w.Write([]byte(`{"Code":"OK","Bi`))
	case "0446":
		_, _ = w.Write([]byte(`{"Code":"OK","Message":"` + strings.Repeat("x", 1<<20) + `"}`))
	case "0503":
		smsWrite(w, http.StatusServiceUnavailable, map[string]any{"Code": "ServiceUnavailable"})
	default:
		smsWrite(w, http.StatusOK, map[string]any{"Code": "OK", "Message": "OK", "BizId": s.keep(t)})
	}
}

// keep remembers a text that was taken, and numbers it.
func (s *SMS) keep(t Text) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || len(s.last) >= smsKept {
		s.last = map[string]Text{}
	}
	if s.last[t.Phone] = t; len(s.seen) < smsKept {
		s.seen = append(s.seen, t)
	} else {
		s.seen[s.sent%smsKept] = t
	}
	s.sent++
	return fmt.Sprintf("%018d-0", s.sent)
}
