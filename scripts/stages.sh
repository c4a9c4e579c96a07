# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what scripts/test and lib.sh set
# The stages of scripts/test, a function each. Sourced by it; $products is where to build, $results where each
# stage leaves what it found, $all is set for the long version.

# seconds N: so long, and ten times as long with --all.
seconds() {
    echo $(($1 * (all ? 10 : 1)))
}

# check NAME COMMAND...: one test, which passes where the command succeeds. What it said is shown otherwise.
check() {
    local name=$1 output result=failed begin=${EPOCHREALTIME/./}
    shift
    if output=$("$@" 2>&1); then
        result=passed
    else
        printf '%s\n' "$output"
    fi
    echo "$result $name"
    printf '%s\t%s\t%s\n' "$result" "$name" "$(((${EPOCHREALTIME/./} - begin) / 1000))e-3" >>"$results/$stage/checks"
    [ "$result" = passed ]
}

# sources PATTERN FOLDER...: files below these folders of the tree whose names match the pattern.
sources() {
    local pattern=$1
    shift
    find "${@/#/$top/}" -name "$pattern" -type f | sort
}
program=(base collectors config daemon)
shell_scripts() {
    grep -rlE --exclude-dir=.git --exclude-dir='build*' '^#!.*[/ ](ba|da)?sh\b|^# shellcheck shell=' "$top" | sort
}

stage_setup() {
    # Packages of nodejs that are not Debian's bring npm with them, and conflict with the one of that name.
    install_packages "${test_packages[@]}" && { command -v npm >/dev/null || install_packages npm; }
}

stage_build() {
    check "gcc, release, warnings are errors" build "$products/gcc" -Dwerror=true &&
        check "nothing mutable at file scope" "$top/tests/check/mutable-data" "$products/gcc/libnetdrop.a"
    CC=clang check "clang, release, warnings are errors" build "$products/clang" -Dwerror=true
}

# What takes seconds: of the tree as text.
lint_texts() {
    check "includes go the right way" "$top/tests/check/dependencies"
    check "daemon/ names no collector's metric" "$top/tests/check/metric-names"
    check "house style" "$top/tests/check/style"
    check "no more repeated blocks than were known" "$top/tests/check/repeated-blocks"
    check "each row of docs/faults.md is a test" "$top/tests/check/faults"
    mapfile -t files < <(sources '*.[ch]' "${program[@]}" tests)
    check clang-format clang-format --dry-run -Werror "${files[@]}"
    mapfile -t files < <(shell_scripts)
    check shellcheck shellcheck -x --source-path="$top" "${files[@]}"
}

stage_lint() {
    lint_texts
    # It does not know scope cleanup, and takes the shortest string it sees for all: leaks and bounds are left to
    # the sanitizers. The BPF program is no C that it knows.
    mapfile -t files < <(sources '*.c' "${program[@]}" | grep -v '\.bpf\.c$')
    check cppcheck cppcheck --quiet --enable=warning,performance,portability --inline-suppr -I"$top" \
        --suppress={memleak,resourceLeak,arrayIndexOutOfBounds,arrayIndexThenCheck} \
        --error-exitcode=1 "${files[@]}"
    # It reads how each file is compiled from a build directory, and generated headers are there too.
    CC=clang check "clang, for clang-tidy" build "$products/clang" -Dwerror=true &&
        check clang-tidy run-clang-tidy -quiet -p "$products/clang" -j "$(nproc)" "$top/(base|collectors|config|daemon)/[a-z_/]*\\.c"
}

# unit BUILD OPTION...: the unit tests and the fuzzers' corpora in a build of that name.
unit() {
    local directory=$products/$1
    shift
    check "build of $stage" build "$directory" "$@" || return
    unmoved meson test -C "$directory" --no-rebuild --print-errorlogs
    local status=$?
    cp "$directory/meson-logs/testlog.junit.xml" "$results/$stage/"
    return $status
}

stage_unit-asan() {
    unit asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined
}

stage_unit-tsan() {
    unit tsan -Dbuildtype=debugoptimized -Db_sanitize=thread
}

# Pure parsers: bytes in, struct out. Their bytes come from outside, so that no branch is left to chance.
parsers='(base/(escape|utf8)|collectors/[a-z]+/([a-z_]+_(parse|name)|ethtool_readings)|config/json_scan|daemon/http/(negotiate|users))\.c'

# coverage PATTERN OPTION...: what the tests ran of the sources that match. An assertion fails for a bug of our own
# only, and then ends the program: its other branch is no test's to take.
coverage() {
    local pattern=$1
    shift
    gcovr --root "$top" "$products/coverage" --filter "$top/$pattern" --exclude-unreachable-branches \
        --exclude-branches-by-pattern '\s*(static_)?assert\(.*' "$@"
}

