# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The path through the kernel: its octets are those of the user path, known
flows go on while edged is stopped, and end when a member leaves, when the LAN
changes hands, and when edged has gone.  Needs root, clang and libbpf at the
build, and Linux 6.6; where one of them is missing it says so."""

import ctypes
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import edgenet
from edgenet import checksums_done, Member, Namespace, Net, Sender, Tap, pump, stream
from suite import Skip, main, test, wait

GROUP, GROUP6 = "239.1.1.1", "ff0e::1:1"

# common/codec/kpath.h: octets of the table
FLOWS, FLOW, LEAF, NLEAVES = 16 + 11 * 8, 112, 48, 16384
LEAVES = FLOWS + 2048 * FLOW
PIDFD_GETFD = 438

why = edgenet.unshared()
if why is None and os.geteuid() != 0:
    why = "not root"


class Wire(Tap):
    """Whole frames that leave an edge with data of circuits."""

    def data(self):
        r = []
        while True:
            try:
                p, a = self.s.recvfrom(4096)
            except BlockingIOError:
                return r
            # UDP to SEL 16's port, an NVC header of type DATA
            if (a[2] == 4 and p[12:14] == b"\x08\x00" and p[23] == 17 and
                    p[42] == 0x17):
                r.append(p)


class Frame:
    """The next packet of a sender, to be sent as often as one likes."""

    def __init__(self, site, sender):
        with site.host:
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                   socket.htons(3))
            self.s.bind((site.interface, 0))
        self.s.settimeout(2)
        mark = struct.pack("!I", sender.n) + b"xxxx"
        sender.send()
        while True:
            self.frame, a = self.s.recvfrom(4096)
            if a[2] == 4 and mark in self.frame:
                return

    def send(self):
        self.s.send(self.frame)


def ones(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s


def sites(n, edge="", lan=""):
    net = Net()
    for i in range(1, n + 1):
        s = net.site(i, edge=edge if i == 1 else "path user",
                     lan=lan if i == 1 else "")
        with s.router:
            Namespace.sysctl("net/ipv4/conf/all/forwarding", 1)
            Namespace.sysctl("net/ipv6/conf/all/forwarding", 1)
        # a packet of a container has no checksum, and goes up
        checksums_done(s.host, "lan%d" % i)
        checksums_done(s.host, "eth0")
    checksums_done(net.sites[1].router, "und")
    net.start()
    if net.sites[1].suite.rows("edges")[0]["path"] != "kernel":
        raise Skip("no path through the kernel: " + next(
            (line for line in net.sites[1].suite.tail().splitlines()
             if "through the kernel" in line), "?"))
    return net


def flow(site, group=GROUP):
    r = site.suite.rows("flows", group=group)
    return r[0] if r else None


def in_kernel(site, sender, members):
    """The flow goes through the kernel."""
    def ready():
        stream(sender, members, 10, settle=0.05)
        f = flow(site, sender.to[0])
        return f is not None and f["path"] == "kernel"
    wait("the flow is in the kernel", ready, 20)


def counter(site, name):
    return sum(r["value"] for r in site.suite.rows("counters")
               if r["name"] == name)


def compare(group, tos, size):
    net = sites(3)
    one = net.sites[1]
    members = [Member(net.sites[i], group) for i in (2, 3)]
    for i in 2, 3:
        wait("joined", lambda: net.sites[i].joined(group))
    sender = Sender(one, group, tos=tos, size=size)
    wire = Wire(one.router, "und")
    stream(sender, members, 3, rate=20)
    in_kernel(one, sender, members)
    sender.n = 5000
    frame = Frame(one, sender)
    pump(members, 0.3)
    wire.data()
    before = counter(one, "kernel-packets")
    frame.send()
    pump(members, 0.3)
    kernel = wire.data()
    wait("counted", lambda: counter(one, "kernel-packets") == before + 1)
    assert len(kernel) == 2, len(kernel)
    with one.router:
        Namespace.sysctl("net/ipv4/conf/all/forwarding", 0)
    time.sleep(1.2)     # the ways to members are asked for anew
    frame.send()
    pump(members, 0.3)
    user = wire.data()
    assert counter(one, "up-no-route") >= 1
    assert len(user) == 2, len(user)
    key = lambda p: p[30:34]    # noqa: E731 # destination
    for k, u in zip(sorted(kernel, key=key), sorted(user, key=key)):
        assert k == u, "\n%s\n%s" % (k.hex(), u.hex())
        assert ones(k[14:34]) == 0xffff
        assert ones(k[26:34] + struct.pack("!HH", 17, len(k) - 34) +
                    k[34:]) == 0xffff
    for m in members:
        assert m.got[5000] == 3, m.got
        assert m.ttl == {7}, m.ttl
    net.stop()


def streaming(net, **how):
    """A stream of site 1 to a member at site 2, which the kernel copies: the
    sites, the member, the sender."""
    one, two = net.sites[1], net.sites[2]
    member = Member(two, GROUP)
    wait("joined", lambda: two.joined(GROUP))
    sender = Sender(one, GROUP, **how)
    in_kernel(one, sender, [member])
    return one, two, member, sender


@test
def octets():
    """the same octets as the user path, IPv4, with DSCP"""
    compare(GROUP, 0xb8, 200)


@test
def octets_odd():
    """the same with an odd size"""
    compare(GROUP, 0, 1317)


@test
def octets6():
    """the same of IPv6"""
    compare(GROUP6, 0, 301)


@test
def stopped():
    """edged is stopped: known flows go on; a member that leaves gets no more"""
    net = sites(3)
    one, two, three = (net.sites[i] for i in (1, 2, 3))
    members = [Member(s, GROUP) for s in (two, three)]
    wait("joined", lambda: two.joined(GROUP) and three.joined(GROUP))
    sender = Sender(one, GROUP)
    in_kernel(one, sender, members)
    pid = one.suite.children()["edged"]
    first = sender.n
    os.kill(pid, signal.SIGSTOP)
    stream(sender, members, 200)
    os.kill(pid, signal.SIGCONT)
    for m in members:
        assert not m.missing(first, first + 200), m.missing(first, first + 200)
        assert m.doubles() == 0
    # what the kernel has sent is counted where everything is
    total = sender.n
    wait("counted", lambda: flow(one)["packets"] == total)
    assert flow(one)["members"] == 2
    # one member leaves
    gone = members.pop()
    gone.leave()
    wait("site 3 has left", lambda: not three.joined(GROUP))
    wait("its copies end", lambda: stream(sender, members, 4) or
         flow(one)["members"] == 1)
    in_kernel(one, sender, members)
    pump(members, 0.3)      # all is counted
    before, first = flow(one)["copies"], sender.n
    stream(sender, members, 20)
    assert not members[0].missing(first, first + 20)
    wait("counted", lambda: flow(one)["copies"] - before == 20)
    net.stop()


@test
def up():
    """what the kernel can't do goes up: fragments, TTL, wrong checksums"""
    net = sites(2)
    one, two, member, sender = streaming(net)
    large = Sender(one, GROUP, size=3000)
    large.n = 9000
    stream(large, [member], 2)
    assert member.got[9000] == member.got[9001] == 1, member.got
    last = Sender(one, GROUP, ttl=1)
    last.n = 9100
    before = counter(one, "ttl")
    stream(last, [member], 2)
    assert 9100 not in member.got
    assert counter(one, "ttl") == before + 2
    assert counter(one, "up-form") >= 2 and counter(one, "up-ttl") == 2
    # a program of the router itself hears the group as before
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with one.router:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((GROUP, edgenet.PORT))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack(
            "=4s4si", socket.inet_aton(GROUP), bytes(4),
            socket.if_nametoindex("lan")))
    listener.close()
    s.settimeout(2)
    in_kernel(one, sender, [member])
    n = sender.n
    stream(sender, [member], 1)
    while True:
        data, _ = s.recvfrom(4096)
        if struct.unpack_from("!I", data)[0] == n:
            break
    assert data == struct.pack("!I", n).ljust(200, b"x")
    net.stop()


