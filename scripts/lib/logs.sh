# shellcheck shell=bash
# The services' logs on one terminal: each line behind a coloured name of fixed width.

LOG_PIDS=()
LOG_COLOURS=(36 35 33 34 32 31)

# logs_follow SERVICE…: in the background, from the end of each log, until this script ends.
logs_follow() {
  local service i=0 prefix tail_pid
  for service in "$@"; do
    printf -v prefix '%-10s | ' "$service"
    [[ -z "$C_OFF" ]] || printf -v prefix '\e[%sm%s\e[0m' "${LOG_COLOURS[i++ % 6]}" "$prefix"
    # tail ends with us; sed ends with tail. One write per line, so that lines never mix.
    tail --pid=$$ -n 0 -F "$STATE/logs/$service.log" 2>/dev/null > >(exec sed -u "s/^/$prefix/") &
    tail_pid=$!
    LOG_PIDS+=("$tail_pid")
    disown "$tail_pid"
  done
}

logs_stop() {
  local pid
  for pid in "${LOG_PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
  LOG_PIDS=()
}

# logs_show [SERVICE]: the last lines, then what comes, until Ctrl-C.
logs_show() {
  local wanted=("${SERVICES[@]}")
  if [[ -n "$1" ]]; then
    stack_port "$1" >/dev/null
    wanted=("$1")
  fi
  [[ -f "$STATE/logs/${wanted[0]}.log" ]] || fail "no logs yet in $STATE/logs; start the stack with: make dev"
  if ((${#wanted[@]} == 1)); then exec tail -n 200 -F "$STATE/logs/${wanted[0]}.log"; fi
  trap 'logs_stop; exit 0' INT TERM
  logs_follow "${wanted[@]}"
  while sleep 3600; do :; done
}
