#!/bin/sh
# kernel.sh DIR: a Debian kernel for the ATM test, unpacked in DIR (an absolute
# path); prints its version.  Since 6.1.150 and 6.12.45 atmtcp refuses the
# control messages of its own program, and opening a circuit hangs; so it is
# one from before that, from the mirror of this machine's own packages.
set -eu
dir=${1:?usage: kernel.sh DIR}

fail() {
	echo "$*" >&2
	exit 1
}

if [ -f "$dir/version" ]; then
	cat "$dir/version"
	exit 0
fi
{ command -v apt-get && command -v dpkg; } >/dev/null ||
    fail "no apt-get here to fetch an older Debian kernel with"
[ "$(dpkg --print-architecture)" = amd64 ] ||
    fail "the kernels known to work are for amd64"
# shellcheck disable=SC2016 # apt-get's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -E '/debian/?$' | head -n 1) || :
[ -n "$mirror" ] || fail "no Debian mirror among the package sources"
mkdir -p "$dir/lists/partial" "$dir/deb"
for candidate in bullseye:5.10.0-32-amd64 \
    bookworm-backports:6.12.43+deb12-amd64; do
	suite=${candidate%%:*} version=${candidate#*:}
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
	    "$mirror $suite main" > "$dir/sources.list"
	# this machine's own lists are left as they are
	set -- -qq -o "Dir::Etc::sourcelist=$dir/sources.list" \
	    -o Dir::Etc::sourceparts=/dev/null \
	    -o "Dir::State::Lists=$dir/lists" \
	    -o APT::Sandbox::User=root -o Acquire::http::Timeout=20 \
	    -o Acquire::Retries=1
	timeout 60 apt-get "$@" update >/dev/null 2>&1 || continue
	(cd "$dir/deb" && timeout 90 apt-get "$@" download \
	    "linux-image-$version" >/dev/null 2>&1) || continue
	dpkg -x "$dir/deb/linux-image-$version"_*.deb "$dir/root"
	mkdir -p "$dir/modules"
	for m in net/atm/atm drivers/atm/atmtcp; do
		f=$(ls "$dir/root/lib/modules/$version/kernel/$m".ko*)
		case $f in
		*.xz) xz -dc "$f" > "$dir/modules/${m##*/}.ko" ;;
		*) cp "$f" "$dir/modules/" ;;
		esac
	done
	cp "$dir/root/boot/vmlinuz-$version" "$dir/vmlinuz"
	rm -rf "$dir/root" "$dir/deb" "$dir/lists"
	echo "$version" > "$dir/version"
	cat "$dir/version"
	exit 0
done
fail "the mirror has none of the kernels known to work"