@test
def gone():
    """edged dies: nothing is copied; it starts again, with an empty table"""
    net = sites(2)
    one, two, member, sender = streaming(net)
    os.kill(one.suite.children()["edged"], signal.SIGKILL)
    one.suite.process.wait()
    wire = Wire(one.router, "und")
    stream(sender, [member], 20)
    assert wire.data() == []
    one.suite.start(expect=False)
    wait("ready again", one.ready, 15)
    in_kernel(one, sender, [member])
    one.suite.stop()
    stream(sender, [member], 1)
    wire.data()
    stream(sender, [member], 5)
    assert wire.data() == []
    two.suite.stop()
    net.mars.stop()


def table_of(pid):
    """The table, which mars has; whoever has taken edged over writes it."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    for n in os.listdir("/proc/%d/fd" % pid):
        if os.readlink("/proc/%d/fd/%s" % (pid, n)) == "anon_inode:bpf-map":
            fd = libc.syscall(PIDFD_GETFD, pidfd, int(n), 0)
            assert fd != -1, os.strerror(ctypes.get_errno())
            return mmap.mmap(fd, LEAVES + LEAF * NLEAVES)
    raise AssertionError("there is no table")


@test
def taken():
    """whoever has taken edged over can't have a packet copied for ever"""
    net = sites(2)
    one, two, member, sender = streaming(net)
    sender.n = 5000
    frame = Frame(one, sender)
    pid = one.suite.children()["edged"]
    wire = Wire(one.router, "und")
    frame.send()
    os.kill(pid, signal.SIGSTOP)
    t = table_of(one.suite.process.pid)
    on = [f for f in range(FLOWS, LEAVES, FLOW)
          if struct.unpack_from("=I", t, f + 36)[0] == 1]
    assert len(on) == 1, on
    first, members = struct.unpack_from("=II", t, on[0] + 40)
    assert members == 1
    at = LEAVES + LEAF * first
    t[LEAVES:LEAVES + LEAF * NLEAVES] = t[at:at + LEAF] * NLEAVES
    pump([member], 0.3)
    wire.data()
    for n, copies in (3, 3), (20000, 0):
        struct.pack_into("=I", t, on[0] + 44, n)
        frame.send()
        pump([member], 1)
        got = len(wire.data())
        assert got == copies, (n, got)
    os.kill(pid, signal.SIGCONT)
    net.stop()


