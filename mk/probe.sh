#!/bin/sh
# probe.sh BUILD: finds out what the compiler and the system offer, and keeps
# it in BUILD/probe.mk, which is all that make has to know.  Runs before every
# build, but asks again only where the compiler, what was given to make, or
# this file has changed.  Nothing that it compiles is run: CC may be a cross
# compiler.
# In: CC, CFLAGS, CPPFLAGS, LDFLAGS, AR, YACC, PKG_CONFIG, SANITIZE and
# LIBEXECDIR, from make.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
build=${1#"$top"/}
probe=$build/probe.mk

# What a make says by itself is nobody's wish: both makes find the same.
case $CC in '' | c99 | 'cc -pipe') CC=cc ;; esac
# that of bmake takes DESTDIR for a system to compile for
case $CPPFLAGS in '-nostdinc -idirafter '*/usr/include) CPPFLAGS= ;; esac
case $CFLAGS in -O2 | -g | '-O2 -pipe' | '-pipe -O2') CFLAGS= ;; esac

# What an older way to build has left here would be taken for new.
if [ -f "$build/rules.mk" ]; then
	rm -rf "$build/obj" "$build/regress" "$build/rules.mk"
fi

# One object knows LIBEXECDIR, and depends on this file.
mkdir -p "$build/obj"
read -r old 2>/dev/null < "$build/obj/libexecdir" || old=
[ "$old" = "$LIBEXECDIR" ] || echo "$LIBEXECDIR" > "$build/obj/libexecdir"

key="$top|$CC|$CFLAGS|$CPPFLAGS|$LDFLAGS|$AR|$YACC|$PKG_CONFIG|$SANITIZE"
key="$key|$(cksum < mk/probe.sh)|$(ls -lL "$(command -v "${CC%% *}")" \
    2>/dev/null || :)"
read -r old 2>/dev/null < "$probe" || old=
[ "$old" != "# $key" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "$*" >&2
	rm -f "$probe"
	exit 1
}

# try FLAGS...: does a program from standard input compile and link?
with=
try() {
	cat > "$work/t.c"
	# shellcheck disable=SC2086 # each of these is several words
	$CC $CPPFLAGS $CFLAGS -Werror "$@" -o "$work/t" "$work/t.c" \
	    $LDFLAGS $with >/dev/null 2>&1
}

# known FLAG...: does the compiler take it?
known() {
	echo 'int main(void) { return 0; }' | try "$@"
}

# need NAME HEADER LIBRARY: a library; what pkg-config says of NAME, or what
# is usual, is added to $inc and $libs
inc='' libs=''
need() {
	c=$($PKG_CONFIG --cflags "$1" 2>/dev/null || :)
	with=$($PKG_CONFIG --libs "$1" 2>/dev/null || echo "$3")
	# shellcheck disable=SC2086
	printf '#include <sys/types.h>\n#include <%s>\n%s\n' "$2" \
	    'int main(void) { return 0; }' | try $c ||
	    fail "no $1 for $CC (<$2>, $3): sh etc/prerequisites"
	inc="$inc $c" libs="$libs $with" with=
}

known || fail "no working C compiler ($CC): sh etc/prerequisites"
command -v "${YACC%% *}" >/dev/null || fail "no $YACC: sh etc/prerequisites"

# the system that is compiled for
os=$(printf '%s\n' '#if defined(__linux__)' 'os "linux"' \
    '#elif defined(__OpenBSD__)' 'os "openbsd"' '#endif' |
    $CC -E - | sed -n 's/^os "\(.*\)"/\1/p')
need libevent_core event2/event.h -levent_core
need libcrypto openssl/evp.h -lcrypto
case $os in
linux)
	def=-D_GNU_SOURCE
	need libbsd-overlay bsd/libutil.h -lbsd
	need libseccomp seccomp.h -lseccomp ;;
openbsd)
	def=-D_BSD_SOURCE ;;
*)
	fail "mars runs on Linux and OpenBSD; $CC compiles for neither" ;;
esac

# Is there an imsg in the system, and of today's form?
imsg=imsg
if printf '%s\n' '#include <sys/types.h>' '#include <sys/queue.h>' \
    '#include <stdint.h>' '#include <imsg.h>' \
    'int main(void) { struct imsgbuf b; struct imsg m;' \
    'return imsgbuf_get(&b, &m); }' | try -lutil; then
	imsg='' libs="$libs -lutil"
fi

