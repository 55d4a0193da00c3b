#!/bin/sh
# Boots a Debian with the packages of DIR under a systemd of its own (systemd-nspawn, no network but its own loopback), and sees the units through their life: setup, a host
# that joins with one command, a machine, a stuck silo that the watchdog replaces, an upgrade, a purge. As root; takes what Debian's mirror has.
# usage: test-systemd.sh DIR [ROOT]   ROOT: a root that debootstrap made, to be copied instead of making one anew
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
[ "$(id -u)" = 0 ] || { echo "test-systemd.sh: only root can do that" >&2; exit 2; }
debs=$(cd "${1:?usage: test-systemd.sh DIR [ROOT]}" && pwd -P)
root=$(mktemp -d)
chmod 0755 "$root"
trap 'rm -rf --one-file-system "$root"' EXIT
if [ -n "${2:-}" ]; then
  cp -a "$2/." "$root/"
else
  debootstrap --variant=minbase --include=adduser,procps,iproute2 bookworm "$root" > "$root.log" 2>&1 || { tail "$root.log" >&2; exit 1; }
  rm -f "$root.log"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"   # nothing is started while it is put together
chmod +x "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$debs"/*.deb "$root/packages/"
chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -c '
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends systemd systemd-sysv dbus /packages/*.deb postgresql > /tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }'
cp "$here/test-systemd-inside.sh" "$root/test.sh"
printf '[Service]\nType=oneshot\nExecStart=/bin/sh /test.sh\nExecStopPost=/bin/systemctl poweroff --force\nStandardOutput=file:/test.log\nStandardError=inherit\nTimeoutStartSec=600\n' > "$root/etc/systemd/system/test.service"
ln -s ../test.service "$root/etc/systemd/system/multi-user.target.wants/test.service"
timeout 900 systemd-nspawn --quiet --directory "$root" --private-network --register=no --keep-unit --boot > "$root/boot.log" 2>&1 || { tail "$root/boot.log"; exit 1; }
cat "$root/test.log"
grep -q '^== passed' "$root/test.log"
