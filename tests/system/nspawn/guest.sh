#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the machine of the test, as a unit, at each of its two boots. Writes a line per finding to
# /var/results: NAME ok|bad WHAT-WAS-SEEN.
set -eu

# shellcheck source=tests/support/guestlib.sh
. /opt/guestlib.sh
log=/var/lib/camwarden/reboots
tab=$(printf '\t')

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

# in_sandbox NAME COMMAND...: as the service's user, with all that the unit forbids
in_sandbox () {
    name=$1
    shift
    sed -e '/^\(Type\|Exec[A-Z].*\|Restart.*\|Watchdog.*\|Runtime.*\|Timeout.*\)=/d' \
        -e '/^\[Service\]/a Type=oneshot' \
        -e "/^\\[Service\\]/a ExecStart=$*" \
        -e "/^\\[Service\\]/a StandardOutput=file:/var/$name" \
        -e '/^\[Service\]/a StandardError=inherit' \
        "$(property $unit FragmentPath)" >/run/systemd/system/camwarden-ask.service
    mkdir -p /run/systemd/system/camwarden-ask.service.d
    cp /etc/systemd/system/camwarden.service.d/* /run/systemd/system/camwarden-ask.service.d/
    systemctl daemon-reload
    systemctl start camwarden-ask.service || true
    answer=$(cat "/var/$name")
}

# as_service NAME WORD...: what the daemon would do
as_service () {
    name=$1
    shift
    in_sandbox "$name" /opt/rebooterrun /var/lib/camwarden "$boot" 3600 "$(date +%s)" "$*"
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
    check watchdog-configured "$(property $unit WatchdogUSec)" \
        [ "$(property $unit WatchdogUSec)" = 20s ]
}

# What may be opened is open, what may not is not: a V4L2 device (there is none behind the node), and
# another that everybody may use.
test_devices () {
    mknod -m 0660 /dev/video99 c 81 99
    chgrp video /dev/video99
    mknod -m 0666 /dev/other c 10 232
    in_sandbox camera-open /usr/bin/head -c 1 /dev/video99
    check camera-open "$answer" says 'No such device'
    in_sandbox other-closed /usr/bin/head -c 1 /dev/other
    check other-closed "$answer" says 'Operation not permitted'
    rm /dev/video99 /dev/other
}

reads_all () {
    for sensor in cpu load memory disk uptime boot clock process-memory process-cpu \
        process-descriptors; do
        says "$sensor=" || return 1
    done
    ! says "cpu=unknown" && ! says "load=unknown" && ! says "memory=unknown" &&
        ! says "disk=unknown" && ! says "uptime=unknown" && ! says "boot=unknown" &&
        ! says "clock=unknown" && ! says "descriptors=unknown"
}

test_sensors () {
    in_sandbox sensors /opt/sensorsrun /var/lib/camwarden \
        "$(property $unit MainPID)" "$(worker_pid)"
    check sensors "$answer" reads_all
}

# 10.9.9.9 is this machine as well, but not its loopback address.
test_addresses () {
    ip address add 10.9.9.9/32 dev lo
    printf 'bind 127.0.0.1 10.9.9.9\nprotected-mode no\n' >>/etc/redis/redis.conf
    systemctl restart redis-server.service
    in_sandbox loopback /usr/bin/redis-cli -h 127.0.0.1 ping
    check loopback "$answer" says PONG
    in_sandbox elsewhere /usr/bin/timeout 2 /usr/bin/redis-cli -h 10.9.9.9 ping
    check elsewhere-closed "$answer" not_says PONG
    cp /usr/share/camwarden/examples/lan.conf /etc/systemd/system/camwarden.service.d/
    in_sandbox elsewhere /usr/bin/redis-cli -h 10.9.9.9 ping
    check elsewhere-lan "$answer" says PONG
}

not_says () {
    ! says "$1"
}

# Made at the first start; who has one may read from elsewhere.
test_tokens () {
    tokens=/etc/camwarden/tokens
    seen=$(stat -c '%a %U' $tokens; sed -n 's/^\([a-z]\+\) [0-9a-f]\{64\}$/\1/p' $tokens)
    check tokens "$seen" [ "$(echo "$seen" | tr '\n' ' ')" = '600 camwarden read control admin ' ]
    printf '[http]\nlisten=127.0.0.1:5000, 10.9.9.9:5000\n' >/etc/camwarden/conf.d/http.conf
    restart_service
    status=$(http_status)
    check no-token "$status" [ "$status" = 401 ]
    status=$(http_status --header "Authorization: Bearer $(sed -n 's/^read //p' $tokens)")
    check token "$status" [ "$status" = 200 ]
    before=$(cat $tokens)
    systemctl start camwarden-tokens.service
    check tokens-stay "made once" [ "$before" = "$(cat $tokens)" ]
}

http_status () {
    curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@" http://10.9.9.9:5000/api/status || true
}

restart_service () {
    pid=$(property $unit MainPID)
    systemctl daemon-reload
    systemctl restart $unit || true
    within 10 is_back "$pid" || true
    within 20 answers || true
}

answers () {
    curl -s -o /dev/null --max-time 2 http://127.0.0.1:5000/api/status
}

# The machine's own redis-server for a server elsewhere: the shipped users, the password from a file
# that the service user cannot read.
test_external_redis () {
    sed 's/>CHANGE-ME/>secret/' /usr/share/camwarden/redis-users.acl >/etc/redis/users.acl
    chown redis /etc/redis/users.acl
    echo 'aclfile /etc/redis/users.acl' >>/etc/redis/redis.conf
    systemctl restart redis-server.service
    (umask 077 && echo secret >/etc/camwarden/redis.password)
    cp /usr/share/camwarden/examples/external-redis.conf /etc/systemd/system/camwarden.service.d/
    sed -n '/^#   \[redis\]/,/^#   password-file/s/^# *//p' \
        /etc/systemd/system/camwarden.service.d/external-redis.conf |
        sed 's,rediss://\(.*\)@redis.example,redis://\1@10.9.9.9,' >/etc/camwarden/conf.d/redis.conf
    restart_service
    within 20 has_external_frames || true
    check external-redis "$frames frames; $(tr '\n' ' ' </etc/camwarden/conf.d/redis.conf)" \
        [ "$frames" -ge 10 ]
    rm /etc/camwarden/conf.d/redis.conf /etc/systemd/system/camwarden.service.d/external-redis.conf
    restart_service
}

