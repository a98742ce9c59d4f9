#!/usr/bin/env bash
# Everything that must hold before a merge, on private servers of its own. Run through make: test, check.
#   scripts/test.sh [check] [ARGUMENTS FOR THE TEST RUNNER…]
# Settings: KEEP=1 leaves the servers running, VERDICT_PG_FSYNC=off for a throw-away cluster,
# and those of scripts/services.sh. A running 'make dev' is not touched.
set -euo pipefail
export VERDICT_STATE_DIR="${VERDICT_STATE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)/.dev/test}"
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=lib/stack.sh
source "$ROOT/scripts/lib/stack.sh"
# shellcheck source=lib/vectors.sh
source "$ROOT/scripts/lib/vectors.sh"
# shellcheck source=lib/double.sh
source "$ROOT/scripts/lib/double.sh"
# shellcheck source=lib/model.sh
source "$ROOT/scripts/lib/model.sh"
STARTED=$(now_ms)
TEST_PID="$STATE/run/test.pid"
OURS=0

finish() {
  local status=$?
  trap - EXIT
  # The terminal may be gone: nothing that is said here may keep the rest from being stopped.
  trap '' INT TERM HUP PIPE
  set +e
  end_child
  if ((OURS)); then
    # On success nothing is printed here: the runner's summary is the last line.
    if ((status != 0)); then
      say "Failed after $(seconds_since "$STARTED"). Logs: $STATE/logs"
    fi
    if [[ "${KEEP:-0}" = 1 ]]; then
      note "the servers stay up (KEEP=1): VERDICT_STATE_DIR=$STATE scripts/services.sh env | status | down" >&2
    else
      servers_down >/dev/null 2>&1 || true
    fi
    rm -f "$TEST_PID"
  fi
  exit "$status"
}

stage() { say "$* ${C_DIM}(at $(seconds_since "$STARTED"))${C_OFF}"; }

checks() {
  need_rust
  need python3 python3 "runs the layer and size checks"
  stage "Format"
  foreground cargo fmt --all --check || fail "run: make fmt"
  stage "Layers"
  scripts/check-layers --self-test
  scripts/check-layers
  stage "Sizes"
  scripts/check-size
  stage "Clippy"
  foreground cargo clippy --workspace --all-targets --locked -- -D warnings
}

# Servers on ports of their own, with no state of an earlier run: tests make their databases and hosts themselves.
test_servers() {
  local pg mq
  stage "PostgreSQL and RabbitMQ"
  servers_wipe >/dev/null 2>&1 || true
  # Below the range from which the kernel takes ports for outgoing connections.
  pg=$(free_block 24329 1 0)
  mq=$(free_block 26729 30 "${MQ_OFFSETS[@]}")
  VERDICT_PG_PORT=${VERDICT_PG_PORT:-$pg} VERDICT_MQ_PORT=${VERDICT_MQ_PORT:-$mq} servers_up
  VERDICT_TEST_DATABASE_URL=$(pg_url "$PG_ADMIN_AUTH" postgres)
  VERDICT_TEST_AMQP_URL=$MQ_URL
  VERDICT_TEST_AMQP_ADMIN_URL=$MQ_ADMIN_URL
  export VERDICT_TEST_DATABASE_URL VERDICT_TEST_AMQP_URL VERDICT_TEST_AMQP_ADMIN_URL
}

# rustdoc is started per crate, so it is left out while no documentation holds runnable code.
has_doctests() {
  grep -rqE --include='*.rs' '^\s*//[/!] ```(rust)?\s*$' crates/*/src services/*/src &&
    grep -rhE --include='*.rs' '^\s*//[/!] ```' crates/*/src services/*/src |
    awk '/```[a-z]/ { opened = 1; if (/```rust/) found = 1; next } { if (opened) opened = 0; else { found = 1; opened = 1 } } END { exit !found }'
}

has_nextest() { cargo nextest --version >/dev/null 2>&1; }

# Runs what run_tests leaves out. Of the whole workspace, so that nothing is built twice.
test_vectors() {
  local runner=(cargo test --workspace --locked --tests vectors::)
  ! has_nextest ||
    runner=(cargo nextest run --workspace --locked --ignore-default-filter -E 'test(/^vectors::/)')
  foreground "${runner[@]}"
}

run_tests() {
  local runner=(cargo nextest run --workspace --locked)
  if ! has_nextest; then
    note "cargo-nextest is not installed; using cargo test"
    runner=(cargo test --workspace --locked --no-fail-fast --bins --lib --tests)
    set -- "$@" -- --skip vectors::
  fi
  if has_doctests; then
    stage "Documentation tests"
    foreground cargo test --doc --workspace --locked
  fi
  stage "Tests: ${runner[*]} $*"
  foreground "${runner[@]}" "$@"
}

cd "$ROOT"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 141' PIPE
if [[ "${1:-}" = check ]]; then
  checks
  exit
fi
state_init
if pidfile_pid "$TEST_PID" >/dev/null; then
  fail "tests of this checkout run already (pid $(pidfile_pid "$TEST_PID")); another set needs VERDICT_STATE_DIR=<directory>"
fi
pidfile_write "$TEST_PID" $$
OURS=1
checks
stage "Build of the six services and the demo, which the end-to-end tests start"
stack_build stripe-double
export VERDICT_BIN_DIR="$BIN_DIR"
if [[ "${CHAOS:-1}" = 1 ]]; then
  stage "Chaos, the short form: kill -9 under load, then count (CHAOS=0 leaves it out)"
  # Ports of its own: a stack may be running on the usual ones.
  PORT_BASE="" VERDICT_STATE_DIR="$STATE/chaos" RATE=50 LOAD_SECONDS=40 VICTIMS="processing rabbitmq ingestion postgres" \
    foreground scripts/chaos.sh
fi
if [[ "${CONTRACT:-1}" = 1 ]]; then
  stage "The contract, held by requests made from it (CONTRACT=0 leaves it out)"
  # Without the internet, and without schemathesis from an earlier run, this fails: CONTRACT=0.
  PORT_BASE="" VERDICT_STATE_DIR="$STATE/contract" foreground scripts/contract.sh
fi
# The file handles of a thousand connections, on machines that start low.
ulimit -n 65536 2>/dev/null || true
test_servers
if [[ "${VECTORS:-1}" = 1 ]]; then
  stage "Webhooks signed by the providers' own libraries (VECTORS=0 leaves them out)"
  need_vectors
  # Without the internet, and without the libraries from an earlier run, this fails: VECTORS=0.
  progress "Fetching the libraries and signing" vectors vectors_make
  VERDICT_TEST_VECTORS="$STATE/vectors.jsonl" test_vectors
  stage "The double of Stripe, driven by Stripe's own libraries"
  progress "Checkout, portal, renewals, webhooks by npm and PyPI stripe" driven double_drive
fi
if [[ "${MODEL:-1}" = 1 ]]; then
  stage "The embedding model's weights (MODEL=0 leaves out what is tested on them)"
  # Without the internet, and without the weights from an earlier run, this fails: MODEL=0.
  model_present || model_fetch
  export MODEL_DIR="$MODEL_INTO" VERDICT_REQUIRE_MODEL=1
fi
run_tests "$@"
