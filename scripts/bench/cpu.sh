# shellcheck shell=bash
# Processor time and memory of every process of the stack, from /proc.

TICKS_PER_SECOND=$(getconf CLK_TCK)

# The servers' roots are looked up once: finding them costs more than reading them.
cpu_roots() {
  local service
  CPU_ROOTS=("$(pg_pid)" "$(mq_pid)")
  for service in "$@"; do CPU_ROOTS+=("$(stack_pid "$service")"); done
}

# Microseconds of processor time so far, in user and kernel mode, of all roots and their living descendants.
# A child that has ended is in its parent's cutime and cstime, so nothing is lost and nothing counted twice.
cpu_us() {
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v roots="${CPU_ROOTS[*]}" -v tick="$TICKS_PER_SECOND" '
    BEGIN { n = split(roots, r, " "); for (i = 1; i <= n; i++) wanted[r[i]] = 1 }
    {
      pid = $1
      sub(/^.*\) /, "")
      parent[pid] = $2
      used[pid] = $12 + $13 + $14 + $15
    }
    END {
      for (pid in used)
        for (p = pid; p > 1; p = parent[p])
          if (p in wanted) { sum += used[pid]; break }
      printf "%.0f\n", sum * 1000000 / tick
    }'
}

# Ticks of the whole machine so far: busy and all. For the share of it that others took.
machine_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9; exit }' /proc/stat; }

# Resident memory in MiB: rss PID [VmRSS|VmHWM], now or at its highest so far.
rss() { awk -v what="${2:-VmRSS}:" '$1 == what { printf "%.1f\n", $2 / 1024 }' "/proc/$1/status"; }
