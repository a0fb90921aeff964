# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Edges between sites, with real sockets as hosts: see edgenet.py."""

import os
import resource
import shutil
import socket
import subprocess
import sys
import time

import edgenet
from edgenet import Member, Net, Sender, Site, pump, stream
from suite import Skip, running, wait

net = None
tests = []


def test(f):
    tests.append(f)
    return f


def joined(site, group):
    return site.joined(group)


def members(group, *sites, **kw):
    ms = [Member(net.sites[n], group, **kw) for n in sites]
    for m in ms:
        wait("site %d has joined %s" % (m.site.n, group),
             lambda m=m: joined(m.site, group), 10)
    return ms


def close(*what):
    for w in what:
        w.close()
    for w in what:
        if isinstance(w, Member):
            wait("site %d has left %s" % (w.site.n, w.group),
                 lambda w=w: not joined(w.site, w.group), 10)


def exactly(m, first, last):
    missing = m.missing(first, last)
    assert not missing, "site %d missed %d, %s, of %d" % (
        m.site.n, len(missing), missing[:10], last - first)
    assert m.doubles() == 0, "site %d got %d twice" % (m.site.n, m.doubles())


def has_tun():
    return os.access("/dev/net/tun", os.R_OK | os.W_OK)


def flow(site, group, direction):
    rows = net.sites[site].suite.rows("flows", group=group,
                                      direction=direction)
    return rows[0] if rows else None


@test
def two_of_three():
    """members at two of three other sites get each packet once"""
    g = "239.1.1.1"
    ms = members(g, 2, 3)
    s = Sender(net.sites[1], g)
    stream(s, ms, 200)
    for m in ms:
        exactly(m, 0, 200)
        assert m.ttl == {7}, m.ttl
    f = flow(1, g, "out")
    assert f["packets"] == 200 and f["members"] == 2, f
    assert flow(2, g, "in")["packets"] == 200
    assert flow(4, g, "in") is None, "site 4 got what it does not want"
    close(s, *ms)


@test
def join_and_leave_in_midstream():
    """who joins gets packets at once, who leaves gets none, others all"""
    g = "239.1.1.2"
    ms = members(g, 2)
    s = Sender(net.sites[1], g)
    when = {}

    def join():
        when["join"] = time.monotonic()
        ms.append(Member(net.sites[3], g))

    def leave():
        pump(ms, 0.1)       # what was sent before is there by then
        ms[1].leave()

    stream(s, ms, 500, at={100: join, 300: leave})
    exactly(ms[0], 0, 500)
    late = ms[1]
    assert late.first is not None, "site 3 got nothing"
    delay = late.first - when["join"]
    exactly(late, min(late.got), 300)
    print("# join to first packet %.0f ms" % (delay * 1000))
    assert delay < 1.0, delay
    assert max(late.got) < 400, "a packet after the leave"
    close(s, *ms)


@test
def first_receiver_of_a_running_stream():
    """a stream that nobody wanted reaches the first who does"""
    g = "239.1.1.3"
    ms = []
    s = Sender(net.sites[1], g)
    when = {}

    def join():
        when["join"] = time.monotonic()
        ms.append(Member(net.sites[2], g))

    stream(s, ms, 400, at={100: join})
    assert ms[0].first is not None, "nothing came"
    delay = ms[0].first - when["join"]
    print("# join to first packet %.0f ms" % (delay * 1000))
    assert delay < 1.0, delay
    close(s, *ms)


@test
def source_filter():
    """of two sources only the one that was asked for is let through"""
    g = "232.1.1.1"
    ms = members(g, 3, sources=["10.1.1.2"])
    a, b = Sender(net.sites[1], g), Sender(net.sites[2], g)
    b.n = 100000
    for _ in range(50):
        a.send()
        b.send()
        pump(ms, 0.01)
    pump(ms, 0.3)
    exactly(ms[0], 0, 50)
    assert max(ms[0].got) < 100000, "of the other source"
    rows = net.sites[3].suite.rows("flows", source="10.1.2.2", group=g)
    assert rows and rows[0]["drops"] == ["filtered 50"], rows
    l = net.sites[3].suite.rows("listeners", group=g)[0]
    assert l["mode"] == "include" and l["sources"] == ["10.1.1.2"], l
    close(a, b, *ms)


