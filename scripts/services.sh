#!/usr/bin/env bash
# PostgreSQL and RabbitMQ for development, tests and benches: private, on loopback, below .dev/.
#   scripts/services.sh up | down | status | env | reset
#   scripts/services.sh kill9 | start  postgres | rabbitmq
# Settings: DATABASE_URL and AMQP_URL (use these servers), VERDICT_PG_PORT, VERDICT_MQ_PORT,
# VERDICT_STATE_DIR (default .dev), VERDICT_SERVERS=local|compose, VERDICT_PG_FSYNC=off for throw-away clusters.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"

loaded() { servers_load || fail "no servers were set up below $STATE; run: scripts/services.sh up"; }

status_line() {
  local what=$1 backend=$2 address=$3 pid=$4
  if [[ "$backend" != local ]]; then
    note "$what: $backend, at $address"
  elif [[ -n "$pid" ]]; then
    note "$what: running (pid $pid) at $address"
  else
    note "$what: stopped (would use $address)"
  fi
}

status() {
  loaded
  status_line PostgreSQL "$PG_BACKEND" "$PG_ADDRESS" "$(pg_pid || true)"
  status_line RabbitMQ "$MQ_BACKEND" "${MQ_URL##*@}" "$(mq_pid || true)"
}

environment() {
  loaded
  echo "export VERDICT_TEST_DATABASE_URL='$(pg_url "$PG_ADMIN_AUTH" postgres)'"
  echo "export VERDICT_TEST_AMQP_URL='$MQ_URL'"
  echo "export VERDICT_TEST_AMQP_ADMIN_URL='$MQ_ADMIN_URL'"
}

server_do() {
  local action=$1 name=$2 backend
  loaded
  case "$name" in
    postgres) backend=$PG_BACKEND ;;
    rabbitmq) backend=$MQ_BACKEND ;;
    *) fail "which one, postgres or rabbitmq?" ;;
  esac
  case "$backend/$action/$name" in
    local/kill9/postgres) pg_kill9 ;;
    local/kill9/rabbitmq) mq_kill9 ;;
    local/start/postgres) pg_start ;;
    local/start/rabbitmq) mq_start ;;
    compose/kill9/*) compose kill -s KILL "$name" ;;
    compose/start/*) compose_up "$name" ;;
    *) fail "$name is a given server: it is not ours to $action" ;;
  esac
}

case "${1:-}" in
  up)
    servers_up
    status
    ;;
  down) servers_down ;;
  status) status ;;
  env) environment ;;
  reset)
    say "Stopping the servers of $STATE and removing their data"
    servers_wipe
    ;;
  kill9 | start) server_do "$1" "${2:-}" ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
