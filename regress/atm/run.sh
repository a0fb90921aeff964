#!/bin/sh
# run.sh BUILD [STORY...]: the suite over a real ATM stack, in a virtual
# machine, as TAP; all stories of inside.sh, or these.  With -n it only gets
# what it needs; where it can't have that, it says why on standard error and
# ends with 77.
set -u
cd "$(dirname "$0")/../.." || exit 1
only=false
if [ "${1:-}" = -n ]; then
	only=true
	shift
fi
build=${1:?usage: run.sh [-n] BUILD [STORY...]}
shift
case $build in
*build-*)
	echo "not with the sanitizers' build, which is too large" >&2
	exit 77 ;;
/*) ;;
*) build=$PWD/$build ;;
esac
dir=$build/atm
mkdir -p "$dir"

for program in qemu-system-x86_64 cpio xz /bin/busybox /usr/sbin/atmsigd; do
	command -v "$program" >/dev/null || {
		echo "no $program: sh etc/prerequisites atm" >&2
		exit 77
	}
done
[ "$(uname -sm)" = "Linux x86_64" ] || {
	echo "it takes a Linux machine of x86_64" >&2
	exit 77
}
version=$(sh regress/atm/kernel.sh "$dir/kernel") || exit 77
! $only || exit 0

payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
for p in mars marsd scspd marsctl marsc regress/atm/sigd; do
	cp "$build/$p" "$payload/"
done
cp regress/atm/inside.sh "$payload/"
[ $# -gt 0 ] || set -- svc pvc udp reload fallback parties
echo "$*" > "$payload/stories"
echo "# Linux $version"
sh regress/atm/boot.sh "$dir/kernel" "$payload" 270 > "$dir/console"
grep -v '^booted\|^exit' "$dir/console"
grep -q '^exit 0' "$dir/console"
