#!/usr/bin/env bash
# The whole stack from one command, until Ctrl-C. Run through make: dev, down, status, logs, demo, restart, reset.
#   scripts/dev.sh up | down | status | logs [SERVICE] | demo [FILE] | restart SERVICE | reset
# Settings: DEMO=0, RELEASE=1, PORT_BASE=8080, BILLING=double, and those of scripts/services.sh.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/servers.sh
source "$ROOT/scripts/lib/servers.sh"
# shellcheck source=lib/stack.sh
source "$ROOT/scripts/lib/stack.sh"
# shellcheck source=lib/double.sh
source "$ROOT/scripts/lib/double.sh"
# shellcheck source=lib/logs.sh
source "$ROOT/scripts/lib/logs.sh"
DEV_PID="$STATE/run/dev.pid"
DEMO_STATE="$STATE/demo.json"

# The stack that runs has its own ports, whatever this shell was given.
running_stack() {
  # shellcheck disable=SC1091
  [[ ! -f "$STATE/run/stack.env" ]] || source "$STATE/run/stack.env"
}

stop_everything() {
  local status=$?
  trap - EXIT
  # The terminal may be gone: nothing that is said here may keep the rest from being stopped.
  trap '' INT TERM HUP PIPE
  set +e
  end_child
  logs_stop
  double_stop
  say "Stopping the gateway, the services, and the servers that were started for them"
  stack_stop
  ((MQ_STARTED)) && { mq_backend_stop || true; }
  ((PG_STARTED)) && { pg_backend_stop || true; }
  rm -f "$DEV_PID"
  say "Stopped. The data stays in ${STATE#"$PWD"/}; 'make reset' removes it."
  exit "$status"
}

up() {
  local service
  state_init
  if pidfile_pid "$DEV_PID" >/dev/null; then
    running_stack
    say "This checkout's stack runs already (pid $(pidfile_pid "$DEV_PID")): $GATEWAY_URL"
    note "make status, make logs SVC=gateway, make demo FILE=…, make down"
    exit 0
  fi
  # Left behind by a 'make dev' that was itself killed.
  double_stop
  stack_stop
  stack_ports_free_or_fail
  pidfile_write "$DEV_PID" $$
  trap stop_everything EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  trap 'exit 141' PIPE
  say "PostgreSQL and RabbitMQ"
  servers_up
  say "Building ($PROFILE)"
  stack_build
  [[ "${BILLING:-}" != double ]] || double_build
  say "Services"
  stack_secrets
  stack_migrate
  [[ "${BILLING:-}" != double ]] || double_start
  stack_start || fail "the stack did not come up; its logs are in ${STATE#"$PWD"/}/logs"
  demo_at_start
  welcome
  logs_follow "${SERVICES[@]}"
  watch_services
}

demo_at_start() {
  say "Demo tenant"
  # What it prints are credentials: for this user's eyes.
  (umask 077 && : >"$STATE/run/sign-in.txt")
  foreground "$BIN_DIR/verdict-demo" setup --gateway "$GATEWAY_URL" --state "$DEMO_STATE" >"$STATE/run/sign-in.txt" ||
    warn "the demo tenant could not be made"
  [[ "${DEMO:-1}" != 0 ]] || return 0
  say "Demo (skip it with DEMO=0)"
  foreground "$BIN_DIR/verdict-demo" play --gateway "$GATEWAY_URL" --state "$DEMO_STATE" ||
    warn "the demo did not end well; the stack stays up"
}

welcome() {
  echo
  say "Verdict is up"
  printf '    %-10s %s\n' gateway "$GATEWAY_URL" docs "$GATEWAY_URL/docs"
  sed 's/^/    /' "$STATE/run/sign-in.txt"
  note "Ctrl-C stops it. From another terminal: make status, make logs SVC=…, make demo FILE=…"
  echo
}

# A dead service is told once; 'make restart SVC=…' brings it back and is noticed here.
watch_services() {
  local service
  declare -A dead=()
  while sleep 1; do
    for service in "${SERVICES[@]}"; do
      if stack_pid "$service" >/dev/null; then
        unset "dead[$service]"
      elif [[ -z "${dead[$service]:-}" && ! -f "$STATE/run/$service.restarting" ]]; then
        dead[$service]=1
        stack_dead "$service"
        warn "the others stay up; bring it back with: make restart SVC=$service"
      fi
    done
  done
}

down() {
  local pid
  if pid=$(pidfile_pid "$DEV_PID"); then
    say "Asking 'make dev' (pid $pid) to stop"
    stop_pid "$pid" 150
  fi
  double_stop
  stack_stop
  servers_down
  rm -f "$DEV_PID"
  say "Nothing of this checkout's stack runs any more"
}

status() {
  local service pid ready
  running_stack
  "$ROOT/scripts/services.sh" status || true
  for service in "${SERVICES[@]}"; do
    if pid=$(stack_pid "$service"); then
      ready=ready
      curl -fs -m 2 -o /dev/null "$(stack_url "$service")/health/ready" || ready="not ready"
      printf '    %-11s %s, pid %s, %s\n' "$service" "$ready" "$pid" "$(stack_url "$service")"
    else
      printf '    %-11s stopped\n' "$service"
    fi
  done
}

restart() {
  running_stack
  [[ -n "${1:-}" ]] || fail "which service? make restart SVC=processing"
  stack_port "$1" >/dev/null
  servers_load || fail "no stack was started here; run: make dev"
  stack_build
  touch "$STATE/run/$1.restarting"
  trap 'rm -f "$STATE/run/'"$1"'.restarting"' EXIT
  stack_stop_one "$1"
  stack_start_one "$1"
  stack_wait_ready 60 "$1"
}

demo() {
  local file=()
  running_stack
  pidfile_pid "$DEV_PID" >/dev/null || fail "no stack runs from this checkout; start it with: make dev"
  [[ -z "${1:-}" ]] || file=(--file "$1")
  exec "$BIN_DIR/verdict-demo" play --gateway "$GATEWAY_URL" --state "$DEMO_STATE" "${file[@]}"
}

reset() {
  say "Stopping this checkout's stack and removing its state in $STATE"
  note "databases, queues, keys, demo sign-in and logs are deleted"
  down
  servers_wipe
  rm -rf "${STATE:?}/run" "${STATE:?}/logs" "${STATE:?}/secrets.env" "$DEMO_STATE"
  rmdir "$STATE" 2>/dev/null || note "left alone: $(cd "$STATE" && echo *)"
}

case "${1:-up}" in
  up | down | status | reset) "$1" ;;
  logs) running_stack && logs_show "${2:-}" ;;
  demo | restart) "$1" "${2:-}" ;;
  *)
    sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
