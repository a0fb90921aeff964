# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""marsctl capture: what is said on circuits, into a file."""

import os
import shutil
import stat
import struct
import subprocess

from suite import Client, Skip, main, pair, running, script, test, wait, \
    BUILD

A, B = "127.0.0.1", "127.0.0.2"
MEMBER, OTHER = "127.0.0.11", "127.0.0.12"


def blocks(path):
    """(type, body) of each block that is complete."""
    with open(path, "rb") as f:
        data = f.read()
    found = []
    while len(data) >= 12:
        kind, n = struct.unpack(">II", data[:8])
        if len(data) < n:
            break
        assert data[n - 4:n] == data[4:8], data[:n]
        found.append((kind, data[8:n - 4]))
        data = data[n:]
    return found


def sdus(path):
    """(interface, comment, flags, SDU) of each packet."""
    names, found = [], []
    for kind, body in blocks(path):
        if kind == 1:
            n = struct.unpack(">H", body[10:12])[0]
            names.append(body[12:12 + n].decode())
        if kind != 6:
            continue
        i, _, n, _ = struct.unpack(">IQII", body[:20])
        rest = body[20 + n + -n % 4:]
        c = struct.unpack(">H", rest[2:4])[0]
        comment, rest = rest[4:4 + c].decode(), rest[4 + c + -c % 4:]
        assert rest[:4] == b"\0\2\0\4", rest
        found.append((names[i], comment, rest[7], body[20:20 + n]))
    return found


def capture(server, name, *words, options=()):
    """Begins one: its process, and the file."""
    path = os.path.join(server.dir, name)
    p = subprocess.Popen(
        [BUILD + "/marsctl", "-s", server.dir, *options, "capture", "-w",
         path, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    running.append(p)
    wait("a section", lambda: os.path.exists(path) and blocks(path))
    return p, path


@test
def what_is_said():
    """both directions, of clients and of neighbors, and each filter"""
    a, _ = pair()
    _, all_of_it = capture(a, "all.pcapng")
    _, cluster = capture(a, "cluster.pcapng", "cluster", "lis1")
    _, other = capture(a, "other.pcapng", "address", OTHER)
    _, neighbor = capture(a, "neighbor.pcapng", "neighbor", B)
    wait("a hello", lambda: sdus(neighbor) and sdus(all_of_it))
    assert stat.S_IMODE(os.stat(all_of_it).st_mode) == 0o600
    one = Client(MEMBER, A, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    wait("one", lambda: a.group("224.1.1.1") == [MEMBER])
    two = Client(OTHER, A, "run", script(["register", "stay"]))
    wait("two", lambda: any(c.startswith("to " + OTHER) or c == "to all leaves"
                            for _, c, _, _ in sdus(cluster)[-1:]) and
         len(a.members()) == 2)
    wait("it is in the file", lambda: {
        c.split(" ")[1].split("%")[0] for _, c, _, _ in sdus(all_of_it)} >=
        {MEMBER, OTHER, B, "all"})
    for i, c, flags, sdu in sdus(all_of_it):
        assert sdu[:3] == b"\xaa\xaa\x03", sdu
        assert flags == (2 if c.startswith("to ") else 1), (c, flags)
        assert i.split(" ")[0] in ("marsd", "scspd"), i
    assert {i.split(" ")[1] for i, _, _, _ in sdus(cluster)} == {"lis1"}
    wait("the other's", lambda: sdus(other))
    assert all(" " + OTHER in c for _, c, _, _ in sdus(other)), sdus(other)
    assert {c.split("%")[0] for i, c, _, _ in sdus(neighbor)} == {
        "to " + B, "from " + B}, sdus(neighbor)
    assert one.stop() == 0 and two.stop() == 0


@test
def a_dissector_reads_it():
    """tshark with etc/mars.lua: a registration, and a hello"""
    if not shutil.which("tshark"):
        raise Skip("no tshark")
    a, _ = pair()
    _, path = capture(a, "a.pcapng")
    wait("a hello", lambda: sdus(path))
    c = Client(MEMBER, A, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    wait("it is there", lambda: a.group("224.1.1.1") == [MEMBER])

    def tshark(display, *fields):
        r = subprocess.run(
            ["tshark", "-X", "lua_script:etc/mars.lua", "-r", path, "-Y",
             display, "-T", "fields",
             *(x for f in fields for x in ("-e", f))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # the last block may still be being written
        assert r.returncode == 0 or "cut short" in r.stderr, r
        return [x.split("\t") for x in r.stdout.splitlines()]
    wait("a registration", lambda: [
        r for r in tshark("mars.register == 1", "mars.sha",
                          "frame.packet_flags_direction", "frame.comment")
        if r[0] == MEMBER and r[1].endswith("1") and
        r[2].startswith("from " + MEMBER)])
    wait("a join", lambda: tshark(
        "mars.op.type == 4 && mars.min == 224.1.1.1", "mars.sha"))
    wait("hellos in and out", lambda: {
        r[0][-1:] for r in tshark("scsp.type == 5",
                                  "frame.packet_flags_direction")} ==
        {"1", "2"})
    assert tshark("_ws.malformed || _ws.lua.error || mars.expert || "
                  "scsp.expert || mars.odd || scsp.odd", "frame.number") == []
    assert c.stop() == 0


@test
def wrong_ones():
    """an end after so many; and what can't be"""
    a, _ = pair()
    p, path = capture(a, "two.pcapng", options=("-n", "2"))
    assert p.wait(60) == 0
    assert len(sdus(path)) == 2
    r = subprocess.run([BUILD + "/marsctl", "-s", a.dir, "-n", "1", "capture",
                        "-w", "-"], stdout=subprocess.PIPE)
    assert r.returncode == 0 and r.stdout.startswith(b"\n\r\r\n"), r
    for words, status, text in (
            (("capture",), 1, "-w"),
            (("-j", "capture", "-w", "x"), 1, "-j"),
            (("capture", "-w", a.dir + "/no/such"), 1, "No such file"),
            (("capture", "-w", path, "cluster", "x"), 1, "no cluster"),
            (("capture", "-w", path, "address", "x"), 1, "no address"),
            (("capture", "-w", path, "group", "224.1.1.1"), 1, "neighbor"),
            (("show", "members", "-w", path), 1, "-w"),
            (("show", "members", "-n", "3"), 1, "-n"),
            (("-o", "svg", "show", "members"), 1, "-o"),
            (("-o", "svg", "top"), 1, "-o"),
            (("-n", "1", "health"), 1, "-n"),
            (("-n", "1", "show", "topology"), 1, "-n"),
            (("-j", "top"), 1, "-j"),
            (("keygen",), 1, "-s")):
        r = a.marsctl(*words)
        assert r.returncode == status and text in r.stderr, (words, r)
    # a reader that does not read loses some, and marsd does not care
    slow = subprocess.Popen([BUILD + "/marsctl", "-s", a.dir, "capture", "-w",
                             "-"], stdout=subprocess.PIPE)
    running.append(slow)
    p, path = capture(a, "end.pcapng")
    wait("a hello", lambda: sdus(path))
    assert a.stop() == 0
    assert p.wait(60) == 1 and b"closed the connection" in p.stderr.read()
    slow.kill()
    slow.wait()


main()
