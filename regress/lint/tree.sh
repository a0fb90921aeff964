#!/bin/sh
# What holds for the tree as a whole; prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. regress/check.sh

code=$(git ls-files '*.c' '*.h' '*.y')
pages=$(git ls-files '*.[1-8]')
scripts=$(git ls-files '*.sh' .ci/run etc/prerequisites)

check "manual pages pass mandoc -Tlint" "$(
	for p in $pages; do mandoc -Tlint -Wwarning "$p"; done 2>&1)"

check "no line of code beyond 80 columns" "$(
	for f in $code; do
		expand "$f" | awk -v f="$f" 'length > 80 { print f ":" NR }'
	done)"

# A source that is forgotten might be a test that never runs.
check "every source is named in its directory's Makefile" "$(
	for f in $(git ls-files '*.c' '*.y'); do
		name=${f##*/}
		case $f in
		regress/unit/* | regress/bench/* | regress/atm/* | \
		regress/fuzz/* | \
		regress/system/* | doc/*)
			name=${name%.c} ;;
		*_linux.c) name=${name%_linux.c}'_[$][(]OS[)].c' ;;
		*_bpf.c | *_none.c) name='[$][(]KERNEL:%=edge_%' ;;
		*_openbsd.c) name=${name%_openbsd.c}'_[$][(]OS[)].c' ;;
		esac
		[ ! -f "${f%/*}/Makefile" ] ||
		    sed 's/#.*//' "${f%/*}/Makefile" |
		    grep -qE "(^|[[:space:]/])$name([[:space:].:]|\$)" ||
		    echo "$f"
	done)"

check "every shell script parses" "$(
	for f in $scripts; do sh -n "$f" 2>&1 || echo "$f"; done)"

check "shellcheck has nothing to say" "$(
	if command -v shellcheck >/dev/null; then
		# shellcheck disable=SC2086 # several names
		shellcheck -x -f gcc $scripts
	fi)"

# The cores know no socket, clock, random source, log, libevent or imsg.
shell='^(edged/(edged|configure|control|key|lanio|lanio_linux|lanio_openbsd)|marsd/(marsd|control)|scspd/(scspd|control)|marsc/tool/(input|link|marsc|print|run|tool))\.[ch]$'
cores=$(git ls-files 'marsd/*.[ch]' 'scspd/*.[ch]' 'marsc/*.[ch]' 'edged/*.[ch]' \
    common/codec common/core common/vc/nvc.c common/vc/nvc.h \
    common/vc/vc.c |
    grep -vE "$shell|/addr_text\\.c$")
calls='(^|[^_>.[:alnum:]])(arc4random(_uniform|_buf)?|clock_gettime|'
calls=$calls'gettimeofday|time|random|rand|socket|log_(warnx?|info|debug)|'
calls=$calls'fatalx?|printf) ?\('
# shellcheck disable=SC2086 # several names
check "protocol modules are pure" "$(
	grep -nE '#[[:space:]]*include[[:space:]]*[<"](event|event2/|sys/socket|sys/un|netinet/|arpa/|unistd|time|sys/time|stdio|syslog|log|imsg|channel|vc_udp)[./h]' $cores
	for f in $cores; do
		sed -e 's,/\*.*,,' -e '/^[[:space:]]*\/*\*/d' "$f" |
		    grep -nE "$calls" | sed "s,^,$f:,"
	done)"

# Each header compiles by itself, included twice, with what the files of its
# directory may include.
headers=$(git ls-files 'common/*.h' 'marsd/*.h' 'scspd/*.h' 'marsc/*.h' 'edged/*.h' \
    'marsctl/*.h' 'parent/*.h' | tr '\n' ' ')
check "each header compiles alone" "$(
	MAKEFLAGS='' make -s BUILD="${BUILD:-build}" WERROR=-Werror \
	    HEADERS="$headers" headers 2>&1)"

check "no trailing blanks" "$(git ls-files | grep -vE '\.(pcap|bin)$' |
    xargs grep -nI '[[:blank:]]$' |
    grep -v '^regress/\(config\|fuzz/corpus\)/' | head)"

echo "1..$n"
