#!/bin/sh
# run.sh BUILD [lint]: runs every test of the tree against the programs in
# BUILD, or those of regress/lint only, and ends with the line "N passed, N
# failed".  A test is a program of regress/unit, or a script regress/*/*.sh
# that is listed below; each prints TAP ("ok N - name", "not ok N - name"),
# and ends with 0 if all went well.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${1:?usage: run.sh BUILD [lint]}
export BUILD
passed=0 failed=0 skipped=0
sim=$BUILD/regress/sim/sim
logs=$BUILD/regress/log
rm -rf "$logs"
mkdir -p "$logs"

# one NAME COMMAND...: runs it, at most 15 minutes, and counts what it says
one() {
	name=$1
	shift
	log=$logs/$(echo "$name" | tr / -).tap
	began=$(date +%s)
	CMOCKA_MESSAGE_OUTPUT=TAP timeout 900 "$@" > "$log" 2> "$log.err" \
	    < /dev/null
	status=$?
	took=$(($(date +%s) - began))
	skip=$(grep -c '^\(not \)*ok .*# SKIP' "$log")
	ok=$(grep -v '# SKIP' "$log" | grep -c '^ok ')
	bad=$(grep -v '# SKIP' "$log" | grep -c '^not ok ')
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$log" | head -n 1)
	# a test that ended early, or printed nothing, has failed as a whole
	if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ $((ok + skip)) -eq 0 ] ||
	    [ "${plan:-$((ok + skip))}" -ne $((ok + skip)) ]; }; then
		bad=1
		echo "not ok - $name ended with status $status" \
		    "after $ok of ${plan:-?} tests"
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
	# what was not run is said, and counted in the last line
	grep '# SKIP' "$log" | sed "s,^,$name: ,"
	if [ "$bad" -ne 0 ]; then
		echo "$name: $bad failed ($took s)"
		grep -A 20 '^not ok' "$log" | head -n 60
		tail -n 30 "$log.err"
	else
		echo "$name: $ok passed ($took s)"
	fi
}

# what is said of the sources
lint() {
	for t in regress/lint/*.sh; do
		one "${t#regress/}" sh "$t"
	done
}

# what has a machine of its own
machines() {
	# the tree on machines of 32 bits, and of the other order of octets
	if why=$(sh regress/machines/run.sh -n "$BUILD" 2>&1); then
		JOBS=1 one machines/run.sh sh regress/machines/run.sh "$BUILD"
	else
		echo "machines/run.sh: not run: $why"
	fi
	# a virtual machine with a real ATM stack, where it can be had
	if why=$(sh regress/atm/run.sh -n "$BUILD" 2>&1); then
		one atm/run.sh sh regress/atm/run.sh "$BUILD"
	else
		echo "atm/run.sh: not run: $why"
	fi
	# the installed suite under a real systemd, where one can be booted
	if why=$(sh regress/systemd/run.sh -n "$BUILD" 2>&1); then
		one systemd/run.sh sh regress/systemd/run.sh "$BUILD"
		one systemd/readme sh regress/systemd/run.sh "$BUILD" readme
	else
		echo "systemd/run.sh: not run: $why"
	fi
}

# What takes a processor, or has a machine of its own and so is in nobody's way,
# beside the rest: in all this has to end within half an hour on two.
beside() {
	lint
	one sim/seeds "$sim" -f regress/sim/seeds -n 288 -t 300
	one bench/instructions.py python3 -B regress/bench/instructions.py
	one fuzz/test.sh sh regress/fuzz/test.sh "$BUILD" 30
	one fuzz/mutants.py python3 -B regress/fuzz/mutants.py -s 6 mars csa
	machines
}

# shellcheck disable=SC2030 # a file has the sums, for end_beside
start_beside() {
	(
		passed=0 failed=0 skipped=0
		beside > "$logs/beside.out" 2>&1
		echo "$passed $failed $skipped" > "$logs/beside.sum"
	) &
}

# its output, and what it has counted; one failure if it has not come so far
# shellcheck disable=SC2031
end_beside() {
	wait
	cat "$logs/beside.out"
	read -r p f s < "$logs/beside.sum" || p=0 f=1 s=0
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
}

# what is said of the programs
programs() {
	start_beside
	# shellcheck disable=SC2013 # a line is a word
	for t in $(sort "$BUILD/regress/tests"); do
		one "unit/$t" "$BUILD/regress/unit/$t"
	done
	for t in regress/config/run.sh regress/decode/test.sh \
	    regress/captures/test.sh regress/model/test.sh \
	    regress/atm/refused.sh regress/install/test.sh \
	    regress/install/files.sh regress/install/dist.sh; do
		one "${t#regress/}" sh "$t"
	done
	one install/hardening.py python3 -B regress/install/hardening.py
	one captures/lua.py python3 -B regress/captures/lua.py
	one manual/test.py python3 -B regress/manual/test.py
	one sim/lieseeds "$sim" -k all -f regress/sim/lieseeds
	one sim/lanseeds "$sim" -l -f regress/sim/lanseeds -n 60 -t 45
	one sim/again "$sim" -r 1 2 3		# bit for bit
	one sim/lanagain "$sim" -l -r 1 2 3
	for t in regress/system/*.py; do
		case $t in
		# what others have in common, or start
		*/suite.py | */edgenet.py | */evilchild.py) ;;
		*) one "${t#regress/}" python3 -B "$t" ;;
		esac
	done
	one bench/flood.py python3 -B regress/bench/flood.py -s
	end_beside
	# last: which requirement is shown by which of these
	one conformance.py python3 -B regress/conformance.py -t "$BUILD"
}

if [ "${2:-}" = lint ]; then
	lint
else
	programs
fi
if [ "$skipped" -ne 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
