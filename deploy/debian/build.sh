#!/bin/sh
# Builds the Debian packages occi-controller, occi-controller-agent and occi-controller-cli into DIR (obj/debian by default) with Debian's own tools.
# They bring their own .NET: "dotnet publish" takes the runtime from the package registry, and a target machine needs none.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
out=${1:-$root/obj/debian}
dotnet=${CONTROLLER_DOTNET:-dotnet}
# The one place where the version stands.
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
[ -n "$version" ] || { echo "build.sh: Directory.Build.props names no <Version>" >&2; exit 2; }
arch=$(dpkg --print-architecture)
case $arch in
  amd64) rid=linux-x64 ;;
  arm64) rid=linux-arm64 ;;
  *) echo "build.sh: amd64 or arm64 was wanted, this is $arch" >&2; exit 2 ;;
esac
maintainer=${DEBEMAIL:-OCCI controller <controller@localhost.localdomain>}
# The same sources make the same packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" -c safe.directory='*' log -1 --format=%ct 2> /dev/null || echo 0)}
export SOURCE_DATE_EPOCH DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022

publish() { # project, directory
  # Apart from the build in the tree, which is for no runtime in particular.
  "$dotnet" publish "$root/src/$1/$1.csproj" -c Release -r $rid --self-contained true --artifacts-path "$root/obj/package" -p:UseArtifactsOutput=true -o "$2" \
    -p:GenerateDocumentationFile=false -p:RunAnalyzers=false -v quiet -nologo -clp:NoSummary
  # Symbols are for a debugger; ours stay, so that a stack trace names lines.
  find "$2" -name '*.pdb' ! -name '[Cc]ontroller*' ! -name 'Occi*' -delete
  rm -f "$2/createdump"
  find "$2" -type f -exec chmod 0644 {} +
  find "$2" -maxdepth 1 -type f -name "controller-*" ! -name '*.*' -exec chmod 0755 {} +
}

# Needs Node.js and npm, and is apart from a build in the tree, too; where the API looks for it by default.
console() { # directory
  if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    echo "build.sh: the web console needs Node.js 18 or newer and npm (apt-get install nodejs npm)" >&2
    exit 2
  fi
  mkdir "$stage/console"
  (cd "$root/src/Console" && tar -c --exclude=./node_modules --exclude=./dist --exclude=./tests .) | tar -x -C "$stage/console"
  (cd "$stage/console" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npx vite build --logLevel warn) >&2
  mkdir -p "$1"
  cp -r "$stage/console/dist/." "$1/"
  find "$1" -type f -exec chmod 0644 {} +
  [ -s "$1/index.html" ] || { echo "build.sh: the web console has no index.html" >&2; exit 2; }
}

unit() { install -D -m 0644 "$root/deploy/systemd/$2" "$stage/$1/lib/systemd/system/$2"; }
tool() { install -D -m 0755 "$here/bin/$2" "$stage/$1/usr/sbin/$2"; }
config() { install -D -m "$3" "$here/etc/$2" "$stage/$1/etc/occi-controller/$2"; }

finish() { # package
  package=$1
  top=$stage/$package
  mkdir -p "$top/DEBIAN" "$top/usr/share/doc/$package"
  cp "$root/docs/deploying.md" "$root/docs/configuration.md" "$top/usr/share/doc/$package/"
  printf 'occi-controller (%s) stable; urgency=medium\n\n  * Built from its sources.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n > "$top/usr/share/doc/$package/changelog.gz"
  printf 'Files: *\nComment: The OCCI controller, as its sources say. It brings .NET (MIT) and the libraries that Directory.Packages.props names, under their own licences.\n' \
    > "$top/usr/share/doc/$package/copyright"
  chmod 0644 "$top/usr/share/doc/$package"/*
  if [ -d "$top/etc" ]; then
    (cd "$top" && find etc -type f -printf '/%p\n' | sort) > "$top/DEBIAN/conffiles"
  fi
  for script in postinst prerm postrm; do
    [ ! -e "$here/maintainer/$package.$script" ] || install -m 0755 "$here/maintainer/$package.$script" "$top/DEBIAN/$script"
  done
  (cd "$top" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' md5sum) > "$top/DEBIAN/md5sums"
  sed -e "s/@VERSION@/$version/g; s/@ARCH@/$arch/g; s/@MAINTAINER@/$maintainer/g; s/@SIZE@/$(du -sk --exclude=DEBIAN "$top" | cut -f1)/g" \
    "$here/control/$package" > "$top/DEBIAN/control"
  dpkg-deb --root-owner-group -Zxz -z"${CONTROLLER_XZ:-6}" --build "$top" "$out/${package}_${version}_$arch.deb"
}

publish Silo "$stage/occi-controller/usr/lib/occi-controller/silo"
publish Api "$stage/occi-controller/usr/lib/occi-controller/api"
console "$stage/occi-controller/usr/lib/occi-controller/api/console"
# Both bring the same runtime: it is there once.
(cd "$stage/occi-controller/usr/lib/occi-controller/silo" && find . -type f -size +16k) | while read -r file; do
  if cmp -s "$stage/occi-controller/usr/lib/occi-controller/silo/$file" "$stage/occi-controller/usr/lib/occi-controller/api/$file"; then
    ln -f "$stage/occi-controller/usr/lib/occi-controller/silo/$file" "$stage/occi-controller/usr/lib/occi-controller/api/$file"
  fi
done
unit occi-controller occi-controller-silo.service
unit occi-controller occi-controller-api.service
tool occi-controller occi-controller-setup
tool occi-controller occi-controller-run
config occi-controller silo.json 0640
config occi-controller api.json 0640
install -d "$stage/occi-controller/etc/occi-controller/model.d" "$stage/occi-controller/usr/share/occi-controller/extensions"
install -m 0644 "$root"/deploy/extensions/*.json "$stage/occi-controller/usr/share/occi-controller/extensions/"
finish occi-controller

publish Agent "$stage/occi-controller-agent/usr/lib/occi-controller/agent"
unit occi-controller-agent occi-controller-agent.service
unit occi-controller-agent occi-controller-guard.service
tool occi-controller-agent occi-controller-agent
config occi-controller-agent agent.json 0640
finish occi-controller-agent

publish Cli "$stage/occi-controller-cli/usr/lib/occi-controller/cli"
install -d "$stage/occi-controller-cli/usr/bin"
ln -s ../lib/occi-controller/cli/controller-cli "$stage/occi-controller-cli/usr/bin/controller"
finish occi-controller-cli
