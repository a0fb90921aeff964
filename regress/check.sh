# shellcheck shell=sh disable=SC2034
# check.sh: what scripts that print TAP have in common; they read it with ".",
# and print the plan, 1..$n, at their end.
n=0
failed=0	# for those who end by it

# check NAME OUTPUT: passes if OUTPUT is empty
check() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		failed=1
		echo "not ok $n - $1"
		echo "$2" | head -n 20 | sed 's/^/# /'
	fi
}