# The path of an edge through the kernel: a compiler for it, and libbpf.
kernel=none kernelinc=
if [ "$os" = linux ]; then
	# where the headers of one architecture are
	kernelinc=$($CC -print-multiarch 2>/dev/null || :)
	kernelinc=${kernelinc:+-I/usr/include/$kernelinc}
	with=$($PKG_CONFIG --libs libbpf 2>/dev/null || echo -lbpf)
	# shellcheck disable=SC2086 # one word or none
	if printf '%s\n' '#include <bpf/bpf.h>' '#include <bpf/libbpf.h>' \
	    '#include <stddef.h>' 'int main(void) {' \
	    'return bpf_object__open_mem(NULL, 0, NULL) != NULL; }' | try &&
	    printf '%s\n' '#include <linux/bpf.h>' \
	    '#include <bpf/bpf_helpers.h>' 'int a = BPF_FUNC_loop;' |
	    clang -target bpf $kernelinc -O2 -c -x c -o "$work/k.o" - \
	    >/dev/null 2>&1; then
		kernel=bpf
		libs="$libs -Wl,--as-needed $with -Wl,--no-as-needed"
	else
		echo "mars is built without a path through the kernel for" \
		    "edges, which needs clang and libbpf: sh etc/prerequisites test"
	fi
	with=
fi

hard=
for f in -fstack-protector-strong -fstack-clash-protection \
    -fcf-protection=full -ftrivial-auto-var-init=zero \
    -fno-delete-null-pointer-checks -fno-strict-overflow \
    -fno-strict-aliasing -fPIE; do
	! known $f || hard="$hard $f"
done
link=
for f in -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack; do
	! known -fPIE $f || link="$link $f"
done
# where the compiler and the C library have no level 3, the latter says so
fortify=-D_FORTIFY_SOURCE=3
printf '%s\n' '#include <stdio.h>' 'int main(void) { return 0; }' |
    try -O2 -U_FORTIFY_SOURCE $fortify || fortify=-D_FORTIFY_SOURCE=2
case $SANITIZE,$CPPFLAGS,$CFLAGS in
,*FORTIFY_SOURCE*)
	;;
,*)
	hard="$hard -U_FORTIFY_SOURCE $fortify" ;;
*)
	san="-fsanitize=$SANITIZE -fno-sanitize-recover=all"
	san="$san -fno-omit-frame-pointer"
	# shellcheck disable=SC2086
	known $san || fail "$CC has no -fsanitize=$SANITIZE here"
	hard="$hard $san" link="$link $san" def="$def -DSANITIZE_BUILD" ;;
esac

# libFuzzer has a main() of its own; without it ours replays a corpus
fuzzer='' replay=yes
case ,$SANITIZE, in
*,fuzzer-no-link,*)
	fuzzer=-fsanitize=fuzzer replay=no ;;
esac

# No directory's name gets into a program, so that it is the same from all.
map=
for f in -fdebug-prefix-map -ffile-prefix-map; do
	! known $f=a=b || map=$f
done
here=${map:+"$map='$(pwd -P)'=."}

# an archive without times and owners
: > "$work/t.o"
arflags=rcs
! $AR rcsD "$work/t.a" "$work/t.o" 2>/dev/null || arflags=rcsD

# the way from BUILD/obj to the tree; this name has no blank, whatever the
# tree's has
rm -f "$build/obj/top"
ln -s "$top" "$build/obj/top"
# a name with .. in it would be looked for beside the tree, too
[ -h "$build/obj/out" ] || ln -s .. "$build/obj/out"

# a test stands beside its object
mkdir -p "$build/obj/regress/unit"
[ -h "$build/regress" ] || ln -s obj/regress "$build/regress"

warn="-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes"
warn="$warn -Wmissing-prototypes -Wconversion -Wcast-qual -Wpointer-arith"
warn="$warn -Wwrite-strings"

# plain WORD...: with one blank between two
plain() {
	echo "$*" | tr -s ' '
}

cat > "$work/probe.mk" <<P
# $key
# Written by mk/probe.sh.
TOP=top
OBJ=$build/obj
OS=$os
CC=$CC
AR=$AR
ARFLAGS=$arflags
YACC=$YACC
IMSG=$imsg
KERNEL=$kernel
KERNELINC=$kernelinc
FUZZER=$fuzzer
REPLAY=$replay
CFLAGS_ALL=$(plain -std=c11 -O2 -g "$hard" "$def" "$inc" "$here" "$warn" \
    "$CPPFLAGS" "$CFLAGS")
MAP=${map:+$map=$build/obj/=}
LINK=$(plain "$link" "$LDFLAGS")
LIBS=$(plain "$libs")
include \$(TOP)/mk/tree.mk
P
mv "$work/probe.mk" "$probe"
