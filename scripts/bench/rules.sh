# shellcheck shell=bash
# Rule sets of 10, 1,000 and 10,000 rules: Verdict beside npm's json-rules-engine and PyPI's cel-python, on the same
# conditions and the same records in one run. Both are installed below .dev/ on the first run.

RULES_DIR="$ROOT/.dev/rules-bench"
# Verdict decides them all, the others as many as they can in some seconds. Theirs is processor time, which other work
# on the machine does not lengthen; ours is the best of five by the clock.
RULES_RECORDS="${RULES_RECORDS:-1000}"

rules_install() {
  local dir="$RULES_DIR"
  mkdir -p "$dir/node"
  if [[ ! -d "$dir/node/node_modules/json-rules-engine" ]]; then
    need npm npm "brings json-rules-engine, one of the yardsticks"
    progress "json-rules-engine from npm" rules-npm npm install --prefix "$dir/node" --no-audit --no-fund json-rules-engine@7
  fi
  if [[ ! -x "$dir/venv/bin/python" ]]; then
    need python3 python3-venv "runs cel-python, one of the yardsticks"
    progress "a virtual environment" rules-venv python3 -m venv "$dir/venv"
  fi
  "$dir/venv/bin/python" -c 'import celpy' 2>/dev/null ||
    progress "cel-python from PyPI" rules-pip "$dir/venv/bin/pip" install --disable-pip-version-check cel-python
}

# rules_value FILE RULES KEY: a number of the line of that many rules.
rules_value() { python3 -c 'import json, sys
for line in open(sys.argv[1]):
    one = json.loads(line)
    if one["rules"] == int(sys.argv[2]):
        print(one[sys.argv[3]])' "$@"; }

# Whether the engines decided the records alike, as far as each went.
rules_agree() { python3 -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])] + [json.loads(line) for line in open(sys.argv[2])]
ours = {one["rules"]: one["decided"] for one in lines if one["engine"] == "verdict"}
bad = [(one["engine"], one["rules"]) for one in lines if one["decided"] != ours[one["rules"]][: len(one["decided"])]]
sys.exit(f"decided differently: {bad}" if bad else 0)' "$@"; }

measure_rules() {
  local data="$RULES_DIR/data.json" ours="$RULES_DIR/verdict.jsonl" theirs="$RULES_DIR/others.jsonl"
  local size records engine value other ratio bytes
  rules_install
  python3 "$SCRIPTS/bench/rules_data.py" 10000 "$RULES_RECORDS" >"$data"
  progress "the benchmark's binary" rules-build cargo build -q --release --locked -p classifier --example rule_speed
  "${CARGO_TARGET_DIR:-$ROOT/target}/release/examples/rule_speed" "$data" >"$ours"
  : >"$theirs"
  for size in 10 1000 10000; do
    # As many records as each does in some seconds. Compiling 10,000 conditions takes cel-python minutes.
    records=$((size == 10 ? 200 : size == 1000 ? 10 : 2))
    YARDSTICKS="$RULES_DIR/node" node "$SCRIPTS/bench/rules_node.mjs" "$data" "$size" "$records" >>"$theirs"
    ((size == 10000)) ||
      "$RULES_DIR/venv/bin/python" "$SCRIPTS/bench/rules_cel.py" "$data" "$size" "$records" >>"$theirs"
  done
  rules_agree "$ours" "$theirs" || warn "the engines decided differently: their times cannot be compared"
  for size in 10 1000 10000; do
    value=$(rules_value "$ours" "$size" nanoseconds)
    row "rules: $size a record" "$(calc "$value" %.0f) ns" "" "" "" "$(rules_target "$size" "$ours")" \
      "$(verdict "$value" '<' "$(rules_target "$size" "$ours" | tr -dc '0-9.')")"
    for engine in json-rules-engine cel-python; do
      [[ "$engine$size" != cel-python10000 ]] || continue
      other=$(grep "\"$engine\"" "$theirs" >"$RULES_DIR/one.jsonl" && rules_value "$RULES_DIR/one.jsonl" "$size" nanoseconds)
      ratio=$(calc "div($other, $value)" %.0f)
      row "  beside $engine" "" "" "$(calc "$other / 1000" %.0f) µs" "$ratio" ">= 100" "$(verdict "$ratio" '>=' 100)"
    done
  done
  bytes=$(rules_value "$ours" 10000 residentBytes)
  row "rules: memory per 1,000" "$(calc "$bytes / 10 / 1048576" %.1f) MiB" "" \
    "counted as $(calc "$(rules_value "$ours" 10000 estimatedBytes) / 10 / 1048576" %.1f) MiB" "" "" ""
}

