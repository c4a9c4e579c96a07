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
program=(base collectors config daemon terminal)
shell_scripts() {
    grep -rlE --exclude-dir=.git --exclude-dir='build*' '^#!.*[/ ](ba|da)?sh\b|^# shellcheck shell=' "$top" | sort
}

stage_setup() {
    # Packages of nodejs that are not Debian's bring npm with them, and conflict with the one of that name.
    install_packages "${test_packages[@]}" && { command -v npm >/dev/null || install_packages npm; }
}

stage_build() {
    check "gcc, release, warnings are errors" build "$products/gcc" -Dwerror=true &&
        check "nothing mutable at file scope" "$top/tests/check/mutable-data" "$products/gcc/libnetdrop.a" "$products/gcc/terminal/libterminal.a"
    CC=clang check "clang, release, warnings are errors" programs_by_clang
}

# What users run; the tests' own programs the stage unit-asan has compiled by clang, warnings being errors.
programs_by_clang() {
    configure "$products/clang" -Dwerror=true && build_target "$products/clang" \
        netdrop-exporter netdrop-open netdrop-terminal daemon/generate/generate
}

# What takes seconds: of the tree as text.
lint_texts() {
    check "includes go the right way" "$top/tests/check/dependencies"
    check "daemon/ names no collector's metric" "$top/tests/check/metric-names"
    check "house style" "$top/tests/check/style"
    check "no more repeated blocks than were known" "$top/tests/check/repeated-blocks"
    check "Kubernetes has the rules of Prometheus" "$top/packaging/kubernetes/prometheus-rule" --check
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
    CC=clang check "clang, for clang-tidy" programs_by_clang &&
        check clang-tidy run-clang-tidy -quiet -p "$products/clang" -j "$(nproc)" "$top/(base|collectors|config|daemon|terminal)/[a-z0-9_/]*\\.c"
}

# unit BUILD OPTION...: the unit tests and the fuzzers' corpora in a build of that name.
unit() {
    local directory=$products/$1
    shift
    check "build of $stage" build "$directory" "$@" && run_unit "${directory##*/}"
}

# run_unit BUILD [TEST...]
run_unit() {
    local directory=$products/$1
    shift
    unmoved meson test -C "$directory" --no-rebuild --print-errorlogs "$@"
    local status=$?
    cp "$directory/meson-logs/testlog.junit.xml" "$results/$stage/"
    return $status
}

stage_unit-asan() {
    CC=clang unit clang-asan "${sanitized[@]}"
}

# tsan TARGET...: builds these with the sanitizer of threads.
tsan() {
    configure "$products/tsan" -Dbuildtype=debugoptimized -Db_sanitize=thread && build_target "$products/tsan" "$@"
}

# The tests with more than one thread: it has nothing to say about the others.
stage_unit-tsan() {
    local threaded
    mapfile -t threaded < <(cd "$top/tests/unit" && grep -lE 'pthread_create|(runner|http)_new|(auth|rounds)_start|MHD_USE_INTERNAL' test_*.c | sed 's/\.c$//')
    check "build of $stage" tsan "${threaded[@]/#/tests/unit/}" && run_unit tsan "${threaded[@]#test_}"
}

# Pure parsers: bytes in, struct out. Their bytes come from outside, so that no branch is left to chance.
parsers='(base/(escape|utf8)|collectors/[a-z]+/([a-z_]+_(parse|name)|ethtool_readings|packet_headers)|config/json_scan|daemon/http/(negotiate|users))\.c'

# read_coverage: what the tests ran of the programs' sources. An assertion fails for a bug of our own only, and then ends
# the program: its other branch is no test's to take.
read_coverage() {
    gcovr --root "$top" --filter "$top/(base|collectors|config|daemon|terminal)/" --exclude-unreachable-branches \
        --exclude-branches-by-pattern '\s*(static_)?assert\(.*' -j "$(nproc)" --json "$products/coverage/read.json" "$products/coverage"
}

# coverage PATTERN OPTION...: what was read of the sources that match.
coverage() {
    local pattern=$1
    shift
    gcovr --root "$top" --add-tracefile "$products/coverage/read.json" --filter "$top/$pattern" "$@"
}

# By what meson tests: unit tests, the corpora, and the program once; the stage integration is left out. What reads drops
# runs only where some are made, and a quiet host makes none: the program makes its own. Whether it sees them is a test of
# the stage integration.
stage_coverage() {
    local options=(-Dbuildtype=debug -Db_coverage=true)
    # A build runs some of what it made: its counts go, and those of the last time. Why it fails, unit says.
    build "$products/coverage" "${options[@]}" 2>/dev/null && find "$products/coverage" -name '*.gcda' -delete
    unit coverage "${options[@]}" || return
    "$products/coverage/netdrop-exporter" --self-test >"$results/$stage/self-test" 2>&1 || true
    check "what was covered" read_coverage || return
    coverage '(base|collectors|config|daemon|terminal)/' --print-summary | tail -3
    check "lines and branches are no fewer than they were" coverage '(base|collectors|config|daemon|terminal)/' \
        --fail-under-line 77.5 --fail-under-branch 68.8
    check "every branch of the parsers is taken" coverage "$parsers" --branches --fail-under-branch 100
}

