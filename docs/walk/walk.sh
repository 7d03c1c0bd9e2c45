# Shell functions for the pages of this folder. Any POSIX shell will do; they need curl, grep and awk, nothing else.
#
#	. docs/walk/walk.sh
#	person mei 19900000001               # mei is a command now: whoever signs in with this phone
#	person desk 19900000033 office-credit-changsha   # the same, acting for an office
#	system bank bank-liuyang-nongshang   # a partner's system
#	mei GET /v1/me/file                  # asks, and prints the status alone
#	mei GET /v1/me/file name state       # … and these fields of the answer, as often as they occur
#	mei POST /v1/me/identity '{"name":"…"}' realName # with a body: JSON, or @FILE for bytes
#	mei GET /v1/me/reports/7/pdf into report.pdf     # … into a file
#	guest GET /v1/divisions              # nobody signed in
#	field id                             # a field of the last answer, the first where it lies least deep
#	field hash share                     # … of the thing in it whose id is share
#	answer                               # the last answer, whole
#	by_day                               # goes on by five minutes, at night to the morning: phones are quiet then
#	later P8D                            # moves the demo city's clock; everything due on the way happens
#	settled                              # waits until what follows from the last request has happened
#	await PAID mei GET /v1/… state       # asks again until the first field says so
#
# A token lives 15 minutes: when it is over, the person signs in again, unasked. Every request carries an Idempotency-Key of its own.
# XINYI is the server's address, WALK_LANG the language of texts (en, zh).

