#!/bin/sh
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
#
# test.sh [long]: has spin check scsp.pml: with every fault that the runs
# below allow, the servers end Aligned with equal caches; and with rules as
# printed, or left out, the model fails, as it has to.  The short form takes
# less than two minutes of one core, the long one an hour.  Prints TAP.
set -u
cd "$(dirname "$0")" || exit 1
model=$PWD/scsp.pml
form=${1:-short}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
count=0 failed=0
limit=60
[ "$form" = short ] || limit=1200

if ! command -v spin > /dev/null 2>&1; then
	echo 'ok 1 - SCSP model # SKIP no spin'
	echo 1..1
	exit 0
fi

# ok NAME STATUS: one line of TAP
ok() {
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' out
		failed=$((failed + 1))
	fi
}

# check MODE FLAGS...: 0: nothing found in all there is; 1: an error found;
# 2: not searched to the end.  MODE is NP (livelock: no cycle at all may
# exist) or SAFETY (invalid end states); both check the assertions.
check() {
	mode=$1
	shift
	rm -f pan* out ./*.trail
	# what two servers do takes less time than to optimize it
	case "$form $*" in
	long* | *N=3*) opt=-O1 ;;
	*) opt=-O0 ;;
	esac
	if ! spin -a "$@" "$model" > out 2>&1 || ! ${CC:-cc} $opt -w \
	    -D"$mode" -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=2000 -o pan pan.c \
	    > out 2>&1; then
		return 2
	fi
	loops=
	[ "$mode" != NP ] || loops=-l
	# shellcheck disable=SC2086
	timeout $limit ./pan $loops -m200000 > out 2>&1 || return 2
	grep -q 'pan:1: \(non-progress\|assertion\|invalid\)' out && return 1
	grep -q 'errors: 0$' out || return 2
	! grep -q 'not completed\|too small' out || return 2
	return 0
}

# holds NAME FLAGS...: no livelock; where all is quiet, all is done
holds() {
	title=$1
	shift
	check NP "$@"
	ok "$title: all end Aligned, equal" $?
}

# ends NAME FLAGS...: and nobody is left where nobody may end
ends() {
	title=$1
	shift
	check SAFETY "$@"
	ok "$title: no invalid end state" $?
}

# fails NAME FLAGS...: the model finds out
fails() {
	title=$1
	shift
	check NP "$@"
	[ $? -eq 1 ]
	ok "$title: found to fail" $?
}

if [ "$form" = long ]; then
	holds 'two servers, three losses' -DLOSS=3
	holds 'two servers, one fault of each kind' -DLOSS=1 \
	    -DDUP=1 -DSWAP=1 -DEARLY=1
	fails 'open, README 8: loss, duplicate, restart, change' -DLOSS=1 \
	    -DDUP=1 -DRESTART=1 -DCHANGE=1
	holds 'two servers, two restarts, a loss' -DRESTART=2 -DLOSS=1
	holds 'three servers in line, a loss' -DN=3 -DLOSS=1
	holds 'three servers in line, a duplicate' -DN=3 -DDUP=1
	holds 'three servers in line, a restart' -DN=3 -DRESTART=1
	holds 'three servers in a ring' -DN=3 -DRING
	ends 'three servers in line, a loss' -DN=3 -DLOSS=1
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
fi

# --- the rules as they are implemented
holds 'two servers, one loss' -DLOSS=1
holds 'two servers, two losses' -DLOSS=2
holds 'two servers, a duplicate' -DDUP=1
holds 'two servers, one overtaken' -DSWAP=1
holds 'two servers, timers too early' -DEARLY=1
holds 'two servers, loss and duplicate' -DLOSS=1 -DDUP=1
holds 'two servers, loss and one overtaken' -DLOSS=1 -DSWAP=1
holds 'two servers, loss, duplicate, one overtaken' -DLOSS=1 -DDUP=1 \
    -DSWAP=1
holds 'two servers, more than one CA' -DLOSS=1 -DOWN0=2 -DOWN1=2
holds 'two servers, one empty, one loss' -DLOSS=1 -DOWN0=0 -DOWN1=2
holds 'A-63: two servers, loss and change' -DLOSS=1 -DCHANGE=1
holds 'A-63: two servers, restart and change' -DRESTART=1 -DCHANGE=1
holds 'A-58: two servers, restart and loss' -DRESTART=1 -DLOSS=1
holds 'A-11: two servers, restart and duplicate' -DRESTART=1 -DDUP=1
ends 'two servers, loss and duplicate' -DLOSS=1 -DDUP=1
ends 'two servers, loss and one overtaken' -DLOSS=1 -DSWAP=1
ends 'two servers, restart and change' -DRESTART=1 -DCHANGE=1

# --- as printed, or as decided before the model was made
fails 'A-53: the O bit of 2.2.1 rule 2d' -DPRINTED_O
fails 'A-54: the silence of 2.2.2 rule 5c' -DPRINTED_SLAVE -DOWN1=2
fails 'A-53 and A-54' -DPRINTED_O -DPRINTED_SLAVE
fails 'A-63: changes while summarizing not queued' -DPRINTED_CHANGE \
    -DRESTART=1 -DCHANGE=1
fails 'A-56: the first initial CA once more after alignment' \
    -DPRINTED_A56 -DNO_WATCH -DDUP=1
fails 'A-69: a slave that never asks' -DNO_WATCH -DLOSS=1 -DDUP=1 -DSWAP=1

# --- without a rule
fails 'A-69: a lost CA not repeated' -DNO_CA_TIMER -DLOSS=1
fails '2.2.3: a lost CSUS not repeated' -DNO_CSUS_TIMER -DLOSS=1
fails '2.3: a lost CSU Request not repeated' -DNO_CSU_TIMER -DLOSS=1
fails 'A-55: a repeated initial CA not answered' -DNO_REPEAT \
    -DNO_WATCH -DLOSS=1
fails 'A-55: an initial CA of a new life not answered' -DNO_A55 \
    -DNO_WATCH -DRESTART=1
fails 'A-56: a CA after alignment ignored' -DNO_A56 -DLOSS=1
fails 'A-68: any answer makes a master' -DNO_A68 -DDUP=1 -DRESTART=1

# --- three servers
holds 'three servers in line' -DN=3
ends 'three servers in line' -DN=3
fails 'A-55: three servers, a summary made anew under its number' -DN=3 \
    -DPRINTED_A55
echo "1..$count"
[ $failed -eq 0 ]
