# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Ten sites, and what is done to them: see edgenet.py and edge.py."""

import contextlib
import os
import shutil
import subprocess
import sys

import edge
import edgenet
from edge import close, exactly, flow, members
from edgenet import Member, Net, Sender, pump, stream
from suite import Gone, Skip, running, wait

SITES = 10
tests = []


def test(f):
    tests.append(f)
    return f


def sites():
    return edge.net.sites


def reload(site, old, new):
    """Another configuration, in force when this returns."""
    suite = site.suite
    with open(suite.conf) as f:
        text = f.read()
    assert old in text, old
    suite.write(text.replace(old, new))
    r = suite.marsctl("reload")
    assert r.returncode == 0, r


@test
def two_of_ten():
    """members at two of ten sites: two copies of each packet, no more"""
    g = "239.1.2.1"
    ms = members(g, 3, 7)
    s = Sender(sites()[1], g)
    stream(s, ms, 200)
    for m in ms:
        exactly(m, 0, 200)
    f = flow(1, g, "out")
    assert f["packets"] == 200 and f["copies"] <= 400, f
    for n in set(sites()) - {1, 3, 7}:
        assert flow(n, g, "in") is None, "site %d got what it does not want" % n
    close(s, *ms)


@test
def igmp_version_2_beside_3():
    """on one LAN a host of version 2 leaves, and one of version 3 stays"""
    g = "239.1.2.2"
    site = sites()[4]
    other = edgenet.Namespace()
    with site.host:
        edgenet.ip("link", "add", "h2", "type", "veth", "peer", "name",
                   "eth0", "netns", other.path)
        edgenet.ip("link", "set", "h2", "master", "eth0", "up")
    with other:
        edgenet.ip("addr", "add", "10.1.4.9/24", "dev", "eth0")
        edgenet.ip("link", "set", "eth0", "up")
        edgenet.Namespace.sysctl("net/ipv4/conf/eth0/force_igmp_version", 2)
    old = Member(edgenet.Machine(other, "eth0"), g)
    new, = members(g, 4, sources=["10.1.1.2"])
    row, = site.suite.rows("listeners", group=g)
    wait("version 2 is seen", lambda: site.suite.rows(
        "listeners", group=g)[0]["version"] == 2, 10)
    s, unwanted = Sender(sites()[1], g), Sender(sites()[2], g)
    unwanted.n = 1000
    for x in s, unwanted:
        stream(x, [old, new], 30)
    exactly(new, 0, 30)
    assert set(old.got) == set(range(30)) | set(range(1000, 1030)), row
    assert max(new.got) < 1000, "of another source"
    # the old host leaves: the new one is asked, and loses nothing
    stream(s, [new], 600, at={50: old.close})
    exactly(new, 0, 630)
    # BLOCK says nothing while version 2 is there (7.3.2): its time ends it
    for x in s, unwanted, new:
        x.close()


def fragments():
    """that this namespace has made of IPv4 packets"""
    with open("/proc/thread-self/net/snmp") as f:
        names, values = [r.split() for r in f if r.startswith("Ip:")]
    return int(values[names.index("FragCreates")])


@test
def small_underlay():
    """1,400 octets over an underlay of 1,280: IPv4 in fragments inside, with
    DF dropped, IPv6 told to be smaller; nothing is in fragments outside but
    where that is configured"""
    for n in 5, 6, 10:
        with edge.net.core:
            edgenet.ip("link", "set", "u%d" % n, "mtu", "1280")
        with sites()[n].router:
            edgenet.ip("link", "set", "und", "mtu", "1280")
        reload(sites()[n], "mtu 1400", "mtu 1228")
    g, g6 = "239.1.2.3", "ff0e::2:3"
    ms = members(g, 6) + members(g6, 6)
    s = Sender(sites()[5], g, size=1400)
    stream(s, ms, 20)
    exactly(ms[0], 0, 20)
    df = Sender(sites()[5], g, size=1400, df=True)
    df.n = 1000
    stream(df, ms, 10)
    assert max(ms[0].got) < 1000, "DF, and yet in fragments"
    drops = flow(5, g, "out")["drops"]
    assert "too-big 10" in drops, drops
    with sites()[5].router:
        assert fragments() == 0, "fragments outside"
    # IPv6 knows no link of less than 1,280 (RFC 8200 5): the host is told,
    # and sends fragments of so many, which need the df off of site 10
    tap = edgenet.Tap(sites()[10].host, "eth0")
    s6 = Sender(sites()[10], g6, size=1400)
    for _ in range(20):
        with contextlib.suppress(OSError):
            s6.send()
        pump(ms, 0.05)
    f = flow(10, g6, "out")
    assert "too-big 1" in f["drops"], f
    # and in a frame that a network card lets through to it: that of its
    # solicited-node group (RFC 4291 2.7.1)
    told = [p for p in tap.frames() if p[12:14] == b"\x86\xdd" and
            p[20] == 58 and p[54] == 2]
    assert told and all(p[:6] == b"\x33\x33\xff" + p[51:54]
                        for p in told), told
    missing = ms[1].missing(1, 20)
    assert not missing, missing
    close(s, df, s6, *ms)


