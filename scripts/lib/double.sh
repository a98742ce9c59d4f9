# shellcheck shell=bash
# The double of Stripe: started for `make dev BILLING=double`, and driven by Stripe's own SDKs.
# Wants common.sh, stack.sh and, for driving, vectors.sh with its libraries fetched.

double_url() { echo "http://127.0.0.1:$((PORT_BASE + 6))"; }

# What signs its webhooks: made once, as the services' own secrets are.
double_secret() {
  if [[ ! -s "$STATE/double.secret" ]]; then
    (umask 077 && printf 'whsec_%s\n' "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$STATE/double.secret")
  fi
  cat "$STATE/double.secret"
}

double_build() {
  [[ -z "${VERDICT_BIN_DIR:-}" ]] || return 0
  local args=(build --locked --bin stripe-double)
  [[ "$PROFILE" = debug ]] || args+=(--release)
  (cd "$ROOT" && foreground cargo "${args[@]}") || fail "the build of the double failed; see above"
}

# Beside the stack, told where billing's webhooks are. What it knows is gone when it stops.
double_start() {
  local url
  url=$(double_url)
  port_free_or_fail "$((PORT_BASE + 6))" "the double of Stripe" PORT_BASE
  STRIPE_DOUBLE_WEBHOOK_SECRET=$(double_secret) setsid "$BIN_DIR/stripe-double" --listen "${url#http://}" \
    --plans "$ROOT/deploy/config/billing/plans.json" \
    --webhook-url "$GATEWAY_URL/api/v1/billing/webhooks/stripe" </dev/null >>"$STATE/logs/double.log" 2>&1 &
  pidfile_write "$STATE/run/double.pid" $!
  disown $!
  wait_until 20 curl -fs -m 2 -o /dev/null "$url/_test/state" || fail "the double does not answer: $STATE/logs/double.log"
  note "a double of Stripe: $url (no money moves)"
}

double_stop() {
  local pid
  if pid=$(pidfile_pid "$STATE/run/double.pid"); then stop_pid "$pid" 10; fi
  rm -f "$STATE/run/double.pid"
}

# Settings of billing that make it sell through the double.
double_env() {
  printf '%s\n' "VERDICT__PAYMENTS__PROVIDER=stripe" "VERDICT__PAYMENTS__API_BASE=$(double_url)" \
    "VERDICT__PAYMENTS__SECRET_KEY=sk_test_double" "VERDICT__PAYMENTS__WEBHOOK_SECRET=$(double_secret)" \
    "VERDICT__PAYMENTS__RETURN_ORIGINS=$GATEWAY_URL,http://localhost:5173" \
    "VERDICT__PAYMENTS__USAGE_REPORT_SECONDS=30" "VERDICT__OUTBOUND__ALLOW=127.0.0.1"
}

# Drives a double of its own with both official SDKs.
double_drive() {
  local port log="$STATE/logs/double-driven.log" pid status=0
  port=$(free_block 28420 1 0)
  "$BIN_DIR/stripe-double" --listen "127.0.0.1:$port" >"$log" 2>&1 &
  pid=$!
  wait_until 20 curl -fs -m 2 -o /dev/null "http://127.0.0.1:$port/_test/state" || status=1
  cp "$ROOT/scripts/vectors/drive_double.mjs" "$STATE/vectors/"
  ((status)) || node "$STATE/vectors/drive_double.mjs" "http://127.0.0.1:$port" || status=1
  ((status)) || "$STATE/vectors/venv/bin/python" "$ROOT/scripts/vectors/drive_double.py" "http://127.0.0.1:$port" || status=1
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  return "$status"
}
