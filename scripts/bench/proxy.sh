# shellcheck shell=bash
# The gateway beside nginx: the same GET of the same service, through the one and through the other.

NGINX_PID=""

# The gateway checks a token, makes an internal identity and frames the answer; nginx is handed the identity ready-made.
nginx_start() {
  local dir="$STATE/nginx" port=$1 identity=$2
  mkdir -p "$dir"
  cat >"$dir/nginx.conf" <<EOT
daemon off;
pid $dir/nginx.pid;
error_log $dir/error.log warn;
worker_processes auto;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  upstream service { server 127.0.0.1:$(stack_port ingestion); keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:$port;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      ${identity:+proxy_set_header ${identity%%:*} "${identity#*: }";}
    }
  }
}
EOT
  nginx -p "$dir" -c "$dir/nginx.conf" >>"$STATE/logs/nginx.log" 2>&1 &
  NGINX_PID=$!
  wait_until 10 port_taken "$port" || fail "nginx did not start; see $STATE/logs/nginx.log"
}

nginx_stop() {
  [[ -z "$NGINX_PID" ]] || stop_pid "$NGINX_PID" 10
  NGINX_PID=""
}

json_string() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" | head -n 1; }

access_token() {
  local state="$STATE/$1.json"
  curl -fsS -m 10 "$GATEWAY_URL/api/v1/auth/login" -H 'content-type: application/json' \
    -d "{\"email\":\"$(json_string email <"$state")\",\"password\":\"$(json_string password <"$state")\"}" |
    json_string accessToken
}

# Prints "Header: value" of an internal identity for the tenant, as the gateway would send it.
internal_identity() {
  stack_env gateway
  env "${SVC_ENV[@]}" "$BIN_DIR/verdict-gateway" mint-internal --tenant "$1" 2>/dev/null | grep -m 1 -E '^[A-Za-z-]+: .'
}

measure_proxy() {
  local path=/api/v1/integrations/providers tenant port identity token i before direct
  local ours=() theirs=() ratios=() our_cpu=() their_cpu=()
  port=$(free_block $((PORT_BASE + 6)) 1 0)
  prepare proxy 1
  token=$(access_token proxy) || token=""
  tenant=$(json_string tenantId <"$STATE/proxy.json")
  identity=$(internal_identity "$tenant") || identity=""
  nginx_start "$port" "$identity"
  direct=$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$path" || true)
  if [[ "$direct" != 200 || -z "$token" ]]; then
    warn "nginx cannot reach the same route (status $direct, identity ${identity:+given}${identity:-missing}): not measured"
    row "gateway as a proxy" "-" "" "nginx" "-" ">= 0.7" MISS
    nginx_stop
    return 0
  fi
  for ((i = 1; i <= REPEATS; i++)); do
    # The identity lives shortly; a new one each time.
    nginx_stop
    nginx_start "$port" "$(internal_identity "$tenant")"
    CPU_ROOTS=("$NGINX_PID")
    before=$(cpu_us)
    drive_get "http://127.0.0.1:$port$path" "$CONNECTIONS" 8
    ((bad == 0)) || warn "nginx: $bad answers were not 2xx"
    theirs+=("$(calc "div($answered, $seconds)" %.0f)") their_cpu+=("$(calc "div($(cpu_us) - $before, $answered)" %.0f)")
    CPU_ROOTS=("$(stack_pid gateway)")
    before=$(cpu_us)
    drive_get "$GATEWAY_URL$path" "$CONNECTIONS" 8 "Authorization: Bearer $token"
    ((bad == 0)) || warn "gateway: $bad answers were not 2xx"
    ours+=("$(calc "div($answered, $seconds)" %.0f)") our_cpu+=("$(calc "div($(cpu_us) - $before, $answered)" %.0f)")
    ratios+=("$(calc "div(${ours[-1]}, ${theirs[-1]})")")
  done
  nginx_stop
  row "gateway as a proxy (GET …/providers)" "$(median "${ours[@]}")/s" "$(median "${our_cpu[@]}")" \
    "nginx $(median "${theirs[@]}")/s, $(median "${their_cpu[@]}") µs" "$(median "${ratios[@]}")" ">= 0.7" \
    "$(verdict "$(median "${ratios[@]}")" '>=' 0.7)"
}
