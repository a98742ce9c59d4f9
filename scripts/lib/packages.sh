# shellcheck shell=bash
# Installs what is missing with apt-get, as root or through sudo; says what it does and asks nothing.

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root, and there is no sudo: $*"
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
    install -y --no-install-recommends "$@"
}

# The package lists are fetched only when an install fails without them: that is the slow part.
apt_install_or_update() {
  apt_install "$@" && return 0
  echo "fetching the package lists, then trying once more"
  as_root apt-get -o DPkg::Lock::Timeout=120 update && apt_install "$@"
}

# install_packages REASON PACKAGE…
install_packages() {
  local why=$1
  shift
  command -v apt-get >/dev/null ||
    fail "missing: $* ($why). There is no apt-get here; install the equivalent and run this again."
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "missing: $* ($why). Ask an administrator for: apt-get install --no-install-recommends $*"
    note "$* is missing ($why); installing through sudo"
    # Here sudo may ask for a password on the terminal; later its output goes to a log.
    sudo -v || fail "sudo refused; ask an administrator for: apt-get install --no-install-recommends $*"
  fi
  progress "Installing $* from Debian packages ($why)" apt apt_install_or_update "$@"
}

# need COMMAND PACKAGE REASON: installs the package when the command is not there.
need() {
  command -v "$1" >/dev/null || install_packages "$3" "$2"
}

need_rust() {
  command -v cargo >/dev/null ||
    fail "cargo is not on the PATH. Install a Rust toolchain with rustup (see rust-toolchain.toml for the version)."
  need cc build-essential "a C compiler, for the linker and the crates with C parts"
}
