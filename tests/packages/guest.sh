#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the machine of the test, as a unit: what somebody does with the packages who edits no file.
set -eu

# shellcheck source=tests/support/guestlib.sh
. /opt/guestlib.sh

apt () {
    DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >>/var/journal.apt 2>&1
}

is_picture () {
    curl -s --max-time 5 -o /var/picture.jpg \
        http://127.0.0.1:5000/api/cameras/camera/snapshot.jpg &&
        [ "$(head -c 2 /var/picture.jpg | od -An -tx1)" = ' ff d8' ]
}

# Pictures that arrive within 3 s.
count_frames () {
    port=$(cat /run/camwarden/redis.port)
    { timeout 3 redis-cli -p "$port" --csv subscribe cam:camera:frame 2>/dev/null || true; } |
        grep -a -c '^"message","cam:camera:frame","\\xff\\xd8' || true
}

test_install () {
    apt install /opt/debs/*.deb || true
    within 30 is_active || true
    check installed "$(property $unit ActiveState) after $took/100 s" is_active
    check enabled "$(systemctl is-enabled $unit)" [ "$(systemctl is-enabled $unit)" = enabled ]
    within 30 is_picture || true
    check picture "after $took/100 s" is_picture
    code=0
    seen=$(camwardenctl status 2>&1) || code=$?
    check status "$code: $seen" [ "$code" -le 1 ]
    seen=$(stat -c '%a %U' /etc/camwarden/tokens)
    check tokens "$seen" [ "$seen" = '600 camwarden' ]
    frames=$(count_frames)
    check frames "$frames frames in 3 s" [ "$frames" -ge 10 ]
    code=0
    seen=$(systemd-analyze security --no-pager --threshold=20 $unit 2>&1 | tail -n 1) || code=$?
    check score "$code: $seen" systemd-analyze security --no-pager --threshold=20 $unit >/dev/null
}

test_upgrade () {
    printf '[log]\nlevel=debug\n' >/etc/camwarden/conf.d/mine.conf
    pid=$(property $unit MainPID)
    apt install /opt/next/*.deb || true
    within 30 is_back "$pid" || true
    version=$(dpkg-query -W -f '${Version}' camwarden)
    check upgraded "$version, process $pid, then $(property $unit MainPID)" is_back "$pid"
    within 30 is_picture || true
    check picture-again "after $took/100 s" is_picture
    check kept "the administrator's file" [ -e /etc/camwarden/conf.d/mine.conf ]
}

is_inactive () {
    [ "$(property $unit ActiveState)" = inactive ]
}

what_is_left () {
    find / -xdev -name '*camwarden*' -not -path '/proc/*' -not -path '/opt/*' -not -path '/sys/*' || true
    find /run -name '*camwarden*' || true
    systemctl list-unit-files 'camwarden*' --no-legend || true
}

test_removal () {
    apt remove camwarden || true
    within 10 is_inactive || true
    check removed "$(property $unit ActiveState)" is_inactive
    check state-stays "$(stat -c %U /var/lib/camwarden)" [ -d /var/lib/camwarden ]
    rm /etc/camwarden/conf.d/mine.conf
    apt purge camwarden camwarden-doc gstreamer1.0-camwarden || true
    seen=$(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' '*camwarden*' 2>/dev/null || true)
    check purged "$seen" [ -z "$(echo "$seen" | tr ' ' '\n' | grep -v '^un' | grep '^[a-z]' || true)" ]
    left=$(what_is_left)
    check nothing-left "$left" [ -z "$left" ]
}

# Whatever happens, the machine ends: an error here must not wait for the test's time limit.
trap 'journalctl -b >/var/journal.first 2>&1 || true; systemctl poweroff' EXIT
test_install
test_upgrade
test_removal
say all-done ok "one boot"
