#!/bin/sh
# files.sh: which files make install puts where, the same whoever calls it, and
# that make uninstall takes away these and no others.  In: BUILD.  Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
. regress/check.sh

case $BUILD in *-address* | *-undefined*)
	echo "ok 1 - install # SKIP a sanitizer build is not what is installed"
	echo "1..1"
	exit 0 ;;
esac
# what BUILD was made with: nothing is to be compiled anew
cc=$(sed -n 's/^CC=//p' "$BUILD/probe.mk")

# run TARGET ROOT PREFIX: MAKEFLAGS are those of the make that runs us
run() {
	MAKEFLAGS='' ${MAKER:-make} -s CC="$cc" BUILD="$BUILD" DESTDIR="$2" PREFIX="$3" "$1" 2>&1
}

# list ROOT: its files and directories with their modes
list() {
	(cd "$1" && find . -exec ls -ldn {} + | awk '{ print $1, $NF }' |
	    sort -k 2)
}

umask 022
said=$(run install "$tmp/022" /opt/m)
check "it installs, and says nothing" "$said"
for mask in 077 000; do
	umask $mask
	mkdir -m 755 "$tmp/$mask"
	run install "$tmp/$mask" /opt/m > /dev/null
	list "$tmp/022" > "$tmp/a"
	list "$tmp/$mask" > "$tmp/b"
	check "the same with umask $mask" "$(diff "$tmp/a" "$tmp/b")"
done
umask 022
if command -v bmake > /dev/null; then
	mkdir -m 755 "$tmp/bmake"
	MAKER=bmake run install "$tmp/bmake" /opt/m > /dev/null
	list "$tmp/bmake" > "$tmp/b"
	check "the same by bmake" "$(diff "$tmp/a" "$tmp/b")"
else
	echo "ok $((n += 1)) - the same by bmake # SKIP no bmake"
fi

check "everybody can read what is there, and only root write" "$(
	cd "$tmp/022" && {
		find . -type d ! -perm 755
		find . -type f ! -perm 644 ! -perm 755
	})"
check "programs can be executed" "$(
	for p in sbin/mars sbin/marsctl bin/marsc libexec/mars/marsd \
	    libexec/mars/scspd libexec/mars/edged; do
		[ -x "$tmp/022/opt/m/$p" ] || echo "$p"
	done)"
check "nothing names another prefix" "$(grep -rl /usr/local "$tmp/022")"
check "mars looks for its children there" "$(
	grep -q /opt/m/libexec/mars "$tmp/022/opt/m/sbin/mars" || echo no)"
check "each manual page is there" "$(
	git ls-files '*.[1-8]' | while read -r p; do
		[ -f "$tmp/022/opt/m/share/man/man${p##*.}/${p##*/}" ] ||
		    echo "$p"
	done)"

check "so are completions, where there are any" "$(
	cd etc/completions 2>/dev/null && for f in *; do
		case $f in
		*.bash) to=bash-completion/completions/${f%.bash} ;;
		*) to=zsh/site-functions/$f ;;
		esac
		[ -f "$tmp/022/opt/m/share/$to" ] || echo "$f"
	done)"

# what others have installed stays, beside ours and among it
run uninstall "$tmp/000" /opt/m
check "uninstall leaves no file" "$(find "$tmp/000" -type f)"
check "nor a directory of its own" "$(find "$tmp/000" -name 'mars*')"
find "$tmp/022" -type d | while read -r d; do
	echo other > "$d/other"
done
find "$tmp/022" -name other | sort > "$tmp/a"
run uninstall "$tmp/022" /opt/m
find "$tmp/022" -type f | sort > "$tmp/b"
check "uninstall leaves every other file" "$(diff "$tmp/a" "$tmp/b")"

# back to what the tests are run with
run programs "" /usr/local > /dev/null
echo "1..$n"
exit $failed
