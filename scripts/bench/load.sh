# shellcheck shell=bash
# One run of the load generator over a file of requests, ended by time or by the end of the file.

# The results of the last run, as wrk's script wrote them.
answered=0 sent=0 seconds=0 bad=0 broken=0 p50_ms=0 p99_ms=0

# drive URL FILE CONNECTIONS SECONDS: sets answered, sent, seconds, bad, broken, p50_ms, p99_ms.
# wrk sleeps for its whole time whatever its threads do, so it is told when the last request is out.
drive() {
  local url=$1 file=$2 connections=$3 limit=$4 out="$STATE/run/wrk" pid deadline
  rm -rf "$out"
  mkdir -p "$out"
  wrk -t 2 -c "$connections" -d "${limit}s" --timeout 10s --latency -s "$ROOT/scripts/bench/requests.lua" \
    "$url" -- "$file" "$out" 2 $((connections / 2)) >"$out/log" 2>&1 &
  pid=$! CHILD=$!
  deadline=$((SECONDS + limit + 30))
  while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
    if [[ -e "$out/exhausted.0" && -e "$out/exhausted.1" ]]; then
      kill -INT "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.05
  done
  wait "$pid" || true
  CHILD=""
  [[ -f "$out/result" ]] || { cat "$out/log" >&2 && fail "wrk gave no result"; }
  # shellcheck disable=SC1091
  source "$out/result"
}

# drive_get URL CONNECTIONS SECONDS [HEADER]: the same request again and again; sets answered, seconds, bad, broken.
drive_get() {
  local out="$STATE/run/wrk"
  rm -rf "$out"
  mkdir -p "$out"
  wrk -t 2 -c "$2" -d "${3}s" --timeout 10s -s "$ROOT/scripts/bench/repeat.lua" "$1" -- "$out" "${4:-}" >"$out/log" 2>&1 ||
    { cat "$out/log" >&2 && fail "wrk failed"; }
  # shellcheck disable=SC1091
  source "$out/result"
}

# prepare NAME COUNT: a tenant and a file of signed requests of its own.
prepare() {
  "$BIN_DIR/verdict-demo" bench-prepare --gateway "$GATEWAY_URL" --state "$STATE/$1.json" --count "$2" \
    --out "$STATE/$1.requests" >>"$STATE/logs/prepare.log" 2>&1 ||
    { tail -n 5 "$STATE/logs/prepare.log" >&2 && fail "bench-prepare failed"; }
}

# settle NAME COUNT SECONDS: waits until COUNT records are decided and told of; sets settle_seconds.
settle() {
  local began
  began=$(now_ms)
  if ! "$BIN_DIR/verdict-demo" bench-wait --gateway "$GATEWAY_URL" --state "$STATE/$1.json" --expect "$2" \
    --timeout "$3" >"$STATE/run/settled.json" 2>>"$STATE/logs/settle.log"; then
    tail -n 3 "$STATE/logs/settle.log" >&2
    settle_seconds=0
    return 1
  fi
  settle_seconds=$(awk -v ms=$(($(now_ms) - began)) 'BEGIN { printf "%.2f", ms / 1000 }')
}
