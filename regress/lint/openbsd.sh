#!/bin/sh
# openbsd.sh: what is for OpenBSD only passes a compiler, against declarations
# of what its manuals say is there (regress/openbsd).  It does not run.  As TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
n=0
warn='-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes'
warn=$warn' -Wconversion -Wcast-qual -Wpointer-arith -Wwrite-strings -Werror'
know='-Icommon/proc -Icommon/proc/imsg -Icommon/vc -Icommon/core -Icommon/codec'

for f in $(git ls-files '*_openbsd.c'); do
	for cc in gcc clang; do
		command -v $cc >/dev/null || continue
		n=$((n + 1))
		# shellcheck disable=SC2086 # several words
		if out=$($cc -std=c11 -fsyntax-only $warn -D_GNU_SOURCE \
		    -isystem regress/openbsd -isystem /usr/include/bsd \
		    -DLIBBSD_OVERLAY $know -I. -I"${f%/*}" "$f" 2>&1); then
			echo "ok $n - $cc takes $f"
		else
			echo "not ok $n - $cc takes $f"
			echo "$out" | head -n 20 | sed 's/^/# /'
		fi
	done
done
echo "1..$n"
