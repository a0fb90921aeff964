#!/bin/sh
# openbsd.sh: what is for OpenBSD only passes a compiler, against declarations
# of what its manuals say is there (regress/openbsd), and defines what the same
# file of Linux defines.  It does not run.  As TAP.
#
# shellcheck disable=SC2086 # several words in one
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
. regress/check.sh
warn='-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes'
warn=$warn' -Wconversion -Wcast-qual -Wpointer-arith -Wwrite-strings -Werror'
know='-D_GNU_SOURCE -isystem /usr/include/bsd -DLIBBSD_OVERLAY -I.'
know=$know' -Icommon/proc -Icommon/proc/imsg -Icommon/vc -Icommon/core'
know=$know' -Icommon/codec'

# names FILE: what it defines for others
names() {
	cc -std=c11 -c -isystem regress/openbsd $know -I"${1%/*}" \
	    -o "$dir/o" "$1" && nm -g --defined-only "$dir/o" |
	    sed 's/.* //' | sort
}

for f in $(git ls-files '*_openbsd.c'); do
	for cc in gcc clang; do
		command -v $cc >/dev/null || continue
		check "$cc takes $f" "$($cc -std=c11 -fsyntax-only $warn \
		    -isystem regress/openbsd $know -I"${f%/*}" "$f" 2>&1)"
	done
	names "$f" > "$dir/openbsd" 2>&1
	names "${f%_openbsd.c}_linux.c" > "$dir/linux" 2>&1
	check "$f has what is needed" "$(diff "$dir/linux" "$dir/openbsd")"
done
echo "1..$n"
