#!/bin/bash
# run.sh [--until-eof] [--fabric FABRIC --underlay ADDRESS/LENGTH] DIR [NAME]
#
# Runs one libvirtd of our own until it is told to end (TERM, INT, even kill -9 of this script; with --until-eof also when its standard input
# closes, so that it ends with the process that holds the other end of the pipe): in its own network, mount, UTS and process
# namespaces, with everything that it keeps under DIR, so nothing of the host is disturbed and any number of them run side by side.
#
#   DIR/run/libvirt-sock       its socket: connect with qemu+unix:///system?socket=DIR/run/libvirt-sock, also from outside
#   DIR/etc, lib, log, cache   what a system's libvirtd keeps in /etc/libvirt, /var/lib/libvirt, …; they stay, so that the machines of the
#                              last time are known again
#   DIR/run/init.pid           the namespaces' first process, as it is numbered outside: nsenter --net=/proc/PID/ns/net
#   DIR/run/life               another UUID each time that the namespaces are made, and so all machines stopped
#
# Prints "ready SOCKET" once the socket takes connections. libvirtd is started again when it dies; machines survive that. When this script
# ends, however it ends, all machines, DHCP servers and bridges in the namespaces end with it. Paths outside of DIR are the host's own, so a
# pool, an image or a console log may lie anywhere. NAME is the host name inside, by default the host's.
#
# Machines reach each other and the host side of their networks, and nothing else, unless there is a fabric (fabric.sh FABRIC, which runs already):
# it connects several such hosts. Then the namespace has underlay0 with the address given, and external0, the port to the outside world, without one.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"
until_eof= fabric= underlay=
while :; do
  case ${1:-} in
    --until-eof) until_eof=1; shift ;;
    --fabric) fabric=${2:-}; shift 2 ;;
    --underlay) underlay=${2:-}; shift 2 ;;
    *) break ;;
  esac
done
usage="usage: run.sh [--until-eof] [--fabric FABRIC --underlay ADDRESS/LENGTH] DIR [NAME]"
[ $# -ge 1 ] && [ "${fabric:+1}" = "${underlay:+1}" ] || { echo "$usage" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "run.sh: must be root, it makes namespaces" >&2; exit 1; }
here=$(dirname "$(realpath "$0")")
for tool in libvirtd qemu-system-x86_64 tini dnsmasq iptables unshare setpriv flock; do
  command -v "$tool" > /dev/null || { echo "run.sh: $tool is missing; the Debian packages it takes are in $here/packages" >&2; exit 1; }
done
mkdir -p "$1"
dir=$(realpath "$1")
name=${2:-$(uname -n)}
socket=$dir/run/libvirt-sock
# sun_path is 108 bytes with its NUL.
[ ${#socket} -le 107 ] || { echo "run.sh: the kernel takes 107 characters for a socket's path, and this one has ${#socket}: $socket" >&2; exit 1; }
mkdir -p "$dir"/{run,lib,log,cache,etc/qemu/networks}

exec 9> "$dir/lock"
flock -n 9 || { echo "run.sh: another one runs on $dir" >&2; exit 1; }
rm -rf "${dir:?}/run"/*
cat /proc/sys/kernel/random/uuid > "$dir/run/life"

# The socket is root's alone, so no authentication. stdio_handler=file: there is no virtlogd. user=root: pool and console logs are root's.
# No cgroups and no mount namespaces for QEMU inside of ours, and none of the security drivers.
[ -s "$dir/etc/host-uuid" ] || cat /proc/sys/kernel/random/uuid > "$dir/etc/host-uuid"
cat > "$dir/etc/libvirtd.conf" << C
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
host_uuid = "$(cat "$dir/etc/host-uuid")"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
C
cat > "$dir/etc/qemu.conf" << C
user = "root"
group = "root"
stdio_handler = "file"
security_driver = "none"
cgroup_controllers = []
namespaces = []
remember_owner = 0
C

# pdeathsig: unshare dies with this script, and --kill-child takes the namespaces' first process, and so all of them, with unshare.
# The lock is not inherited: a machine must not hold it.
setpriv --pdeathsig KILL -- unshare --net --mount --propagation slave --uts --pid --fork --kill-child -- \
  bash "$here/inside.sh" "$dir" "$name" < /dev/null >> "$dir/log/inside.log" 2>&1 9>&- &
outer=$!
watcher=
if [ -n "$until_eof" ]; then
  exec 8<&0
  { cat > /dev/null; kill -TERM $$; } <&8 9>&- &
  watcher=$!
fi
end() {
  trap - EXIT
  kill -9 "$outer" 2> /dev/null || true
  if [ -n "$watcher" ]; then pkill -P "$watcher" 2> /dev/null || true; kill "$watcher" 2> /dev/null || true; fi
  wait "$outer" 2> /dev/null || true
}
trap end EXIT
trap 'exit 0' TERM INT HUP

deadline=$((SECONDS + 60))
until init=$(pgrep -P "$outer"); do
  kill -0 "$outer" 2> /dev/null || { echo "run.sh: the namespaces could not be made: $(tail -n 1 "$dir/log/inside.log")" >&2; exit 1; }
  sleep 0.02
done
echo "$init" > "$dir/run/init.pid"
in_host() { nsenter --net="/proc/$init/ns/net" "$@"; }
# A port is a pair of interfaces, one here and one on the fabric's bridge: it is gone when the fabric is.
plug() {
  local port=$1 bridge=$2 there
  in_host ip link show "$port" > /dev/null 2>&1 && return
  there=$(cat "$fabric/init.pid" 2> /dev/null) && [ -e "/proc/$there/ns/net" ] || return 1
  in_host ip link add "$port" type veth peer name "${bridge::1}$init" netns "$there"
  nsenter --net="/proc/$there/ns/net" ip link set "${bridge::1}$init" master "$bridge" up
  if [ "$port" = underlay0 ]; then in_host ip address add "$underlay" dev underlay0; fi
  in_host ip link set "$port" up
}
if [ -n "$fabric" ]; then
  plug underlay0 underlay && plug external0 external || { echo "run.sh: no fabric runs on $fabric" >&2; exit 1; }
fi
until [ -S "$socket" ]; do
  kill -0 "$outer" 2> /dev/null || { echo "run.sh: the namespaces ended at once, and $dir/log/inside.log says:" >&2; tail -n 5 "$dir/log/inside.log" >&2; exit 1; }
  [ "$SECONDS" -lt "$deadline" ] || { echo "run.sh: no socket within 60 s; see $dir/log/libvirtd.log" >&2; exit 1; }
  sleep 0.05
done
echo "ready $socket"
if [ -n "$fabric" ]; then
  while kill -0 "$outer" 2> /dev/null; do
    plug underlay0 underlay && plug external0 external || true
    sleep 1 9>&- &
    wait $! || true   # a signal ends the wait at once
  done
fi
wait "$outer"
