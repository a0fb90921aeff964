#!/bin/sh
# deb.sh BUILD: makes the Debian package of this tree, in BUILD/deb, from a
# copy of the tree, so that nothing is left in it.  Its version is that of
# common/proc/version.h, or DEB_VERSION.
set -eu
cd "$(dirname "$0")/.."
BUILD=${1:?usage: deb.sh BUILD}
command -v dh >/dev/null || {
	echo "no debhelper: sh etc/prerequisites deb" >&2
	exit 1
}
version=$(sed -n 's/^#define MARS_VERSION.*"\(.*\)"/\1/p' \
    common/proc/version.h)
version=${DEB_VERSION:-$version}
maintainer=$(sed -n 's/^Maintainer: //p' debian/control)
work=$BUILD/deb/mars-$version
rm -rf "$work"
mkdir -p "$work"
git ls-files -z 2>/dev/null > "$BUILD/deb/files" || :
# where it is no git tree, or one within another
[ -s "$BUILD/deb/files" ] ||
    find . -path ./.git -prune -o -path './build*' -prune -o -type f -print0 \
    > "$BUILD/deb/files"
tar -cf - --null -T "$BUILD/deb/files" | tar -xf - -C "$work"
# what has changed is said in CHANGES; the date is that of the sources
cat > "$work/debian/changelog" <<C
mars ($version) unstable; urgency=medium

  * What is new is said in CHANGES.

 -- $maintainer  $(date -R -r CHANGES)
C
(cd "$work" && env -u BUILD -u MAKEFLAGS -u SANITIZE -u WERROR \
    dpkg-buildpackage -b -us -uc) > "$BUILD/deb/log" 2>&1 || {
	tail -n 20 "$BUILD/deb/log" >&2
	echo "the package could not be built, see $BUILD/deb/log" >&2
	exit 1
}
rm -rf "$work"
ls "$BUILD/deb/mars_$version"_*.deb
