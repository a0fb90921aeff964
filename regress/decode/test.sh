#!/bin/sh
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
#
# What decode.py makes of messages written by hand from the RFCs, and that it
# refuses what is malformed; then, where there is a tshark, what mars.lua
# makes of the same.  Prints TAP.
set -u
cd "$(dirname "$0")" || exit 1
decode=./decode.py
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
count=0 failed=0
: > "$tmp/nvc"

# ok NAME STATUS: one line of TAP
ok() {
	count=$((count + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		failed=$((failed + 1))
	fi
}

# data TYPE HEX: as NVC carries it, for the capture
data() {
	h=$(echo "$2" | tr -d ' \n')
	case $1 in
	mars) echo "17000000 0000000000000001 aaaa0300005e0003 $h" ;;
	scsp) echo "17000000 0000000000000001 aaaa0300005e0005 $h" ;;
	llc) echo "17000000 0000000000000001 $h" ;;
	nvc) echo "$h" ;;
	esac >> "$tmp/nvc"
}

# good TYPE NAME HEX [JSON...]: has to decode, strictly, and to say so
good() {
	as=$1 title=$2 octets=$3
	shift 3
	data "$as" "$octets"
	echo "$octets" | tr -d '\n' | python3 -B $decode -s -t "$as" \
	    > "$tmp/out" 2> "$tmp/err"
	status=$?
	for want; do
		grep -qF -- "$want" "$tmp/out" || {
			echo "# $want is not in: $(cat "$tmp/out")"
			status=1
		}
	done
	sed 's/^/# /' "$tmp/err"
	ok "$title" $status
}

# bad TYPE NAME HEX REASON: has to be refused, for that reason
bad() {
	echo "$3" | tr -d '\n' | python3 -B $decode -s -t "$1" \
	    > "$tmp/out" 2> "$tmp/err"
	[ $? -eq 1 ] && grep -qF -- "$4" "$tmp/err"
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$tmp/err"
	ok "$2" $status
}

# --- the vectors that the C decoders are tested with
python3 -B vectors.py > "$tmp/vectors" || exit 1
while read -r type name hex; do
	good "$type" "$type $name" "$hex"
	# the checksum of a message would notice it first
	[ "$type" != mars ] ||
		hex=$(echo "$hex" | sed 's/^\(.\{24\}\)..../\10000/')
	bad "$type" "$type $name, one octet short" "${hex%??}" left
done < "$tmp/vectors"

# vector NAME: its hex
vector() {
	sed -n "s/^mars $1 //p" "$tmp/vectors"
}

# --- RFC 2022 in detail
good mars 'fields of a JOIN' "$(vector join)" '"message": "MARS_JOIN"' \
    '"sha": "192.0.2.1%7"' '"layer3grp": true' '"copy": false' \
    '"pairs": [["224.1.1.1", "224.1.1.1"]]' '"sequence": 5'
good mars 'fields of a REDIRECT_MAP' "$(vector redirect_map)" '"hard": true' \
    '"x": 1, "y": 1, "msn": 4' \
    '"targets": [["192.0.2.2", null], ["192.0.2.3", null]]'
good mars 'a TLV' "$(vector join_tlv)" \
    '"tlvs": [{"x": 0, "y": 14336, "value": "0102030405"}]'
bad mars 'R2022-4.3.3-01: a wrong checksum' \
    "$(vector join | sed 's/a411/a412/')" checksum
bad mars 'R2022-5.2.1-04: a reserved flag' \
    "$(vector join | sed 's/a411/0000/; s/8005/8105/')" 'bits 8 to 11'

# --- SCSP: RFC 2334 appendix B
good scsp 'B.2.5: a Hello' \
    '0105 0024 76c4 0000 0003 0003 0000 0000 0003 0001 0000 0000 0404
    0000 c0000201 c0000202' \
    '"message": "SCSP_HELLO"' \
    '"hello_interval": 3, "dead_factor": 3' \
    '"sender": "c0000201", "receiver": "c0000202"'
good scsp 'A-47: a Hello that heard nobody' \
    '0105 0020 38cf 0000 0003 0003 0000 0000 0003 0001 0000 0000 0400
    0000 c0000201' \
    '"receiver": ""'
good scsp 'B.2.5: one more receiver' \
    '0105 0029 6efc 0000 0003 0003 0000 0000 0003 0001 0000 0000 0404
    0001 c0000201 c0000202 04 c0000203' \
    '"receivers": ["c0000203"]'
