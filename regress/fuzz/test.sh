#!/bin/sh
# test.sh BUILD [SECONDS [LOG]]: builds the fuzz targets, in BUILD-fuzz by
# clang with libFuzzer and sanitizers, and runs them for so long in all
# (run.py).  Where clang has no libFuzzer they are built in BUILD, by the
# compiler of that, and only run what is kept.  As TAP.
set -eu
cd "$(dirname "$0")/../.."
build=${1:?usage: test.sh BUILD [SECONDS [LOG]]} seconds=${2:-30} log=${3:-}
flags=fuzzer-no-link,address,undefined
# a short run is over before a better program has been built; it looks at the
# same each time, so that a check of a change does not fail by chance
optimize=-O0 seed=1
[ "$seconds" -lt 300 ] || optimize=-O1 seed=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' '#include <stddef.h>' '#include <stdint.h>' \
    'int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)' \
    '{ return p == NULL && n == 1; }' > "$work/t.c"
if clang -fsanitize=fuzzer,address,undefined -o "$work/t" "$work/t.c" \
    >/dev/null 2>&1; then
	build=$build-fuzz
	set -- CC=clang SANITIZE=$flags CFLAGS=$optimize CPPFLAGS='' LDFLAGS=''
else
	set --
fi
MAKEFLAGS='' make -s -j"$(getconf _NPROCESSORS_ONLN)" "$@" BUILD="$build" \
    WERROR=-Werror fuzz-targets > "$work/log" 2>&1 || {
	echo "1..1"
	echo "not ok 1 - the fuzz targets are built"
	grep -E 'error|warning|\*\*\*' "$work/log" | sed -n 's/^/# /; 1,40p'
	exit 1
}
exec python3 -B regress/fuzz/run.py -s "$seconds" -r "$seed" \
    ${log:+-l "$log"} "$build"
