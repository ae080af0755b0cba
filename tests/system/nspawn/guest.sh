#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the machine of the test, as a unit, at each of its two boots. Writes a line per finding to
# /var/results: NAME ok|bad WHAT-WAS-SEEN.
set -eu

results=/var/results
unit=camwarden.service
log=/var/lib/camwarden/reboots
tab=$(printf '\t')

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
    is_active && [ "$(property $unit MainPID)" != "$1" ]
}

is_gone () {
    [ ! -d "/proc/$1" ]
}

worker_pid () {
    for process in /proc/[0-9]*; do
        if [ "$(cat "$process/comm" 2>/dev/null || true)" = camwarden-camer ]; then
            echo "${process#/proc/}"
        fi
    done
}

same_worker () {
    [ -n "$1" ] && [ "$(worker_pid)" = "$1" ]
}

# Frames that arrive within 3 s of asking for them.
count_frames () {
    port=$(cat /run/camwarden/redis.port 2>/dev/null || echo 0)
    { timeout 3 redis-cli -p "$port" --csv subscribe cam:front:frame 2>/dev/null || true; } |
        grep -a -c '^"message"' || true
}

has_frames () {
    frames=$(count_frames)
    [ "$frames" -ge 10 ]
}

# as_service NAME WORD...: what the daemon would do, as its user and in its sandbox
as_service () {
    name=$1
    shift
    boot=$(cat /proc/sys/kernel/random/boot_id)
    sed -e '/^\(Type\|Exec[A-Z].*\|Restart.*\|Watchdog.*\|Runtime.*\|Timeout.*\)=/d' \
        -e '/^\[Service\]/a Type=oneshot' \
        -e "/^\\[Service\\]/a ExecStart=/opt/rebooterrun /var/lib/camwarden $boot 3600 $(date +%s) $*" \
        -e "/^\\[Service\\]/a StandardOutput=file:/var/$name" \
        -e '/^\[Service\]/a StandardError=journal' \
        "$(property $unit FragmentPath)" >/run/systemd/system/camwarden-ask.service
    systemctl daemon-reload
    systemctl start camwarden-ask.service || true
    answer=$(cat "/var/$name")
}

says () {
    case $answer in
    *"$1"*) return 0 ;;
    *) return 1 ;;
    esac
}

asked_for_nothing () {
    says "request${tab}bad" && says "50-camwarden-reboot.rules" && ! grep -q '^reboot ' "$log"
}

test_starts () {
    within 30 is_active || true
    check active "$(property $unit ActiveState) after $took/100 s" is_active
    within 20 has_frames || true
    check frames "$frames frames in 3 s" [ "$frames" -ge 10 ]
    worker=$(worker_pid)
    sleep 3
    check worker-lives "process $worker, then $(worker_pid)" \
        same_worker "$worker"
    # Any rule at all, also one that another option brings along, closes the cameras' devices.
    check devices "$(property $unit DevicePolicy) [$(property $unit DeviceAllow)]" \
        [ "$(property $unit DevicePolicy)$(property $unit DeviceAllow)" = auto ]
    check watchdog-configured "$(property $unit WatchdogUSec)" \
        [ "$(property $unit WatchdogUSec)" = 20s ]
}

test_killed () {
    pid=$(property $unit MainPID)
    kill -9 "$pid"
    within 10 is_back "$pid" || true
    check kill-9 "back after $took/100 s" [ "$took" -le 200 ]
    within 20 has_frames || true
    check kill-9-frames "$frames frames in 3 s" [ "$frames" -ge 10 ]
}

test_watchdog () {
    pid=$(property $unit MainPID)
    kill -STOP "$pid"
    within 60 is_gone "$pid" || true
    check watchdog-ends "ended after $took/100 s" [ "$took" -le 2500 ]
    within 10 is_back "$pid" || true
    check watchdog-back "back after another $took/100 s" is_back "$pid"
    within 20 has_frames || true
    check watchdog-frames "$frames frames in 3 s" [ "$frames" -ge 10 ]
    said=$(journalctl -u $unit -o cat | grep -i 'watchdog timeout' || true)
    check watchdog-said "$said" [ -n "$said" ]
}

# The same unit around a program that always fails.
test_start_limit () {
    failing=camwarden-failing.service
    sed -e '/^\(Exec[A-Z].*\|Runtime.*\)=/d' -e '/^\[Service\]/a ExecStart=/bin/false' \
        "$(property $unit FragmentPath)" >/run/systemd/system/$failing
    systemctl daemon-reload
    systemctl start $failing || true
    within 60 failed_for_good || true
    check start-limit "$(property $failing SubState), $(property $failing NRestarts) restarts, \
after $took/100 s" failed_for_good
    sleep 3
    state=$(systemctl is-system-running || true)
    check start-limit-stays "$(property $failing SubState), the system is $state" failed_and_up
}

failed_for_good () {
    [ "$(property camwarden-failing.service SubState)" = failed ] &&
        [ "$(journalctl -u camwarden-failing.service -o cat |
            grep -c 'Start request repeated too quickly')" -ge 1 ]
}

failed_and_up () {
    failed_for_good && [ "$state" = degraded ]
}

test_without_the_rule () {
    as_service no-restart restart=redis-server.service
    check restart-denied "$answer" says "restart${tab}bad"
    as_service no-reboot trouble request=unreapable
    check reboot-denied "$answer" asked_for_nothing
    # Without the question first, which tells the daemon already.
    answer=$(setpriv --reuid=camwarden --regid=camwarden --init-groups busctl call \
        org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager Reboot b false \
        2>&1 || true)
    check call-denied "$answer" says 'authentication required'
}

test_restart_with_the_rule () {
    cp /usr/share/camwarden/examples/50-camwarden-reboot.rules /etc/polkit-1/rules.d/
    sleep 1 # polkit looks at its folders by itself
    pid=$(property redis-server.service MainPID)
    as_service restart restart=redis-server.service
    check restart-allowed "$answer" says "restart${tab}good"
    as_service restart-other restart=systemd-journald.service
    check restart-other-denied "$answer" says "restart${tab}bad"
}

first_boot () {
    test_starts
    test_killed
    test_watchdog
    test_start_limit
    test_without_the_rule
    test_restart_with_the_rule
    touch /var/first-boot-done
    as_service reboot request=unreapable
    sleep 60 # the reboot ends this
    say reboot-happens bad "still up a minute later: $answer"
    systemctl poweroff
}

second_boot () {
    answer=$(cat /var/reboot)
    check reboot-allowed "$answer" says "request${tab}good"
    as_service last last
    check rebooted-because "$answer" says 'because of "unreapable" of camera front'
    within 30 is_active || true
    check active-again "$(property $unit ActiveState)" is_active
    within 20 has_frames || true
    check frames-again "$frames frames in 3 s" [ "$frames" -ge 10 ]
    journalctl -b -u $unit -o cat >/var/journal.second || true
    say all-done ok "second boot"
    systemctl poweroff
}

trap 'journalctl -b >/var/journal.first 2>&1 || true' EXIT
if [ -e /var/first-boot-done ]; then
    second_boot
else
    first_boot
fi