good scsp 'B.2.1: CA' \
    '0101 0034 5090 0000 00000007 0003 0001 0000 e000 0404 0001
    c0000201 c0000202 0001 0014 0404 0000 80000001 00000009 c0000201' \
    '"ca_seq": 7' \
    '"M": true, "I": true, "O": true' \
    '"hop_count": 1' \
    '"seq": -2147483647, "key": "00000009"'
good scsp 'B.2.2: CSU Request' \
    '0102 0064 d33b 0000 0003 0001 0000 0000 0404 0001 c0000201
    c0000202 0010 0048 0404 0000 ffffffff 00000009 c0000201 000f
    08000000000000 00 0004 0000 0102 04041400 c0000201
    350001c000020100000000000000000000000007 e0010101 e0010101' \
    '"message": "SCSP_CSU_REQUEST"' \
    '"seq": -1' \
    '"state": "LEAVE"' \
    '"min": "224.1.1.1"'
good scsp 'B.2.3: CSU Reply' \
    '0103 0030 b09b 0000 0003 0001 0000 0000 0404 0001 c0000202
    c0000201 0001 0014 0404 0000 ffffffff 00000009 c0000201' \
    '"message": "SCSP_CSU_REPLY"' \
    '"records": [{"hop_count": 1'
good scsp 'B.3: CSUS with extensions' \
    '0104 006e 4889 0030 0003 0001 0000 0000 0404 0001 c0000202
    c0000201 0001 0014 0404 0000 ffffffff 00000009 c0000201 0002 0020
    024d52 01 00000000 0102030405060708 1112131415161718
    0000000000000005 0001 0012 00000101abababababababababababababab
    0000 0000' \
    '"message": "SCSP_CSUS"' \
    '"spi": 257, "mac": "abababababababababababababab"' \
    '"counter": 5'
bad scsp 'B.1: a wrong checksum' \
    '0105 0024 76c4 0000 0004 0003 0000 0000 0003 0001 0000 0000 0404
    0000 c0000201 c0000202' \
    'checksum'
bad scsp 'B.1: a wrong size' \
    '0105 0024 76c4 0000 0003 0003 0000 0000 0003 0001 0000 0000 0404
    0000 c0000201 c0000202 00' \
    'packet size'
bad scsp 'B.1: another version' \
    '0205 0024 76c4 0000 0003 0003 0000 0000 0003 0001 0000 0000 0404
    0000 c0000201 c0000202' \
    'version 2'

# --- LLC/SNAP and data: RFC 2022 sections 4.2 and 5.5
good llc 'R2022-5.5.1-01: Type 1, short form' \
    'aaaa03 00005e 0001 0102 0800 45000014 00000000 01fd0000 c0000201
    e0010101' '"cmi": 258' \
    '"packet": "450000140000000001fd0000c0000201e0010101"'
good llc 'R2022-5.5.2-02: Type 2, long form' \
    'aaaa03 00005e 0004 0102030405060708 0080 0080c20001 00 ff' \
    '"source": "0102030405060708"' '"pro": "snap:0080c20001"' \
    '"packet": "ff"'
bad llc 'no LLC/SNAP' 'aaaa04 00005e 0003' LLC

# --- NVC
good nvc 'SETUP of a leaf' \
    '11 80 0000 0000000000000000 0000000100000002 23e4 0a 08
    350001c000020100000000000000000000000007
    350001c000020200000000000000000000000000 0102030405060708' \
    '"p2mp": true' \
    '"calling": "192.0.2.1%7"' \
    '"called": "192.0.2.2"' \
    '"max_sdu": 9188' \
    '"token": "0102030405060708"'
good nvc 'RETRY' \
    '12 00 0000 0000000100000002 0102030405060708' \
    '"nvc": "RETRY"'
good nvc 'CONNECT' \
    '13 00 0000 0000000100000002 0000000300000004 23e4 0a 00' \
    '"callees": "0000000300000004"'
good nvc 'RELEASE' \
    '14 00 0015 0000000100000002 0000000300000004' \
    '"cause": 21'
good nvc 'ENQUIRY' \
    '15 00 0000 0000000100000002 0000000300000004' \
    '"nvc": "ENQUIRY"'
good nvc 'STATUS' \
    '16 00 0000 0000000100000002 0000000300000004' \
    '"nvc": "STATUS"'
data='17 00 0000 0000000100000002 aaaa03 00005e 0003'
good nvc 'DATA' "$data $(vector join)" '"sdu": {"message": "MARS_JOIN"'
good nvc 'a caller that takes BUNDLE' \
    '13 40 0000 0000000100000002 0000000300000004 23e4 0a 00' \
    '"bundles": true'
good nvc 'DATA with a number' \
    "17 20 ffff 0000000100000002 aaaa03 00005e 0003 $(vector join)" \
    '"number": 65535' '"sdu": {"message": "MARS_JOIN"'
other='aaaa03 000000 0800 45'
good nvc 'BUNDLE' \
    "18 20 0007 0000000100000002 0009 $other 0009 $other" \
    '"number": 7' '"sdus": [{"message": "OTHER"' \
    '}, {"message": "OTHER"'
bad nvc 'a BUNDLE that ends within an SDU' \
    "18 00 0000 0000000100000002 0009 $other 000a $other" \
    'SDU'
bad nvc 'another version' \
    '2700 0000 0000000100000002' \
    'version 2'
bad nvc 'a short token' \
    '12 00 0000 0000000100000002 01020304050607' \
    'token of 7'

# --- the same in a capture, by decode.py and by tshark
python3 -B pcap.py 2022 2023 < "$tmp/nvc" > "$tmp/all.pcap"
python3 -B $decode -s "$tmp/all.pcap" > "$tmp/out" 2> "$tmp/err" &&
    [ "$(wc -l < "$tmp/out")" -eq "$(wc -l < "$tmp/nvc")" ]
ok 'a capture of all of them' $?

# shark NAME FIELD VALUE...: mars.lua shows each of these values
shark() {
	title=$1 field=$2
	shift 2
	tshark -X lua_script:../../etc/mars.lua -r "$tmp/all.pcap" -T fields \
	    -e "$field" 2> "$tmp/err" | tr ',' '\n' > "$tmp/out"
	status=0
	for want; do
		grep -qxF -- "$want" "$tmp/out" || {
			echo "# $want is not among: $(sort -u "$tmp/out" |
			    tr '\n' ' ')"
			status=1
		}
	done
	grep -i 'lua' "$tmp/err" | sed 's/^/# /'
	ok "$title" $status
}

# malformed FILE: how many packets mars.lua finds fault with
malformed() {
	tshark -X lua_script:../../etc/mars.lua -r "$1" -Y \
	    '_ws.malformed || _ws.lua.error || mars.expert || scsp.expert ||
	    mars.odd || scsp.odd || nvc.odd || nvc.expert' \
	    > "$tmp/out" 2> "$tmp/err" || { cat "$tmp/err" >&2; return; }
	wc -l < "$tmp/out" | tr -d ' '
}

if command -v tshark > /dev/null 2>&1 && [ -f ../../etc/mars.lua ]; then
	shark 'tshark: types of NVC' nvc.type 1 2 3 4 5 6 7
	shark 'tshark: operations' mars.op.type 1 2 3 4 5 6 7 8 9 10 11 12 13
	shark 'tshark: groups' mars.min 224.1.1.1 224.0.0.0
	shark 'tshark: members' mars.tha 192.0.2.2 192.0.2.3
	shark 'tshark: types of SCSP' scsp.type 1 2 3 4 5
	shark 'tshark: records' scsp.csa.seq -2147483647 -1
	shark 'tshark: CSAs' csa.state 4
	shark 'tshark: CSAs, their groups' csa.min 224.1.1.1
	shark 'tshark: TLVs' mars.tlv.value 0102030405
	shark 'tshark: data' mars.pkt.cmi 258
	[ "$(malformed "$tmp/all.pcap")" = 0 ]
	ok 'tshark: none is malformed' $?
	data mars "$(vector join | sed 's/a411/a412/')"
	data mars "$(vector leave | sed 's/............$//')"
	tail -n 2 "$tmp/nvc" | python3 -B pcap.py 2022 2023 > "$tmp/bad.pcap"
	[ "$(malformed "$tmp/bad.pcap")" = 2 ]
	ok 'tshark: a wrong checksum, a message cut short' $?
else
	echo "ok $((count += 1)) - mars.lua # SKIP no tshark"
fi
echo "1..$count"
[ $failed -eq 0 ]
