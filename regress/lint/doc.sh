#!/bin/sh
# What the tree cites is in doc/, and doc/architecture.md names every file;
# prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 -B regress/lint/doc.py
