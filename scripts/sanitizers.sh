# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
# How programs with sanitizers run, and the fuzzers, which are such. Sourced, never run: by scripts/test and
# scripts/fuzz.

# Sanitizers stop at the first report: what follows one is noise. Exit codes tell the tests.
export ASAN_OPTIONS=detect_stack_use_after_return=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# Some kernels move libraries about by more bits than the sanitizers of Debian 12 can follow: no moving then.
# A container may forbid that; its kernel then has to be one of the others.
unmoved() {
    if setarch -R true 2>/dev/null; then
        setarch -R "$@"
    else
        "$@"
    fi
}

# By clang: gcc's sanitizer of undefined behaviour lets an offset of 0 to a null pointer pass. Meson's -z defs and
# clang's sanitizers exclude each other. The fuzzers need the whole library instrumented, not only the target: that is what
# guides them. It costs the other tests little, and they share the build.
sanitized=(-Dbuildtype=debugoptimized "-Db_sanitize=address,undefined" -Db_lundef=false -Dwerror=true -Dfuzzers=true
    -Dc_args=-fsanitize=fuzzer-no-link)

# The names of the fuzz targets, and of their corpora.
fuzz_targets() {
    local source
    for source in "$top"/tests/fuzz/fuzz_*.c; do
        basename "${source#*/fuzz_}" .c
    done
}

# Builds the targets into DIRECTORY, where no test has a build of all.
build_fuzzers() {
    CC=clang build "$1" "${sanitized[@]}" -Dtests=false
}

# fuzz DIRECTORY TARGET OPTION...: runs a target that was built there. New inputs that reach something go to
# DIRECTORY/corpus/TARGET, a finding to the file that ends the output.
fuzz() {
    local directory=$1 target=$2
    shift 2
    mkdir -p "$directory/corpus/$target"
    unmoved "$directory/tests/fuzz/fuzz_$target" -timeout=10 -print_final_stats=1 "$@" \
        "$directory/corpus/$target" "$top/tests/fuzz/corpus/$target"
}

# Adds to the tree's corpus what reaches code that none of its files reaches; how often, or in which order, is no
# reason to keep a file.
fuzz_merge() {
    local directory=$1 target=$2
    unmoved "$directory/tests/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 \
        "$top/tests/fuzz/corpus/$target" "$directory/corpus/$target"
}
