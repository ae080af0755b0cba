#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing, builds into build/ and starts camwardend from there.
set -eu

usage () {
    cat <<END
Usage: ./run.sh [OPTION...]

Starts the first camera, or a test picture if there is none, with a Redis of its own, and prints
the dashboard's address and a line that reads the stream. Ctrl-C stops everything.
The options are camwardend's: --config FILE, --log-level LEVEL, --check-config; ./run.sh -- --help
lists them all.
END
}

case ${1:-} in
-h | --help)
    usage
    exit 0
    ;;
--) shift ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
build=$here/build
log=$build/run.log

# quietly WHAT COMMAND...: the command's words only if it fails
quietly () {
    what=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 40 "$log" >&2
        echo "run.sh: $what failed; all of it is in $log" >&2
        exit 1
    fi
}

"$here/scripts/packages" install build run
mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
    quietly "meson setup" meson setup "$build" "$here" -Ddaemon=enabled -Dtests=disabled
fi
[ -x "$build/app/daemon/camwardend" ] || echo "Building: some minutes, on a small machine half an hour ..."
if [ -t 1 ] && ! ninja -C "$build" -n | grep -q "no work to do"; then
    (cd "$build" && ninja) # one line that counts
else
    quietly "the build" ninja -C "$build"
fi

export GST_PLUGIN_PATH_1_0="$build/plugins${GST_PLUGIN_PATH_1_0:+:$GST_PLUGIN_PATH_1_0}"
export CAMWARDEN_WORKER="$build/app/camera/camwarden-camera"
cat <<END
Another terminal:  meson devenv -C $build  (finds camwardenctl, and the elements for gst-launch-1.0)
END
exec "$build/app/daemon/camwardend" "$@"
