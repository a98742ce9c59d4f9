# shellcheck shell=bash
# schemathesis, fetched once for each version of its list. Wants common.sh and packages.sh.

need_contract() {
  need python3 python3 "makes requests from the contract"
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages "makes requests from the contract" python3-venv
}

# Makes $STATE/schemathesis/venv; without the internet, and without one from an earlier run, this fails.
contract_fetch() {
  local from="$ROOT/scripts/contract/requirements.txt" into="$STATE/schemathesis" wanted
  mkdir -p "$into"
  wanted=$(sha256sum <"$from")
  [[ "$(cat "$into/fetched" 2>/dev/null)" != "$wanted" ]] || return 0
  python3 -m venv --clear "$into/venv"
  "$into/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$from"
  echo "$wanted" >"$into/fetched"
}
