# shellcheck shell=bash
# A stack for one run, from nothing: own servers, own ports, fresh databases; all of it ends with the script.

STARTED=$(now_ms)
SESSION_ENDS=()
SESSION_OURS=0

# session_on_end COMMAND…: what else has to end, before the stack.
session_on_end() { SESSION_ENDS+=("$*"); }

session_end() {
  local status=$? command
  trap - EXIT
  # The terminal may be gone: nothing that is said here may keep the rest from being stopped.
  trap '' INT TERM HUP PIPE
  set +e
  end_child
  if ((SESSION_OURS)); then
    for command in "${SESSION_ENDS[@]}"; do $command || true; done
    ((status == 0)) || say "Ended with $status after $(seconds_since "$STARTED"); logs: $STATE/logs"
    stack_stop
    servers_down >/dev/null 2>&1 || true
    rm -f "$STATE/run/session.pid"
  fi
  exit "$status"
}

# session_start PG-PORT MQ-PORT: the first ports to try. Ends with six ready services.
session_start() {
  local pg mq
  state_init
  ! pidfile_pid "$STATE/run/session.pid" >/dev/null || fail "one runs already from this checkout, in $STATE"
  pidfile_write "$STATE/run/session.pid" $$
  SESSION_OURS=1
  trap session_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  trap 'exit 141' PIPE
  say "Building ($PROFILE)"
  stack_build
  say "PostgreSQL, RabbitMQ and six services, in ${STATE#"$ROOT"/} on ports from $PORT_BASE"
  stack_stop
  servers_wipe >/dev/null 2>&1 || true
  # Below the range from which the kernel takes ports for outgoing connections: a client that tries again
  # and again while its server is dead would in the end take the server's port for itself.
  pg=$(free_block "$1" 1 0)
  mq=$(free_block "$2" 30 "${MQ_OFFSETS[@]}")
  VERDICT_PG_PORT=$pg VERDICT_MQ_PORT=$mq servers_up
  rm -f "$STATE/secrets.env" "$STATE/demo.json"
  stack_secrets
  stack_migrate
  stack_start || fail "the stack did not come up; its logs are in $STATE/logs"
}
