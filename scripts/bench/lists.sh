# shellcheck shell=bash
# Lists of a tenant with a million records beside those of one with ten thousand: p99 by p99.

LISTS_SMALL="${LISTS_SMALL:-10000}"
LISTS_LARGE="${LISTS_LARGE:-1000000}"
# Seconds for each list and tenant, in alternating halves.
LISTS_SECONDS="${LISTS_SECONDS:-4}"
LISTS_GOAL=3

# Name and query of every list that is measured; CURSOR stands for a place in the middle of all.
lists() {
  cat <<'EOT'
all|
second half by cursor|cursor=CURSOR
from … to|from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z
status, common|status=classified
status, rare|status=failed
label, common|label=label0
label, 1 in 100|label=percent
label, rare|label=rare
stage, common|stage=rule
source, common|source=api
source, rare|source=rare
external id|externalId=e-77
confidence, all of it|minConfidence=0
confidence, rare|maxConfidence=0.12
status + common label|status=pending_review&label=label0
status + rare label|status=classified&label=rare
status + label, never together|status=approved&label=percent
rare status + common label|status=failed&label=label0
status + rare source|status=classified&source=rare
status + stage, never together|status=classified&stage=human
label + source, 1 in 100 each|label=percent&source=percent
stage + rare label|stage=rule&label=rare
label + confidence|label=percent&minConfidence=0.9
q, in every record|q=common
q, 1 in 100|q=percent
q, 1 in 300|q=third
q, 1 in 1,000|q=sparse
q, 1 in 5,000|q=needle
q, in none|q=nowhere
q, two words|q=common+percent
q + status|q=percent&status=pending_review
q + rare label|q=common&label=rare
EOT
}

lists_load() {
  local tenant_small tenant_large
  tenant_small=$(json_string tenantId <"$STATE/lists-small.json")
  tenant_large=$(json_string tenantId <"$STATE/lists-large.json")
  {
    printf '\\connect verdict_ingestion\n\\set small %d\n\\set large %d\n' "$LISTS_SMALL" "$LISTS_LARGE"
    printf "\\set small_tenant '%s'\n\\set large_tenant '%s'\n" "$tenant_small" "$tenant_large"
    cat "$ROOT/scripts/bench/lists.sql"
  } | sql >>"$STATE/logs/lists.log" 2>&1 || { tail -n 5 "$STATE/logs/lists.log" >&2 && fail "loading the lists failed"; }
}

# list_measure TENANT QUERY SECONDS: sets p99_ms, or "-" where an answer was not 2xx.
list_measure() {
  local header="Authorization: Bearer ${LISTS_TOKEN[$1]}"
  drive_get "$GATEWAY_URL/api/v1/records?${2/CURSOR/${LISTS_CURSOR[$1]}}" 2 "$3" "$header"
  ((bad + broken == 0 && answered > 0)) || { warn "$1: $2: $bad of $answered answers were not 2xx" && p99_ms=-; }
}

# A cursor in the middle of the tenant's records, as a page that ends there gives it.
list_cursor() {
  curl -fsS -m 20 "$GATEWAY_URL/api/v1/records?limit=1&to=2026-01-06T18:53:20Z" -H "Authorization: Bearer ${LISTS_TOKEN[$1]}" |
    json_string nextCursor
}

measure_lists() {
  local name query size small large ratio worst=0
  local -A LISTS_TOKEN=() LISTS_CURSOR=()
  prepare lists-small 1
  prepare lists-large 1
  say "Loading $LISTS_SMALL and $LISTS_LARGE records ($(seconds_since "$STARTED"))"
  lists_load
  say "Lists ($(seconds_since "$STARTED"))"
  while IFS='|' read -r name query; do
    # Tokens live for a quarter of an hour, and one list takes seconds.
    for size in small large; do
      LISTS_TOKEN[$size]=$(access_token "lists-$size")
      LISTS_CURSOR[$size]=${LISTS_CURSOR[$size]:-$(list_cursor "$size")}
      list_measure "$size" "$query" 1
    done
    list_measure small "$query" "$LISTS_SECONDS"
    small=$p99_ms
    list_measure large "$query" "$LISTS_SECONDS"
    large=$p99_ms
    ratio=-
    [[ "$small" = - || "$large" = - ]] || ratio=$(calc "div($large, $small)")
    row "list: $name" "$large ms" "" "$small ms at $LISTS_SMALL" "$ratio" "<= $LISTS_GOAL" "$(verdict "$ratio" '<=' "$LISTS_GOAL")"
    [[ "$ratio" = - ]] || worst=$(calc "$ratio > $worst ? $ratio : $worst")
  done < <(lists)
  row "lists: worst p99 at $LISTS_LARGE ÷ p99 at $LISTS_SMALL" "$worst" "" "" "" "<= $LISTS_GOAL" "$(verdict "$worst" '<=' "$LISTS_GOAL")"
}