@test
def ipv6():
    """the same with IPv6 and MLD"""
    g = "ff0e::1:1"
    ms = members(g, 2, 4)
    s = Sender(net.sites[1], g)
    stream(s, ms, 100)
    for m in ms:
        exactly(m, 0, 100)
        assert m.ttl == {7}, m.ttl
    assert flow(3, g, "in") is None
    close(s, *ms)


@test
def undone_checksums():
    """what a veth sends without a checksum arrives with one"""
    g = "239.1.1.4"
    ms = members(g, 2)
    s = Sender(net.sites[1], g, size=1316)
    stream(s, ms, 50)
    # a kernel socket drops a packet whose checksum is wrong
    exactly(ms[0], 0, 50)
    close(s, *ms)


@test
def segments():
    """what a veth sends as one packet, of which a network card would make
    several, is no packet: it is counted, and others go on"""
    g = "239.1.1.17"
    ms = members(g, 2)
    s = Sender(net.sites[1], g, size=3000)
    stream(s, ms, 5)
    exactly(ms[0], 0, 5)        # in fragments, by the sender
    s.s.setsockopt(socket.IPPROTO_UDP, 103, 1000)       # UDP_SEGMENT
    stream(s, ms, 5)
    s.s.setsockopt(socket.IPPROTO_UDP, 103, 0)
    stream(s, ms, 5)
    assert ms[0].missing(0, 15) == list(range(5, 10)), ms[0].got
    assert "too-big 5" in flow(1, g, "out")["drops"], flow(1, g, "out")
    close(s, *ms)


@test
def mars_dies():
    """the MARS is killed in mid-stream: no packet is lost, and it comes
    back"""
    g = "239.1.1.5"
    ms = members(g, 2, 3)
    s = Sender(net.sites[1], g)
    stream(s, ms, 600, at={100: net.mars.kill, 400: net.mars.start})
    for m in ms:
        exactly(m, 0, 600)
    for n in 1, 2, 3:
        wait("site %d has joined again" % n, lambda n=n: net.sites[n].ready()
             and (n == 1 or joined(net.sites[n], g)), 30)
    close(s, *ms)


@test
def ttl_ends():
    """TTL 1 ends at the edge, and is counted"""
    g = "239.1.1.6"
    ms = members(g, 2)
    s = Sender(net.sites[1], g, ttl=1)
    stream(s, ms, 10)
    assert not ms[0].got
    lan = net.sites[1].suite.rows("lans", lan="lan")[0]
    assert "ttl 10" in lan["drops"], lan
    close(s, *ms)


@test
def not_allowed():
    """a group that no rule allows is neither joined nor sent, and counted"""
    g = "224.5.5.5"
    m = Member(net.sites[2], g)
    s = Sender(net.sites[1], g)
    stream(s, [m], 10)
    assert not m.got
    lan = net.sites[1].suite.rows("lans", lan="lan")[0]
    assert "not-allowed-group 10" in lan["drops"], lan
    assert not joined(net.sites[2], g)
    assert net.sites[2].suite.counter("igmp-record-not-allowed") > 0
    s.close()
    m.close()


@test
def older_hosts():
    """a host that speaks IGMPv2 beside those that speak version 3"""
    g = "239.1.1.7"
    with net.sites[4].host:
        edgenet.Namespace.sysctl("net/ipv4/conf/eth0/force_igmp_version", 2)
    ms = members(g, 2, 4)
    l = net.sites[4].suite.rows("listeners", group=g)[0]
    assert l["version"] == 2, l
    s = Sender(net.sites[1], g)
    stream(s, ms, 50)
    for m in ms:
        exactly(m, 0, 50)
    close(s, *ms)
    with net.sites[4].host:
        edgenet.Namespace.sysctl("net/ipv4/conf/eth0/force_igmp_version", 0)


@test
def large_packets():
    """larger than the mtu: fragments inside, or dropped if DF is set"""
    g = "239.1.1.8"
    ms = members(g, 2)
    s = Sender(net.sites[1], g, size=1450)
    stream(s, ms, 20)
    exactly(ms[0], 0, 20)
    df = Sender(net.sites[1], g, size=1450, df=True)
    df.n = 1000
    stream(df, ms, 10)
    assert max(ms[0].got) < 1000
    assert "too-big 10" in flow(1, g, "out")["drops"], flow(1, g, "out")
    close(s, df, *ms)


