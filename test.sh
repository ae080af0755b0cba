#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what the tests need, builds into build-test/ and runs them.
set -eu

usage () {
    cat <<END
Usage: ./test.sh [OPTION...]

Without an option: the default run (suites $default_suites), at most
20 minutes on two cores. The last line reads "N passed, N failed"; skipped tests are listed,
and count as failed when CI is set.

  --suite NAME   this suite instead of the default ones (may be repeated)
  --chaos        suite chaos: every fault many times, in 25 minutes; ends with a table of what cured
                 it and how soon, which build-test/chaos.json has too
  --soak         suite system with the street video looped for 10 minutes
  --sanitize     the suites $sanitized_suites under ASan + UBSan, then under TSan
  --web          the suite that drives a browser; CAMWARDEN_LONG=3600 keeps the page open for 1 h
  --systemd      the installed daemon under a real systemd, in a container; needs root
  --packages     the Debian packages: built, checked, installed, upgraded, purged, in trees and in a
                 container of their own; needs root. They stay in build-packages/debs
  --platforms    the default run in a Debian 13 of its own, and a build for arm64 with those tests
                 that run under qemu; needs root
  --lint         the lint suite and clang-tidy
  --bench        the benchmarks: a table, and build-bench/bench.json; wants a quiet machine
  --help         this text
END
}

default_suites="lint unit elements worker daemon system web"
sanitized_suites="unit elements worker daemon"

cd "$(dirname "$0")"
export LC_ALL=C.UTF-8
export HOME="${HOME:-/root}"
logs=""
patience=1
status=0

say () {
    printf '\n== %s\n' "$*"
}

is_ci () {
    case ${CI:-} in
    "" | 0 | false) return 1 ;;
    *) return 0 ;;
    esac
}

# build FOLDER OPTION...: set up once, then compile; the compiler's own words only when it fails
build () {
    folder=$1
    shift
    say "building $folder"
    if [ -f "$folder/build.ninja" ]; then
        meson configure "$folder" "$@"
    else
        rm -rf "$folder"
        meson setup "$folder" -Dtests=enabled -Ddaemon=enabled "$@"
    fi
    meson compile -C "$folder"
}

# run NAME FOLDER SUITE...: failures are counted at the end; time limits are multiplied by $patience
run () {
    name=$1
    folder=$2
    shift 2
    say "$name: $*"
    words=""
    for suite in "$@"; do
        words="$words --suite $suite"
    done
    rm -f "$folder/meson-logs/$name.json"
    # Word splitting is meant: a list of options.
    # shellcheck disable=SC2086
    meson test -C "$folder" --no-rebuild -t "$patience" --logbase "$name" $words </dev/null || status=1
    logs="$logs $folder/meson-logs/$name.json"
}

finish () {
    say "result"
    strict=""
    if is_ci; then
        strict=--strict
    fi
    # shellcheck disable=SC2086
    scripts/count-tests $strict $logs || status=1
    exit "$status"
}

# The few system plugins that the tests use: a scan of all of them under a sanitizer loads
# libraries that it cannot stand.
link_plugins () {
    links=$1/system-plugins
    from=$(pkg-config --variable=pluginsdir gstreamer-1.0)
    mkdir -p "$links"
    for name in coreelements app videotestsrc videoconvertscale videorate videofilter jpeg \
        rawparse typefindfunctions playback matroska avi multifile autodetect video4linux2; do
        if [ -f "$from/libgst$name.so" ]; then
            ln -sf "$from/libgst$name.so" "$links/"
        fi
    done
}

# What a sanitizer says goes into files: a worker that dies of it is started anew by its daemon, and
# the test may pass all the same. Each file counts as a failure.
sanitizer_options () {
    reports=$here/$folder/reports/$kind
    rm -rf "$reports"
    mkdir -p "$reports"
    chmod 1777 "$reports" # cases about permissions run as nobody
    common=log_path=$reports/report:log_exe_name=1
    # GCC 12.2's libasan notes where threads keep the variables of libraries that are loaded late,
    # and LeakSanitizer then dies of signal 11 (always with glib-networking 2.74): it is not to.
    ASAN_OPTIONS="$common:detect_stack_use_after_return=1:check_initialization_order=1"
    export ASAN_OPTIONS="$ASAN_OPTIONS:intercept_tls_get_addr=0"
    export LSAN_OPTIONS="suppressions=$here/tests/lsan.supp:print_suppressions=0"
    export UBSAN_OPTIONS="$common:halt_on_error=1:print_stacktrace=1"
    # A bus message is made in one thread and freed in another, by libraries whose locks it
    # does not see: malloc and free count only when our own code calls them.
    # Nor does a program sleep for a second before it ends.
    TSAN_OPTIONS="$common:suppressions=$here/tests/tsan.supp:halt_on_error=1:atexit_sleep_ms=0"
    export TSAN_OPTIONS="$TSAN_OPTIONS:second_deadlock_stack=1:ignore_noninstrumented_modules=1"
}

