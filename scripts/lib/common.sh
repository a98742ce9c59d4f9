# shellcheck shell=bash
# What every script shares: where things are, how to speak, how to know a process of ours again.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
STATE="${VERDICT_STATE_DIR:-$ROOT/.dev}"
[[ "$STATE" = /* ]] || STATE="$PWD/$STATE"
# Start order: the gateway comes last, so that nothing is let in before the rooms behind it are open.
SERVICES=(ingestion processing approvals billing reporting gateway)
CHILD=""

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  C_DIM=$'\e[2m' C_BOLD=$'\e[1m' C_RED=$'\e[31m' C_GREEN=$'\e[32m' C_YELLOW=$'\e[33m' C_OFF=$'\e[0m'
else
  C_DIM="" C_BOLD="" C_RED="" C_GREEN="" C_YELLOW="" C_OFF=""
fi

say() { printf '%s==>%s %s\n' "$C_GREEN$C_BOLD" "$C_OFF" "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf '%swarning:%s %s\n' "$C_YELLOW" "$C_OFF" "$*" >&2; }
fail() {
  printf '%serror:%s %s\n' "$C_RED$C_BOLD" "$C_OFF" "$*" >&2
  exit 1
}

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# Where logs, pid files and servers' notes of this stack live. The postgres user must be able to pass.
state_init() {
  mkdir -p "$STATE" "$STATE/logs" "$STATE/run"
  chmod 755 "$STATE"
}

# Runs a command with its output in a log, showing that it is alive: progress TEXT LOG-NAME COMMAND…
# The command is waited for by short sleeps, because bash runs a trap only between two commands.
progress() {
  local what=$1 log="$STATE/logs/$2.log" began shown=-1 elapsed status=0
  shift 2
  # An install may be the first thing that a script does.
  mkdir -p "$STATE/logs"
  began=$(now_ms)
  [[ -t 1 ]] || note "$what …"
  "$@" >>"$log" 2>&1 &
  CHILD=$!
  while kill -0 "$CHILD" 2>/dev/null; do
    sleep 0.1
    elapsed=$((($(now_ms) - began) / 1000))
    if ((elapsed != shown)) && [[ -t 1 ]]; then
      printf '\r\e[K    %s … %d s' "$what" "$elapsed"
      shown=$elapsed
    elif ((elapsed >= shown + 15)) && [[ ! -t 1 ]]; then
      ((elapsed < 15)) || note "$what … $elapsed s"
      shown=$elapsed
    fi
  done
  wait "$CHILD" || status=$?
  CHILD=""
  [[ ! -t 1 ]] || printf '\r\e[K'
  if ((status != 0)); then
    tail -n 20 "$log" | sed 's/^/      /' >&2
    fail "$what failed (status $status), see ${log#"$PWD"/}"
  fi
  note "$what: $(seconds_since "$began")"
}

# Runs a long command whose own output is worth seeing, so that a trap can end it: foreground COMMAND…
# Background jobs start with Ctrl-C ignored; the subshell gives it back to the command.
foreground() {
  local status=0
  (
    trap - INT
    exec "$@"
  ) &
  CHILD=$!
  wait "$CHILD" || status=$?
  CHILD=""
  return "$status"
}

end_child() {
  [[ -z "$CHILD" ]] || kill "$CHILD" 2>/dev/null || true
  CHILD=""
}

# Prints the kernel's start time of a live process; fails for a dead or defunct one.
# A pid alone is no identity: numbers are given out again, and we must never end a stranger.
proc_start() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ "${fields[0]}" != Z ]] || return 1
  echo "${fields[19]}"
}

pidfile_write() { printf '%s\n%s\n' "$2" "$(proc_start "$2" || echo gone)" >"$1"; }

# Prints the pid of a pid file whose process is still the one that was started.
pidfile_pid() {
  local pid="" start=""
  [[ -f "$1" ]] || return 1
  { read -r pid && read -r start; } <"$1" || return 1
  [[ "$(proc_start "$pid")" = "$start" ]] || return 1
  echo "$pid"
}

# Ends one process: asks, waits, then forces. stop_pid PID SECONDS
stop_pid() {
  local pid=$1 limit=$(($2 * 10)) start i
  start=$(proc_start "$pid") || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((i = 0; i < limit; i++)); do
    [[ "$(proc_start "$pid" || true)" = "$start" ]] || return 0
    sleep 0.1
  done
  warn "process $pid did not stop within $2 s; ending it with SIGKILL"
  kill -KILL "$pid" 2>/dev/null || true
}

# True when something listens on the TCP port, on any local address.
port_taken() {
  local hex
  printf -v hex ':%04X' "$1"
  awk -v p="$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# port_free_or_fail PORT WHAT VARIABLE
port_free_or_fail() {
  port_taken "$1" || return 0
  local owner=""
  if command -v ss >/dev/null; then
    owner=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'users:.*' | head -n 1 || true)
  fi
  fail "port $1, wanted for $2, is taken${owner:+ by $owner}. Choose another: $3=<port> (see 'make help')."
}

# First multiple-step offset at which every port of the block is free: free_block START STEP OFFSETS…
free_block() {
  local base=$1 step=$2 try offset
  shift 2
  for ((try = 0; try < 20; try++, base += step)); do
    for offset in "$@"; do
      ! port_taken $((base + offset)) || continue 2
    done
    echo "$base"
    return 0
  done
  fail "no free ports found from $1 on"
}

# wait_until SECONDS COMMAND…: polls until the command succeeds.
wait_until() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.1
  done
}
