#!/bin/sh
# Installs the packages of DIR into a fresh Debian, with a network of its own, and does there what an operator does: database, control plane, a host that joins with
# one command, a machine; then an upgrade and a purge. As root; takes what Debian's mirror has. Nothing outside of the new root is touched.
# usage: test.sh DIR [ROOT]   ROOT: a root that debootstrap made, to be copied instead of making one anew
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
[ "$(id -u)" = 0 ] || { echo "test.sh: only root can do that" >&2; exit 2; }
debs=$(cd "${1:?usage: test.sh DIR [ROOT]}" && pwd -P)

if [ "${2:-}" = inside ]; then
  # In namespaces of our own; the root is the new one's.
  root=$debs
  ip link set lo up
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  cp "$here/test-inside.sh" "$root/tmp/"
  exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh /tmp/test-inside.sh
fi

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
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"   # nothing is started by installing it
chmod +x "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$debs"/*.deb "$root/packages/"
# What they depend on, and a database; our own are installed inside.
chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -c '
  apt-get update -qq
  dpkg-deb -f /packages/occi-controller-agent_*.deb Depends
  apt-get install -qq -y --no-install-recommends --download-only /packages/*.deb postgresql > /tmp/apt.log 2>&1 || { tail /tmp/apt.log; exit 1; }
  apt-get install -qq -y --no-install-recommends /packages/*.deb postgresql > /tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }
  grep "^occi-controller" /tmp/apt.log || true'
unshare --mount --net --pid --fork --kill-child --propagation private sh "$here/test.sh" "$root" inside
