#!/bin/bash
# fabric.sh [--until-eof] DIR
#
# What lies between several hosts of deploy/libvirtd/run.sh on one machine, until it is told to end: a network namespace with two bridges.
#
#   underlay   joins the hosts' addresses: what hosts tell each other about tenants' networks (VXLAN) goes over it
#   external   the outside world: a switch that hosts have a port on (external0), and this namespace an address,
#              198.51.100.1/24 and 2001:db8:ffff::1/64, from which the "outside" can be tried
#
#   DIR/init.pid   the process that holds the namespace: nsenter --net=/proc/PID/ns/net
#
# Prints "ready PID" once the bridges are there. It is started before the hosts; a host plugs itself in again when the fabric is started anew.
# Nothing of it is in the machine's own network namespace, and it ends with this script, however that ends.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"
until_eof=
if [ "${1:-}" = --until-eof ]; then until_eof=1; shift; fi
[ $# -eq 1 ] || { echo "usage: fabric.sh [--until-eof] DIR" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "fabric.sh: must be root, it makes a network namespace" >&2; exit 1; }
mkdir -p "$1"
dir=$(realpath "$1")
exec 9> "$dir/lock"
flock -n 9 || { echo "fabric.sh: another one runs on $dir" >&2; exit 1; }
rm -f "$dir/init.pid"

# shellcheck disable=SC2016 # "$0" is the inner shell's.
setpriv --pdeathsig KILL -- unshare --net -- bash -c '
  set -e
  ip link set lo up
  for bridge in underlay external; do
    ip link add "$bridge" type bridge forward_delay 0
    ip link set "$bridge" up
  done
  ip address add 198.51.100.1/24 dev external
  ip -6 address add 2001:db8:ffff::1/64 dev external nodad 2> /dev/null || true   # where the kernel has IPv6
  echo $$ > "$0/init.pid.new" && mv "$0/init.pid.new" "$0/init.pid"
  exec sleep infinity' "$dir" < /dev/null 9>&- &
inner=$!
watcher=
if [ -n "$until_eof" ]; then
  exec 8<&0
  { cat > /dev/null; kill -TERM $$; } <&8 9>&- &
  watcher=$!
fi
end() {
  trap - EXIT
  kill -9 "$inner" 2> /dev/null || true
  if [ -n "$watcher" ]; then pkill -P "$watcher" 2> /dev/null || true; kill "$watcher" 2> /dev/null || true; fi
  rm -f "$dir/init.pid"
  wait "$inner" 2> /dev/null || true
}
trap end EXIT
trap 'exit 0' TERM INT HUP
until [ -s "$dir/init.pid" ]; do
  kill -0 "$inner" 2> /dev/null || { echo "fabric.sh: the namespace could not be made" >&2; exit 1; }
  sleep 0.02
done
echo "ready $inner"
wait "$inner"
