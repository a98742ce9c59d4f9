#!/usr/bin/env bash
# kill -9 of every service, of RabbitMQ and of PostgreSQL in turn, under load; then everything is counted.
# Whatever was acknowledged must be there, decided once and told once. Ends with non-zero when anything is lost.
# Settings: RATE=200 (deliveries/s), LOAD_SECONDS=60, DOWN_SECONDS=1 (how long each stays dead), RELEASE=1,
# VICTIMS="ingestion postgres …".
set -euo pipefail
SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
export VERDICT_STATE_DIR="${VERDICT_STATE_DIR:-$(dirname "$SCRIPTS")/.dev/chaos}"
# Only processes of this machine can be killed by their number.
export VERDICT_SERVERS=local
# shellcheck source=lib/common.sh
source "$SCRIPTS/lib/common.sh"
PORT_BASE="${PORT_BASE:-$(free_block 28180 10 0 1 2 3 4 5)}"
# shellcheck source=lib/servers.sh
source "$SCRIPTS/lib/servers.sh"
# shellcheck source=lib/stack.sh
source "$SCRIPTS/lib/stack.sh"
# shellcheck source=lib/session.sh
source "$SCRIPTS/lib/session.sh"

RATE="${RATE:-200}"
LOAD_SECONDS="${LOAD_SECONDS:-60}"
DOWN_SECONDS="${DOWN_SECONDS:-1}"
read -ra VICTIMS <<<"${VICTIMS:-gateway ingestion processing rabbitmq approvals reporting postgres billing}"
DEMO_STATE="$STATE/demo.json"
ACKS="$STATE/acknowledged.log"
LOAD_PID=""
ROUNDS=()

load_stop() {
  [[ -z "$LOAD_PID" ]] || stop_pid "$LOAD_PID" 10
  LOAD_PID=""
}

load_start() {
  rm -f "$ACKS"
  : >"$ACKS"
  "$BIN_DIR/verdict-demo" load --gateway "$GATEWAY_URL" --state "$DEMO_STATE" --rate "$RATE" \
    --seconds "$LOAD_SECONDS" --ack-log "$ACKS" >"$STATE/run/load.json" 2>"$STATE/logs/load.log" &
  LOAD_PID=$!
}

acknowledged() { wc -l <"$ACKS"; }

kill_victim() {
  case "$1" in
    postgres) pg_kill9 ;;
    rabbitmq) mq_kill9 ;;
    *) stack_kill9 "$1" ;;
  esac
}

revive() {
  case "$1" in
    postgres) pg_start ;;
    rabbitmq) mq_start ;;
    *) stack_start_one "$1" && stack_wait_ready 60 "$1" ;;
  esac
}

# A service that ends because its database or broker went away is a finding, and is said at once.
survivors() {
  local service
  for service in "${SERVICES[@]}"; do
    if ! stack_pid "$service" >/dev/null; then
      stack_dead "$service"
      UNASKED+=("$service after $1")
      stack_start_one "$service"
    fi
  done
}

round() {
  local victim=$1 before began
  before=$(acknowledged)
  began=$(now_ms)
  say "kill -9 $victim ($before acknowledged so far)"
  kill_victim "$victim"
  sleep "$DOWN_SECONDS"
  revive "$victim" || fail "$victim did not come back"
  survivors "$victim"
  wait_until 60 stack_all_ready || fail "after $victim came back the stack did not become ready; logs: $STATE/logs"
  ROUNDS+=("$(printf '%-12s %14d %14d %14s' "$victim" "$before" "$(($(acknowledged) - before))" "$(seconds_since "$began")")")
  # Some load in between, so that each victim dies in full flow.
  sleep 2
}

stack_all_ready() {
  local service
  for service in "${SERVICES[@]}"; do
    curl -fs -m 2 -o /dev/null "$(stack_url "$service")/health/ready" || return 1
  done
}

session_start 24629 26929
session_on_end load_stop
UNASKED=()
say "Load: $RATE signed deliveries/s for $LOAD_SECONDS s"
"$BIN_DIR/verdict-demo" setup --gateway "$GATEWAY_URL" --state "$DEMO_STATE" >/dev/null || fail "the tenant could not be made"
load_start
sleep 3
for victim in "${VICTIMS[@]}"; do
  kill -0 "$LOAD_PID" 2>/dev/null || warn "the load is over before $victim; raise LOAD_SECONDS"
  round "$victim"
done
say "Everybody is back; waiting for the last deliveries"
load_status=0
wait "$LOAD_PID" || load_status=$?
LOAD_PID=""
((load_status == 0)) || warn "the load ended with $load_status: $(tail -n 3 "$STATE/logs/load.log")"
say "Counting ($(acknowledged) acknowledged)"
verify_status=0
foreground "$BIN_DIR/verdict-demo" verify --gateway "$GATEWAY_URL" --state "$DEMO_STATE" --ack-log "$ACKS" --settle 180 |
  tee "$STATE/run/verified.txt" || verify_status=$?
echo
printf '%-12s %14s %14s %14s\n' killed "acked before" "acked meanwhile" "ready after"
printf '%s\n' "${ROUNDS[@]}"
echo
cat "$STATE/run/load.json"
if ((${#UNASKED[@]})); then printf 'ended by itself: %s\n' "${UNASKED[@]}"; fi
if ((verify_status != 0 || load_status != 0 || ${#UNASKED[@]} != 0)); then
  fail "something was lost, doubled, or did not survive; see above and $STATE/logs"
fi
say "Nothing lost: $(acknowledged) acknowledged records, all decided once and told once"
