# shellcheck shell=bash
# A private RabbitMQ node on its own loopback ports, below the data root of this state directory.
# Ports from the base: AMQP +0, management +1, distribution +4, epmd +5, command line tools +10…+20.

MQ_OFFSETS=(0 1 4 5 10)

# The distribution's wrapper in /usr/sbin changes to another account, so the programs are called directly.
mq_bin() {
  if [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; then
    echo /usr/lib/rabbitmq/bin
  elif command -v rabbitmq-server >/dev/null; then
    dirname "$(readlink -f "$(command -v rabbitmq-server)")"
  else
    return 1
  fi
}

mq_install() { mq_bin >/dev/null || install_packages "the message broker" rabbitmq-server; }

mq_dir() { echo "$(data_root)/rabbitmq"; }

# Everything is named, because whatever is not is read from the machine's own RabbitMQ in /etc.
mq_env() {
  local dir
  dir=$(mq_dir)
  export HOME=$dir RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_NODENAME="verdict$MQ_PORT@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT=$MQ_PORT RABBITMQ_DIST_PORT=$((MQ_PORT + 4)) \
    RABBITMQ_CTL_DIST_PORT_MIN=$((MQ_PORT + 10)) RABBITMQ_CTL_DIST_PORT_MAX=$((MQ_PORT + 20)) \
    ERL_EPMD_PORT=$((MQ_PORT + 5)) ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_RELAXED_COMMAND_CHECK=1 \
    RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log RABBITMQ_PID_FILE=$dir/pid \
    RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf RABBITMQ_ADVANCED_CONFIG_FILE=$dir/advanced.config \
    RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
}

# The statistics are slowed down: nobody watches rates here, and they cost as much as the messages.
mq_write_conf() {
  local dir=$1
  mkdir -p "$dir/mnesia" "$dir/log"
  chmod 700 "$dir"
  # The node refuses a cookie that others may read.
  [[ -f "$dir/.erlang.cookie" ]] ||
    (umask 377 && head -c 32 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' >"$dir/.erlang.cookie")
  echo '[rabbitmq_management].' >"$dir/enabled_plugins"
  cat >"$dir/rabbitmq.conf" <<EOT
listeners.tcp.default = 127.0.0.1:$MQ_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $((MQ_PORT + 1))
loopback_users = none
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 67108864
collect_statistics_interval = 60000
management.rates_mode = none
log.file.level = warning
load_definitions = $dir/definitions.json
EOT
  cat >"$dir/definitions.json" <<'EOT'
{
  "users": [{ "name": "verdict", "password": "verdict", "tags": "administrator" }],
  "vhosts": [{ "name": "/" }, { "name": "verdict" }],
  "permissions": [
    { "user": "verdict", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "verdict", "vhost": "verdict", "configure": ".*", "write": ".*", "read": ".*" }
  ]
}
EOT
}

# Prints the node's pid when it runs: the Erlang machine whose home is this directory. Its own pid file
# comes late in the start and outlives a killed node, so it is no help.
mq_pid() {
  local file
  while IFS= read -r file; do
    [[ "$(cat "${file%cmdline}comm" 2>/dev/null)" = beam.smp ]] || continue
    file=${file%/cmdline}
    echo "${file#/proc/}"
    return 0
  done < <(grep -lszxF -- "$(mq_dir)" /proc/[0-9]*/cmdline)
  return 1
}

mq_ready() {
  port_taken "$MQ_PORT" && curl -fsS -m 2 -o /dev/null "$MQ_ADMIN_URL/api/vhosts/verdict"
}

mq_boot() (
  mq_write_conf "$(mq_dir)"
  mq_env
  cd "$HOME" || exit 1
  # Left to the node, a thousand test virtual hosts would run out of descriptors.
  ulimit -n 65536 2>/dev/null || true
  "$(mq_bin)/rabbitmq-server" -detached </dev/null
  if ! wait_until 90 mq_ready; then
    tail -n 30 log/*.log
    exit 1
  fi
)

mq_start() {
  local offset
  if mq_pid >/dev/null; then
    wait_until 60 mq_ready || fail "RabbitMQ runs but does not answer on port $MQ_PORT"
    return 0
  fi
  for offset in 0 1 4; do
    port_free_or_fail $((MQ_PORT + offset)) RabbitMQ VERDICT_MQ_PORT
  done
  MQ_STARTED=1
  progress "Starting RabbitMQ on 127.0.0.1:$MQ_PORT" rabbitmq mq_boot
}

# SIGTERM is the node's own orderly stop, without the second that the command line tool takes to start.
# epmd outlives its node; it is ours alone, because it listens on a port of ours.
mq_stop() {
  local pid
  # A start that was interrupted may not have become a process yet.
  if ((MQ_STARTED)); then wait_until 2 mq_pid || true; fi
  pid=$(mq_pid) || return 0
  stop_pid "$pid" 60
  (mq_env && epmd -port "$ERL_EPMD_PORT" -kill >/dev/null 2>&1) || true
}

mq_kill9() {
  local pid
  pid=$(mq_pid) || fail "RabbitMQ does not run"
  kill -KILL "$pid"
  wait_until 20 eval "! port_taken $MQ_PORT && ! mq_pid"
}

# mq_api METHOD PATH [CURL ARGUMENTS…]
mq_api() {
  local method=$1 path=$2
  shift 2
  curl -fsS -m 15 -o /dev/null -X "$method" -H 'content-type: application/json' "$@" "$MQ_ADMIN_URL/api/$path"
}
