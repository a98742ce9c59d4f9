# shellcheck shell=bash
# Embeddings beside Python's engines on the same weights, texts and thread count; vector search beside a plain loop.
# The yardsticks live in a virtual environment of the bench. sentence-transformers brings some gigabytes of PyTorch:
# YARDSTICK_TORCH=1 installs it, else its row says that it was not measured.

TEXTS="${TEXTS:-2000}"

yardsticks_make() {
  local from="$ROOT/scripts/bench/python" into="$STATE/yardsticks" wanted
  wanted="$(sha256sum <"$from/requirements.txt") ${YARDSTICK_TORCH:-0}"
  [[ "$(cat "$into/fetched" 2>/dev/null)" != "$wanted" ]] || return 0
  mkdir -p "$into"
  python3 -m venv --clear "$into/venv"
  "$into/venv/bin/pip" install --quiet --disable-pip-version-check -r "$from/requirements.txt"
  if [[ "${YARDSTICK_TORCH:-0}" = 1 ]]; then
    "$into/venv/bin/pip" install --quiet --disable-pip-version-check sentence-transformers
  fi
  "$into/venv/bin/python" "$from/export.py" "$MODEL_INTO/model.safetensors" "$into/encoder.onnx"
  echo "$wanted" >"$into/fetched"
}

# The texts of the demo's records over and over, each time with another number, so that none repeats.
bench_texts() {
  python3 - "$1" "$ROOT/crates/demo/data" <<'EOT'
import itertools, json, pathlib, sys
files = sorted(pathlib.Path(sys.argv[2]).glob("*.ndjson"))
records = [json.loads(line) for file in files for line in file.read_text().splitlines() if line]
texts = [" ".join((record.get("text") or record.get("issue", {}).get("body") or "").split()) for record in records]
numbered = (f"{text} {number}" for number in itertools.count() for text in texts if text)
print("\n".join(itertools.islice(numbered, int(sys.argv[1]))))
EOT
}

# field JSON-LINES FILTERS… FIELD: the field of the first line that holds every filter.
field() {
  local lines=$1 filter
  shift
  while (($# > 1)); do
    filter=$1
    lines=$(grep -F -- "$filter" <<<"$lines" || true)
    shift
  done
  head -n 1 <<<"$lines" | sed -n "s/.*\"$1\": *\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

measure_embeddings() {
  local into="$STATE/yardsticks" own theirs threads ours small ort st
  model_present || model_fetch
  need python3 python3 "runs the yardsticks"
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages "runs the yardsticks" python3-venv
  progress "The yardsticks' environment" yardsticks yardsticks_make
  bench_texts "$TEXTS" >"$STATE/texts.txt"
  cargo build --release --locked -q -p encoder --example embed_speed
  own=$(MODEL_DIR="$MODEL_INTO" "$(bench_binary embed_speed)" <"$STATE/texts.txt")
  for threads in 1 2; do
    theirs=$("$into/venv/bin/python" "$ROOT/scripts/bench/python/embed.py" "$MODEL_INTO" "$into/encoder.onnx" "$threads" <"$STATE/texts.txt")
    ort=$(field "$theirs" '"onnxruntime"' textsPerSecond)
    st=$(field "$theirs" '"sentence-transformers"' textsPerSecond)
    ours=$(field "$own" '"F32"' "\"threads\":$threads" textsPerSecond)
    small=$(field "$own" '"Int8"' "\"threads\":$threads" textsPerSecond)
    row "texts/s, f32, $threads threads" "$ours/s" "" "onnxruntime $ort/s" "$(calc "div($ours, $ort)")" ">= 1" \
      "$(verdict "$(calc "div($ours, $ort)")" '>=' 1)"
    row "texts/s, int8, $threads threads" "$small/s" "" "onnxruntime $ort/s" "$(calc "div($small, $ort)")" ">= 2" \
      "$(verdict "$(calc "div($small, $ort)")" '>=' 2)"
    if [[ -n "$st" ]]; then
      row "  int8 beside sentence-transformers" "$small/s" "" "$st/s" "$(calc "div($small, $st)")" "" ""
    else
      warn "sentence-transformers was NOT measured: YARDSTICK_TORCH=1 installs it (some gigabytes)"
    fi
  done
  row "one text after the other, int8" "$(field "$own" '"Int8"' oneByOneMs oneByOneMs) ms" "" "" "" "" ""
  row "cosine int8 to f32, mean and least" "$(field "$own" int8CosineMean int8CosineMean)" "" "least $(field "$own" int8CosineMean int8CosineLeast)" "" "" ""
}

measure_search() {
  local found count
  cargo build --release --locked -q -p learning --example search_speed
  found=$("$(bench_binary search_speed)")
  for count in 1000 10000 100000; do
    row "search among $count exemplars" "$(field "$found" "\"exemplars\":$count," indexNs) ns" "" \
      "plain loop $(field "$found" "\"exemplars\":$count," plainNs) ns" "$(field "$found" "\"exemplars\":$count," times)" "" ""
  done
  row "memory of 10000 exemplars" "$(field "$found" '"exemplars":10000,' megabytes) MB" "" "recall $(field "$found" '"exemplars":10000,' recall)" "" "" ""
}

bench_binary() { echo "${CARGO_TARGET_DIR:-$ROOT/target}/release/examples/$1"; }
