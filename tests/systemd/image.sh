# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A minimal Debian with systemd as its init and what the tests need, in a directory. Sourced by tests/systemd/run, after
# scripts/lib.sh. Made once and kept, whatever newer packages Debian has since: no network is needed then.

image_cache=${XDG_CACHE_HOME:-$HOME/.cache}/netdrop-exporter/systemd
image_packages=(
    systemd-sysv dbus
    libbpf1 libcjson1 libdeflate0 libmicrohttpd12 libncursesw6 libnettle8 libnl-3-200 libnl-genl-3-200 libnl-route-3-200 libpcap0.8
    iproute2 nftables procps python3-prometheus-client python3-pytest python3-pytest-timeout
)

# image_prepare: prints the directory.
image_prepare() {
    local directory=$image_cache/root
    if [ "${image_packages[*]}" != "$(cat "$image_cache/packages" 2>/dev/null)" ]; then
        image_make "$directory"
        echo "${image_packages[*]}" >"$image_cache/packages"
    fi
    echo "$directory"
}

image_make() {
    local sources=() log=$image_cache/log
    mapfile -t sources < <(find /etc/apt/sources.list /etc/apt/sources.list.d -type f -size +0 \
        \( -name '*.list' -o -name '*.sources' \) 2>/dev/null)
    [ ${#sources[@]} -gt 0 ] || die "apt has no sources to make an image of"
    echo "making an image with systemd" >&2
    rm -rf "${1:?}" "$image_cache/packages"
    # shellcheck disable=SC1091
    mmdebstrap --variant=minbase --include="$(printf '%s,' "${image_packages[@]}")" \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$1" "${sources[@]}" >"$log" 2>&1 </dev/null || {
        tail -20 "$log" >&2
        die "mmdebstrap failed"
    }
}
