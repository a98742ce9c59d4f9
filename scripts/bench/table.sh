# shellcheck shell=bash
# Arithmetic on measured values, and the one table at the end.

TABLE=()
MISSED=0

# calc EXPRESSION [FORMAT]: floating point, through awk; div(a, 0) is 0.
calc() { awk "function div(a, b) { return b ? a / b : 0 } BEGIN { printf \"${2:-%.2f}\", $1 }"; }

median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : 0 }'; }

# verdict VALUE OPERATOR TARGET: pass or MISS; an unmeasured value ("-") misses.
verdict() {
  if [[ "$1" != - ]] && awk "BEGIN { exit !($1 $2 $3) }"; then echo pass; else echo MISS; fi
}

# row MEASURE VALUE CPU-US YARDSTICK RATIO TARGET RESULT
row() {
  local line
  printf -v line '%-46s %14s %9s %26s %7s %9s %5s' "$@"
  TABLE+=("$line")
  [[ "$7" != MISS ]] || MISSED=$((MISSED + 1))
  note "$1: $2 ${3:+[$3 CPU µs] }$6 $7"
}

machine() {
  local model
  model=$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
  echo "$(nproc) cores (${model:-unknown}), $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), load $(cut -d ' ' -f 1-3 /proc/loadavg)"
}

table() {
  echo
  printf '%-46s %14s %9s %26s %7s %9s %5s\n' measure value "CPU µs" yardstick ratio target ""
  printf '%s\n' "${TABLE[@]}"
  echo
  echo "machine: $(machine); at the start: $1"
  echo "the machine's processors were $2 % busy over the run"
  echo "targets missed: $MISSED"
}
