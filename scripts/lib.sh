# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts of this directory share: where the tree is, which packages are needed, where to build.
# Sourced, never run.

top=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# clang, bpftool and libbpf are for the BPF program, libpcap and ncurses for --watch and --capture; without them the daemon
# builds without these.
build_packages=(
    bpftool clang gcc git libbpf-dev libc6-dev libcjson-dev libcrypt-dev libdeflate-dev libgnutls28-dev libmicrohttpd-dev
    libncurses-dev libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libpcap-dev libsystemd-dev meson nettle-dev ninja-build
    pkgconf
)
# shellcheck disable=SC2034 # for the scripts that source this file
test_packages=(
    "${build_packages[@]}"
    bash-completion binutils chromium clang-format clang-tidy conntrack cppcheck curl e2fsprogs ethtool gcovr iproute2 iptables iputils-ping
    libclang-rt-dev libcmocka-dev llvm man-db mandoc mold mount nftables nodejs openssl procps prometheus prometheus-alertmanager prometheus-node-exporter
    python3-jsonschema python3-prometheus-client python3-pytest
    python3-pytest-timeout python3-pytest-xdist python3-yaml shellcheck strace systemd tcpdump tmux tshark universal-ctags
    util-linux valgrind victoria-metrics wireshark-common
)

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Installs those of the packages that are missing. Does nothing, and needs nothing, where all are there.
install_packages() {
    local missing
    # Another distribution than Debian: meson will name what it misses.
    command -v dpkg-query >/dev/null || return 0
    missing=$(comm -13 \
        <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u) \
        <(printf '%s\n' "$@" | sort -u) | xargs)
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || die "packages are missing; as root: apt-get install $missing"
    echo "installing $missing" >&2
    # shellcheck disable=SC2086 # one word for each package
    apt_get update && apt_get install --no-install-recommends $missing
}

# One at a time: stages that run side by side may each miss something.
apt_get() {
    DEBIAN_FRONTEND=noninteractive flock /var/lib/apt apt-get --quiet --quiet --yes "$@" >&2 </dev/null ||
        die "apt-get $1 failed"
}

# Prints the directory NAME to put products into: in the tree, or, where somebody else owns the tree or what
# is in the directory, in the user's cache.
output_directory() {
    local directory=$top/$1
    if { [ ! -e "$directory" ] && [ ! -w "$top" ]; } ||
        [ -n "$(find "$directory" ! -writable -print -quit 2>/dev/null)" ]; then
        directory=${XDG_CACHE_HOME:-$HOME/.cache}/netdrop-exporter/$1
    fi
    mkdir -p "$directory"
    echo "$directory"
}

# Configures DIRECTORY (meson OPTIONs follow), unless it is configured already, and builds it. Who else wants the same
# meanwhile waits.
build() {
    configure "$@" && build_target "$1"
}

configure() {
    local directory=$1 linker=""
    shift
    [ ! -f "$directory/build.ninja" ] || return 0
    # More than a hundred test programs are linked with all libraries: by the linker that is fastest, where it is there.
    command -v mold >/dev/null && linker=mold
    flock --close "$directory.lock" env ${linker:+CC_LD="$linker"} meson setup "$directory" "$top" "$@" >"$directory.log" 2>&1 || {
        cat "$directory.log" >&2
        return 1
    }
}

# build_target DIRECTORY [TARGET...]: these alone, some of which are not built unless they are asked for.
build_target() {
    local directory=$1
    shift
    # Quiet as long as it works: one progress line for a person, the compiler's words where it fails.
    flock --close "$directory.lock" ninja -C "$directory" --quiet "$@" >&2
}
