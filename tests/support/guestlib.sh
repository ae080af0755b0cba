#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts share that run in a machine of a test's own, as a unit. Each finding is a line in
# /var/results: NAME ok|bad WHAT-WAS-SEEN.
set -eu

results=/var/results
unit=camwarden.service

say () {
    name=$1
    verdict=$2
    shift 2
    printf '%s %s %s\n' "$name" "$verdict" "$(echo "$*" | tr '\n' ' ')" >>"$results"
    sync
}

# check NAME WHAT-WAS-SEEN COMMAND...
check () {
    name=$1
    seen=$2
    shift 2
    if "$@"; then
        say "$name" ok "$seen"
    else
        say "$name" bad "$seen"
    fi
}

property () {
    systemctl show -P "$2" "$1"
}

# Hundredths of a second since the machine's start.
now () {
    sed 's/ .*//; s/\.//' /proc/uptime
}

# within SECONDS COMMAND...: polls; took is how long it took, in hundredths of a second
within () {
    limit=$(($1 * 100))
    begin=$(now)
    shift
    while :; do
        if "$@"; then
            took=$(($(now) - begin))
            return 0
        fi
        took=$(($(now) - begin))
        [ "$took" -lt "$limit" ] || return 1
        sleep 0.05
    done
}

is_active () {
    [ "$(property $unit ActiveState)" = active ]
}

# Active, with another process than that.
is_back () {
    seen_pid=$(property $unit MainPID)
    [ "$seen_pid" != "$1" ] && [ "$seen_pid" != 0 ] && is_active
}

is_gone () {
    [ ! -d "/proc/$1" ]
}
