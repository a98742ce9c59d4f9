#!/usr/bin/env bash
# Measures the classifier on a labelled file: make eval DATA=file.csv (columns text,category).
# Settings: SIZES="1,3,5,10,30", SEEDS="0,1,2", TARGET_ERROR=0.05, EVAL_ARGS for the rest (verdict-evaluate --help).
# Writes .dev/eval/report.json and report.png, and prints the table.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/packages.sh
source "$ROOT/scripts/lib/packages.sh"
# shellcheck source=lib/model.sh
source "$ROOT/scripts/lib/model.sh"

[[ -n "${DATA:-}" ]] || fail "say which file: make eval DATA=file.csv (columns text,category)"
[[ -f "$DATA" ]] || fail "no file $DATA"
need_rust
model_present || model_fetch
cd "$ROOT"
cargo build --release --locked -p evaluation
BUILT="${CARGO_TARGET_DIR:-$ROOT/target}/release/verdict-evaluate"
read -ra more <<<"${EVAL_ARGS:-}"
MODEL_DIR="$MODEL_INTO" "$BUILT" --data "$DATA" --out "$STATE/eval" --target-error "${TARGET_ERROR:-0.05}" \
  --sizes "${SIZES:-1,3,5,10,30}" --seeds "${SEEDS:-0,1,2}" "${more[@]}"
