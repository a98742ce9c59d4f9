# shellcheck shell=bash
# A private PostgreSQL cluster on its own loopback port, below the data root of this state directory.

# Prints the newest directory with the server programs; distributions keep them off the PATH.
pg_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  if [[ -x "$newest" ]]; then
    dirname "$newest"
  elif command -v initdb >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
  else
    return 1
  fi
}

pg_install() { pg_bin >/dev/null || install_packages "the database server" postgresql; }

# The account the server runs as: initdb refuses root.
pg_account() {
  if ((EUID != 0)); then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

# Runs a command as that account, from a directory that it can surely enter.
as_pg() {
  if ((EUID == 0)); then
    (cd / && exec setpriv --reuid="$(pg_account)" --regid="$(id -g "$(pg_account)")" --init-groups -- "$@")
  else
    "$@"
  fi
}

pg_data() { echo "$(data_root)/pg"; }

# Prints the postmaster's pid when it runs.
pg_pid() {
  local pid
  pid=$(as_pg head -n 1 "$(pg_data)/postmaster.pid" 2>/dev/null) || return 1
  proc_start "$pid" >/dev/null && [[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ]] && echo "$pid"
}

pg_ready() { "$(pg_bin)/pg_isready" -q -h 127.0.0.1 -p "$PG_PORT"; }

# Made aside and moved: an interrupted initdb leaves a directory that looks finished and is not.
pg_initdb() {
  local data="$1.new" locale=C.UTF-8
  locale -a 2>/dev/null | grep -qix 'c\.utf-\?8' || locale=C
  rm -rf "$data"
  mkdir -m 700 "$data"
  ((EUID != 0)) || chown "$(pg_account)" "$data"
  as_pg "$(pg_bin)/initdb" -D "$data" -U postgres --auth=trust -E UTF8 --locale="$locale" --no-sync --no-instructions
  as_pg tee -a "$data/postgresql.conf" <<<"include_if_exists = 'verdict.conf'" >/dev/null
  mv "$data" "$1"
}

# TCP only: a Unix socket would have to fit 107 bytes of path, and nothing here needs one.
# Commits are durable (fsync) unless a throw-away test cluster says otherwise by VERDICT_PG_FSYNC=off.
pg_write_conf() {
  as_pg tee "$1/verdict.conf" >/dev/null <<EOT
listen_addresses = '127.0.0.1'
port = $PG_PORT
unix_socket_directories = ''
max_connections = 300
shared_buffers = 512MB
wal_compression = on
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
fsync = ${VERDICT_PG_FSYNC:-on}
logging_collector = off
log_min_messages = warning
log_checkpoints = off
log_line_prefix = '%m [%p] %d '
EOT
}

pg_boot() {
  local data try
  data=$(pg_data)
  [[ -d "$data" ]] || pg_initdb "$data"
  pg_write_conf "$data"
  # After kill -9 of the server the last of its children may hold the shared memory for a moment.
  for try in 1 2 3 4 5; do
    if as_pg "$(pg_bin)/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 -s start; then return 0; fi
    as_pg tail -n 5 "$data/server.log"
    sleep "$try"
  done
  return 1
}

pg_start() {
  if pg_pid >/dev/null; then
    wait_until 30 pg_ready || fail "PostgreSQL runs but does not answer on port $PG_PORT"
    return 0
  fi
  port_free_or_fail "$PG_PORT" PostgreSQL VERDICT_PG_PORT
  PG_STARTED=1
  progress "Starting PostgreSQL on 127.0.0.1:$PG_PORT" postgres pg_boot
}

pg_stop() {
  pg_pid >/dev/null || return 0
  as_pg "$(pg_bin)/pg_ctl" -D "$(pg_data)" -m fast -w -t 60 -s stop
}

# The children go with the postmaster: that is what a machine that loses power does to them.
pg_kill9() {
  local pid
  pid=$(pg_pid) || fail "PostgreSQL does not run"
  local family=("$pid")
  mapfile -t -O 1 family < <(child_pids "$pid")
  kill -KILL "${family[@]}" 2>/dev/null || true
  wait_until 20 eval "! port_taken $PG_PORT && ! pg_pid"
}

child_pids() {
  local stat fields dir
  for dir in /proc/[0-9]*; do
    { stat=$(<"$dir/stat"); } 2>/dev/null || continue
    read -ra fields <<<"${stat##*) }"
    [[ "${fields[1]}" != "$1" ]] || echo "${dir#/proc/}"
  done
}

# Runs SQL from stdin as the superuser, wherever the server is.
sql() {
  if [[ "$PG_BACKEND" = compose ]]; then
    compose exec -T postgres psql -X -q -v ON_ERROR_STOP=1 -U postgres -f -
  else
    psql -X -q -v ON_ERROR_STOP=1 -d "$(pg_url "$PG_ADMIN_AUTH" postgres)" -f -
  fi
}

# Roles and databases, each only when missing. The application role owns nothing; migrations grant to it.
pg_provision() {
  sql >/dev/null <<EOT
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN', r) FROM unnest(ARRAY['verdict_owner', 'verdict_app']) r
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \gexec
ALTER ROLE verdict_owner LOGIN CREATEDB NOSUPERUSER PASSWORD '$PG_PASSWORD';
ALTER ROLE verdict_app LOGIN NOCREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '$PG_PASSWORD';
GRANT verdict_owner TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER verdict_owner', 'verdict_' || s)
  FROM unnest(string_to_array('${SERVICES[*]}', ' ')) s
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'verdict_' || s) \gexec
EOT
}
