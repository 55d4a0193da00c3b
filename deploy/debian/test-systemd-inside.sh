#!/bin/sh
# What test-systemd.sh does inside.
set -eu
cd /

say() { echo "== $*"; }
fail() { echo "FAILED: $*"; systemctl status --no-pager --lines=20 'occi-controller-*' || true; exit 1; }
until_so() { # seconds, what, command...
  left=$1 what=$2
  shift 2
  until "$@" > /tmp/until 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || fail "it is still not so that $what: $(cat /tmp/until)"
    sleep 1
  done
}
value() { systemctl show -p "$1" --value "$2"; }
expect() { [ "$2" = "$3" ] || fail "$1: wanted \"$3\", found \"$2\""; }
restarted() { [ "$(value NRestarts "occi-controller-$1")" != 0 ] && systemctl --quiet is-active "occi-controller-$1"; }
host_up() { controller host list | grep -w up; }

say "the control plane"
systemctl start "postgresql@$(ls /etc/postgresql)-main.service"
su postgres -c "psql -qc \"CREATE ROLE controller LOGIN PASSWORD 'secret'\" -c 'CREATE DATABASE controller OWNER controller'"
occi-controller-setup --database "Host=127.0.0.1;Database=controller;Username=controller;Password=secret" --name silo-a
export CONTROLLER_ENDPOINT=http://127.0.0.1:8080
CONTROLLER_TOKEN=$(cat /etc/occi-controller/pki/admin.token)
export CONTROLLER_TOKEN
until_so 120 "the API answers" controller project list

say "a host joins with one command"
controller host token | occi-controller-agent join - --name host-a --driver simulated
[ ! -e /var/lib/occi-controller-agent/state/join.token ] || fail "the used token was kept"
until_so 60 "the host is up" host_up
controller occi create compute --title first -a cores=1 -a memory=0.5 --wait
until_so 30 "the guard runs beside the agent" systemctl --quiet is-active occi-controller-guard
expect "the guard at boot" "$(systemctl is-enabled occi-controller-guard)" enabled
for unit in silo api agent guard; do
  echo "occi-controller-$unit: $(value ActiveState occi-controller-$unit), Type=$(value Type occi-controller-$unit), user $(ps -o user:12= -p "$(value MainPID occi-controller-$unit)")"
done

say "a silo that is stuck is replaced by the watchdog"
kill -STOP "$(value MainPID occi-controller-silo)"
until_so 180 "the silo was restarted" restarted silo
until_so 120 "the host is up again" host_up

say "a guard that hangs is replaced, and goes on without its agent"
kill -STOP "$(value MainPID occi-controller-guard)"
until_so 60 "the guard was restarted" restarted guard
systemctl stop occi-controller-agent
systemctl --quiet is-active occi-controller-guard || fail "the guard went with its agent"
systemctl start occi-controller-agent

say "an upgrade restarts what runs"
before=$(value MainPID occi-controller-agent)
guard=$(value MainPID occi-controller-guard)
dpkg -i /packages/*.deb > /tmp/upgrade.log 2>&1 || fail "the upgrade: $(cat /tmp/upgrade.log)"
[ "$(value MainPID occi-controller-agent)" != "$before" ] || fail "the agent was not restarted"
[ "$(value MainPID occi-controller-guard)" != "$guard" ] || fail "the guard was not restarted"
until_so 120 "the host is up after the upgrade" host_up

say "a purge stops it and takes the units"
dpkg --purge occi-controller-agent occi-controller > /tmp/purge.log 2>&1 || fail "the purge: $(cat /tmp/purge.log)"
[ -z "$(systemctl list-units --all --no-legend 'occi-controller*')" ] || fail "units are left"
say "passed"
