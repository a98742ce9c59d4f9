# shellcheck shell=bash
# Six services on a block of ports, with logs, pid files and secrets below one state directory.
# Needs: STATE, PORT_BASE (gateway; the others follow), and the servers of servers.sh up.

PORT_BASE="${PORT_BASE:-8080}"
GATEWAY_URL="http://127.0.0.1:$PORT_BASE"
TARGET_DIR="${CARGO_TARGET_DIR:-$ROOT/target}"
if [[ "${RELEASE:-0}" = 1 ]]; then PROFILE=release; else PROFILE=debug; fi
# Binaries made elsewhere are used as they are, and nothing is built.
BIN_DIR="${VERDICT_BIN_DIR:-$TARGET_DIR/$PROFILE}"
SVC_ENV=()
# Settings of the gateway for one run; they go before those below.
GATEWAY_ENV=()

stack_port() {
  case "$1" in
    gateway) echo "$PORT_BASE" ;;
    ingestion) echo $((PORT_BASE + 1)) ;;
    processing) echo $((PORT_BASE + 2)) ;;
    approvals) echo $((PORT_BASE + 3)) ;;
    billing) echo $((PORT_BASE + 4)) ;;
    reporting) echo $((PORT_BASE + 5)) ;;
    *) fail "no such service: $1 (there are: ${SERVICES[*]})" ;;
  esac
}

stack_url() { echo "http://127.0.0.1:$(stack_port "$1")"; }

stack_build() {
  [[ -z "${VERDICT_BIN_DIR:-}" ]] || return 0
  local args=(build --locked --bin verdict-demo) service
  [[ "$PROFILE" = debug ]] || args+=(--release)
  for service in "${SERVICES[@]}"; do args+=(--bin "verdict-$service"); done
  need_rust
  (cd "$ROOT" && foreground cargo "${args[@]}") || fail "the build failed; see above"
}

# Keys are made once: what was sealed with them must be readable by the next start.
stack_secrets() {
  [[ ! -s "$STATE/secrets.env" ]] || return 0
  (umask 077 && "$BIN_DIR/verdict-gateway" keygen | grep '^VERDICT__' >"$STATE/secrets.env.new") ||
    fail "verdict-gateway keygen gave no keys"
  mv "$STATE/secrets.env.new" "$STATE/secrets.env"
}

# Fills SVC_ENV for one service. Each gets only the secrets it needs.
stack_env() {
  local service=$1 line other wanted='^VERDICT__INTERNAL__PUBLIC_KEYS='
  SVC_ENV=(
    "VERDICT__SERVER__HOST=127.0.0.1"
    "VERDICT__SERVER__PORT=$(stack_port "$service")"
    "VERDICT__DATABASE__URL=$(pg_url "verdict_app:$PG_PASSWORD" "verdict_$service")"
    "VERDICT__DATABASE__MIGRATION_URL=$(pg_url "verdict_owner:$PG_PASSWORD" "verdict_$service")"
    "VERDICT__BROKER__URL=$(broker_url)"
    "VERDICT__TELEMETRY__FORMAT=${VERDICT__TELEMETRY__FORMAT:-pretty}"
    "VERDICT__TELEMETRY__LEVEL=${VERDICT__TELEMETRY__LEVEL:-info}"
  )
  case "$service" in
    gateway)
      for other in "${SERVICES[@]}"; do
        [[ "$other" = gateway ]] || SVC_ENV+=("VERDICT__UPSTREAMS__${other^^}=$(stack_url "$other")")
      done
      SVC_ENV+=("VERDICT__PUBLIC__URL=$GATEWAY_URL" "VERDICT__MAIL__FOLDER=$STATE/mail")
      # One client is the whole load here: its calls are counted like any, against quotas that it cannot use up.
      for other in ADDRESS PRINCIPAL TENANT; do
        SVC_ENV+=("VERDICT__RATE_LIMITS__${other}__PER_MINUTE=${RATE_PER_MINUTE:-60000000}"
          "VERDICT__RATE_LIMITS__${other}__BURST=${RATE_BURST:-1000000}")
      done
      SVC_ENV+=("${GATEWAY_ENV[@]}")
      wanted='^VERDICT__(INTERNAL__(PUBLIC_KEYS|PRIVATE_KEY)|SEALING__KEYS)='
      ;;
    ingestion)
      SVC_ENV+=("VERDICT__PUBLIC__URL=$GATEWAY_URL" "VERDICT__FILES__STORE__FOLDER=$STATE/files")
      wanted='^VERDICT__(INTERNAL__PUBLIC_KEYS|SEALING__KEYS)='
      ;;
    processing)
      # Without weights there, what rules leave open goes to people; 'make model' fetches them.
      SVC_ENV+=("VERDICT__EMBEDDINGS__MODEL_DIR=${MODEL_DIR:-$ROOT/.dev/models/all-MiniLM-L6-v2}")
      ;;
    billing)
      [[ -z "${PLANS_FILE:-}" ]] || SVC_ENV+=("VERDICT__PLANS__FILE=$PLANS_FILE")
      if [[ "${BILLING:-}" = double ]]; then
        while IFS= read -r line; do SVC_ENV+=("$line"); done < <(double_env)
      fi
      ;;
  esac
  while IFS= read -r line; do
    [[ ! "$line" =~ $wanted ]] || SVC_ENV+=("$line")
  done <"$STATE/secrets.env"
}

