#!/usr/bin/env bash
# Holds a live stack to the contract that it serves: schemathesis makes requests from the OpenAPI document, good ones,
# bad ones and sequences of them, and every answer must be as documented. Ends with non-zero for a 5xx, a status, type,
# header or shape that is not in the document, and when something was not tried.
# Settings: CONTRACT_EXAMPLES=10 (requests for each call in the random part; the rest is the same in each run),
# CONTRACT_SEED=1, CONTRACT_ONLY='regular expression over paths', RELEASE=1.
set -euo pipefail
SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
export VERDICT_STATE_DIR="${VERDICT_STATE_DIR:-$(dirname "$SCRIPTS")/.dev/contract}"
# shellcheck source=lib/common.sh
source "$SCRIPTS/lib/common.sh"
PORT_BASE="${PORT_BASE:-$(free_block 28280 10 0 1 2 3 4 5)}"
# shellcheck source=lib/servers.sh
source "$SCRIPTS/lib/servers.sh"
# shellcheck source=lib/stack.sh
source "$SCRIPTS/lib/stack.sh"
# shellcheck source=lib/session.sh
source "$SCRIPTS/lib/session.sh"
# shellcheck source=lib/contract.sh
source "$SCRIPTS/lib/contract.sh"

EXAMPLES="${CONTRACT_EXAMPLES:-10}"
SEED="${CONTRACT_SEED:-1}"
DOCUMENT="$STATE/run/openapi.json"
COUNTS="$STATE/run/contract.json"

# One client is everybody here: no quota may come between it and the answers. Hashes are cheap, since people are many.
for name in ADDRESS PRINCIPAL TENANT WEBHOOK SIGN_IN SIGN_UP MAIL TRANSFER; do
  GATEWAY_ENV+=("VERDICT__RATE_LIMITS__${name}__PER_MINUTE=60000000" "VERDICT__RATE_LIMITS__${name}__BURST=1000000")
done
GATEWAY_ENV+=("VERDICT__AUTH__HASHING__MEMORY_KIB=8" "VERDICT__AUTH__HASHING__ITERATIONS=1")

# Nor may a plan.
PLANS_FILE="$VERDICT_STATE_DIR/plans.json"
mkdir -p "$VERDICT_STATE_DIR"
sed -E 's/"(recordsPerMonth|seats|integrations)": [0-9]+,/"\1": 1000000000,/' "$ROOT/deploy/config/billing/plans.json" >"$PLANS_FILE"

need_contract
progress "Fetching schemathesis" contract contract_fetch
session_start 24829 27129
curl -fsS "$GATEWAY_URL/api/v1/openapi.json" -o "$DOCUMENT" || fail "the gateway serves no document"
say "Requests from the document, $EXAMPLES for each call in the random part"
rm -rf "$COUNTS" "$STATE/run/schemathesis"
only=()
[[ -z "${CONTRACT_ONLY:-}" ]] || only=(--include-path-regex "$CONTRACT_ONLY")
status=0
mkdir -p "$STATE/run/schemathesis"
foreground env -C "$STATE/run/schemathesis" PYTHONPATH="$ROOT/scripts/contract" PYTHONDONTWRITEBYTECODE=1 \
  CONTRACT_GATEWAY="$GATEWAY_URL" CONTRACT_COUNTS="$COUNTS" CONTRACT_MAIL="$STATE/mail" \
  "$STATE/schemathesis/venv/bin/st" --config-file "$ROOT/scripts/contract/schemathesis.toml" --no-color \
  run "$GATEWAY_URL/api/v1/openapi.json" --max-examples "$EXAMPLES" --seed "$SEED" \
  --report ndjson --report-ndjson-path "$STATE/run/contract.ndjson" "${only[@]}" \
  >"$STATE/logs/schemathesis.log" 2>&1 || status=$?
if ((status != 0)); then
  sed -n '/FAILURES\|ERRORS/,$p' "$STATE/logs/schemathesis.log" | head -n 400 >&2
  fail "an answer is not as documented; all of it: $STATE/logs/schemathesis.log"
fi
python3 "$ROOT/scripts/contract/summary.py" "$DOCUMENT" "$COUNTS" || fail "the run did not see everything"