# integration BUILD ARGUMENT...: pytest with the arguments, on the daemon of that build. Most tests wait most of the
# time, each in namespaces of its own: so many side by side take the time of the longest few.
integration() {
    local directory=$products/$1
    shift
    BUILD=$directory unmoved /usr/bin/python3 -B -m pytest -p no:cacheprovider --rootdir="$top" --quiet --tb=short \
        --numprocesses=4 --dist=loadgroup --durations=8 --timeout="$(seconds 300)" --junit-xml="$results/$stage/junit.xml" ${all:+--all} \
        "$@"
}

stage_integration() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        check "programs of $stage" build_target "$products/gcc" tests/bench/collect &&
        integration gcc -m "not alone" "$top/tests/integration"
}

# Of --all, at the very end: what an hour shows, and what a busy machine would make different.
stage_alone() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        all=1 integration gcc -m alone "$top/tests/integration/test_"{rates,ledger_load}.py
}

# Floods are left out: a sanitizer makes them slow, and what they find is found with less. So is what builds a daemon of
# its own, without a sanitizer; what is about Prometheus, Grafana, documents and the shell; and what is about numbers and
# times, not about bytes: the page in a browser, the lab and who drops, where each collector has tests of its own here and
# in unit-asan that read the same.
not_sanitized=(--ignore-glob="*/test_"{alertmanager,blind_spots,catalog,completion,dashboard,documents,drop_spaces,exposition_checker,faults,idle}.py
    --ignore-glob="*/test_"{lab,ledger_load,look_commands,manual,node_exporter,pace,page,page_links,prometheus,rates,rules,runbook,runbook_commands,runbook_served,scrapers,status,workloads}.py)
stage_integration-asan() {
    CC=clang check "build of $stage" build "$products/clang-asan" "${sanitized[@]}" &&
        integration clang-asan -m "not flood and not builds" "${not_sanitized[@]}" \
            "$top/tests/integration"
}

# What it adds to the corpora on its way is thrown away with the build: scripts/fuzz keeps that.
stage_fuzz() {
    local target
    CC=clang check "build of $stage" build "$products/clang-asan" "${sanitized[@]}" || return
    for target in $(fuzz_targets); do
        check "fuzz $target" fuzz "$products/clang-asan" "$target" "-max_total_time=$((all ? 50 : 2))" \
            "-artifact_prefix=$results/$stage/$target-"
    done
}

stage_systemd() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        "$top/tests/systemd/ci" "$products/gcc" "$results/$stage" --late="5${all:+,60,600}"
}

stage_packages() {
    "$top/tests/packaging/ci" "$results/$stage"
}

stage_concurrency() {
    check "build of $stage" tsan netdrop-exporter &&
        integration tsan --seconds="$((all ? 600 : 25))" "$top/tests/integration/test_concurrency.py" \
            "$top/tests/integration/test_http.py::test_row_42_parallel_scrapes" \
            "$top/tests/integration/test_reload.py::test_row_47_ten_thousand_sighups_under_load"
}

# Counts, no times: they hold on a loaded machine.
stage_bench-quick() {
    check "build of $stage" build "$products/gcc" -Dwerror=true &&
        check "programs of $stage" build_target "$products/gcc" tests/bench/collect tests/bench/share &&
        check "a collection and a scrape cost no more than recorded" \
            /usr/bin/python3 -B "$top/tests/bench/main.py" quick --build="$products/gcc"
}

# Under Debian's kernels in virtual machines, three at the same time: drop_monitor, the whole fault lab, the service. Some
# 8 minutes, and the kernels' packages where they are not in the cache.
stage_vm() {
    if [ "$(id -u)" != 0 ]; then
        printf 'skipped\t%s\n' "the virtual machines need root, who can read all files of this machine" >"$results/vm/checks"
        return
    fi
    check "build of $stage" build "$products/gcc" -Dwerror=true || return
    local service status=0
    "$top/tests/systemd/ci" --vm=6.12 "$products/gcc" "$results/$stage" -k test_monitor >"$results/$stage/service.output" 2>&1 &
    service=$!
    "$top/tests/vm/ci" "$products/gcc" "$results/$stage" || status=$?
    wait "$service" || status=$?
    cat "$results/$stage/service.output"
    return "$status"
}

# The programs that users run, and what breaks first when they change.
stage_quick() {
    check "gcc, release, warnings are errors" build "$products/gcc" -Dwerror=true || return
    lint_texts
    unmoved meson test -C "$products/gcc" --no-rebuild --print-errorlogs
    cp "$products/gcc/meson-logs/testlog.junit.xml" "$results/$stage/"
    integration gcc "$top/tests/integration/test_"{catalog,cli,config_files,completion,link,manual,once,reload,snmp,sockets}.py
}
