#!/bin/sh
# Writes the build rules for this machine and this tree, and prints the name
# of the file.  Called by make itself, at every start; touches only what has
# changed.  In: CC, CFLAGS, SANITIZE, LIBEXECDIR, BUILD from make.
set -eu
cd "$(dirname "$0")/.."

case ${CC:-cc} in '' | c99) CC=cc ;; esac
if [ -z "${BUILD:-}" ]; then
	BUILD=build
	[ -z "$SANITIZE" ] || BUILD=build-$(echo "$SANITIZE" | tr , -)
fi
mkdir -p "$BUILD"
os=$(uname -s)

# put FILE: replaces FILE by standard input where that differs.
put() {
	cat > "$1.new"
	if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# try NAME FLAGS...: does a program from standard input compile and link?
try() {
	cat > "$BUILD/try.c"
	# shellcheck disable=SC2086
	$CC -Werror "$@" -o "$BUILD/try" "$BUILD/try.c" >/dev/null 2>&1
}

# Without a compiler there is nothing to find out: the targets that bring it
# still work, the others say what to do.
if ! echo 'int main(void) { return 0; }' | try; then
	put "$BUILD/rules.mk" <<'R'
programs tests:
	@echo "no working C compiler ($(CC)): sh etc/prerequisites" >&2; exit 1
R
	echo "BUILD=$BUILD" >> "$BUILD/rules.mk"
	echo "$BUILD/rules.mk"
	exit 0
fi

# --- what the compiler and the system offer; asked once per compiler
probe=$BUILD/probe.mk
key="$CC|${CFLAGS:-}|$SANITIZE|$LIBEXECDIR|$(cksum < mk/rules.sh)|$(pkg-config --cflags \
    libbsd-overlay 2>/dev/null || echo no)"
if [ ! -f "$probe" ] || [ "$(sed -n '1s/^# //p' "$probe")" != "$key" ]; then
	hard=
	for f in -fstack-protector-strong -fstack-clash-protection \
	    -fcf-protection=full -ftrivial-auto-var-init=zero \
	    -fno-delete-null-pointer-checks -fno-strict-overflow \
	    -fno-strict-aliasing -fPIE; do
		echo 'int main(void) { return 0; }' | try $f && hard="$hard $f"
	done
	[ -n "$SANITIZE" ] || hard="$hard -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
	link=
	for f in -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack; do
		echo 'int main(void) { return 0; }' | try -fPIE $f &&
		    link="$link $f"
	done
	imsg=yes
	if printf '%s\n' '#include <sys/types.h>' '#include <sys/queue.h>' \
	    '#include <stdint.h>' '#include <imsg.h>' \
	    'int main(void) { struct imsgbuf b; struct imsg m;' \
	    'return imsgbuf_get(&b, &m); }' | try -lutil; then imsg=no; fi
	san=
	[ -z "$SANITIZE" ] ||
	    san="-fsanitize=$SANITIZE -fno-sanitize-recover=all \
-fno-omit-frame-pointer -DSANITIZE_BUILD"
	case $os in
	Linux)
		def="-D_GNU_SOURCE -DLIBBSD_OVERLAY"
		inc=$(pkg-config --cflags libbsd-overlay 2>/dev/null || :)
		libs="-levent_core -lbsd -lcrypto -lseccomp" ;;
	*)
		def="-D_BSD_SOURCE"
		inc=$(pkg-config --cflags libevent_core 2>/dev/null || :)
		libs="$(pkg-config --libs-only-L libevent_core 2>/dev/null ||
		    :) -levent_core -lcrypto"
		[ $imsg = yes ] || libs="$libs -lutil" ;;
	esac
	[ $imsg = no ] || inc="$inc -Icommon/proc/imsg"
	put "$probe" <<P
# $key
IMSG=$imsg
CFLAGS_ALL=-std=c11 -O2 -g ${CFLAGS:-} $hard $san $def -Icommon/codec -Icommon/core -Icommon/vc -Icommon/proc $inc -DLIBEXECDIR='"$LIBEXECDIR"' -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wcast-qual -Wpointer-arith -Wwrite-strings -Werror
LINK=$link $san
LIBS=$libs
P
	rm -f "$BUILD/try" "$BUILD/try.c"
fi
imsg=$(sed -n 's/^IMSG=//p' "$probe")

programs="parent/mars marsd/marsd scspd/scspd marsctl/marsctl marsc/marsc"
dirs="common parent marsd scspd marsctl marsc edged"