# Line numbers without the rest of what a debugger wants: compiling takes half the time.
sanitize () {
    here=$(pwd)
    patience=3
    export GST_REGISTRY_FORK=no
    # GLib's slices hand memory from thread to thread under locks that TSan does not see.
    export G_SLICE=always-malloc
    for kind in asan tsan; do
        case $kind in
        asan) flags=address,undefined ;;
        tsan) flags=thread ;;
        esac
        folder=build-$kind
        build "$folder" "-Db_sanitize=$flags" -Db_lundef=false -Doptimization=1 -Ddebug=false \
            -Dcpp_args=-g1
        link_plugins "$folder"
        export GST_PLUGIN_SYSTEM_PATH_1_0="$here/$folder/system-plugins"
        export CAMWARDEN_SANITIZER=$kind
        sanitizer_options
        # shellcheck disable=SC2086
        run "$kind" "$folder" $sanitized_suites
        logs="$logs $reports"
    done
}

# The container boots what would be installed; its root tree is kept below the build folder.
systemd () {
    scripts/packages install machine systemd
    build build-systemd -Dprefix=/usr -Dtests=disabled
    build build-test -Dwerror=true
    CAMWARDEN_SYSTEMD_BUILD=$(pwd)/build-systemd
    export CAMWARDEN_SYSTEMD_BUILD
    run systemd build-test systemd
}

# What has a Debian of its own to build in: other NAME GROUP...; the trees stay in build-NAME.
other () {
    name=$1
    shift
    scripts/packages install machine "$@"
    build build-test -Dwerror=true
    CAMWARDEN_PACKAGES=$(pwd)/build-packages
    CAMWARDEN_PLATFORMS=$(pwd)/build-platforms
    export CAMWARDEN_PACKAGES CAMWARDEN_PLATFORMS
    run "$name" build-test "$name"
}

bench () {
    scripts/packages install bench
    build build-bench -Dbuildtype=release
    exec /usr/bin/python3 tests/bench/bench.py --build build-bench --json build-bench/bench.json
}

suites=""
mode=suites
while [ $# -gt 0 ]; do
    case $1 in
    --suite)
        [ $# -ge 2 ] || { usage >&2; exit 64; }
        suites="$suites $2"
        shift
        ;;
    --chaos)
        suites="$suites chaos"
        chaos=yes
        ;;
    --web) suites="$suites web" ;;
    --soak)
        export CAMWARDEN_LONG=600
        suites="$suites system"
        ;;
    --lint)
        suites="$suites lint"
        tidy=yes
        ;;
    --sanitize) mode=sanitize ;;
    --systemd) mode=systemd ;;
    --packages) mode=packages ;;
    --platforms) mode=platforms ;;
    --bench) mode=bench ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 64
        ;;
    esac
    shift
done

scripts/packages install build run test lint
case $mode in
bench) bench ;;
sanitize) sanitize ;;
systemd) systemd ;;
packages) other packages systemd ;;
platforms) other platforms ;;
suites)
    build build-test -Dwerror=true
    case " ${suites:-$default_suites} " in
    *" web "* | *" system "*)
        scripts/web-modules build-test/web-modules ||
            echo "The tests of the page and of the reader in Node will be skipped." >&2
        ;;
    esac
    if [ "${chaos:-no}" = yes ]; then
        CAMWARDEN_CHAOS_JSON="$(pwd)/build-test/chaos.json"
        export CAMWARDEN_CHAOS_JSON
        rm -f "$CAMWARDEN_CHAOS_JSON"
    fi
    # shellcheck disable=SC2086
    run test build-test ${suites:-$default_suites}
    if [ "${chaos:-no}" = yes ] && [ -f "$CAMWARDEN_CHAOS_JSON" ]; then
        say "chaos"
        /usr/bin/python3 tests/chaos/chaoslib.py "$CAMWARDEN_CHAOS_JSON"
    fi
    if [ "${tidy:-no}" = yes ]; then
        scripts/packages install tidy
        say "clang-tidy"
        run-clang-tidy -quiet -p build-test "$(pwd)/(plugins|app)/.*\.cpp$" || status=1
    fi
    ;;
esac
finish
