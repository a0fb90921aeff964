#!/bin/sh
# doc/security.md has what the code has; prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B regress/lint/security.py
