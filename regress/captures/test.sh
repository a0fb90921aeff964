#!/bin/sh
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
#
# The captures that record.py has made of real servers and clients: every
# packet decoded by decode.py, its fields checked by check.py, and where
# there is a tshark, all of it dissected by mars.lua.  Prints TAP.
set -u
cd "$(dirname "$0")" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
python3 -B check.py > "$tmp/tap" 2> "$tmp/err"
status=$?
grep -v '^1\.\.' "$tmp/tap"
sed 's/^/# /' "$tmp/err"
count=$(grep -c 'ok ' "$tmp/tap")

# ok NAME STATUS: one line of TAP
ok() {
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		status=1
	fi
}

for f in full parts; do
	python3 -B ../decode/decode.py -s $f.pcap > "$tmp/out" 2> "$tmp/err"
	s=$?
	sed 's/^/# /' "$tmp/err"
	ok "$f.pcap: $(wc -l < "$tmp/out" | tr -d ' ') packets, none odd" $s
	if ! command -v tshark > /dev/null 2>&1; then
		echo "ok $((count += 1)) - $f.pcap # SKIP no tshark"
		continue
	fi
	tshark -X lua_script:../../etc/mars.lua -r $f.pcap -Y \
	    '_ws.malformed || _ws.lua.error || mars.expert || scsp.expert ||
	    mars.odd || scsp.odd || nvc.odd || nvc.expert' \
	    > "$tmp/bad" 2> "$tmp/err" &&
	    tshark -X lua_script:../../etc/mars.lua -r $f.pcap -Y nvc \
	    > "$tmp/all" 2>> "$tmp/err" &&
	    [ ! -s "$tmp/bad" ] &&
	    [ "$(wc -l < "$tmp/all")" -eq "$(wc -l < "$tmp/out")" ]
	s=$?
	sed 's/^/# /' "$tmp/bad"
	ok "$f.pcap: tshark dissects all, none malformed" $s
done
echo "1..$count"
exit $status
