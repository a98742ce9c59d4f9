# shellcheck shell=bash
# Webhooks signed by the providers' own libraries, which ingestion's tests deliver. Wants common.sh and packages.sh.

# Makes $STATE/vectors.jsonl anew. The libraries are fetched once for each version of their lists.
vectors_make() {
  local from="$ROOT/scripts/vectors" into="$STATE/vectors" wanted
  mkdir -p "$into"
  wanted=$(cat "$from/package-lock.json" "$from/requirements.txt" | sha256sum)
  if [[ "$(cat "$into/fetched" 2>/dev/null)" != "$wanted" ]]; then
    cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$into/"
    (cd "$into" && npm ci --no-progress)
    python3 -m venv --clear "$into/venv"
    "$into/venv/bin/pip" install --quiet --disable-pip-version-check -r "$from/requirements.txt"
    echo "$wanted" >"$into/fetched"
  fi
  cp "$from/sign.mjs" "$into/"
  # Each by itself: a failure inside of an && list would not end this.
  node "$into/sign.mjs" >"$STATE/vectors.jsonl.new"
  PYTHONIOENCODING=utf-8 "$into/venv/bin/python" "$from/sign.py" >>"$STATE/vectors.jsonl.new"
  mv "$STATE/vectors.jsonl.new" "$STATE/vectors.jsonl"
}

need_vectors() {
  need node nodejs "signs webhooks with the providers' own libraries"
  need npm npm "fetches the providers' own libraries"
  need python3 python3 "signs webhooks with the providers' own libraries"
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages "fetches the providers' own libraries" python3-venv
}
