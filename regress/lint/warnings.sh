#!/bin/sh
# warnings.sh: neither gcc nor clang has anything to say of the programs and
# tests.  As TAP.  Each builds in a directory of its own, build-gcc and
# build-clang, which stay: the next time only what has changed is compiled.
set -u
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
n=0

for cc in gcc clang; do
	n=$((n + 1))
	if ! command -v $cc >/dev/null; then
		echo "ok $n - $cc has no warning # SKIP no $cc"
	elif MAKEFLAGS='' make -s -j"$jobs" -k CC=$cc CFLAGS='' CPPFLAGS='' \
	    LDFLAGS='' SANITIZE='' WERROR=-Werror BUILD=build-$cc \
	    programs tests > "$log" 2>&1; then
		echo "ok $n - $cc has no warning"
	else
		echo "not ok $n - $cc has no warning"
		grep -E 'error|warning|\*\*\*' "$log" | sed -n 's/^/# /; 1,40p'
	fi
done
echo "1..$n"
