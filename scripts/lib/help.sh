#!/usr/bin/env bash
# Prints the targets of the Makefile with what they say of themselves, and the settings they share.
set -euo pipefail
awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $1, $2 }' "$(dirname "${BASH_SOURCE[0]}")/../../Makefile"
cat <<'EOT'

  Settings (make dev NAME=value):
    PORT_BASE        port of the gateway; the five services follow it         8080
    VERDICT_PG_PORT  port of the private PostgreSQL                           54329
    VERDICT_MQ_PORT  first port of the private RabbitMQ (it takes some 20)    56729
    DATABASE_URL     use this PostgreSQL instead (a superuser's URL)
    AMQP_URL         use this RabbitMQ instead (an administrator's URL; AMQP_ADMIN_URL for its HTTP API)
EOT