@test
def dscp_and_ecn():
    """DSCP and ECN are copied to the packet outside, and kept inside"""
    g = "239.1.1.11"
    ms = members(g, 2)
    tap = edgenet.Tap(net.core, "u1")
    s = Sender(net.sites[1], g, tos=0xb9)
    stream(s, ms, 10)
    exactly(ms[0], 0, 10)
    assert ms[0].tos == {0xb9}, ms[0].tos
    outer = tap.tos(2022 + 16)
    # those of one turn are one frame here (UDP_SEGMENT)
    assert set(outer) == {0xb9}, outer
    close(s, *ms)


@test
def flood_of_groups():
    """a host that sends to 20,000 groups costs nobody else anything"""
    g = "239.1.1.12"
    ms = members(g, 2)
    s = Sender(net.sites[1], g)
    before = net.sites[1].suite.rows("edges", protocol="ipv4")[0]["cmi"]
    flood = Sender(net.sites[1], "239.9.0.0")
    begin = time.monotonic()
    for i in range(20000):
        flood.to = ("239.9.%d.%d" % (i >> 8, i & 255), edgenet.PORT)
        flood.send()
        if i % 100 == 0:
            s.send()
            pump(ms, 0.01)
    pump(ms, 0.5)
    exactly(ms[0], 0, 200)
    edge = net.sites[1].suite.rows("edges", protocol="ipv4")[0]
    assert edge["registered"] and edge["cmi"] == before, edge
    assert net.sites[1].suite.counter("flow-new-flows") > 10000
    rss = net.sites[1].rss()
    may = net.sites[1].suite.may_take()["edged"] / 1000
    print("# %.1f s, RSS %.1f MB of %.1f" %
          (time.monotonic() - begin, rss, may))
    box = net.sites[1].suite.ctl("summary")["edged"]["sandbox"]
    assert rss < 16 or "sanitizer" in box, rss
    close(s, flood, *ms)


