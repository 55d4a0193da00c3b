#!/bin/sh
# What test.sh does inside of the new Debian. There is no systemd in it: services run in the foreground, as the packages' own commands say.
set -eu

say() { echo "== $*"; }
fail() { echo "FAILED: $*" >&2; tail -n 30 /tmp/*.log >&2; exit 1; }
until_so() { # seconds, what, command...
  left=$1 what=$2
  shift 2
  until "$@" > /tmp/until 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || fail "it is still not so that $what: $(cat /tmp/until)"
    sleep 1
  done
}
mode() { stat -c '%a %U:%G' "$1"; }
expect() { [ "$2" = "$3" ] || fail "$1: wanted \"$3\", found \"$2\""; }

say "what was installed"
dpkg-query -W 'occi-controller*'
expect "silo.json" "$(mode /etc/occi-controller/silo.json)" "640 root:occi-controller"
expect "images" "$(mode /var/lib/occi-controller/images)" "2770 root:occi-controller"
command -v dotnet && fail "there is a .NET on this machine: the packages have to bring their own"

say "a database"
pg_ctlcluster "$(ls /etc/postgresql)" main start
cd /
su postgres -c "psql -qc \"CREATE ROLE controller LOGIN PASSWORD 'secret'\" -c 'CREATE DATABASE controller OWNER controller'"

say "the control plane, of one command and two services"
occi-controller-setup --database "Host=127.0.0.1;Database=controller;Username=controller;Password=secret" --name silo-a
expect "ca.key" "$(mode /etc/occi-controller/pki/ca.key)" "640 root:occi-silo"
expect "api.key" "$(mode /etc/occi-controller/pki/api.key)" "640 root:occi-api"
occi-controller-run silo > /tmp/silo.log 2>&1 &
silo=$!
occi-controller-run api > /tmp/api.log 2>&1 &
api=$!
export CONTROLLER_ENDPOINT=http://127.0.0.1:8080
CONTROLLER_TOKEN=$(cat /etc/occi-controller/pki/admin.token)
export CONTROLLER_TOKEN
until_so 120 "the API answers" controller project list
ps -o user:12,args -C controller-silo,controller-api

say "the web console, of files that the package has"
ask() { bash -c 'exec 3<> /dev/tcp/127.0.0.1/8080; printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$1" >&3; cat <&3' sh "$1" | tr -d '\000'; }
script=$(ask /ui/ | grep -o '/ui/assets/[^"]*\.js' | head -n 1)
[ -n "$script" ] || fail "/ui/ is no page with a script: $(ask /ui/ | head -n 1)"
expect "$script" "$(ask "$script" | head -n 1 | cut -d ' ' -f 2)" "200"

say "a host joins with one command"
occi-controller-agent join garbage && fail "a token that is none was taken"
controller host token | occi-controller-agent join - --name host-a --driver simulated
expect "agent.env" "$(mode /etc/occi-controller/agent.env)" "600 root:root"
expect "join.token" "$(mode /var/lib/occi-controller-agent/state/join.token)" "600 root:root"
occi-controller-agent run > /tmp/agent.log 2>&1 &
agent=$!
until_so 60 "the host is up" sh -c "controller host list | grep -w up"
controller host list
occi-controller-agent status
occi-controller-agent join cjt1.x && fail "a host that had joined was joined again"

say "a machine on it"
controller occi create compute --title first -a cores=1 -a memory=0.5 --wait

say "TLS on every listener but those of health and of this machine's own"
ss -Hltn | awk '{print $4}' | sort

say "an upgrade keeps the configuration"
sed -i 's/"auto"/"simulated"/' /etc/occi-controller/agent.json
chmod 0600 /etc/occi-controller/agent.json
before=$(cat /etc/occi-controller/controller.env /etc/occi-controller/agent.json /etc/occi-controller/pki/ca.crt | sha256sum)
dpkg -i /packages/*.deb > /tmp/upgrade.log 2>&1 || fail "the upgrade"
expect "the configuration" "$(cat /etc/occi-controller/controller.env /etc/occi-controller/agent.json /etc/occi-controller/pki/ca.crt | sha256sum)" "$before"
expect "agent.json" "$(mode /etc/occi-controller/agent.json)" "600 root:root"
expect "silo.json" "$(mode /etc/occi-controller/silo.json)" "640 root:occi-controller"

say "removing keeps state, purging takes it, and leaves disks"
kill $agent
wait $agent || true
touch /var/lib/occi-controller-agent/machines/disk.qcow2
dpkg --remove occi-controller-agent > /tmp/remove.log 2>&1
[ -e /var/lib/occi-controller-agent/state/identity.pem ] || fail "removing took the host's identity"
dpkg --purge occi-controller-agent 2>&1 | tee /tmp/purge.log | grep Disks
[ ! -e /var/lib/occi-controller-agent/state ] || fail "purging left the host's identity"
[ -e /var/lib/occi-controller-agent/machines/disk.qcow2 ] || fail "purging took a disk"
kill $silo $api
wait $silo $api || true
dpkg --purge occi-controller > /tmp/purge.log 2>&1
[ ! -e /etc/occi-controller ] || fail "purging left $(ls /etc/occi-controller)"
! getent passwd occi-silo occi-api || fail "purging left users"
pg_ctlcluster "$(ls /etc/postgresql)" main stop
say "passed"
