#!/bin/sh
# The guest agent calls this as shutdown(8).
echo "DEMO: agent shutdown" > /dev/console
sync
poweroff -f
