#!/bin/bash
# build.sh [--agent] OUT.qcow2 [WORKDIR]
#
# Builds the demo guest: a BIOS-bootable disk of 24 MiB with Debian's cloud kernel and a busybox, and no more. Needs neither root nor mounts.
# The two Debian packages that it is made of (kernel, busybox-static) are downloaded with apt into WORKDIR, where a later build finds them again;
# without WORKDIR nothing is kept. The guest's life is in init and dhcp.sh beside this script. It boots with BIOS (syslinux), and with UEFI from its shell (startup.nsh).
#
# --agent puts the QEMU guest agent in, from its Debian package, with the libraries that it needs from this machine: those are QEMU's, too.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
here=$(dirname "$(realpath "$0")")
agent=
[ "${1:-}" != --agent ] || { agent=1; shift; }
[ $# -ge 1 ] || { echo "usage: build.sh [--agent] OUT.qcow2 [WORKDIR]" >&2; exit 2; }
out=$(realpath -m "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cache=$(realpath -m "${2:-$scratch/packages}")
mkdir -p "$cache" "$(dirname "$out")"

# Whoever builds at the same time waits, and finds the packages whole: apt writes them where they stay.
exec {lock}> "$cache/.lock"
flock "$lock"

# The meta-package names the kernel of the day. An old one in the cache is as good as any: no network is needed then.
kernel=$(cd "$cache" && ls linux-image-*-cloud-amd64_*.deb 2>/dev/null | sort -V | tail -n 1 | cut -d_ -f1 || true)
if [ -z "$kernel" ]; then
  kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
  [ -n "$kernel" ] || { echo "build.sh: apt knows no linux-image-cloud-amd64; run apt-get update first" >&2; exit 1; }
fi
fetch() { # fetch PACKAGE: prints the path of its .deb
  if ! compgen -G "$cache/$1_*.deb" > /dev/null; then
    # Beside its place, so that a download that was interrupted is not taken for a package.
    mkdir -p "$scratch/download"
    (cd "$scratch/download" && apt-get -o APT::Sandbox::User=root download -qq "$1" >&2)
    mv "$scratch/download/$1"_*.deb "$cache/"
  fi
  compgen -G "$cache/$1_*.deb" | sort -V | tail -n 1
}
for package in "$kernel" busybox-static ${agent:+qemu-guest-agent}; do
  deb=$(fetch "$package")
  dpkg-deb -x "$deb" "$scratch/deb"
done
flock -u "$lock"
version=${kernel#linux-image-}
[ -e "$scratch/deb/lib/modules/$version/modules.dep" ] || depmod -b "$scratch/deb" "$version"

# The initramfs: busybox, the few modules that a virtio guest needs in the order in which they load, and the life of the guest.
root=$scratch/root
mkdir -p "$root"/{bin,dev,etc/acpi/PWRF,lib/modules,mnt,proc,run,sys,tmp,var/log,var/run}

install -m 0755 "$scratch/deb/bin/busybox" "$root/bin/busybox"
for module in virtio_pci virtio_blk virtio_net virtio_balloon virtio-rng virtio_scsi sd_mod sr_mod isofs button evdev acpiphp ${agent:+virtio_console}; do
  modprobe -d "$scratch/deb" -S "$version" --show-depends "$module" 2>/dev/null | while read -r verb file _; do
    [ "$verb" = insmod ] && [ -f "$file" ] || continue
    name=$(basename "$file")
    [ -e "$root/lib/modules/$name" ] && continue
    cp "$file" "$root/lib/modules/$name"
    echo "$name" >> "$root/lib/modules/order"
  done
done
if [ -n "$agent" ]; then
  install -m 0755 "$scratch/deb/usr/sbin/qemu-ga" "$root/bin/qemu-ga"
  install -m 0755 "$here/freeze.sh" "$root/bin/freeze.sh"
  mkdir -p "$root/sbin"
  install -m 0755 "$here/shutdown.sh" "$root/sbin/shutdown"
  libraries=$(ldd "$scratch/deb/usr/sbin/qemu-ga" | grep -o '/[^ ]*')
  for library in $libraries; do
    install -D -m 0755 "$library" "$root$library"
  done
fi
install -m 0755 "$here/init" "$root/init"
install -m 0755 "$here/dhcp.sh" "$root/bin/dhcp.sh"
install -m 0755 "$here/power.sh" "$root/etc/acpi/PWRF/00000080"
(cd "$root" && find . | sort | cpio -o -H newc --quiet --reproducible -R 0:0 | gzip -9n) > "$scratch/initrd.gz"

# The disk: MBR, one FAT16 partition with syslinux from 1 MiB on.
image=$scratch/disk.raw
truncate -s 24M "$image"
printf 'label: dos\nlabel-id: 0x0cc1de30\nstart=2048, size=47104, type=6, bootable\n' | sfdisk -q "$image"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$image" conv=notrunc bs=440 count=1 status=none
truncate -s 23M "$scratch/fat"
mkfs.fat -F 16 -n DEMO --invariant "$scratch/fat" > /dev/null
printf 'SERIAL 0 115200\nDEFAULT demo\nPROMPT 0\nTIMEOUT 1\nLABEL demo\n KERNEL vmlinuz.efi\n INITRD initrd.gz\n APPEND console=ttyS0 quiet panic=1\n' > "$scratch/syslinux.cfg"
printf 'vmlinuz.efi initrd=\\initrd.gz console=ttyS0 quiet panic=1\r\n' > "$scratch/startup.nsh"
cp "$scratch/deb/boot/vmlinuz-$version" "$scratch/vmlinuz.efi"
mcopy -i "$scratch/fat" "$scratch/startup.nsh" "$scratch/vmlinuz.efi" "$scratch/initrd.gz" "$scratch/syslinux.cfg" ::
syslinux --install "$scratch/fat"
dd if="$scratch/fat" of="$image" bs=1M seek=1 conv=notrunc status=none
# Written beside its place and moved, so that an interrupted build leaves no half image.
qemu-img convert -c -O qcow2 "$image" "$out.partial"
mv "$out.partial" "$out"
