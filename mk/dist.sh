#!/bin/sh
# dist.sh BUILD: what is handed out, in BUILD/dist: the sources as an archive,
# an SBOM (SPDX 2.3), and their SHA256, which signify(1) signs with the secret
# key SIGNIFY_KEY if there is one.  From the same commit all of it is the same,
# whoever makes it, wherever and whenever.
set -eu
umask 022
cd "$(dirname "$0")/.."
build=$1
version=$(sed -n 's/^#define MARS_VERSION[^"]*"\(.*\)"/\1/p' \
    common/proc/version.h)
name=mars-$version
out=$build/dist
[ -z "$(git status --porcelain --untracked-files=no)" ] ||
    echo "dist: what is not committed is not in it" >&2
rm -rf "$out"
mkdir -p "$out"

# git archives a commit with its time, no owner, and names in one order;
# without -n gzip would write when
git archive --format=tar --prefix="$name/" HEAD | gzip -9n > \
    "$out/$name.tar.gz"
python3 -B mk/sbom.py "$build/probe.mk" "$name" "$out/$name.tar.gz" > \
    "$out/$name.spdx.json"
cd "$out"
sha256sum --tag "$name.tar.gz" "$name.spdx.json" > SHA256
[ -z "${SIGNIFY_KEY:-}" ] ||
    signify -S -e -s "$SIGNIFY_KEY" -m SHA256 -x SHA256.sig
ls
