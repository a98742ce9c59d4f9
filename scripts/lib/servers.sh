# shellcheck shell=bash
# PostgreSQL and RabbitMQ for one state directory: which back end, where the data lies, up and down.
# Back ends, each server by itself: given (DATABASE_URL, AMQP_URL), compose, local. VERDICT_SERVERS=local forces one.

# shellcheck source=packages.sh
source "$ROOT/scripts/lib/packages.sh"
# shellcheck source=postgres.sh
source "$ROOT/scripts/lib/postgres.sh"
# shellcheck source=rabbitmq.sh
source "$ROOT/scripts/lib/rabbitmq.sh"

PG_BACKEND="" MQ_BACKEND="" PG_STARTED=0 MQ_STARTED=0
PG_PASSWORD="${VERDICT_DB_PASSWORD:-verdict}"
SERVERS_FILE="$STATE/run/servers.env"

# A directory that the servers can live in: the database's account passes it, and its path is plain.
usable_root() { [[ "$1" =~ ^[A-Za-z0-9_./-]+$ ]] && as_pg test -x "$1"; }

# Prints where the servers' data lies: the state directory, or outside of it when that cannot work
# (a checkout in a private home directory). The answer is kept, because data must be found again.
data_root() {
  if [[ -f "$STATE/run/data-root" ]]; then
    cat "$STATE/run/data-root"
    return
  fi
  local root="$STATE" base
  if ! usable_root "$STATE"; then
    for base in "${XDG_STATE_HOME:-/var/tmp}" /var/tmp; do
      root="$base/verdict-$(sha256sum <<<"$STATE" | cut -c1-12)"
      [[ -d "$root" ]] || { mkdir -p "$base" && mkdir -m 711 "$root"; } 2>/dev/null || continue
      [[ ! -L "$root" && "$(stat -c %u "$root")" = "$EUID" ]] || fail "$root belongs to somebody else"
      ! usable_root "$root" || break
    done
    usable_root "$root" || fail "no place for the servers' data; set XDG_STATE_HOME to a directory open to all"
    ln -sfn "$root" "$STATE/data"
    note "the servers' data goes to $root: the checkout is closed to the database's account" >&2
  fi
  echo "$root" >"$STATE/run/data-root"
  echo "$root"
}

compose() {
  VERDICT_PG_PORT=$PG_PORT VERDICT_MQ_PORT=$MQ_PORT VERDICT_MQ_MANAGEMENT_PORT=$((MQ_PORT + 1)) \
    docker compose -p "verdict-$(sha256sum <<<"$STATE" | cut -c1-12)" -f "$ROOT/deploy/compose/compose.yaml" "$@"
}

compose_usable() {
  command -v docker >/dev/null && timeout 10 docker compose version >/dev/null 2>&1 &&
    timeout 10 docker info >/dev/null 2>&1
}

# pg_url USER[:PASSWORD] DATABASE
pg_url() { echo "postgres://$1@$PG_ADDRESS/$2$PG_PARAMS"; }

