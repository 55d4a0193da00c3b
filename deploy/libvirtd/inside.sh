#!/bin/bash
# inside.sh DIR NAME: run.sh calls it as the first process of the new namespaces.
set -euo pipefail
dir=$1
hostname "$2" 2> /dev/null || echo "$2" > /proc/sys/kernel/hostname
mount -t proc proc /proc
# Bridges and taps are looked up in /sys/class/net: it must be this network namespace's.
mount -t sysfs sysfs /sys
mkdir -p /run/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt
mount --bind "$dir/run" /run/libvirt
mount --bind "$dir/lib" /var/lib/libvirt
mount --bind "$dir/log" /var/log/libvirt
mount --bind "$dir/cache" /var/cache/libvirt
# The product's nwfilters come with the package.
if [ -d /etc/libvirt/nwfilter ] && [ ! -e "$dir/etc/nwfilter" ]; then cp -r /etc/libvirt/nwfilter "$dir/etc/nwfilter"; fi
mount --bind "$dir/etc" /etc/libvirt
# libvirtd refuses to start without the user that it was compiled for, even though it does not use it. Only Debian's full set of packages
# makes that user; here it exists for libvirtd's eyes only.
if ! getent passwd libvirt-qemu > /dev/null; then
  { cat /etc/passwd; echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin'; } > "$dir/run/passwd"
  { cat /etc/group; echo 'libvirt-qemu:x:64055:'; } > "$dir/run/group"
  mount --bind "$dir/run/passwd" /etc/passwd
  mount --bind "$dir/run/group" /etc/group
fi
ip link set lo up
# tini reaps: libvirt waits for the QEMU that it killed to vanish. --config, though the default, tells the processes of several libvirtds apart.
exec tini -- bash -c 'while :; do libvirtd --config "$0/etc/libvirtd.conf" --pid-file /run/libvirt/libvirtd.pid || true; sleep 0.2; done' "$dir"
