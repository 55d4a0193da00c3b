#!/bin/sh
# udhcpc calls this with what the DHCP server said.
case $1 in
deconfig)
  ip -4 addr flush dev "$interface"
  ;;
bound | renew)
  ifconfig "$interface" "$ip" netmask "$subnet" ${mtu:+mtu "$mtu"} up
  for gateway in $router; do route add default gw "$gateway" dev "$interface" 2> /dev/null; done
  [ "$1" = renew ] || echo "DEMO: lease $interface address=$ip gateway=$router hostname=$hostname" > /dev/console
  ;;
esac