servers_parse_database_url() {
  [[ "$DATABASE_URL" =~ ^postgres(ql)?://([^@/]+)@([^/?]+)(/[^?]*)?(\?.*)?$ ]] ||
    fail "DATABASE_URL is not postgres://superuser[:password]@host[:port]/database"
  PG_ADMIN_AUTH=${BASH_REMATCH[2]} PG_ADDRESS=${BASH_REMATCH[3]} PG_PARAMS=${BASH_REMATCH[5]:-}
}

servers_parse_amqp_url() {
  [[ "$AMQP_URL" =~ ^amqps?://([^@/]+)@([^:/]+)(:[0-9]+)?(/.*)?$ ]] ||
    fail "AMQP_URL is not amqp://administrator:password@host[:port]"
  MQ_URL=${AMQP_URL%"${BASH_REMATCH[4]}"}
  MQ_VHOST=${BASH_REMATCH[4]#/}
  MQ_ADMIN_URL=${AMQP_ADMIN_URL:-http://${BASH_REMATCH[1]}@${BASH_REMATCH[2]}:15672}
}

# Decides once per stack; what runs already is asked in its own words by servers_load.
servers_choose() {
  local other=local
  if [[ -z "${VERDICT_SERVERS:-}" ]] && compose_usable; then other=compose; fi
  [[ "${VERDICT_SERVERS:-}" != compose ]] || other=compose
  PG_BACKEND=$other MQ_BACKEND=$other
  PG_PORT=${VERDICT_PG_PORT:-54329} MQ_PORT=${VERDICT_MQ_PORT:-56729}
  PG_ADMIN_AUTH=postgres PG_ADDRESS="127.0.0.1:$PG_PORT" PG_PARAMS=""
  MQ_URL="amqp://verdict:verdict@127.0.0.1:$MQ_PORT" MQ_VHOST=""
  MQ_ADMIN_URL="http://verdict:verdict@127.0.0.1:$((MQ_PORT + 1))"
  if [[ -z "${VERDICT_SERVERS:-}" && -n "${DATABASE_URL:-}" ]]; then
    PG_BACKEND=given && servers_parse_database_url
  fi
  if [[ -z "${VERDICT_SERVERS:-}" && -n "${AMQP_URL:-}" ]]; then
    MQ_BACKEND=given && servers_parse_amqp_url
  fi
}

servers_save() {
  local name
  (
    umask 077
    for name in PG_BACKEND MQ_BACKEND PG_PORT MQ_PORT PG_ADMIN_AUTH PG_ADDRESS PG_PARAMS PG_PASSWORD \
      MQ_URL MQ_VHOST MQ_ADMIN_URL; do
      printf '%s=%q\n' "$name" "${!name}"
    done >"$SERVERS_FILE"
  )
}

servers_load() {
  [[ -f "$SERVERS_FILE" ]] || return 1
  # shellcheck disable=SC1090
  source "$SERVERS_FILE"
}

# The broker's virtual host on a given server: one named in the URL is used as it is.
mq_provision_given() {
  if [[ -n "$MQ_VHOST" ]]; then return 0; fi
  MQ_VHOST=verdict
  mq_api PUT vhosts/verdict ||
    fail "the RabbitMQ management API at ${MQ_ADMIN_URL##*@} does not answer; set AMQP_ADMIN_URL, or name a virtual host in AMQP_URL"
}

broker_url() { echo "$MQ_URL/${MQ_VHOST:-verdict}"; }

# The choice is written down before the start, so that a failed start can be looked at and cleaned up.
local_server() {
  "$1_install"
  data_root >/dev/null
  servers_save
  "$1_start"
}

compose_up() { compose up -d --wait "$@"; }

servers_up() {
  local wanted=()
  state_init
  # A running pair keeps the ports and back end it was started with.
  if ! { servers_load && servers_running; }; then servers_choose; fi
  need curl curl "asks servers whether they are ready"
  case "$PG_BACKEND" in
    given)
      note "PostgreSQL: the given server at $PG_ADDRESS"
      need psql postgresql-client "speaks to the given server"
      ;;
    compose) wanted+=(postgres) ;;
    local) local_server pg ;;
  esac
  case "$MQ_BACKEND" in
    given) note "RabbitMQ: the given server at ${MQ_URL##*@}" ;;
    compose) wanted+=(rabbitmq) ;;
    local) local_server mq ;;
  esac
  if ((${#wanted[@]})); then
    PG_STARTED=1 MQ_STARTED=1
    progress "Starting ${wanted[*]} with docker compose" compose compose_up "${wanted[@]}"
  fi
  [[ "$MQ_BACKEND" != given ]] || mq_provision_given
  pg_provision
  servers_save
}

servers_running() {
  local running=1
  [[ "$PG_BACKEND" = local ]] && pg_pid >/dev/null && running=0
  [[ "$MQ_BACKEND" = local ]] && mq_pid >/dev/null && running=0
  return "$running"
}

# Removes the data. On given servers that is only what carries our name.
servers_wipe() {
  local service root
  servers_load || return 0
  servers_down
  [[ "$PG_BACKEND$MQ_BACKEND" != *compose* ]] || compose down -v --remove-orphans
  if [[ "$PG_BACKEND" = given ]]; then
    for service in "${SERVICES[@]}"; do echo "DROP DATABASE IF EXISTS verdict_$service WITH (FORCE);"; done | sql
  fi
  if [[ "$MQ_BACKEND" = given && "$MQ_VHOST" = verdict ]]; then mq_api DELETE vhosts/verdict || true; fi
  if [[ -f "$STATE/run/data-root" ]]; then
    root=$(data_root)
    rm -rf "${root:?}/pg" "${root:?}/pg.new" "${root:?}/rabbitmq"
    if [[ "$root" != "$STATE" ]]; then rmdir "$root"; fi
  fi
  rm -f "$STATE/data" "$STATE/run/data-root" "$SERVERS_FILE"
}

mq_backend_stop() {
  case "$MQ_BACKEND" in
    compose) compose stop rabbitmq >/dev/null 2>&1 || warn "docker compose could not stop rabbitmq" ;;
    local) mq_stop ;;
  esac
}

pg_backend_stop() {
  case "$PG_BACKEND" in
    compose) compose stop postgres >/dev/null 2>&1 || warn "docker compose could not stop postgres" ;;
    local) pg_stop ;;
  esac
}

# Stops what belongs to this state directory; given servers are somebody else's.
servers_down() {
  servers_load || return 0
  mq_backend_stop
  pg_backend_stop
}