has_external_frames () {
    frames=$({ timeout 3 redis-cli --user camwarden-reader -a secret --no-auth-warning --csv \
        subscribe cam:front:frame 2>/dev/null || true; } | grep -a -c '^"message"' || true)
    [ "$frames" -ge 10 ]
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

# The guides, as root: a line of /opt/guides is NAME COMMAND.
test_guides () {
    ip address add 10.9.9.9/32 dev lo # where this machine's own redis-server listens since
    systemctl reset-failed redis-server.service
    systemctl start redis-server.service
    while read -r name command; do
        code=0
        (cd / && sh -euc "$command" >/var/guide 2>&1 </dev/null) || code=$?
        check "$name" "$command: $code: $(tail -n 5 /var/guide)" [ "$code" -eq 0 ]
    done </opt/guides
    within 30 is_active || true
    check guides-active "$(property $unit ActiveState) after $took/100 s" is_active
    within 20 has_frames || true
    check guides-frames "$frames frames in 3 s" [ "$frames" -ge 10 ]
}

first_boot () {
    boot=$(cat /proc/sys/kernel/random/boot_id)
    test_starts
    test_devices
    test_sensors
    test_addresses
    test_tokens
    test_external_redis
    test_killed
    test_watchdog
    test_start_limit
    test_without_the_rule
    test_restart_with_the_rule
    touch /var/first-boot-done
    as_service reboot request=unreapable
    sleep 60 # the reboot ends this
    say reboot-happens bad "still up a minute later: $answer"
}

second_boot () {
    within 30 is_active || true
    # As the service sees it, in a /proc of its own: there it is that of the container's host.
    boot=$(nsenter -m -t "$(property $unit MainPID)" cat /proc/sys/kernel/random/boot_id)
    answer=$(cat /var/reboot)
    check reboot-allowed "$answer" says "request${tab}good"
    as_service last last
    check rebooted-because "$answer" says 'because of "unreapable" of camera front'
    check active-again "$(property $unit ActiveState)" is_active
    within 20 has_frames || true
    check frames-again "$frames frames in 3 s" [ "$frames" -ge 10 ]
    test_guides
    journalctl -b -u $unit -o cat >/var/journal.second || true
    say all-done ok "second boot"
}

# Whatever happens, the machine ends: an error here must not wait for the test's time limit.
trap 'journalctl -b >/var/journal.first 2>&1 || true; systemctl poweroff' EXIT
if [ -e /var/first-boot-done ]; then
    second_boot
else
    first_boot
fi
