# shellcheck shell=bash
# Memory while a long file and a long import pass through: what the gateway and ingestion hold at their highest.

FILE_MIB="${FILE_MIB:-1024}"
IMPORT_LINES="${IMPORT_LINES:-1000000}"
# The most that a process may hold, in MiB.
MEMORY_GOAL=128
# Seconds that the import and what follows from it may take.
IMPORT_PATIENCE="${IMPORT_PATIENCE:-1800}"
FILE_SERVICES=(gateway ingestion)

# From here on, the highest is of what follows.
memory_reset() {
  local service
  for service in "${FILE_SERVICES[@]}"; do echo 5 >"/proc/$(stack_pid "$service")/clear_refs"; done
}

# memory_rows WHAT
memory_rows() {
  local service mib
  for service in "${FILE_SERVICES[@]}"; do
    mib=$(rss "$(stack_pid "$service")" VmHWM)
    row "$1, $service" "$mib MiB" "" "" "" "< $MEMORY_GOAL" "$(verdict "$mib" '<' "$MEMORY_GOAL")"
  done
}

# api METHOD PATH [CURL OPTIONS…]: as the owner of the tenant `files`.
api() {
  local method=$1 path=$2
  shift 2
  curl -fsS -X "$method" "$GATEWAY_URL/api/v1$path" -H "Authorization: Bearer $FILES_TOKEN" "$@"
}

measure_files() {
  local file="$STATE/run/long.bin" lines="$STATE/run/long.ndjson" id import status began
  prepare files 1
  FILES_TOKEN=$(access_token files)
  truncate -s "${FILE_MIB}M" "$file"
  memory_reset
  began=$(now_ms)
  id=$(api POST /files -m 600 -F "file=@$file;type=application/octet-stream" | json_string id)
  note "stored $FILE_MIB MiB in $(seconds_since "$began")"
  memory_rows "upload of $FILE_MIB MiB"
  api DELETE "/files/$id" -o /dev/null
  rm -f "$file"
  awk -v n="$IMPORT_LINES" 'BEGIN {
    for (i = 0; i < n; i++)
      printf "{\"externalId\":\"line-%d\",\"raw\":{\"text\":\"a payment of %d that has not arrived at shop %d\"}}\n", i, i % 997, i % 53
  }' >"$lines"
  memory_reset
  began=$(now_ms)
  import=$(api POST /records/import -m 600 -H 'content-type: application/x-ndjson' -T "$lines" | json_string id)
  rm -f "$lines"
  import_wait "$import"
  row "import of $IMPORT_LINES lines: $status" "$(seconds_since "$began")" "" "" "" "" ""
  memory_rows "import of $IMPORT_LINES lines"
}

# import_wait ID: until it has ended; sets status.
import_wait() {
  local deadline=$((SECONDS + IMPORT_PATIENCE)) renewed=$SECONDS seen
  status=running
  while [[ "$status" = queued || "$status" = running ]]; do
    ((SECONDS < deadline)) || return 0
    sleep 2
    # The token lives for a quarter of an hour.
    if ((SECONDS - renewed > 600)); then FILES_TOKEN=$(access_token files) renewed=$SECONDS; fi
    seen=$(api GET "/records/imports/$1" -m 10) || continue
    status=$(json_string status <<<"$seen")
  done
}
