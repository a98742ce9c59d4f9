#!/usr/bin/env bash
# Measures speed in release on a stack of its own, beside the yardsticks of the same run. Run through make bench.
# Settings: REPEATS=3, DRIVE_SECONDS=10, BURST=20000,
# ONLY="memory acknowledged answer burst billing proxy rules preview files lists embeddings search".
# Ends with 0 even when targets are missed: a shared machine is no judge. The table says MISS.
set -euo pipefail
SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
export VERDICT_STATE_DIR="${VERDICT_STATE_DIR:-$(dirname "$SCRIPTS")/.dev/bench}"
# Processor time is read from /proc, so the servers must be processes of this machine.
export VERDICT_SERVERS=local RELEASE="${RELEASE:-1}"
export VERDICT__TELEMETRY__LEVEL="${VERDICT__TELEMETRY__LEVEL:-warn}" VERDICT__TELEMETRY__FORMAT=json
# shellcheck source=lib/common.sh
source "$SCRIPTS/lib/common.sh"
PORT_BASE="${PORT_BASE:-$(free_block 28080 10 0 1 2 3 4 5)}"
# shellcheck source=lib/servers.sh
source "$SCRIPTS/lib/servers.sh"
# shellcheck source=lib/stack.sh
source "$SCRIPTS/lib/stack.sh"
# shellcheck source=lib/session.sh
source "$SCRIPTS/lib/session.sh"
# shellcheck source=bench/table.sh
source "$SCRIPTS/bench/table.sh"
# shellcheck source=bench/cpu.sh
source "$SCRIPTS/bench/cpu.sh"
# shellcheck source=bench/load.sh
source "$SCRIPTS/bench/load.sh"
# shellcheck source=bench/measures.sh
source "$SCRIPTS/bench/measures.sh"
# shellcheck source=lib/double.sh
source "$SCRIPTS/lib/double.sh"
# shellcheck source=bench/billing.sh
source "$SCRIPTS/bench/billing.sh"
# shellcheck source=bench/proxy.sh
source "$SCRIPTS/bench/proxy.sh"
# shellcheck source=bench/files.sh
source "$SCRIPTS/bench/files.sh"
# shellcheck source=bench/lists.sh
source "$SCRIPTS/bench/lists.sh"
# shellcheck source=bench/rules.sh
source "$SCRIPTS/bench/rules.sh"
# shellcheck source=lib/model.sh
source "$SCRIPTS/lib/model.sh"
# shellcheck source=bench/embeddings.sh
source "$SCRIPTS/bench/embeddings.sh"

SECTIONS="${ONLY:-memory acknowledged answer burst billing proxy rules preview files lists embeddings search}"
wanted() { [[ " $SECTIONS " = *" $1 "* ]]; }

stage() {
  local name=$1
  shift
  wanted "$name" || return 0
  say "$* ($(seconds_since "$STARTED"))"
  "measure_$name"
}
measure_memory() { measure_idle_memory; }
measure_answer() { measure_until_answer; }

stack_wanted() {
  local section
  for section in memory acknowledged answer burst billing proxy files lists preview; do ! wanted "$section" || return 0; done
  return 1
}

before_machine=$(machine)
if stack_wanted; then
  need wrk wrk "drives the load"
  need nginx nginx-light "the yardstick for the gateway as a proxy; nothing is configured to serve"
  # Billing hears a provider's webhooks and has nobody to call: what is measured is that they are stored.
  export BILLING=double
  BILLING_ENV=(VERDICT__PAYMENTS__RECONCILE_SECONDS=0)
  # More records and files than any plan has.
  PLANS_FILE="$VERDICT_STATE_DIR/plans.json"
  mkdir -p "$VERDICT_STATE_DIR"
  sed -E 's/"(recordsPerMonth|fileBytes)": [0-9]+/"\1": 1099511627776/' "$ROOT/deploy/config/billing/plans.json" >"$PLANS_FILE"
  session_start 24529 26829
  session_on_end nginx_stop
  cpu_roots "${SERVICES[@]}"
else
  state_init
fi
read -r busy_before all_before < <(machine_ticks)
stage memory "Memory of the idle services"
stage acknowledged "Acknowledged webhooks, $REPEATS times $DRIVE_SECONDS s, pgbench before each"
stage answer "Processor time until the answer"
stage burst "A burst of $BURST, until the backlog is empty"
stage billing "Webhooks of a payment provider, pgbench before each"
stage proxy "The gateway beside nginx"
stage files "Memory under a file of $FILE_MIB MiB and an import of $IMPORT_LINES lines"
stage lists "Lists at $LISTS_LARGE records beside $LISTS_SMALL"
stage rules "Rule sets beside other engines"
stage preview "A preview over 100,000 records"
stage embeddings "Embeddings beside onnxruntime, $TEXTS texts"
stage search "Vector search beside a plain loop"
read -r busy_after all_after < <(machine_ticks)
busy=$(calc "100 * div($busy_after - $busy_before, $all_after - $all_before)" %.0f)
table "$before_machine" "$busy" | tee "$STATE/report.txt"
