# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Debian's own kernels, ready to boot and not installed. Sourced by tests/vm/run, after scripts/lib.sh.
# A kernel that was fetched once is kept, whatever newer build of it Debian has since: no network is needed then.

kernel_cache=${XDG_CACHE_HOME:-$HOME/.cache}/netdrop-exporter/kernels

# kernel_prepare VERSION: prints the directory of Debian's newest 6.1, 6.12, ... kernel: version, vmlinuz (as
# Debian made it), vmlinux (the ELF file in it), lib/modules with modules.dep.
kernel_prepare() {
    local directory=$kernel_cache/$1
    [ -e "$directory/version" ] || kernel_fetch "$1" "$directory"
    echo "$directory"
}

kernel_fetch() {
    local draft=$2.draft package version
    rm -rf "$draft" "$2"
    mkdir "$draft"
    package=$(kernel_package "$1")
    if [ -z "$package" ]; then
        [ "$(id -u)" = 0 ] || die "apt knows no kernel $1; as root: apt-get update"
        apt_get update
        package=$(kernel_package "$1")
        [ -n "$package" ] || die "apt knows no kernel $1 (it comes with bookworm and bookworm-security)"
    fi
    echo "fetching $package" >&2
    (cd "$draft" && apt_get -o APT::Sandbox::User=root download "$package") ||
        { apt_get update && (cd "$draft" && apt_get -o APT::Sandbox::User=root download "$package"); }
    dpkg -x "$draft/$package"_*.deb "$draft"
    version=${package#linux-image-}
    mv "$draft/boot/vmlinuz-$version" "$draft/vmlinuz"
    kernel_elf "$draft/vmlinuz" >"$draft/vmlinux"
    # In Debian the package's own scripts do that when it is installed.
    depmod --basedir "$draft" "$version"
    rm -rf "${draft:?}"/*.deb "${draft:?}/boot" "${draft:?}/usr"
    echo "$version" >"$draft/version"
    mv "$draft" "$2"
}

kernel_package() {
    apt-cache pkgnames "linux-image-$1." | grep -xE 'linux-image-[0-9.]+(-[0-9]+|\+deb[0-9]+)-amd64' | sort -V | tail -n 1
}

# The ELF file inside a bzImage. Entered by PVH it skips the slow real-mode start and its own decompression, and
# stays where it was linked (no KASLR). Fields: Documentation/arch/x86/boot.rst.
kernel_elf() {
    local image=$1 setup_sectors offset length
    setup_sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
    offset=$(od -An -tu4 -j $((0x248)) -N 4 "$image")
    length=$(od -An -tu4 -j $((0x24c)) -N 4 "$image")
    # The last four bytes are the length of what is in it.
    tail -c +$(((setup_sectors + 1) * 512 + offset + 1)) "$image" | head -c $((length - 4)) >"$image.payload"
    case $(od -An -tx1 -N 4 "$image.payload") in
    *'28 b5 2f fd') zstd -dc <"$image.payload" ;;
    *'fd 37 7a 58') xz -dc <"$image.payload" ;;
    *) die "$image is compressed by something unknown" ;;
    esac
    rm "$image.payload"
}
