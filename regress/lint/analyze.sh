#!/bin/sh
# analyze.sh: what is quick of make analyze, over the whole tree.  As TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B regress/lint/analyze.py -t gcc,cppcheck "${BUILD:-build}"