# A preview of one rule over 100,000 past records, a tenth of them decided by people, beside 1,000 active rules.
measure_preview() {
  local token tenant path="$GATEWAY_URL/api/v1/rules/preview" body answer times=() i
  prepare preview 1
  token=$(access_token preview)
  tenant=$(json_string tenantId <"$STATE/preview.json")
  psql -X -q -v ON_ERROR_STOP=1 -v tenant="$tenant" -d "$(pg_url "$PG_ADMIN_AUTH" verdict_processing)" <<'EOT' >/dev/null
INSERT INTO labels VALUES (gen_random_uuid(), :'tenant', 'preview', '', '{}', 1, now(), now());
INSERT INTO rules
SELECT gen_random_uuid(), :'tenant', 1, 'r' || n, format('record.counterparty == "Shop %s"', n),
       (SELECT id FROM labels WHERE tenant_id = :'tenant' AND name = 'preview'), 50, 'active', false, '', 'manual', now(), now()
FROM generate_series(1, 1000) n;
INSERT INTO rule_set_heads VALUES (:'tenant', 1);
WITH made AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS decision, n FROM generate_series(1, 100000) n
), noted AS (
    INSERT INTO records SELECT id, :'tenant', 'bank', NULL, NULL, now() - n * interval '1 second', json_build_object(
        'title', 'Card payment', 'text', 'a payment that has not arrived, reference ' || n, 'amount', (n % 900) || '.50',
        'currency', 'EUR', 'counterparty', 'Shop ' || n % 5000, 'occurredAt', NULL, 'attributes', json_build_object()),
        1, decision FROM made
)
INSERT INTO decisions (record_id, id, tenant_id, sequence, label, stage, confidence, status, receipt, decided_by, decided_at)
SELECT id, decision, :'tenant', CASE WHEN n % 10 > 0 THEN 1 END, CASE WHEN n % 3 = 0 THEN 'preview' END,
       CASE WHEN n % 10 = 0 THEN 'human' ELSE 'none' END, NULL,
       CASE WHEN n % 10 = 0 THEN 'overridden' ELSE 'pending_review' END, '{}',
       CASE WHEN n % 10 = 0 THEN json_build_object('kind', 'user', 'id', 'x') END, now()
FROM made;
ANALYZE records, decisions;
EOT
  body='{"condition":"record.text.contains(\"payment\") && record.amount > 450.0","label":"preview"}'
  for ((i = 1; i <= REPEATS + 1; i++)); do
    answer=$(curl -fsS -m 60 -o "$STATE/run/preview.json" -w '%{time_total}' "$path" -H "authorization: Bearer $token" \
      -H 'content-type: application/json' -d "$body")
    # The first compiles the rules.
    ((i == 1)) || times+=("$answer")
  done
  grep -q '"evaluated":100000' "$STATE/run/preview.json" || warn "the preview did not try every record"
  row "preview of a rule over 100,000 records" "$(median "${times[@]}") s" "" "" "" "< 2" \
    "$(verdict "$(median "${times[@]}")" '<' 2)"
}

# The target in nanoseconds: of 10,000 rules, five times what 1,000 take.
rules_target() {
  if (($1 == 10000)); then
    echo "< $(calc "5 * $(rules_value "$2" 1000 nanoseconds)" %.0f)"
  else
    echo "< 20000"
  fi
}