# By the unit tests and the corpora alone: what runs in processes of its own is left to the stage integration.
stage_coverage() {
    local options=(-Dbuildtype=debug -Db_coverage=true)
    # A build runs some of what it made: its counts go, and those of the last time. Why it fails, unit says.
    build "$products/coverage" "${options[@]}" 2>/dev/null && find "$products/coverage" -name '*.gcda' -delete
    unit coverage "${options[@]}" || return
    coverage '(base|collectors|config|daemon)/' --print-summary | tail -3
    check "lines and branches are no fewer than they were" coverage '(base|collectors|config|daemon)/' \
        --fail-under-line 69.5 --fail-under-branch 65.5
    check "every branch of the parsers is taken" coverage "$parsers" --branches --fail-under-branch 100
}

# integration BUILD ARGUMENT...: pytest with the arguments, on the daemon of that build. Most tests wait most of the
# time, each in namespaces of its own: so many side by side take the time of the longest few.
integration() {
    local directory=$products/$1
    shift
    BUILD=$directory unmoved /usr/bin/python3 -B -m pytest -p no:cacheprovider --rootdir="$top" --quiet \
        --numprocesses=4 --dist=loadgroup --durations=8 --timeout="$(seconds 300)" --junit-xml="$results/$stage/junit.xml" ${all:+--all} \
        "$@"
}

stage_integration() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        check "programs of $stage" build_target "$products/gcc" tests/bench/collect &&
        integration gcc "$top/tests/integration"
}

# Floods are left out: a sanitizer makes them slow, and what they find is found with less. So is what builds a
# daemon of its own, without a sanitizer, what is about Prometheus, Grafana and the runbook, and what is about the page
# in a browser: the page itself, of every kind of numbers, the unit tests make under the same sanitizers.
stage_integration-asan() {
    check "build of $stage" build "$products/asan" -Dbuildtype=debugoptimized -Db_sanitize=address,undefined &&
        integration asan -m "not flood and not builds" --ignore-glob="*/test_"{rules,dashboard,runbook,prometheus,page,faults}.py \
            "$top/tests/integration"
}

# What it adds to the corpora on its way is thrown away with the build: scripts/fuzz keeps that.
stage_fuzz() {
    local target
    check "build of $stage" build_fuzzers "$products/fuzz" || return
    for target in $(fuzz_targets); do
        check "fuzz $target" fuzz "$products/fuzz" "$target" "-max_total_time=$(seconds 5)" \
            "-artifact_prefix=$results/$stage/$target-"
    done
}

stage_systemd() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        "$top/tests/systemd/ci" "$products/gcc" "$results/$stage"
}

stage_packages() {
    "$top/tests/packaging/ci" "$results/$stage"
}

stage_concurrency() {
    check "build of $stage" build "$products/tsan" -Dbuildtype=debugoptimized -Db_sanitize=thread &&
        integration tsan --seconds="$(seconds 60)" "$top/tests/integration/test_concurrency.py" \
            "$top/tests/integration/test_http.py::test_row_42_parallel_scrapes" \
            "$top/tests/integration/test_reload.py::test_row_47_ten_thousand_sighups_under_load"
}

# Counts, no times: they hold on a loaded machine.
stage_bench-quick() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        check "programs of $stage" build_target "$products/gcc" tests/bench/collect &&
        check "a collection and a scrape cost no more than recorded" \
            /usr/bin/python3 -B "$top/tests/bench/main.py" quick --build="$products/gcc"
}

# Under Debian's kernels in virtual machines: drop_monitor, the whole fault lab, the service. Some 8 minutes, and the kernels'
# packages where they are not in the cache.
stage_vm() {
    if [ "$(id -u)" != 0 ]; then
        printf 'skipped\t%s\n' "the virtual machines need root, who can read all files of this machine" >"$results/vm/checks"
        return
    fi
    check "build of $stage" build "$products/gcc" -Dwerror=true || return
    "$top/tests/vm/ci" "$products/gcc" "$results/$stage"
    local status=$?
    "$top/tests/systemd/ci" --vm=6.12 "$products/gcc" "$results/$stage" -k test_monitor && return $status
}

# The programs that users run, and what breaks first when they change.
stage_quick() {
    check "gcc, release, warnings are errors" build "$products/gcc" -Dwerror=true || return
    lint_texts
    unmoved meson test -C "$products/gcc" --no-rebuild --print-errorlogs
    cp "$products/gcc/meson-logs/testlog.junit.xml" "$results/$stage/"
    integration gcc "$top/tests/integration/test_"{catalog,cli,config_files,completion,link,manual,once,reload,snmp,sockets}.py
}