# sources DIR: the C files of a directory that this system compiles
sources() {
	for c in "$1"/*.c "$1"/codec/*.c "$1"/core/*.c "$1"/vc/*.c "$1"/proc/*.c; do
		case $c in
		*"*.c" | *_linux.c)
			[ "$os" = Linux ] && [ -f "$c" ] && echo "$c" ;;
		*_openbsd.c) [ "$os" = OpenBSD ] && echo "$c" ;;
		*) echo "$c" ;;
		esac
	done
	if [ "$1" = common ] && [ "$imsg" = yes ]; then
		ls common/proc/imsg/*.c 2>/dev/null || :
	fi
	for y in "$1"/*.y; do
		[ ! -f "$y" ] || echo "$y"
	done
	return 0
}

# object FILE: build/obj/dir/file.o; build/dir may be a program's name
object() {
	echo "$BUILD/obj/${1%.?}.o"
}

# compile FILE: its rule, with what it included the last time
compile() {
	o=$(object "$1")
	mkdir -p "${o%/*}"
	src=$1 extra=
	case $1 in
	*.y)
		src=$BUILD/obj/${1%.y}.c
		extra="-I${1%/*} -I${o%/*} -Wno-conversion"
		printf '%s: %s\n\t$(YACC) -d -o %s %s\n' "$src" "$1" "$src" \
		    "$1" ;;
	esac
	deps=
	if [ -f "${o%.o}.d" ]; then
		# a header that has gone must not stop make
		for d in $(sed -e 's/^[^:]*://' -e 's/\\$//' "${o%.o}.d"); do
			case $d in *.h) [ ! -f "$d" ] || deps="$deps $d" ;; esac
		done
	fi
	case $1 in
	regress/*) extra="-I. -Iregress/unit" ;;
	esac
	printf '%s: %s %s %s\n\t$(CC) $(CFLAGS_ALL) -I%s %s -MMD -MF %s -c -o %s %s\n' \
	    "$o" "$src" "$probe" "$deps" "${1%/*}" "$extra" "${o%.o}.d" "$o" \
	    "$src"
}

# archive DIR: build/obj/dir/libdir.a of all but the file that has main()
archive() {
	main=
	for p in $programs; do [ "${p%/*}" != "$1" ] || main=$p.c; done
	objs=
	for c in $(sources "$1"); do
		compile "$c"
		[ "$c" = "$main" ] || objs="$objs $(object "$c")"
	done
	lib=$BUILD/obj/$1/lib$1.a
	[ -n "$objs" ] || return 0
	printf '%s:%s\n\trm -f %s\n\tar rcs %s%s\n' "$lib" "$objs" "$lib" \
	    "$lib" "$objs"
}

# libs DIR...: the archives of these directories that exist
libs() {
	for d in "$@"; do
		for c in $(sources "$d"); do
			case " $programs " in
			*" ${c%.?} "*) ;;
			*) echo "$BUILD/obj/$d/lib$d.a"; break ;;
			esac
		done
	done
}

# tested NAME: directories that a test of that name links, besides common;
# "links: a b" in its head says otherwise
tested() {
	t=$(sed -n '1,20s/^.*links: \([a-z ]*\).*$/\1/p' "$1" | head -n 1)
	if [ -n "$t" ]; then echo "$t"; return; fi
	n=$(basename "$1" .c)
	for d in parent marsd scspd marsctl marsc edged; do
		[ ! -f "$d/$n.c" ] && [ ! -f "$d/$n.y" ] || echo "$d"
	done
}

# core NAME PATTERN...: the whole of libNAME as one object that shows nothing
# but the names of its interface: the cores have names in common
core() {
	d=$1 o=$BUILD/obj/regress/sim/core-$1.o
	shift
	keep=
	for k in "$@"; do keep="$keep --keep-global-symbol='$k'"; done
	printf '%s: %s\n\t$(CC) -r -nostdlib -o %s -Wl,--whole-archive %s\n' \
	    "$o" "$BUILD/obj/$d/lib$d.a" "$o.all" "$BUILD/obj/$d/lib$d.a"
	printf '\tobjcopy --wildcard%s %s %s\n\trm -f %s\n' "$keep" "$o.all" \
	    "$o" "$o.all"
}

# the simulator: the cores of marsd, scspd and marsc in one program
simulator() {
	objs=
	for c in regress/sim/*.c; do
		[ -f "$c" ] || return 0
		compile "$c"
		objs="$objs $(object "$c")"
	done



	for d in marsd scspd marsc; do
		objs="$objs $BUILD/obj/$d/lib$d.a"
	done
	sim=$BUILD/regress/sim/sim
	mkdir -p "$BUILD/regress/sim"
	wrap=
	for f in malloc calloc realloc reallocarray free; do
		wrap="$wrap -Wl,--wrap=$f"
	done
	printf '%s:%s %s\n\t$(CC) $(LINK)%s -o %s%s %s $(LIBS)\nSIM=%s\n' \
	    "$sim" "$objs" "$BUILD/obj/common/libcommon.a" "$wrap" "$sim" \
	    "$objs" "$BUILD/obj/common/libcommon.a" "$sim"
}

# a tree that was built when objects were elsewhere
for p in $programs; do
	[ ! -d "$BUILD/${p#*/}" ] || rm -rf "${BUILD:?}/${p#*/}"
done
mkdir -p "$BUILD/regress/unit"

put "$BUILD/rules.mk" <<R
BUILD=$BUILD
CC=$CC
$(sed 1d "$probe")
$(for d in $dirs; do archive "$d"; done)
$(for p in $programs; do
	[ -f "$p.c" ] || continue
	l=$(libs "${p%/*}" common | tr '\n' ' ')
	printf '%s: %s %s\n\t$(CC) $(LINK) -o %s %s %s $(LIBS)\n' \
	    "$BUILD/${p#*/}" "$(object "$p.c")" "$l" "$BUILD/${p#*/}" \
	    "$(object "$p.c")" "$l"
done)
PROGRAMS=$(for p in $programs; do
	[ ! -f "$p.c" ] || printf '%s ' "$BUILD/${p#*/}"; done)
$(for t in $(sources regress/unit) regress/bench/*.c; do
	[ -f "$t" ] || continue
	compile "$t"
	# shellcheck disable=SC2046
	l=$(libs $(tested "$t") common | tr '\n' ' ')
	printf '%s: %s %s\n\t$(CC) $(LINK) -o %s %s %s -lcmocka $(LIBS)\n' \
	    "$BUILD/${t%.c}" "$(object "$t")" "$l" "$BUILD/${t%.c}" \
	    "$(object "$t")" "$l"
done)
TESTS=$(for t in $(sources regress/unit); do
	printf '%s ' "$BUILD/${t%.c}"; done)

$(simulator)

programs: \$(PROGRAMS)
tests: \$(TESTS) \$(SIM)
R
echo "$BUILD/rules.mk"