XINYI=${XINYI:-http://127.0.0.1:8080}
WALK_LANG=${WALK_LANG:-en}
WALK_DIR=${WALK_DIR:-${TMPDIR:-/tmp}/xinyi-walk-$(id -u)}
mkdir -p -m 700 "$WALK_DIR"
curl -sS -o "$WALK_DIR/answer" "$XINYI/livez" || echo "Nobody answers at $XINYI: start \`make run\` in another terminal." >&2

person() {
  printf '%s\n' "$2" >"$WALK_DIR/$1.phone"
  rm -f "$WALK_DIR/$1.client" "$WALK_DIR/$1.token"
  eval "$1() { walk_ask $1 '${3:-}' \"\$@\"; }"
}

system() {
  printf '%s\n' "$2" >"$WALK_DIR/$1.client"
  rm -f "$WALK_DIR/$1.phone" "$WALK_DIR/$1.token"
  eval "$1() { walk_ask $1 '' \"\$@\"; }"
}

guest() { walk_ask '' '' "$@"; }

answer() { cat "$WALK_DIR/answer"; echo; }

field() {
  walk_pairs <"$WALK_DIR/answer" | awk -F '\t' -v f="$1" -v id="${2:-}" '
    { value[$1] = $2; p = "." $1 }
    id != "" && $2 == id && p ~ /[.]id$/ { at = substr($1, 1, length($1) - 2) f }
    length(p) <= length(f) || substr(p, length(p) - length(f)) != "." f { next }
    { d = gsub(/[.]/, ".", p) }
    least == "" || d < least { least = d; v = $2 }
    END { print id == "" ? v : value[at] }'
}

later() {
  guest POST /v1/sandbox/clock "{\"advance\":\"$1\"}" now
}

# by_day goes on by five minutes, or in the evening and at night to ten in the morning: from 21:00 to 08:00 in Changsha phones are left in peace.
by_day() {
  guest GET /v1/sandbox/clock now >/dev/null
  hour=$(field now | cut -c12-13)
  hour=$(((${hour#0} + 8) % 24))
  if [ "$hour" -lt 8 ] || [ "$hour" -ge 20 ]; then later "PT$(((34 - hour) % 24))H"; else later PT5M; fi
}

settled() { guest POST /v1/sandbox/clock '{"advance":"PT1S"}' >/dev/null; }

await() {
  walk_want=$1
  shift
  walk_tries=0
  walk_said=$("$@")
  while [ "$(field "$4")" != "$walk_want" ] && [ "$walk_tries" -lt 100 ]; do
    walk_tries=$((walk_tries + 1))
    sleep 0.1
    walk_said=$("$@")
  done
  printf '%s\n' "$walk_said"
  [ "$walk_tries" -lt 100 ]
}

# walk_sign_in NAME keeps a fresh token for NAME.
walk_sign_in() {
  if [ -f "$WALK_DIR/$1.client" ]; then
    read -r walk_id <"$WALK_DIR/$1.client"
    walk_post /v1/auth/token "{\"clientId\":\"$walk_id\",\"clientSecret\":\"sandbox-secret-of-$walk_id\"}"
  else
    read -r walk_id <"$WALK_DIR/$1.phone"
    walk_post /v1/auth/codes "{\"phone\":\"$walk_id\"}" >/dev/null
    walk_code=$(curl -sS "$XINYI/v1/sandbox/codes/$walk_id" | walk_value code)
    walk_post /v1/auth/sessions "{\"phone\":\"$walk_id\",\"code\":\"$walk_code\",\"device\":\"walk\"}"
  fi | walk_value accessToken >"$WALK_DIR/$1.token"
}

walk_post() { curl -sS "$XINYI$1" -H 'Content-Type: application/json' -d "$2"; }

walk_value() { walk_pairs | awk -F '\t' -v f="$1" '$1 == f { print $2; exit }'; }

# walk_ask NAME OFFICE METHOD PATH [BODY] [FIELD…] [into FILE]
walk_ask() {
  walk_name=$1 walk_office=$2 walk_method=$3 walk_path=$4
  shift 4
  walk_body='' walk_type=application/json walk_into=''
  case ${1:-} in
  '{'* | '['*) walk_body=$1 && shift ;;
  @*) walk_body=$1 walk_type=application/octet-stream && shift ;;
  esac
  [ "${1:-}" = into ] && walk_into=$2 && shift 2
  walk_key=walk-$$-$(date +%s)-$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
  [ -z "$walk_name" ] || [ -s "$WALK_DIR/$walk_name.token" ] || walk_sign_in "$walk_name"
  walk_status=$(walk_send)
  if [ "$walk_status" = 401 ] && [ -n "$walk_name" ]; then # the token is over
    walk_sign_in "$walk_name"
    walk_status=$(walk_send)
  fi
  printf '%s %s %s\n' "$walk_status" "$walk_method" "$walk_path"
  case $walk_status in
  2*) [ -z "$walk_into" ] || mv "$WALK_DIR/answer" "$walk_into" ;;
  *) walk_show detail reason pointer message && return 1 ;;
  esac
  [ $# -eq 0 ] || walk_show "$@"
}

# walk_send sends the request at hand and prints its status.
walk_send() {
  : >"$WALK_DIR/answer"
  set -- -sS -o "$WALK_DIR/answer" -w '%{http_code}' -X "$walk_method" -H "Accept-Language: $WALK_LANG" -H "Idempotency-Key: $walk_key"
  [ -z "$walk_name" ] || set -- "$@" -H "Authorization: Bearer $(cat "$WALK_DIR/$walk_name.token")"
  [ -z "$walk_office" ] || set -- "$@" -H "X-Acting-As: $walk_office"
  [ -z "$walk_body" ] || set -- "$@" -H "Content-Type: $walk_type" --data-binary "$walk_body"
  curl "$@" "$XINYI$walk_path"
}

# walk_pairs reads JSON and prints each value with its path: items.0.state<TAB>PAID
walk_pairs() {
  LC_ALL=C grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[-+.0-9A-Za-z]+' | LC_ALL=C awk '
    function path(  i, s) { for (i = 1; i <= d; i++) s = s (i > 1 ? "." : "") key[i]; return s }
    /^[{[]/ { d++; list[d] = ($0 == "["); key[d] = list[d] ? 0 : ""; next }
    /^[]}]/ { d--; next }
    /^,/    { if (list[d]) key[d]++; else key[d] = ""; next }
    /^:/    { next }
    {
      v = $0
      if (v ~ /^"/) {
        v = substr(v, 2, length(v) - 2)
        gsub(/\\n/, " ", v); gsub(/\\u003c/, "<", v); gsub(/\\u003e/, ">", v); gsub(/\\u0026/, "\\&", v); gsub(/\\"/, "\"", v); gsub(/\\\\/, "\\", v)
      }
      if (d && !list[d] && key[d] == "") key[d] = v; else print path() "\t" v
    }'
}

# walk_show FIELD… prints these fields of the last answer, where they lie least deep: one below the other, or a line for each of several things.
walk_show() {
  walk_pairs <"$WALK_DIR/answer" | LC_ALL=C awk -F '\t' -v fields="$*" -v lang="$WALK_LANG" '
    BEGIN { n = split(fields, want, " ") }
    {
      plain = "." $1; gsub(/[.][0-9]+/, "", plain)
      depth = gsub(/[.]/, ".", $1)
      for (i = 1; i <= n; i++) {
        f = "." want[i]
        if (length(plain) < length(f) || substr(plain, length(plain) - length(f) + 1) != f) continue
        if (!(i in least) || depth < least[i]) least[i] = depth
        found++; which[found] = i; where[found] = $1; deep[found] = depth; what[found] = $2
      }
    }
    function thing(at, field,   parts, k, _) { # what the field belongs to: its path without the field, and without the place in a list of plain values
      sub(/[.][0-9]+$/, "", at); parts = split(field, _, ".")
      for (k = 0; k < parts && (k == 0 || at !~ /[.][0-9]+$/); k++) sub(/[.]?[^.]*$/, "", at)
      return at
    }
    END {
      for (m = 1; m <= found; m++) {
        i = which[m]; v = what[m]; at = thing(where[m], want[i])
        if (deep[m] > least[i] + 1 || deep[m] > least[i] && where[m] !~ /[.][0-9]+$/) continue
        if (!(at in seen)) { seen[at] = 1; order[++things] = at }
        if (want[i] ~ /Fen$/ && v ~ /^-?[0-9]+$/) v = sprintf("%.2f %s", v / 100, lang == "zh" ? "元" : "yuan")
        if (want[i] ~ /Bp$/ && v ~ /^-?[0-9]+$/) v = sprintf("%.2f %%", v / 100)
        if ((at, i) in says) v = says[at, i] ", " v
        says[at, i] = v
      }
      for (t = 1; t <= things; t++) {
        if (t > 12) { printf "  … and %d more\n", things - 12; break }
        line = ""
        for (i = 1; i <= n; i++) if ((order[t], i) in says) {
          if (things == 1) printf "  %-16s %s\n", want[i], says[order[t], i]; else line = line (line == "" ? "  - " : " · ") says[order[t], i]
        }
        if (things > 1) print line
      }
    }'
}
