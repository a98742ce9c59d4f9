# shellcheck shell=bash
# What section by section is measured. Each fills rows of the table; values of repeats are medians.

REPEATS="${REPEATS:-3}"
DRIVE_SECONDS="${DRIVE_SECONDS:-10}"
BURST="${BURST:-20000}"
CONNECTIONS=32

# Single-row commits per second by 32 clients on the same cluster: what the disk and PostgreSQL give at best.
yardstick_setup() {
  echo 'CREATE DATABASE yardstick;' | sql
  psql -X -q -h 127.0.0.1 -p "$PG_PORT" -U postgres -d yardstick -c \
    'CREATE TABLE delivery (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now(), body jsonb NOT NULL)'
  cat >"$STATE/run/yardstick.sql" <<'EOT'
\set n random(1, 1000000)
INSERT INTO delivery (body) VALUES (jsonb_build_object('n', :n::int, 'text', repeat('a payment that has not arrived ', 8)));
EOT
}

yardstick() {
  "$(pg_bin)/pgbench" -n -M prepared -c 32 -j 2 -T "$1" -h 127.0.0.1 -p "$PG_PORT" -U postgres \
    -f "$STATE/run/yardstick.sql" yardstick 2>>"$STATE/logs/pgbench.log" | awk '/^tps/ { printf "%.0f", $3 }'
}

measure_idle_memory() {
  local service mib
  sleep 5
  for service in "${SERVICES[@]}"; do
    mib=$(rss "$(stack_pid "$service")")
    row "resident memory idle, $service" "$mib MiB" "" "" "" "< 64" "$(verdict "$mib" '<' 64)"
  done
}

# A cluster that has run for a while writes its log over old segments; a new one makes each of them, 16 MiB of zeroes to
# be flushed, while every commit waits. So old ones are made here, enough for all runs.
recycle_segments() {
  local count=160
  {
    echo "ALTER SYSTEM SET min_wal_size = '$((count * 16 + 512))MB'; ALTER SYSTEM SET max_wal_size = '8GB'; SELECT pg_reload_conf();"
    yes "SELECT pg_logical_emit_message(false, 'bench', ''); SELECT pg_switch_wal();" | head -n "$count" || true
    echo 'CHECKPOINT;'
  } | sql >/dev/null
}

measure_acknowledged() {
  local i commits rate count rates=() commits_all=() ratios=() cpus=() before p99s=()
  progress "Segments of the write-ahead log to recycle" segments recycle_segments
  yardstick_setup
  prepare calibrate 4000
  drive "$GATEWAY_URL" "$STATE/calibrate.requests" "$CONNECTIONS" 20
  settle calibrate "$answered" 120 || true
  count=$(calc "div($answered, $seconds) * $DRIVE_SECONDS * 1.5 + 2000" %d)
  for ((i = 1; i <= REPEATS; i++)); do
    commits=$(yardstick 8)
    prepare "run$i" "$count"
    before=$(cpu_us)
    drive "$GATEWAY_URL" "$STATE/run$i.requests" "$CONNECTIONS" "$DRIVE_SECONDS"
    ((bad + broken == 0)) || warn "$bad answers were not 2xx, $broken connections failed"
    rate=$(calc "div($answered - $bad, $seconds)" %.0f)
    cpus+=("$(calc "div($(cpu_us) - $before, $answered)" %.0f)")
    rates+=("$rate") commits_all+=("$commits") p99s+=("$p99_ms")
    ratios+=("$(calc "div($rate, $commits)" %.3f)")
    note "run $i of $REPEATS: $rate webhooks/s beside $commits commits/s, p50 $p50_ms ms, p99 $p99_ms ms"
    settle "run$i" "$((answered - bad))" 240 || warn "the backlog of run $i did not empty in 240 s"
    rm -f "$STATE/run$i.requests"
  done
  row "webhooks/s acknowledged, pipeline working" "$(median "${rates[@]}")/s" "$(median "${cpus[@]}")" \
    "pgbench $(median "${commits_all[@]}") commits/s" "$(median "${ratios[@]}")" ">= 0.25" \
    "$(verdict "$(median "${ratios[@]}")" '>=' 0.25)"
  row "  p99 of the answer at $CONNECTIONS connections" "$(median "${p99s[@]}") ms" "" "" "" "" ""
}

# The gateway, ingestion and PostgreSQL alone: the other rooms answer, but nobody carries messages.
measure_until_answer() {
  local i before cpus=() count=$BURST
  for ((i = 1; i <= REPEATS; i++)); do prepare "answer$i" "$count"; done
  stack_roles api
  for ((i = 1; i <= REPEATS; i++)); do
    before=$(cpu_us)
    drive "$GATEWAY_URL" "$STATE/answer$i.requests" "$CONNECTIONS" 60
    cpus+=("$(calc "div($(cpu_us) - $before, $answered - $bad)" %.0f)")
    rm -f "$STATE/answer$i.requests"
  done
  row "until the answer (no worker running)" "$(calc "div($answered, $seconds)" %.0f)/s" "$(median "${cpus[@]}")" "" "" "<= 200" \
    "$(verdict "$(median "${cpus[@]}")" '<=' 200)"
  stack_roles serve
  for ((i = 1; i <= REPEATS; i++)); do settle "answer$i" "$((count - 2 * CONNECTIONS))" 240 || true; done
}

# Restarts every service in one role.
stack_roles() {
  local service
  stack_stop
  for service in "${SERVICES[@]}"; do stack_start_one "$service" "$1"; done
  stack_wait_ready 60 "${SERVICES[@]}" >/dev/null || fail "the stack did not come up as '$1'"
  cpu_roots "${SERVICES[@]}"
}

measure_burst() {
  local before began whole cpu ratio service
  prepare burst "$BURST"
  before=$(cpu_us)
  began=$(now_ms)
  drive "$GATEWAY_URL" "$STATE/burst.requests" "$CONNECTIONS" 90
  local accepted=$((answered - bad)) accept_seconds=$seconds
  if settle burst "$accepted" 300; then
    whole=$(calc "($(now_ms) - $began) / 1000")
    cpu=$(calc "div($(cpu_us) - $before, $accepted)" %.0f)
    ratio=$(calc "div($accept_seconds, $whole)")
  else
    whole="-" cpu="-" ratio="-"
  fi
  row "burst of $accepted: whole way, CPU per record" "" "$cpu" "" "" "<= 700" "$(verdict "$cpu" '<=' 700)"
  row "  until the backlog is empty" "$whole s" "" "accepted in $accept_seconds s" "$ratio" ">= 0.5" "$(verdict "$ratio" '>=' 0.5)"
  for service in "${SERVICES[@]}"; do
    row "resident memory at its highest, $service" "$(rss "$(stack_pid "$service")" VmHWM) MiB" "" "" "" "" ""
  done
}
