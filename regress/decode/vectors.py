#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Prints the vectors of vectors.h, one a line: type, name, hex."""
import re

with open('vectors.h') as f:
    text = f.read()
for kind, body in re.findall(r'#define (\w+)_VECTORS\(X\)(.*?)\n\n', text,
                             re.S):
    for name, strings in re.findall(r'X\((\w+),((?:[\s\\]*"[^"]*")+)\)',
                                    body):
        octets = ''.join(re.findall(r'"([^"]*)"', strings))
        print(kind.lower(), name, octets.replace(' ', ''))