@test
def limited():
    """a flow with a rate goes through the kernel; of what is more than that
    edged sends what the rate lets pass, and counts the rest"""
    net = sites(2, edge="group 239.1.0.0/16 { rate 800K }",
                lan="limit { rate 100M }")
    one, two, member, sender = streaming(net, size=972)  # 1,000 octets of IP
    # 320 kbit/s: all of it, and most by the kernel after the first second
    stream(sender, [member], 40, rate=40)
    member.clear()
    before = counter(one, "kernel-packets")
    stream(sender, [member], 80, rate=40)
    assert len(member.got) == 80, len(member.got)
    through = counter(one, "kernel-packets") - before
    assert through >= 40, (through, counter(one, "up-rate"))
    # 1.6 Mbit/s: the half, and 65,535 octets that may go at once, and what
    # the kernel had
    member.clear()
    dropped, up = flow(one)["dropped"], counter(one, "up-rate")
    begin = time.monotonic()
    stream(sender, [member], 800, rate=200, settle=0)
    took = time.monotonic() - begin
    pump([member], 1)
    got = len(member.got)
    assert 360 <= got <= 1.05 * (100 * took + 66 + 16), (got, took)
    assert flow(one)["dropped"] - dropped == 800 - got, flow(one)
    assert counter(one, "up-rate") > up
    net.stop()


@test
def no_room():
    """a flow whose copies the interface has no room for goes the user path,
    where they wait; later it may go back"""
    net = sites(2)
    one, two, member, sender = streaming(net, size=1000)
    with one.router:
        if subprocess.run("tc qdisc add dev und root tbf rate 2mbit burst 5000"
                          " limit 5000".split(),
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("no tbf")

    def on_path(path, rate):
        stream(sender, [member], rate // 10, rate=rate, settle=0)
        return flow(one)["path"] == path
    wait("it goes the user path", lambda: on_path("user", 1000), 5)
    assert [d for d in flow(one)["drops"] if d.startswith("circuit ")]
    with one.router:
        subprocess.run("tc qdisc del dev und root".split(), check=True)
    wait("it is back", lambda: on_path("kernel", 100), 20)
    net.stop()


@test
def bridge_port():
    """a LAN that becomes a port of a bridge goes on, by the user path, and has
    the kernel's again when it is none any more"""
    net = sites(2)
    one, two, member, sender = streaming(net)

    def again(port):
        """edged has heard of it, and has been elected anew"""
        with open(one.suite.log) as f:
            text = f.read()
        said = text.rfind(port)
        return said != -1 and "lan: forwards from now on" in text[said:]

    with one.router:
        edgenet.ip("link", "add", "br0", "type", "bridge")
        edgenet.ip("link", "set", "br0", "up")
        edgenet.ip("link", "set", "lan", "master", "br0")
    wait("there again", lambda: again("is a port of another now"), 10)
    first = sender.n
    stream(sender, [member], 100)
    assert not member.missing(first, first + 100)
    assert flow(one)["path"] == "user", flow(one)
    with one.router:
        edgenet.ip("link", "set", "lan", "nomaster")
    wait("there again", lambda: again("is no port of another now"), 10)
    in_kernel(one, sender, [member])
    net.stop()


if why:
    print("1..0 # SKIP " + why)
    sys.exit(0)
main()
