#!/bin/sh
# run.sh BUILD: two servers on 127.0.0.1 and 127.0.0.2 and a few clients, for
# about 15 seconds, as any user.  Exits with 0 only if both servers end up
# with the same groups; leaves nothing running and nothing behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
port=20220
dir=$(mktemp -d "${TMPDIR:-/tmp}/mars-demo.XXXXXX") || exit 1
pids=

finish() {
	status=$?
	trap - EXIT INT TERM HUP
	for p in $pids; do kill "$p" 2>/dev/null; done
	for p in $pids; do wait "$p" 2>/dev/null; done
	[ $status -eq 0 ] || tail -n 15 "$dir"/?/log
	[ -n "${KEEP:-}" ] || rm -rf "$dir"
	exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

say() {		# and leave time to read what came before
	sleep 1
	printf '\n=== %s\n' "$*"
}

fail() {
	echo "demo: $*" >&2
	exit 1
}

ctl() {		# ctl a|b WORDS...: marsctl at one of the servers
	s=$1
	shift
	"$build/marsctl" -s "$dir/$s" "$@" 2>"$dir/ctl.err"
}

# until_true WHAT COMMAND...: polls, and gives up after a long time
until_true() {
	what=$1 n=0
	shift
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 300 ] || fail "waited in vain: $what"
		sleep 0.1
	done
}

server() {	# server a|b; its pid is in $pid
	[ -d "$dir/$1" ] || mkdir -m 700 "$dir/$1"
	(umask 077 && cp "$dir/key" "$dir/$1/demo.key" &&
	    cp "etc/demo/$1.conf" "$dir/$1/mars.conf")
	"$build/mars" -d -L "$build" -D dir="$dir/$1" \
	    -f "$dir/$1/mars.conf" >>"$dir/$1/log" 2>&1 &
	pid=$!
	pids="$pids $pid"
}

client() {	# client NAME ADDRESS SERVER SCRIPT-LINES...
	name=$1 addr=$2 at=$3
	shift 3
	printf '%s\n' "$@" > "$dir/$name.script"
	"$build/marsc" -b $port -l "$addr" -s "$at" -t rejoin-min=0 \
	    -t rejoin-max=1 -t reregister-min=0 -t reregister-max=1 \
	    run "$dir/$name.script" > "$dir/$name.out" 2>&1 &
	pid=$!
	pids="$pids $pid"
}

answers() { ctl "$1" show summary >/dev/null; }
aligned() { ctl "$1" show neighbors | grep -qw Aligned; }
has() {		# has a|b GROUP TEXT: that group's line has that text
	ctl "$1" show groups | grep "$2" | grep -q "$3"
}
hasnt() { ! has "$@"; }
both() {	# both has|hasnt GROUP TEXT
	"$1" a "$2" "$3" && "$1" b "$2" "$3"
}
groups() { ctl "$1" show groups | sort; }
same() { [ "$(groups a)" = "$(groups b)" ]; }

beside() {	# beside COMMAND...: at both servers, side by side
	{ echo "server a, 127.0.0.1"; ctl a "$@"; } > "$dir/left"
	{ echo "server b, 127.0.0.2"; ctl b "$@"; } > "$dir/right"
	awk 'NR == FNR { left[NR] = $0
		if (length > width) width = length
		lines = NR
		next }
	    { printf "%-*s   %s\n", width, left[FNR], $0; right = FNR }
	    END { for (i = right + 1; i <= lines; i++) print left[i] }' \
	    "$dir/left" "$dir/right"
}

od -An -tx1 -N32 /dev/urandom | tr -d ' \n' | sed 's/^/0x/' > "$dir/key"

say "two servers start; each knows the other's key"
server a
server_a=$pid
server b
until_true "server a answers" answers a
until_true "server b answers" answers b
until_true "the servers are aligned" aligned a
until_true "the servers are aligned" aligned b
beside show neighbors

say "127.0.0.11 registers at a, 127.0.0.12 at b; both join 239.1.1.1"
client c1 127.0.0.11 127.0.0.1 register "join 239.1.1.1" stay
client c2 127.0.0.12 127.0.0.2 register "join 239.1.1.1" \
    "join 239.2.0.0-239.2.255.255" "wait 5" \
    "leave 239.2.0.0-239.2.255.255" stay
until_true "127.0.0.11 in 239.1.1.1" both has 239.1.1.1 127.0.0.11
until_true "127.0.0.12 in 239.1.1.1" both has 239.1.1.1 127.0.0.12
beside show groups

say "127.0.0.13 asks b who is in 239.1.1.1, and in 239.2.3.4 of c2's block"
"$build/marsc" -b $port -l 127.0.0.13 -s 127.0.0.2 request 239.1.1.1 ||
    fail "no answer"
"$build/marsc" -b $port -l 127.0.0.13 -s 127.0.0.2 request 239.2.3.4 ||
    fail "no answer"

say "127.0.0.14 registers at a and joins 239.1.1.1 ..."
client c3 127.0.0.14 127.0.0.1 register "join 239.1.1.1" stay
until_true "127.0.0.14 in 239.1.1.1" both has 239.1.1.1 127.0.0.14
say "... vanishes without a word, and comes back at b: it has moved"
kill -9 $pid
wait $pid 2>/dev/null
client c3 127.0.0.14 127.0.0.2 register "join 239.1.1.1" stay
moved() { ctl b show members | grep "$1" | grep -q local; }
until_true "127.0.0.14 at b" moved 127.0.0.14
until_true "127.0.0.14 in 239.1.1.1" both has 239.1.1.1 127.0.0.14
beside show members

say "127.0.0.12 leaves its block"
until_true "the block is gone" both hasnt 239.2 127.0.0.12
until_true "both servers agree" same
beside show groups

say "server a is stopped: its client 127.0.0.11 is sent to b and joins again"
kill "$server_a"
wait "$server_a"
until_true "127.0.0.11 at b" moved 127.0.0.11
until_true "127.0.0.11 in 239.1.1.1" has b 239.1.1.1 127.0.0.11
ctl b show members

say "server a starts again, with an empty memory, and learns from b"
server a
until_true "server a answers" answers a
until_true "the servers are aligned" aligned a
until_true "127.0.0.11 in 239.1.1.1" both has 239.1.1.1 127.0.0.11
until_true "both servers agree" same
beside show groups

say "both servers have the same groups; everything is stopped"
for p in $pids; do kill "$p" 2>/dev/null; done
for p in $pids; do wait "$p" 2>/dev/null; done
pids=

# edges, where network namespaces can be made
if command -v python3 >/dev/null; then
	BUILD=$build python3 -B etc/demo/edge.py || fail "the stream was lost"
else
	echo "edges are left out: there is no python3"
fi