@test
def reload_in_midstream():
    """both edges of a running stream get another configuration: it goes on"""
    g = "239.1.2.4"
    ms = members(g, 2, 3)
    s = Sender(sites()[1], g)

    def change(n):
        reload(sites()[n], "allow group 232.0.0.0/8",
               "allow group 232.0.0.0/8\n\tallow group 233.0.0.0/8")

    stream(s, ms, 600, at={100: lambda: change(1), 300: lambda: change(2)})
    for m in ms:
        exactly(m, 0, 600)
    close(s, *ms)


def routes(*numbers):
    """Hosts of these sites reach each other by unicast, too."""
    for n in numbers:
        with sites()[n].router:
            edgenet.Namespace.sysctl("net/ipv4/ip_forward", 1)
            for k in numbers:
                if k != n:
                    edgenet.ip("route", "replace", "10.1.%d.0/24" % k, "via",
                               sites()[k].addr)


def ddsperf(n, *words):
    log = open(os.path.join(sites()[n].suite.dir, "dds.log"), "w+")
    uri = ("<General><Interfaces><NetworkInterface name='eth0'/>"
           "</Interfaces></General>")
    with sites()[n].host:
        p = subprocess.Popen(
            ["ddsperf"] + list(words), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, CYCLONEDDS_URI=uri))
    running.append(p)
    return p, log


@test
def cyclone_dds():
    """programs with DDS find each other at two sites when its groups are
    allowed, and not before"""
    if not shutil.which("ddsperf"):
        raise Skip("ddsperf is not installed (Debian: cyclonedds-tools)")
    routes(8, 9)
    for n in 8, 9:
        reload(sites()[n], "allow group 239.0.0.0/8",
               "allow group 239.1.0.0/16")

    def meet(patience):
        both = [ddsperf(8, "-D", "60", "ping", "10Hz"),
                ddsperf(9, "-D", "60", "pong")]
        try:
            wait("a round trip", lambda: " mean " in open(
                both[0][1].name).read(), patience)
            return True
        except Gone:
            return False
        finally:
            for p, log in both:
                p.kill()
                p.wait()
                log.close()

    assert not meet(4), "they found each other without an edge's help"
    for n in 8, 9:
        reload(sites()[n], "allow group 239.1.0.0/16",
               "allow group 239.1.0.0/16\n\tallow group 239.255.0.0/16")
    assert meet(20), "they did not find each other"


@test
def without_privileges():
    """the tests of edge.py begin as a user who may do nothing, where the
    system lets a user make namespaces"""
    user = ["setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups"] if os.geteuid() == 0 else []
    probe = subprocess.run(
        user + ["unshare", "-Urn", "ip", "link", "add", "p0", "type", "veth",
                "peer", "name", "p1"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if probe.returncode != 0:
        raise Skip("a user can make no network namespaces here: " +
                   " ".join(probe.stdout.split()))
    env = dict(os.environ)
    env.pop("MARS_EDGE_NET")
    python = sys.executable if not user else "/usr/bin/python3"
    if not os.access(python, os.X_OK):
        raise Skip("%s is not there for that user" % python)
    r = subprocess.run(
        user + [python, "-B", edge.__file__, "two_of_three", "ipv6"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=env)
    assert r.returncode == 0 and r.stdout.count("\nok ") + \
        r.stdout.startswith("ok ") == 2 and "SKIP" not in r.stdout, r.stdout


def main():
    why = edgenet.unshared()
    if why:
        print("ok 1 - ten sites # SKIP %s" % why)
        print("1..1")
        return 0
    edge.net = Net()
    for n in range(1, SITES + 1):
        edge.net.site(n, edge="df off" if n == 10 else "")
    edge.net.start()
    return edgenet.run(edge.net, tests)


if __name__ == "__main__":
    sys.exit(main())