@test
def thin_uplink():
    """where twice as much is sent as the uplink takes, what arrives is not
    late, and a join does not wait behind it"""
    g, own = "239.5.1.1", "239.5.1.2"
    one, ms = net.sites[1], members(g, 2)
    s = Sender(one, g, size=1316)
    stream(s, ms, 20)
    with one.router:
        if subprocess.run("tc qdisc add dev und root tbf rate 5mbit burst 5000"
                          " limit 50000000".split(),
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("no tbf")
    first, begin, late, waited = s.n, time.monotonic(), 0, None
    while s.n - first < 2000:
        while s.n - first < (time.monotonic() - begin) * 1000:
            s.send()
        ms[0].got.clear()
        pump(ms, 0.005)
        late = max([late] + [s.n - n for n in ms[0].got])
        if s.n - first > 1000 and len(ms) == 1:
            ms.append(Member(one, own))
            asked = s.n
        if len(ms) == 2 and waited is None and joined(one, own):
            waited = s.n - asked
    with one.router:
        subprocess.run("tc qdisc del dev und root".split(), check=True)
    print("# %d of 2000 behind, a join waits for %s" % (late, waited))
    assert 0 < late < 500, late
    assert waited is not None and waited < 500, waited
    close(s, *ms)


@test
def a_lan_that_comes_later():
    """the interface of a LAN goes and comes back: its hosts get packets"""
    site, g = net.sites[4], "239.1.1.13"
    with site.host:
        edgenet.ip("link", "del", "lan4")
    wait("the LAN is down", lambda: not site.suite.rows(
        "lans", lan="lan")[0]["up"], 10)
    site.wire("lan4", "lan", 1, again=True)
    wait("the LAN is up", site.forwards, 10)
    ms = members(g, 4)
    s = Sender(net.sites[1], g)
    stream(s, ms, 50)
    exactly(ms[0], 0, 50)
    close(s, *ms)


@test
def a_lan_for_which_there_is_no_socket():
    """the interface comes when mars has no descriptor left for its sockets:
    it is tried again, and said once"""
    site = net.sites[4]
    pid = site.suite.process.pid
    # it takes three descriptors, and the other way one
    kernel = site.suite.rows("edges")[0]["path"] == "kernel"
    with site.host:
        edgenet.ip("link", "del", "lan4")
    wait("the LAN is down", lambda: not site.suite.rows(
        "lans", lan="lan")[0]["up"], 10)
    used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
    limit = [fd for fd in range(len(used) + 2) if fd not in used][1] + 1
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # two are left, with which interfaces are looked at
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    site.wire("lan4", "lan", 1, again=True)
    if kernel:
        wait("it is said", lambda: site.suite.logged("Too many open files"),
             10)
    # nothing more happens to it that would have mars look
    with site.router:
        wait("its addresses are there", lambda: b"tentative" not in
             subprocess.check_output(["ip", "addr", "show", "dev", "lan"]), 10)
    time.sleep(0.5)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    wait("the LAN is up", site.forwards, 10)
    with open(site.suite.log) as f:
        times = f.read().count("Too many open files")
    assert times == kernel, times


@test
def a_lan_that_is_removed():
    """from the configuration: nothing more is read from its interface"""
    site = net.sites[3]

    def sockets():
        with site.router, open("/proc/net/packet") as f:
            return [line.split()[4] for line in f][1:]

    with site.router:
        edgenet.ip("link", "add", "more", "type", "veth", "peer", "name",
                   "hmore")
        edgenet.ip("link", "set", "more", "up")
        more = str(socket.if_nametoindex("more"))
    before, old = sockets(), site.suite.configured()
    at = old.rindex("}")
    site.suite.reload(old[:at] + 'lan "more"\n' + old[at:])
    wait("the LAN is there", lambda: more in sockets(), 10)
    site.suite.reload(old)
    wait("it is left alone", lambda: sockets() == before, 10)


@test
def programs_of_the_router():
    """a program on the machine of the edge is a host of its tun"""
    if not has_tun():
        raise Skip("/dev/net/tun can't be opened")
    site, g = net.sites[4], "239.1.1.14"
    here = edgenet.Machine(site.router, "mars0")
    m = Member(here, g)
    wait("site 4 has joined", lambda: joined(site, g), 10)
    s = Sender(net.sites[1], g)
    stream(s, [m], 50)
    exactly(m, 0, 50)
    s.close()
    # and the other way
    ms = members("239.1.1.15", 2)
    t = Sender(here, "239.1.1.15")
    stream(t, ms, 50)
    exactly(ms[0], 0, 50)
    m.close()
    close(t, *ms)


@test
def multicast_server():
    """site 4 serves the groups: the sender sends one copy, none of its own
    comes back"""
    g = "239.2.1.1"
    ms = members(g, 2, 3)
    own = Member(net.sites[1], g)
    wait("site 4 is the server of %s" % g, lambda: any(
        r["server-count"] == 1 and r["group-min"] == "239.2.0.0"
        for r in net.mars.ctl("groups")), 10)
    s = Sender(net.sites[1], g)
    stream(s, ms + [own], 100)
    for m in ms:
        exactly(m, 0, 100)
    f = flow(1, g, "out")
    assert f["members"] == 1 and f["copies"] == 100, f
    assert flow(1, g, "in") is None, flow(1, g, "in")
    own.close()
    close(s, *ms)
    # what overlaps what was served before is served when that has been left
    suite = net.sites[4].suite
    old = suite.configured()
    for bits, last in ("/17", "239.2.127.255"), ("/16", "239.2.255.255"):
        suite.reload(old.replace("239.2.0.0/16", "239.2.0.0" + bits))
        wait("239.2.0.0%s is served" % bits, lambda last=last: [
            r["group-max"] for r in net.mars.ctl("joins")
            if r["map"] == "server"] == [last], 10)


@test
def static_block():
    """a block of 65,536 groups is one join: all of it goes out on the LAN, a
    host of it that comes and goes ends nothing"""
    g, site = "239.3.77.1", net.sites[3]
    wait("site 3 is a member of all", lambda: any(
        r["group-min"] == "239.3.0.0" and r["group-max"] == "239.3.255.255" and
        r["member-count"] == 1 for r in net.mars.ctl("groups")), 10)
    wait("one join", lambda:
         site.suite.rows("edges")[0]["joins"] == 1, 10)
    s = Sender(net.sites[1], g)
    m = Member(site, g)
    wait("joined alone as well",
         lambda: site.suite.rows("edges")[0]["joins"] == 2, 10)
    stream(s, [m], 50)
    exactly(m, 0, 50)
    m.close()
    wait("nobody wants it",
         lambda: site.suite.rows("edges")[0]["joins"] == 1, 10)
    before = flow(3, g, "in")["copies"]
    stream(s, [], 50)
    wait("the LAN gets it", lambda:
         flow(3, g, "in")["copies"] == before + 50, 5)
    assert flow(1, g, "out")["members"] == 1
    s.close()


@test
def rate_of_what_leaves():
    """the rate of a group is of what leaves for other sites, and not of what
    comes from there"""
    g = "239.5.3.1"
    m = Member(net.sites[2], g)
    wait("site 2 has joined", lambda: joined(net.sites[2], g), 10)
    s = Sender(net.sites[1], g, size=1000)
    stream(s, [m], 200)
    exactly(m, 0, 200)
    s.close()
    m.close()


@test
def link_local_sources():
    """mDNS of IPv6, whose sources are link-local, reaches another site"""
    g = "ff02::fb"
    m = Member(net.sites[2], g)
    wait("site 2 has joined", lambda: net.sites[2].joined(g), 10)
    s = Sender(net.sites[1], g, ttl=255)
    stream(s, [m], 20)
    exactly(m, 0, 20)
    assert m.ttl == {255}
    row, = (r for r in net.sites[2].suite.rows("flows", direction="in")
            if r["group"] == g)
    assert row["source"].startswith("fe80::") and row["drops"] == [], row
    s.close()
    m.close()


@test
def mdns():
    """avahi-daemon at another site answers, since its group is named"""
    if not shutil.which("avahi-daemon"):
        raise Skip("avahi-daemon is not installed")
    far, near = net.sites[2], net.sites[1]
    conf = os.path.join(far.suite.dir, "avahi.conf")
    with open(conf, "w") as f:
        f.write("[server]\nhost-name=far\nuse-ipv6=no\nenable-dbus=no\n"
                "allow-interfaces=eth0\n[wide-area]\n"
                "enable-wide-area=no\n")
    with far.host:
        p = subprocess.Popen(["avahi-daemon", "-f", conf, "--no-drop-root",
                              "--no-chroot", "--no-rlimits"],
                             stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    running.append(p)
    heard = edgenet.Questioner(near, "224.0.0.251", 5353)
    question = bytes(5) + b"\1" + bytes(6) + b"\3far\5local\0\0\1\0\1"

    def answered():
        if p.poll() is not None:
            raise Skip("avahi-daemon does not run here")
        return any(source == "10.1.2.2" and data[2] & 0x80 and
                   b"\3far" in data
                   for data, source in heard.ask(question, 0.3))

    wait("an answer", answered, 10)
    heard.s.close()
    p.terminate()
    p.wait()


def metrics(site):
    """Those that edged has, by name and labels."""
    r = site.suite.marsctl("show", "metrics")
    assert r.returncode == 0, r
    return {k: float(v) for k, v in (
        line.rsplit(" ", 1) for line in r.stdout.splitlines()
        if not line.startswith("#"))}


@test
def what_is_counted():
    """metrics of edges, LANs and flows; clear counters lets them begin anew"""
    g, edge, lan = "239.1.1.11", 'edge="site%d"', 'edge="site%d",lan="lan"'
    for n in 1, 2:
        r = net.sites[n].suite.marsctl("clear", "counters")
        assert r.returncode == 0, r
    before = [metrics(net.sites[n]) for n in (1, 2)]
    ms = members(g, 2)
    s = Sender(net.sites[1], g)
    stream(s, ms, 100, settle=0.6)
    a, b = [metrics(net.sites[n]) for n in (1, 2)]
    for m, n, name, labels, value in (
            (a, 1, "mars_edge_out_packets_total", edge % 1, 100),
            (a, 1, "mars_edge_out_copies_total", edge % 1, 100),
            (b, 2, "mars_edge_in_packets_total", edge % 2, 100),
            (b, 2, "mars_edge_in_copies_total", edge % 2, 100),
            (a, 1, "mars_lan_in_packets_total", lan % 1, 100),
            (a, 1, "mars_lan_up", lan % 1, 1),
            (b, 2, "mars_lan_forwards", lan % 2, 1),
            (b, 2, "mars_lan_groups_ipv4", lan % 2, 1),
            (b, 2, "mars_lan_hosts", lan % 2, 1),
            (b, 2, "mars_edge_registered", edge % 2 + ',protocol="ipv4"', 1)):
        key = "%s{%s}" % (name, labels)
        assert m[key] >= value, (key, m.get(key))
        if name.endswith("_total"):
            was = before[n - 1][key]
            assert was <= 10 and m[key] <= value + 10, (key, was, m[key])
    direction = '{edge="site1",direction="out"}'
    assert a["mars_edge_flows_counted" + direction] >= 1, a
    assert a["mars_edge_flow_members" + direction] >= 1, a
    assert a["mars_edge_flow_bits_per_second" + direction] > 0, a
    close(s, *ms)


@test
def log_of_one_client():
    """log verbose client ADDRESS: of one site, and of the MARS"""
    one, g = net.sites[1].suite, "239.1.1.12"
    there = net.sites[2].suite.rows("edges")[0]["address"]
    other = net.sites[3].suite.rows("edges")[0]["address"]
    mars = one.rows("edges")[0]["server"]
    for who in there, mars:
        r = one.marsctl("log", "verbose", "client", who)
        assert r.returncode == 0, r
    ms = members(g, 2, 3)
    s = Sender(net.sites[1], g)
    stream(s, ms, 20)
    close(s, *ms)
    for text in ("%s is sent %s" % (there, g),
                 "%s is no longer sent %s" % (there, g),
                 "%s sent us MARS_" % mars):
        wait("it is logged", lambda t=text: one.logged(
            "edge site1: ipv4: " + t), 10)
    assert not one.logged("%s is sent" % other), one.tail()
    for who in there, mars:
        assert one.marsctl("log", "brief", "client", who).returncode == 0
    r = one.marsctl("log", "brief", "client", there)
    assert r.returncode == 1 and "not watched" in r.stderr, r


@test
def refused_hello():
    """hellos that no edge says: a line of the audit log, and a count"""
    x = net.sites[2]

    def told():
        return [line for line in open(x.suite.log)
                if "event=hello-refused" in line]

    s = Sender(x, "224.0.0.1", ttl=255)
    s.to = ("224.0.0.1", 1021)
    for _ in range(50):
        s.send()
    line = wait("it is in the audit log", told, 10)[0]
    assert ('edge=site2 lan=lan address=10.1.2.2 reason=version' in line and
            "edged: audit pid=%d " % x.suite.children()["edged"] in line), line
    wait("all are counted", lambda: x.suite.sum("hello-version") == 50, 10)
    assert len(told()) == 1, told()

    def more():
        s.send()
        return told()[1:]

    # after a pause of 4 s
    line = wait("the others are said", more, 10)[0]
    assert int(line.split("more=")[1]) >= 49, line
    s.close()


@test
def two_edges():
    """two edges on a LAN: one copy; one is killed: the other takes over"""
    g = "239.1.1.9"
    second = Site(net, 3, router=net.sites[3], lan="priority 50")
    second.suite.start(expect=False)
    wait("the second edge is registered", lambda: all(
        e["registered"] for e in second.suite.ctl("edges") or [{
            "registered": False}]), 10)
    wait("it hears the first", lambda: second.suite.rows(
        "lans", lan="lan")[0]["role"] == "backup", 10)
    assert net.sites[3].forwards() and not second.forwards()
    ms = members(g, 3)
    s = Sender(net.sites[1], g)
    stream(s, ms, 100)
    exactly(ms[0], 0, 100)
    # the other way: a host of theirs sends
    back = members("239.1.1.10", 2)
    t = Sender(net.sites[3], "239.1.1.10")
    stream(t, back, 100)
    exactly(back[0], 0, 100)
    killed = {}

    def kill():
        net.sites[3].suite.kill()
        killed["n"] = s.n

    first = s.n
    stream(s, ms, 1000, at={100: kill})
    lost = [n for n in ms[0].missing(killed["n"], first + 1000)]
    print("# %.2f s until the other forwards" % (len(lost) / 200))
    assert len(lost) < 3 * 200, lost[-1]
    assert not ms[0].missing(lost[-1] + 1 if lost else first, first + 1000)
    assert ms[0].doubles() == 0
    s.close()
    t.close()
    ms[0].close()
    back[0].close()


def tunnel(site, name):
    """A WireGuard interface in the site's router; its public key."""
    with site.router:
        p = subprocess.Popen(["wireguard-go", "-f", name],
                             env=dict(os.environ, LOG_LEVEL="error"),
                             stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    running.append(p)
    wait("wireguard-go is there", lambda: p.poll() is not None or
         os.path.exists("/var/run/wireguard/%s.sock" % name), 5)
    if p.poll() is not None:
        raise Skip("wireguard-go does not run here")
    key = os.path.join(site.suite.dir, "wg.key")
    secret = subprocess.run(["wg", "genkey"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(secret)
    subprocess.run(["wg", "set", name, "private-key", key, "listen-port",
                    "51820"], check=True)
    return subprocess.run(["wg", "pubkey"], input=secret, check=True,
                          text=True, stdout=subprocess.PIPE).stdout.strip()


@test
def over_wireguard():
    """as mars(7) says: two sites over WireGuard, the MARS beside an edge"""
    if not shutil.which("wireguard-go") or not shutil.which("wg"):
        raise Skip("wireguard-go and wireguard-tools are not installed")
    sites = [net.sites[1], net.sites[2]]
    for x in sites:
        x.suite.stop()
    names = ["w%d-%d" % (os.getpid() % 1000000, x.n) for x in sites]
    keys = [tunnel(x, name) for x, name in zip(sites, names)]
    for i, x in enumerate(sites):
        other = sites[1 - i]
        with x.router:
            subprocess.run([
                "wg", "set", names[i], "peer", keys[1 - i], "endpoint",
                other.addr + ":51820", "allowed-ips",
                "10.200.0.%d/32" % other.n], check=True)
            edgenet.ip("addr", "add", "10.200.0.%d/24" % x.n, "dev",
                       names[i])
            edgenet.ip("link", "set", names[i], "mtu", "1420", "up")
    suites = []
    for x in sites:
        text = edgenet.HEAD + """
key 257 { algorithm hmac-sha256, file "%%(key)s" }
edge "site%d" {
	address 10.200.0.%d%%%%16
	servers 10.200.0.1
	protocol ipv4
	allow group 239.0.0.0/8
	key 257
	lan "lan"
}
""" % (x.n, x.n)
        if x.n == 1:
            text += """
listen on udp 10.200.0.1
cluster "sites" { protocol ipv4 }
"""
        suites.append(edgenet.Suite(x.router, text))
        suites[-1].start()
    for y in suites:
        wait("an edge is ready", lambda y=y: all(
            r["registered"] and r["forwards"] for r in y.ctl("edges")), 15)
        keys = [r for r in y.ctl("keys") if r.get("edge")]
        assert [(r["spi"], r["algorithm"], r["state"]) for r in keys] == [
            (257, "hmac-sha256", "valid")], y.ctl("keys")
    g = "239.1.1.16"
    m = Member(sites[1], g)
    wait("site 2 has joined", lambda: suites[0].group(g), 10)
    s = Sender(sites[0], g, size=1400)
    stream(s, [m], 200)
    exactly(m, 0, 200)
    s.close()
    m.close()


def main():
    global net
    why = edgenet.unshared()
    if why:
        print("ok 1 - edges # SKIP %s" % why)
        print("1..1")
        return 0
    net = Net()
    for n in 1, 2, 3:
        # a group with a rate goes the user path
        net.site(n, edge="" if n == 3 else
                 "link-local 224.0.0.251, ff02::fb\n"
                 "group 239.5.0.0/16 { rate %s }" % (
                     "100M" if n == 1 else "100K"),
                 lan="static 239.3.0.0/16" if n == 3 else "")
    net.site(4, edge="serve 239.2.0.0/16" + ("""
	tun "mars0" { address 10.1.4.254/32 }""" if has_tun() else ""))
    begin = time.monotonic()
    try:
        net.start()
    except Exception as e:
        print("not ok 1 - sites begin: %s" % e)
        for x in net.sites.values():
            print("".join("# " + l for l in x.suite.tail(15).splitlines(True)))
            print("# %s %s" % (x.suite.ctl("edges"), x.suite.ctl("lans")))
        print("1..1")
        return 1
    print("# up after %.1f s" % (time.monotonic() - begin), flush=True)
    return edgenet.run(net, tests)


if __name__ == "__main__":
    sys.exit(main())
