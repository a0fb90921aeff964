#!/bin/sh
# refused.sh: where there is no ATM, mars says at the start what is missing.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# refused N NAME LISTEN SENTENCE
refused() {
	cat > "$dir/mars.conf" <<C
server-id 192.0.2.1
control "$dir"
user marsd none
user scspd none
$3
cluster "lis" { protocol ipv4 }
C
	chmod 600 "$dir/mars.conf"
	timeout 60 "${BUILD:-build}/mars" -d -L "${BUILD:-build}" \
	    -f "$dir/mars.conf" 2> "$dir/log" </dev/null
	status=$?
	if [ $status -eq 1 ] && grep -q "$4" "$dir/log"; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		echo "# status $status"
		sed 's/^/# /' "$dir/log"
		failed=1
	fi
}

own=47000500000000000000000000.000000000001.00
peer=47000500000000000000000000.000000000002.00
# either the kernel has none of it, or there is no daemon, or no interface
refused 1 "switched circuits: the missing module or daemon is named" \
    "listen on atm-svc $own" \
    "can't listen on atm-svc .*: \(.*load the kernel module atm\|.*start atmsigd\|.*add it with atmaddr\)"
refused 2 "permanent circuits: the missing module or interface is named" \
    "listen on atm-pvc 9.0.100 peer $peer address $own" \
    "can't listen on atm-pvc 9.0.100: \(.*load the kernel module atm\|.*load its driver\|.*no such interface\)"
echo "1..2"
exit $failed
