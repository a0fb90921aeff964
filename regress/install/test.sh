#!/bin/sh
# What is built and what is installed, as TAP: the same programs from another
# directory; a warning stops developers and no user; whatever root's umask is
# everyone may read and enter; what is installed names its own paths.
set -u
cd "$(dirname "$0")/../.." || exit 1
case ${BUILD:=build} in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
programs="mars marsd scspd edged marsctl marsc"
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR

# ok NAME CONDITION...: one test; what is in $work/log tells why it failed
ok() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" > "$work/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 10 "$work/log" "$work/out" | sed 's/^/# /'
	fi
}

# probed VARIABLE: what BUILD was made with
probed() {
	sed -n "2,\$s/^$1=//p" "$BUILD/probe.mk"
}

# make_some DIR ARG...: some of the programs, in a tree elsewhere, into DIR
make_some() (
	build=$1
	shift
	cd "$work/an other" && CC=$(probed CC) CFLAGS=$flags CPPFLAGS='' \
	    LDFLAGS='' AR=$(probed AR) YACC=$(probed YACC) \
	    PKG_CONFIG=pkg-config SANITIZE='' \
	    LIBEXECDIR=/usr/local/libexec/mars sh mk/probe.sh "$build" &&
	    cd "$build/obj" && make -r -j"$(getconf _NPROCESSORS_ONLN)" \
	    -f ../probe.mk \
	    LIBEXECDIR=/usr/local/libexec/mars "$@"
)

same() {
	for p in $programs; do
		cmp "$BUILD/$p" "$work/an other/elsewhere/$p" || return 1
	done
}

fails() {
	! "$@"
}

# every TYPE MODE [FIRST]: all below FIRST, and there are some, have MODE
every() {
	[ -n "$(find "$work/root${3:-}" -type "$1")" ] &&
	    [ -z "$(find "$work/root${3:-}" -type "$1" ! -perm "-$2" |
	    tee /dev/stderr)" ]
}

# all_named: what is installed as a program is what is compared
# shellcheck disable=SC2086 # each word is a line
all_named() {
	[ "$(find "$work/root" -type f -perm -100 -exec basename {} \; |
	    sort)" = "$(printf '%s\n' $programs | sort)" ]
}

# gone: a file that was there is not
gone() {
	[ -d "$work/root$prefix/sbin" ] &&
	    [ -z "$(find "$work/root" -type f | tee /dev/stderr)" ]
}

# no_other: no path of PREFIX's default, in what was installed
no_other() {
	[ -d "$share" ] && [ -d "$work/root$prefix/share/man" ] &&
	    fails grep -r '/usr/local/\(sbin\|bin\|share/examples\)' \
	    "$share" "$work/root$prefix/share/man"
}

case $BUILD in
*-address* | *-undefined*)
	echo "ok 1 - same # SKIP the sanitizers' programs name directories"
	echo "ok 2 - warnings # SKIP of the other build"
	n=2 ;;
*)
	mkdir "$work/an other"
	git ls-files -z common parent marsctl marsd scspd edged marsc mk etc \
	    doc 'regress/*Makefile' | xargs -0 cp --parents -t "$work/an other"
	flags=
	make_some elsewhere programs > "$work/log" 2>&1
	ok "same: all programs built in another directory" same
	echo 'static int nobody_uses_this;' >> "$work/an other/marsctl/show.c"
	make_some elsewhere out/marsctl > "$work/log" 2>&1
	ok "warnings: stop nobody who has not asked" test $? -eq 0
	touch "$work/an other/marsctl/show.c"
	ok "werror: stops who has asked" \
	    fails make_some elsewhere WERROR=-Werror out/marsctl
	;;
esac

# one object knows LIBEXECDIR: BUILD is left as it is
prefix=/opt/a,b
installed() {
	make -s BUILD="$BUILD" DESTDIR="$work/root" PREFIX=$prefix \
	    LIBEXECDIR=/usr/local/libexec/mars "$@"
}
(umask 077 && installed install) > "$work/log" 2>&1
ok "umask: everyone may enter the directories" every d 755 $prefix
ok "umask: everyone may read the files" every f 644
ok "umask: everyone may run the programs" every f 755 $prefix/sbin
ok "same: no other program is installed" all_named
share=$work/root$prefix/share/examples/mars
ok "prefix: the unit starts what is installed" \
    grep -q "^ExecStart=$prefix/sbin/mars " "$share/mars.service"
ok "prefix: the rc script starts what is installed" \
    grep -q "^daemon=\"$prefix/sbin/mars\"" "$share/mars.rc"
ok "prefix: nothing names another" no_other
installed uninstall > "$work/log" 2>&1
ok "uninstall: takes all of it away" gone
echo "1..$n"
