#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What cppcheck, clang-tidy and gcc -fanalyzer find in the programs, as TAP.

usage: analyze.py [-t TOOL,...] BUILD [FILE ...]        make analyze

Takes the flags of BUILD, minutes, and as many processors as there are; without
clang-tidy, as make lint has it, half a minute.  A finding is mended, or stands
in regress/lint/analyze.known with the reason why it is none:

    tool file id: reason

file may be * (everywhere).  What stands there and is not found any more fails,
too, unless only some files were asked for.  The reasons are for what VERSIONS
of the tools find: what another version finds is printed, and fails nothing.
"""

import concurrent.futures
import getopt
import os
import re
import shlex
import shutil
import subprocess
import sys

VERSIONS = {"gcc": "12", "clang-tidy": "14", "cppcheck": "2.10"}
KNOWN = "regress/lint/analyze.known"
SOURCES = ("common", "marsd", "scspd", "marsc", "edged", "marsctl", "parent")
# not of this system, and what the kernel runs
NOT = re.compile(r"_openbsd\.c$|_none\.c$|\.bpf\.c$")
TIDY = ",".join((
    "-*", "clang-analyzer-*", "bugprone-*", "cert-*",
    "-bugprone-easily-swappable-parameters",    # a matter of taste
    "-bugprone-reserved-identifier", "-cert-dcl37-c", "-cert-dcl51-cpp",
    "-bugprone-narrowing-conversions",          # -Wconversion of both
    "-bugprone-assignment-in-if-condition",     # style(9) has it
    "-bugprone-implicit-widening-of-multiplication-result",
    "-cert-err33-c",            # printf(3) to a stream that is looked at last
    "-bugprone-suspicious-include",
    "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling",
    # it warns of every memcpy(3) that is no memcpy_s of Annex K
))
CPPCHECK = ("-q", "--std=c11", "--enable=warning,portability,performance",
            "--inline-suppr", "-U__OpenBSD__", "-D__linux__", "-D__GNUC__",
            "--include=/usr/include/bsd/sys/queue.h",
            "--include=/usr/include/bsd/sys/tree.h",
            "--template={file}:{line}: {message} [{id}]")
FOUND = re.compile(r"^\.?/?([\w./-]+\.[chy]):(\d+):(?:\d+:)?(.*) \[([^\]]+)\]$")
# what a compiler could not read at all
UNREAD = re.compile(r"^([\w./-]+):\d+:(?:\d+:)? (?:fatal )?error: ")


def said(command):
    r = subprocess.run(command, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, check=False, text=True,
                       errors="replace")
    return r.stdout


def findings(tool, text):
    """(tool, file, id): first line that says so"""
    out = {}
    for line in text.splitlines():
        line = line.replace(os.getcwd() + "/", "")
        if u := UNREAD.match(line):
            out.setdefault((tool, u.group(1), "error"), line)
        m = FOUND.match(line)
        if not m or ": note:" in line or m.group(1).startswith("/"):
            continue
        name = m.group(4).split(",")[0].replace("-Wanalyzer-", "")
        out.setdefault((tool, m.group(1), name), line)
    return out


def version(tool):
    """None: there is no such tool."""
    if not shutil.which(tool):
        return None
    m = re.search(r"(\d+)\.(\d+)", said([tool, "--version"]))
    return m.group(1) if "." not in VERSIONS[tool] else m.group(0)


def known(tools):
    """{(tool, file, id): reason}"""
    out = {}
    with open(KNOWN, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if line.startswith("#") or not line.strip():
                continue
            m = re.match(r"(\S+) (\S+) (\S+): (.+)", line)
            if not m:
                sys.exit("%s:%d: no reason" % (KNOWN, n))
            if m.group(1) in tools:
                out[m.group(1), m.group(2), m.group(3)] = m.group(4)
    return out


def flags(build):
    with open(os.path.join(build, "probe.mk"), encoding="utf-8") as f:
        text = re.search(r"^CFLAGS_ALL=(.*)$", f.read(), re.M).group(1)
    keep = [w for w in shlex.split(text) if w.startswith(("-D", "-U", "-std",
                                                          "-isystem", "/"))]
    # of what is made, a path and a table of octets
    return keep + ['-DLIBEXECDIR="/usr/local/libexec/mars"',
                   '-DPARENT_KPATH="/dev/null"'] + \
        ["-I" + d for d in (".", "common/codec", "common/core", "common/vc",
                            "common/proc", "common/proc/imsg")]


def tools_of(build):
    """What each says of a file."""
    common = flags(build)
    macros = [w for w in common if w[:2] in ("-D", "-I")]
    return {
        "gcc": lambda f: said(["gcc"] + common + [
            "-O1", "-fanalyzer", "-c", "-o", "/dev/null", f]),
        "clang-tidy": lambda f: said(["clang-tidy", "-quiet",
                                      "-checks=" + TIDY, f, "--"] + common),
        "cppcheck": lambda f: said(["cppcheck", *CPPCHECK, *macros, f]),
    }


def look_at(tool, look, files, pool, reasons, used):
    """What it finds that is not known: lines."""
    new = {}
    for text in pool.map(look, files):
        for found, line in findings(tool, text).items():
            hit = [k for k in (found, (tool, "*", found[2])) if k in reasons]
            used.update(hit)
            if not hit:
                new[found] = line
    return sorted(new.values())


def main():
    try:
        options, args = getopt.getopt(sys.argv[1:], "t:")
        tools = tools_of(args[0])
        for name in dict(options).get("-t", "").split(","):
            if name and name not in tools:
                raise IndexError
    except (getopt.GetoptError, IndexError):
        sys.exit("usage: analyze.py [-t TOOL,...] BUILD [FILE ...]")
    asked = [t for _, v in options for t in v.split(",")] or list(tools)
    files = args[1:] or [
        f for f in said(["git", "ls-files"] +
                        [d + "/*.c" for d in SOURCES]).split()
        if not NOT.search(f)]
    have = {t: version(t) for t in asked}
    # those whose findings are judged
    judged = [t for t in asked if have[t] == VERSIONS[t]]
    reasons = known(judged)
    used = set()
    bad = 0
    print("1..%d" % (len(asked) + 1))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for n, tool in enumerate(asked, 1):
            name = "%s finds nothing in %d files" % (tool, len(files))
            if have[tool] is None:
                print("ok %d - %s # SKIP it is not installed" % (n, name))
                continue
            new = look_at(tool, tools[tool], files, pool, reasons, used)
            if tool in judged:
                bad += bool(new)
                print("%sok %d - %s" % ("not " if new else "", n, name),
                      flush=True)
            else:
                print("ok %d - %s # SKIP version %s and not %s" %
                      (n, name, have[tool], VERSIONS[tool]), flush=True)
            for line in new:
                print("# " + line)
    old = [] if len(args) > 1 else sorted(set(reasons) - used)
    bad += bool(old)
    print("%sok %d - what is known is still found" %
          ("not " if old else "", len(asked) + 1))
    for k in old:
        print("# %s %s %s" % k)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
