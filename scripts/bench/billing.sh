# shellcheck shell=bash
# Webhooks of a payment provider, signed and each once: verified, stored and committed before they are answered.

# billing_requests COUNT: a file of them, in the form of requests.lua.
billing_requests() {
  python3 - "$(double_secret)" "$1" <<'PYTHON' >"$STATE/billing.requests"
import hashlib, hmac, json, sys, time
secret, count, now = sys.argv[1].encode(), int(sys.argv[2]), int(time.time())
for number in range(count):
    body = json.dumps({"id": f"evt_bench_{now}_{number}", "object": "event", "type": "payment_method.attached",
                       "created": now, "data": {"object": {"id": f"pm_{number}", "object": "payment_method",
                                                           "customer": f"cus_{number % 500}"}}})
    signature = hmac.new(secret, f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = json.dumps({"content-type": "application/json", "stripe-signature": f"t={now},v1={signature}"})
    print("/api/v1/billing/webhooks/stripe", headers, body, sep="\t")
PYTHON
}

measure_billing() {
  local i commits rate rates=() commits_all=() cpus=() ratios=() before
  yardstick_exists || yardstick_setup
  for ((i = 1; i <= REPEATS; i++)); do
    commits=$(yardstick 8)
    billing_requests 20000
    before=$(cpu_us)
    drive "$GATEWAY_URL" "$STATE/billing.requests" "$CONNECTIONS" 60
    ((bad + broken == 0)) || warn "$bad answers were not 2xx, $broken connections failed"
    rate=$(calc "div($answered - $bad, $seconds)" %.0f)
    cpus+=("$(calc "div($(cpu_us) - $before, $answered)" %.0f)")
    rates+=("$rate") commits_all+=("$commits")
    ratios+=("$(calc "div($rate, $commits)" %.3f)")
    rm -f "$STATE/billing.requests"
  done
  row "billing webhooks/s stored, worker running" "$(median "${rates[@]}")/s" "$(median "${cpus[@]}")" \
    "pgbench $(median "${commits_all[@]}") commits/s" "$(median "${ratios[@]}")" ">= 0.05" \
    "$(verdict "$(median "${ratios[@]}")" '>=' 0.05)"
}

yardstick_exists() { [[ -n "$(echo "SELECT 1 FROM pg_database WHERE datname = 'yardstick'" | sql 2>/dev/null | tr -d ' \n')" ]]; }
