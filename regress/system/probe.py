#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""marsctl probe: who of the members of a group answers."""

import json
import os
import signal
import sys
import time

import edgenet
from edgenet import Member, Net, Sender, Site, Tap, ip
from suite import wait

net = None
tests = []


def test(f):
    tests.append(f)
    return f


def probe(n, *words):
    """What site n says, and how marsctl ends."""
    r = net.sites[n].suite.marsctl("-j", "probe", *words)
    return json.loads(r.stdout), r.returncode


def says(n, words, *parts):
    """Nobody answers, and the sentence has these parts."""
    answer, status = probe(n, *words)
    assert status == 1 and answer["ok"] is False, answer
    for p in parts:
        assert p in answer["error"], (p, answer)
    return answer["probe"]


def counter(n, name):
    return net.sites[n].suite.counter(name)


@test
def members_answer():
    """each member answers, with its round trip and the largest size"""
    g = "239.1.1.1"
    ms = [Member(net.sites[n], g) for n in (2, 3)]
    for n in 2, 3:
        wait("site %d has joined" % n, lambda n=n: net.sites[n].joined(g))
    answer, status = probe(1, g)
    assert status == 0 and answer["ok"], answer
    rows = {r["member"].split("%")[0]: r for r in answer["probe"]}
    assert set(rows) == {"10.255.0.2", "10.255.0.3"}, answer
    for r in rows.values():
        assert r["answered"] is True and r["group"] == g, r
        assert r["edge"] == "site1" and r["largest"] == 1400, r
        assert 0 < r["round-trip"] < 1000000, r
    # as a table, too
    r = net.sites[1].suite.marsctl("probe", g, "edge", "site1")
    assert r.returncode == 0, r
    lines = r.stdout.splitlines()
    assert lines[0].split() == ["EDGE", "GROUP", "MEMBER", "ANSWERED", "US",
                                "LARGEST"], lines
    assert len(lines) == 3 and " yes " in lines[1], lines
    for m in ms:
        m.close()


@test
def member_of_a_block():
    """who has joined the group with a block of others answers, too"""
    g = "239.3.7.1"
    wait("site 3 has joined", lambda: any(
        r["group-min"] == "239.3.0.0" for r in net.mars.ctl("joins")))
    answer, status = probe(1, g)
    assert status == 0 and [r["answered"] for r in answer["probe"]] == [
        True], answer


@test
def ipv6():
    """the same of IPv6"""
    g = "ff0e::1:1"
    m = Member(net.sites[2], g)
    wait("site 2 has joined", lambda: net.sites[2].joined(g))
    answer, status = probe(1, g)
    assert status == 0 and len(answer["probe"]) == 1, answer
    assert answer["probe"][0]["largest"] == 1400, answer
    m.close()


@test
def nothing_on_lans():
    """no octet of it is seen on a LAN, and it is counted as what it is"""
    g = "239.1.1.2"
    m = Member(net.sites[2], g)
    wait("site 2 has joined", lambda: net.sites[2].joined(g))
    before = counter(2, "probes-answered")
    packets = counter(2, "in-packets")
    tap = Tap(net.sites[2].host, "eth0")
    probe(1, g)
    seen = []
    while True:
        try:
            seen.append(tap.s.recv(4096))
        except BlockingIOError:
            break
    # protocol 253 of IPv4
    assert not [p for p in seen if p[12:14] == b"\x08\x00" and
                p[23] == 253], seen
    m.read()
    assert not m.got
    assert counter(2, "probes-answered") > before
    assert counter(2, "in-packets") == packets
    m.close()


