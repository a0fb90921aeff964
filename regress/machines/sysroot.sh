#!/bin/sh
# sysroot.sh MACHINE DIR: the libraries that the suite and its tests need, of
# Debian for MACHINE (i386, s390x), into DIR/root.  Leaves alone what is
# installed here: apt-get has its lists, its state and its packages in DIR.
# Says why, and ends with 1, where they can't be had.
set -u
machine=$1 dir=$2
want="libc6-dev libevent-dev libssl-dev libbsd-dev libseccomp-dev"
want="$want libcmocka-dev"

[ ! -f "$dir/complete" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root"
: > "$dir/status"

apt() {
	apt-get -qq -o APT::Architecture="$machine" \
	    -o APT::Architectures="$machine" -o APT::Sandbox::User=root \
	    -o Acquire::Languages=none -o Dir::State="$dir" \
	    -o Dir::State::lists="$dir/lists" \
	    -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
	    "$@" >> "$dir/apt.log" 2>&1
}

# some of the lists are enough, if what is wanted is in them
apt update || :
# shellcheck disable=SC2086 # each is a word
apt install -y --no-install-recommends --download-only $want || {
	echo "no libraries for $machine: $(tail -n 1 "$dir/apt.log")"
	exit 1
}
for package in "$dir"/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$dir/root" || exit 1
done
rm -rf "$dir/lists" "$dir/cache"
: > "$dir/complete"
