#!/bin/sh
# run.sh [-n] BUILD [readme]: installs the suite in an empty Debian of this machine's
# release, boots it under systemd-nspawn, and runs the shipped unit as an
# administrator would (inside.sh); then the same for the package of make deb
# (package.sh).  With readme, it does what README says under "Try it" in one
# that has not even make.  Prints TAP.  -n: only says whether it can run here,
# and why not.
set -u
cd "$(dirname "$0")/../.." || exit 1
only=no
[ "${1:-}" != -n ] || { only=yes; shift; }
BUILD=${1:?usage: run.sh [-n] BUILD [readme]}
what=${2:-units}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac

no() {
	echo "$*"
	exit 1
}
[ "$(uname -s)" = Linux ] || no "no systemd on this system"
[ "$(id -u)" -eq 0 ] || no "has to be root"
command -v debootstrap >/dev/null || no "no debootstrap"
command -v systemd-nspawn >/dev/null || no "no systemd-nspawn"
# shellcheck disable=SC1091
[ "$(. /etc/os-release && echo "$ID")" = debian ] || no "not Debian"
case $BUILD in *-address* | *-undefined*)
	no "a sanitizer build is not what is installed" ;;
esac
[ $only = no ] || exit 0

work=$BUILD/regress/systemd
clean=$work/debian
root=$work/root
# what the programs are linked with, as packages of the same release
libs=$(for p in mars marsd scspd marsctl; do ldd "$BUILD/$p"; done |
    awk '$2 == "=>" { print $3 }' | sort -u | xargs -n 1 realpath |
    xargs -n 1 dpkg-query -S 2>/dev/null | cut -d: -f1 | sort -u |
    paste -s -d ,)
# shellcheck disable=SC1091
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

mkdir -p "$work"

# debian DIR [OPTION]: one with these packages, which is kept
debian() {
	[ ! -f "$1/complete" ] || return 0
	rm -rf "$1"
	# shellcheck disable=SC2086 # none, or one
	debootstrap --variant=minbase ${2:-} "$suite" "$1" \
	    > "$work/debootstrap.log" 2>&1 || {
		echo "1..1"
		echo "not ok 1 - an empty Debian can be had"
		tail -n 5 "$work/debootstrap.log" | sed 's/^/# /'
		exit 1
	}
	touch "$1/complete"
}

fresh() {
	rm -rf "$root"
	cp -a "$clean" "$root"
}

# boots SCRIPT: the machine in $root, which runs it; prints its TAP
boots() {
	cp regress/systemd/tap.sh "$root/tap.sh"
	cp "regress/systemd/$1" "$root/inside.sh"
	cat > "$root/etc/systemd/system/inside.service" <<U
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /inside.sh
[Install]
WantedBy=multi-user.target
U
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s ../inside.service \
	    "$root/etc/systemd/system/multi-user.target.wants/inside.service"
	# nspawn of systemd 252 refuses Landlock to what it runs, unlike a
	# machine
	timeout 200 systemd-nspawn -q -D "$root" --boot --private-network \
	    --register=no --keep-unit --system-call-filter='
	    landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
	    > "$work/boot.log" 2>&1 < /dev/null
	if [ -s "$root/result" ]; then
		cat "$root/result"
	else
		cat "$root/result.part" 2>/dev/null
		echo "not ok - systemd boots, and $1 runs to its end"
		tail -n 20 "$work/boot.log" | sed 's/^/# /'
	fi
	rm -rf "$root"
}

# The package, as $root/mars.deb, and a later version of it, as later.deb.
packages() {
	fresh
	deb=$(DEB_VERSION=0.0.1 sh mk/deb.sh "$work" 2> "$work/deb.log") &&
	    rm -rf "$work/later" && dpkg-deb -R "$deb" "$work/later" &&
	    sed -i 's/^Version: .*/Version: 0.0.2/' \
	    "$work/later/DEBIAN/control" &&
	    dpkg-deb --root-owner-group -b "$work/later" "$root/later.deb" \
	    > /dev/null && cp "$deb" "$root/mars.deb"
}

# What lintian says, which has to be nothing.
policy() {
	command -v lintian > /dev/null || {
		echo "ok - lintian has nothing to say # SKIP no lintian"
		return
	}
	if lintian --allow-root --fail-on error,warning "$root/mars.deb" \
	    > "$work/lintian.log" 2>&1; then
		echo "ok - lintian has nothing to say"
	else
		echo "not ok - lintian has nothing to say"
		sed 's/^/# /' "$work/lintian.log"
	fi
}

# within COMMAND [OPTION]: in $root, in a copy of the tree
within() {
	# shellcheck disable=SC2086
	systemd-nspawn -q -D "$root" --register=no --keep-unit --pipe \
	    --chdir=/src ${2:-} /bin/sh -c "$1" >> "$work/readme.log" 2>&1 \
	    < /dev/null
}

readme() {
	root=$work/readme
	debian "$work/empty"
	rm -rf "$root"
	cp -a "$work/empty" "$root"
	mkdir "$root/src"
	git ls-files -z | tar -cf - --null -T - | tar -xf - -C "$root/src"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	: > "$work/readme.log"
	n=0
	option=
	sed -n '/^Try it/,/^Test it/s/^	//p' README > "$work/readme.commands"
	while read -r command; do
		n=$((n + 1))
		if within "$command" "$option"; then
			echo "ok $n - $command"
		else
			echo "not ok $n - $command"
			tail -n 20 "$work/readme.log" | sed 's/^/# /'
		fi
		option=--private-network	# what was missing is there
	done < "$work/readme.commands"
	rm -rf "$root"
	echo "1..$n"
}

[ "$what" != readme ] || {
	readme
	exit
}

debian "$clean" "--include=systemd,systemd-sysv,iproute2,procps,$libs"
{
	fresh
	(umask 077 &&
	    make -s BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr install) \
	    > "$work/install.log" 2>&1 || cat "$work/install.log" >&2
	boots inside.sh
	if ! command -v dh > /dev/null; then
		echo "ok - the package # SKIP no debhelper"
	elif packages; then
		policy
		boots package.sh
	else
		echo "not ok - the package can be built"
		sed 's/^/# /' "$work/deb.log"
	fi
} | awk '/^1\.\./ { next }
    /^(not )?ok / { n++; sub(/ok ?[0-9]* ?-/, "ok " n " -") }
    { print }
    END { print "1.." n }'