@test
def small_underlay():
    """the largest packet that passes is what the way to the member takes"""
    g = "239.1.1.3"
    m = Member(net.sites[3], g)
    wait("site 3 has joined", lambda: net.sites[3].joined(g))
    with net.sites[3].router:
        ip("link", "set", "und", "mtu", "1400")
    with net.core:
        ip("link", "set", "u3", "mtu", "1400")
    try:
        answer, status = probe(1, g)
    finally:
        with net.core:
            ip("link", "set", "u3", "mtu", "1500")
        with net.sites[3].router:
            ip("link", "set", "und", "mtu", "1500")
    assert status == 0, answer
    print("# %s" % answer["probe"])
    assert answer["probe"][0]["largest"] == 1280, answer
    m.close()


@test
def nobody():
    """each reason why nobody answers has its sentence"""
    says(1, ["239.9.9.9"], "no member")
    says(1, ["224.1.1.1"], "not allowed", "site1")
    says(1, ["239.1.1.1", "edge", "site9"], "no edge of that name")
    says(1, ["10.1.1.1"], "not a group")
    says(1, ["site"], "not a group")


@test
def silent_member():
    """a member that is reached and says nothing is named"""
    g = "239.1.1.4"
    m = Member(net.sites[4], g)
    wait("site 4 has joined", lambda: net.sites[4].joined(g))
    assert probe(1, g)[1] == 0
    edged = net.sites[4].suite.children()["edged"]
    os.kill(edged, signal.SIGSTOP)
    try:
        rows = says(1, [g], "no answer")
    finally:
        os.kill(edged, signal.SIGCONT)
    assert len(rows) == 1 and rows[0]["answered"] is False, rows
    assert rows[0]["member"].startswith("10.255.0.4"), rows
    assert rows[0]["largest"] is None, rows
    m.close()


@test
def limited():
    """who asks again and again is not answered any more, and that counts"""
    g = "239.1.1.6"
    m = Member(net.sites[4], g)
    wait("site 4 has joined", lambda: net.sites[4].joined(g))
    before = counter(4, "probes-answered")
    refused = counter(4, "probes-refused")
    begin = time.monotonic()
    for _ in range(10):
        probe(1, g)
    took = time.monotonic() - begin
    assert counter(4, "probes-refused") > refused
    assert counter(4, "probes-answered") - before <= 32 + took + 1
    m.close()


@test
def not_forwarder():
    """an edge that forwards on no LAN says so"""
    second = Site(net, 4, router=net.sites[4], lan="priority 50")
    net.sites[5] = second
    second.suite.start(expect=False)
    wait("the second edge is registered", lambda: all(
        e["registered"] for e in second.suite.ctl("edges") or [{
            "registered": False}]), 10)
    wait("it hears the first", lambda: second.suite.rows(
        "lans", lan="lan")[0]["role"] == "backup", 10)
    says(5, ["239.1.1.1"], "not the forwarder", "site104")


@test
def member_is_gone():
    """a member that is killed is named"""
    g = "239.1.1.5"
    ms = [Member(net.sites[n], g) for n in (2, 3)]
    for n in 2, 3:
        wait("site %d has joined" % n, lambda n=n: net.sites[n].joined(g))
    s = Sender(net.sites[1], g)
    s.send()
    net.sites[3].suite.kill()
    answer, status = probe(1, g)
    rows = {r["member"].split("%")[0]: r["answered"] for r in answer["probe"]}
    assert status == 0 and rows == {"10.255.0.2": True,
                                    "10.255.0.3": False}, answer
    s.close()
    for m in ms:
        m.close()


@test
def no_mars():
    """without a MARS it says so"""
    net.mars.kill()
    wait("site 1 is not registered", lambda: not any(
        e["registered"] for e in net.sites[1].suite.ctl("edges")), 30)
    says(1, ["239.1.1.1"], "no MARS", "10.255.0.100")


def main():
    global net
    why = edgenet.unshared()
    if why is not None:
        print("1..0 # SKIP " + why)
        return 0
    net = Net()
    for n in 1, 2, 3, 4:
        net.site(n, lan="static 239.3.0.0/16" if n == 3 else "")
    net.start()
    return edgenet.run(net, tests)


if __name__ == "__main__":
    sys.exit(main())
