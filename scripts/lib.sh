# What the scripts of this folder share; they source it.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The C libraries Satchel is linked with, and what the Swift compiler itself takes from Debian.
build_packages=(
    libcurl4-openssl-dev libinotifytools0-dev libsqlite3-dev libssl-dev pkg-config
    binutils gcc g++ libc6-dev libncurses-dev libxml2-dev tzdata git ca-certificates
)
# The scanner is compared with what git itself says; certificates are made and shown by openssl.
test_packages=("${build_packages[@]}" openssl)

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs those of the named Debian packages that are missing; asks the network only then.
install_packages() {
    command -v dpkg-query >/dev/null ||
        die "this is not Debian; install by hand what provides: $*, then run it again with SATCHEL_SKIP_PACKAGES=1"
    local missing=() package
    for package in "$@"; do is_installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "missing packages: ${missing[*]}; install them as root"
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# Stops unless a Swift compiler is there that can read Package.swift.
require_swift() {
    command -v swift >/dev/null || die "there is no swift; install Swift 6.2 or later from swift.org/install, then run it again"
    local version
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
    # shellcheck disable=SC2086
    set -- $version
    [ "${1:-0}" -gt 6 ] || { [ "${1:-0}" -eq 6 ] && [ "${2:-0}" -ge 2 ]; } ||
        die "this swift is ${1:-unknown}.${2:-}; install Swift 6.2 or later"
}

# Everything that must be there before anything is built: packages as named, then Swift.
prepare() {
    [ -n "${SATCHEL_SKIP_PACKAGES:-}" ] || install_packages "$@"
    require_swift
}

# A crash in a test is told in one line; the default printer writes pages and may wait for a terminal.
export SWIFT_BACKTRACE=enable=no
