#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""doc/security.md has what the code has: who may tell whom what, which orders
there are, and which system calls work.

usage: security.py [--write]

The parts of the document between <!-- NAME --> and <!-- end --> are made of
the tables in the code.  Without --write it prints TAP: they have to be the
same.
"""

import re
import sys
import textwrap

DOCUMENT = "doc/security.md"
CHILDREN = {"FROM_ANY": "each child", "FROM_SERVER": "marsd, scspd",
            "FROM(PARENT_MARSD)": "marsd"}
WITH = {"WITHOUT": "", "WITH": "always", "MAYBE": "perhaps"}
WHEN = {"ONCE": "before it serves", "ALWAYS": "always",
        "SERVING": "once it serves"}
COMMAND = re.compile(r'\{ "([a-z -]+)", ([\w]+), ([\w]+) \}')


def read(path):
    with open(path) as f:
        return f.read()


def body(text, begin):
    """What is between the braces after begin."""
    at = text.index("{", text.index(begin))
    depth = 0
    for i in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return text[at:i + 1]
    raise ValueError(begin)


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def messages():
    """Types of messages, from the tables of those who take them."""
    out = row("message", "from", "to", "when", "octets", "descriptor")
    out += row(*["---"] * 6)
    for name, who, least, most in re.findall(
            r"\{ IMSG_(\w+), ([\w()]+), ([^,]+), ([^,]+),",
            body(read("parent/children.c"), "messages[]")):
        size = least if least == most else "%s to %s" % (least, most)
        out += row("`%s`" % name, CHILDREN[who], "mars", "always",
                   "`%s`" % size, "closed")
    for name, fd, when in re.findall(
            r"\{ IMSG_(\w+), SERVICE_(\w+), SERVICE_(\w+),",
            body(read("common/proc/service_parent.c"), "parent_types[]")):
        out += row("`%s`" % name, "mars", "edged" if "EDGE" in name else
                   "each child", WHEN[when], "its form", WITH[fd])
    for name, what in re.findall(
            r"\{ IMSG_(\w+), ([\w |\n\t]+) \}",
            read("common/codec/replica.c")):
        marsd = "FROM_MARSD" in what
        out += row("`%s`" % name, *(("marsd", "scspd") if marsd else
                                    ("scspd", "marsd")),
                   "once they serve", "its form", "impossible")
    return out


def orders():
    """What a client of a control socket may order; the rest is shown only."""
    out = ""
    for name, path in (("each", "common/proc/service_ctl.c"),
                       ("marsd", "marsd/control.c"),
                       ("scspd", "scspd/control.c"),
                       ("edged", "edged/control.c")):
        found = COMMAND.findall(read(path))
        out += "- %s: %s\n" % (name, ", ".join(
            "`%s`" % words for words, show, act in found if act != "NULL"))
    return "\n".join(textwrap.fill(
        line, 79, subsequent_indent="  ", break_on_hyphens=False)
        for line in out.splitlines()) + "\n"


def names(text):
    return re.findall(r'"(\w+)"', text)


def calls():
    """The lists of the filters."""
    text = read("common/proc/sandbox_linux.c")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    lists = (
        ("Works in every process", "allow_all[]"),
        ("Works in all but edged", "allow_sending[]"),
        ("Works in mars besides", "allow_parent[]"),
        ("Is refused with EACCES in a child", "refuse_child[]"),
        ("Ends every process", "kill_all[]"),
        ("Ends every process but the one that forks for parties",
         "kill_fork[]"),
        ("Ends a child", "kill_child[]"),
        ("Ends a child; mars may attach what it has loaded", "kill_bpf[]"))
    conditions = (
        ("Depends on its arguments in every process", "rules_by_argument("),
        ("and in a child", "rules_child("),
        ("in edged", "rules_edged("),
        ("in edged, for what it has pinned", "rules_close("),
        ("in the one that forks for parties", "rules_parties("),
        ("in mars", "rules_parent("))
    out = ""
    for title, name in lists:
        out += "- %s: %s\n" % (title, ", ".join(names(body(code, name))))
    for title, name in conditions:
        found = sorted(set(names(body(
            code, "static void\n" + name))))
        out += "- %s: %s\n" % (title, ", ".join(found))
    return "\n".join(textwrap.fill(line, 79, subsequent_indent="  ")
                     for line in out.splitlines()) + "\n"


PARTS = {"messages": messages, "orders": orders, "calls": calls}


def made(text):
    """The document as the code has it."""
    for name, make in PARTS.items():
        part = re.compile(r"(<!-- %s -->\n).*?(<!-- end -->)" % name, re.S)
        if not part.search(text):
            raise ValueError("%s has no part %s" % (DOCUMENT, name))
        text = part.sub(lambda m: m.group(1) + make() + m.group(2), text)
    return text


def main():
    is_there = read(DOCUMENT)
    should = made(is_there)
    if "--write" in sys.argv:
        with open(DOCUMENT, "w") as f:
            f.write(should)
        return 0
    print("1..1")
    if is_there == should:
        print("ok 1 - doc/security.md has what the code has")
        return 0
    print("not ok 1 - doc/security.md has what the code has")
    print("# run regress/lint/security.py --write and look at the change")
    return 1


sys.exit(main())
