#!/bin/sh
# run.sh [-n] BUILD [long]: builds the tree for machines that this one isn't,
# warnings being errors, and runs the unit tests there, as TAP: i386, which has
# 32 bits and runs here by itself, and s390x, which is big-endian and runs
# under qemu-user.  What the simulator says of a seed has to be the same on
# each.  long: servers and clients too, where the machine has all system calls.
# -n: only says whether it can run here, and why not.
# JOBS: how many compilers at a time; default all processors.
set -u
cd "$(dirname "$0")/../.." || exit 1
only=no
[ "${1:-}" != -n ] || { only=yes; shift; }
BUILD=${1:?usage: run.sh [-n] BUILD [long]}
long=${2:-}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac

no() {
	echo "$*"
	exit 1
}
case $BUILD in *-address* | *-undefined*)
	no "the sanitizers' build is of this machine" ;;
esac
[ "$(uname -sm)" = "Linux x86_64" ] || no "it takes Linux on x86_64"
for program in apt-get dpkg-deb pkg-config qemu-s390x \
    i686-linux-gnu-gcc s390x-linux-gnu-gcc; do
	command -v "$program" >/dev/null ||
	    no "no $program: sh etc/prerequisites machines"
done
work=$BUILD/regress/machines
mkdir -p "$work"
for machine in i386 s390x; do
	sh regress/machines/sysroot.sh $machine "$work/$machine" || exit 1
done
"$work/i386/root/lib/i386-linux-gnu/ld-linux.so.2" --version >/dev/null 2>&1 ||
    no "this kernel runs no programs of 32 bits"
[ $only = no ] || exit 0

# said NAME STATUS LOG: a line of TAP, without its number
said() {
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		tail -n 30 "$3" | sed 's/^/# /'
	fi
}

# machine NAME TRIPLET TUPLE [RUNNER...]: is what follows for; TUPLE is the
# compiler's name for it, TRIPLET that of its libraries' directory
machine() {
	name=$1 triplet=$2 tuple=$3
	shift 3
	run=$*
	root=$work/$name/root
	build=$work/$name/build
	log=$work/$name/log
	links=
}

# itself: what is linked runs here, with the libraries of the machine; those
# that libraries need are found by an RPATH only
itself() {
	at=$root/lib/$triplet
	links="-Wl,--dynamic-linker=$at/ld-linux.so.2 -Wl,--disable-new-dtags"
	links="$links -Wl,-rpath,$at:$root/usr/lib/$triplet"
}

built() {
	at=$root/usr/lib/$triplet/pkgconfig
	MAKEFLAGS='' make -s -j "${JOBS:-$(nproc)}" WERROR=-Werror \
	    BUILD="$build" CC="$tuple-gcc --sysroot=$root" AR="$tuple-ar" \
	    CFLAGS='' CPPFLAGS='' LDFLAGS="$links" SANITIZE='' \
	    PKG_CONFIG="env PKG_CONFIG_SYSROOT_DIR=$root \
	    PKG_CONFIG_LIBDIR=$at pkg-config" programs tests > "$log" 2>&1
	said "$name/build" $? "$log"
}

# units [TEST...]: all unit tests but these, which need seccomp(2)
units() {
	# shellcheck disable=SC2013 # a line is a word
	for t in $(sort "$build/regress/tests"); do
		case " $* " in *" $t "*)
			echo "ok - $name/$t # SKIP ${run%% *} has no seccomp(2)"
			continue ;;
		esac
		# shellcheck disable=SC2086 # none, or several words
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 $run \
		    "$build/regress/unit/$t" > "$log" 2>&1 < /dev/null
		said "$name/$t" $? "$log"
	done
}

# seed: everything of the simulator is drawn from it, and not from the machine
seed() {
	"$BUILD/regress/sim/sim" -v 4711 2>&1 | grep -v ' 1 seeds,' \
	    > "$work/$name/here"
	$run "$build/regress/sim/sim" -v 4711 2>&1 | grep -v ' 1 seeds,' \
	    > "$work/$name/there"
	diff "$work/$name/here" "$work/$name/there" > "$log" 2>&1
	said "$name/sim" $? "$log"
}

on_i386() {
	machine i386 i386-linux-gnu i686-linux-gnu
	itself
	built
	units
	seed
	if [ "$long" = long ]; then
		BUILD=$build timeout 300 python3 -B regress/system/two.py \
		    > "$log" 2>&1
		said "$name/two.py" $? "$log"
	fi
}

on_s390x() {
	machine s390x s390x-linux-gnu s390x-linux-gnu \
	    qemu-s390x -L "$work/s390x/root"
	built
	# what takes longest there; all of it where it runs by itself
	[ "$long" = long ] || export EDGED_FUZZ=3000
	units child sandbox service_conf
	seed
}

on_i386 > "$work/i386/tap" &
on_s390x > "$work/s390x/tap" &
wait
cat "$work/i386/tap" "$work/s390x/tap" | awk '
	/^(not )?ok - / { sub(/ok/, "ok " ++n) }
	/^not/ { failed = 1 }
	{ print }
	END { print "1.." n; exit failed }'