stack_ports_free_or_fail() {
  local service
  for service in "${SERVICES[@]}"; do
    port_free_or_fail "$(stack_port "$service")" "the $service service" PORT_BASE
  done
}

migrate_all() {
  local service
  for service in "${SERVICES[@]}"; do
    echo "--- $service"
    stack_env "$service"
    env "${SVC_ENV[@]}" "$BIN_DIR/verdict-$service" migrate || return 1
  done
}

stack_migrate() { progress "Migrating six databases" migrate migrate_all; }

stack_pid() { pidfile_pid "$STATE/run/$1.pid"; }

# stack_start_one SERVICE [ROLE]. In a session of its own, so that Ctrl-C reaches it only through us, in order.
stack_start_one() {
  local service=$1 role=${2:-serve}
  stack_env "$service"
  setsid env "${SVC_ENV[@]}" "$BIN_DIR/verdict-$service" "$role" </dev/null >>"$STATE/logs/$service.log" 2>&1 &
  pidfile_write "$STATE/run/$service.pid" $!
  # The shell would otherwise report each end by itself, in its own words.
  disown $!
}

stack_dead() {
  local service=$1 log="$STATE/logs/$1.log"
  printf '%s%s has died.%s Its last lines (%s):\n' "$C_RED$C_BOLD" "$service" "$C_OFF" "${log#"$PWD"/}" >&2
  tail -n 20 "$log" | sed 's/^/      /' >&2
}

# stack_wait_ready SECONDS SERVICE…
stack_wait_ready() {
  local limit=$1 service began deadline told
  shift
  began=$(now_ms)
  deadline=$((began + limit * 1000))
  told=$((began + 5000))
  for service in "$@"; do
    until curl -fs -m 2 -o /dev/null "$(stack_url "$service")/health/ready"; do
      if ! stack_pid "$service" >/dev/null; then
        stack_dead "$service"
        return 1
      fi
      if (($(now_ms) > deadline)); then
        warn "$service is not ready after $limit s; it says:"
        curl -s -m 2 "$(stack_url "$service")/health/ready" >&2 || true
        stack_dead_or_slow "$service"
        return 1
      fi
      if (($(now_ms) > told)); then
        note "waiting for $service … $(seconds_since "$began")"
        told=$((told + 5000))
      fi
      sleep 0.1
    done
  done
  note "ready: $* ($(seconds_since "$began"))"
}

stack_dead_or_slow() { tail -n 15 "$STATE/logs/$1.log" | sed 's/^/      /' >&2; }

stack_start() {
  local service
  : >"$STATE/run/stack.env"
  printf 'PORT_BASE=%q\nGATEWAY_URL=%q\nBIN_DIR=%q\nBILLING=%q\n' "$PORT_BASE" "$GATEWAY_URL" "$BIN_DIR" "${BILLING:-}" \
    >"$STATE/run/stack.env"
  for service in "${SERVICES[@]}"; do
    : >"$STATE/logs/$service.log"
    stack_start_one "$service"
  done
  stack_wait_ready 90 "${SERVICES[@]}"
}

stack_stop_one() {
  local pid
  if pid=$(stack_pid "$1"); then stop_pid "$pid" 30; fi
  rm -f "$STATE/run/$1.pid"
}

# The gateway first: nothing new comes in while the rooms behind it finish.
stack_stop() {
  local i
  for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do stack_stop_one "${SERVICES[i]}"; done
}

stack_kill9() {
  local pid
  pid=$(stack_pid "$1") || fail "$1 does not run"
  kill -KILL "$pid"
  wait_until 10 eval "! port_taken $(stack_port "$1")"
  rm -f "$STATE/run/$1.pid"
}
