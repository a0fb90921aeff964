# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Sites with an edge each, in network namespaces: for tests, demo and bench.

The core is a namespace with a bridge, which is the network between sites and
has no multicast; the MARS is there.  A site is a router with an edge, and a
host on a LAN of its own.  All namespaces belong to this process and end with
it.  Sockets of hosts are the kernel's: made in the namespace, used from here.
"""

import array
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import time

from suite import Gone, Server, Skip, cleanup, wait

NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
PORT = 5000
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def unshared():
    """Begins this program again where it may make namespaces.  A sentence
    that says why not, or None."""
    if os.environ.get("MARS_EDGE_NET") == "1":
        return None
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    flags = ["-n"] if os.geteuid() == 0 else ["-rn"]
    probe = ["ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1"]
    try:
        r = subprocess.run(["unshare"] + flags + probe,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    except OSError as e:
        return "no network namespaces: %s" % e
    if r.returncode != 0:
        return "no network namespaces can be made here: " + \
            r.stdout.strip().replace("\n", " ")
    os.environ["MARS_EDGE_NET"] = "1"
    os.execvp("unshare", ["unshare"] + flags + [sys.executable, "-B"] +
              sys.argv)


def ip(*words):
    r = subprocess.run(("ip",) + words, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True)
    if r.returncode != 0:
        raise RuntimeError("ip %s: %s" % (" ".join(words), r.stdout.strip()))


class Namespace:
    """A network namespace; "with" it, this process is in it."""
    home = None

    def __init__(self):
        if Namespace.home is None:
            Namespace.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        if libc.unshare(NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.fd = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.path = "/proc/%d/fd/%d" % (os.getpid(), self.fd)
        ip("link", "set", "lo", "up")
        self.sysctl("net/ipv4/conf/all/rp_filter", 0)
        self.sysctl("net/ipv4/conf/default/rp_filter", 0)
        self.sysctl("net/ipv6/conf/all/accept_dad", 0)
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)
        self.sysctl("net/ipv6/conf/default/router_solicitations", 0)
        libc.setns(Namespace.home, NEWNET)

    def __enter__(self):
        if libc.setns(self.fd, NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def __exit__(self, *what):
        libc.setns(Namespace.home, NEWNET)

    @staticmethod
    def sysctl(name, value):
        with contextlib.suppress(FileNotFoundError):
            with open("/proc/sys/" + name, "w") as f:
                f.write(str(value))


class Suite(Server):
    """A mars in a namespace."""

    def __init__(self, ns, text):
        self.ns = ns
        super().__init__(0, text="", key="0x" + 32 * "5a")
        self.write(text % {"dir": self.dir, "key": self.dir + "/257.key"})

    def start(self, expect=True):
        with self.ns:
            return super().start(expect)

    def answers(self):
        if self.process.poll() is not None:
            return super().answers()
        return self.marsctl("show", "summary").returncode == 0

    def rows(self, what, **where):
        return [r for r in self.ctl(what) or []
                if all(r[k.replace("_", "-")] == v
                       for k, v in where.items())]

    def configured(self):
        with open(self.conf) as f:
            return f.read()

    def reload(self, text):
        self.write(text)
        r = self.marsctl("reload")
        assert r.returncode == 0, r.stderr

    def sum(self, name):
        """Of all counters of that name."""
        return self.counter(name)

    def kill(self):
        """The whole suite, without a word."""
        for pid in list(self.children().values()) + [self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()


def checksums_done(ns, interface):
    """What leaves there is what would be on a wire."""
    with ns, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack(
            "16sP", interface.encode(), value.buffer_info()[0]))


HEAD = """
enquiry-interval 1
control "%(dir)s"
user marsd none
user scspd none
user edged none
"""

MARS = HEAD + """
server-id 10.255.0.100
listen on udp 10.255.0.100
cluster "sites" {
	protocol ipv4
	protocol ipv6
}
"""


class Site:
    interface = "eth0"

    def __init__(self, net, n, edge="", lan="", router=None, text=None):
        """Number n; router: of a second edge on the LAN of that site.  text:
        all of its configuration, with what Suite fills in."""
        self.net, self.n = net, n
        self.k = n if router is None else n + 100   # of its own addresses
        self.addr = "10.255.0.%d" % self.k
        self.router = Namespace()
        with net.core:
            ip("link", "add", "u%d" % self.k, "mtu", "1500", "type", "veth",
               "peer", "name", "und", "netns", self.router.path)
            ip("link", "set", "u%d" % self.k, "master", "br0", "up")
        with self.router:
            ip("addr", "add", self.addr + "/24", "dev", "und")
            ip("link", "set", "und", "up")
        self.host = Namespace() if router is None else router.host
        self.wire("lan%d" % self.k, "lan",
                  1 if router is None else 3)
        if router is None:
            with self.host:
                ip("addr", "add", "10.1.%d.2/24" % n, "dev", "eth0")
                ip("addr", "add", "fd00:1:%d::2/64" % n, "dev", "eth0",
                   "nodad")
                ip("route", "add", "default", "via", "10.1.%d.1" % n)
                ip("-6", "route", "add", "default", "via",
                   "fd00:1:%d::1" % n)
        self.suite = Suite(self.router, text or HEAD + """
key 257 { algorithm hmac-sha256, file "%%(key)s" }
edge "site%d" {
	address %s%%%%16
	servers 10.255.0.100
	protocol ipv4
	protocol ipv6
	allow group 239.0.0.0/8
	allow group 232.0.0.0/8
	allow group ff0e::/16
	key 257
	mtu 1400
	lan "lan" {
		%s
	}
	%s
}
""" % (n if router is None else self.k, self.addr, lan, edge))

    def wire(self, port, name, last, again=False):
        """The LAN is a bridge in the host, with a port for each router."""
        with self.host:
            if last == 1 and not again:
                ip("link", "add", "eth0", "type", "bridge",
                   "mcast_snooping", "0")
                ip("link", "set", "eth0", "up")
            ip("link", "add", port, "type", "veth", "peer", "name", name,
               "netns", self.router.path)
            ip("link", "set", port, "master", "eth0", "up")
        with self.router:
            ip("addr", "add", "10.1.%d.%d/24" % (self.n, last), "dev", name)
            ip("addr", "add", "fd00:1:%d::%d/64" % (self.n, last), "dev",
               name, "nodad")
            ip("link", "set", name, "up")

    def rss(self):
        """of edged, in MB"""
        with open("/proc/%d/statm" % self.suite.children()["edged"]) as f:
            return int(f.read().split()[1]) * 4096 / 1e6

    def joined(self, group):
        """The MARS has it as a member."""
        return any(m.split("%")[0] == self.addr for m in self.net.mars.group(
            group, "ipv6" if ":" in group else "ipv4"))

    def forwards(self):
        return any(r["forwards"] for r in self.suite.ctl("lans") or []
                   if not r["tun"])

    def ready(self):
        edges = self.suite.ctl("edges") or []
        return edges and all(e["registered"] for e in edges) and \
            self.forwards()


class Net:
    def __init__(self, mars=MARS):
        self.core = Namespace()
        with self.core:
            ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
            ip("addr", "add", "10.255.0.100/24", "dev", "br0")
            ip("link", "set", "br0", "up")
        self.mars = Suite(self.core, mars)
        self.sites = {}

    def site(self, n, **kw):
        self.sites[n] = Site(self, n, **kw)
        return self.sites[n]

    def start(self):
        self.mars.start()
        for s in self.sites.values():
            s.suite.start(expect=False)
        for s in self.sites.values():
            try:
                wait("site %d is ready" % s.n, s.ready, 15)
            except Gone as e:
                raise Gone("%s: %s" % (e, s.suite.tail()))

    def stop(self):
        for s in list(self.sites.values()) + [self]:
            (self.mars if s is self else s.suite).stop()


# --- hosts

class Machine:
    """Programs on a machine, by an interface of its."""

    def __init__(self, host, interface):
        self.host, self.interface = host, interface


class Tap:
    """What a port sees."""

    def __init__(self, ns, interface):
        with ns:
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                   socket.htons(3))
            self.s.bind((interface, 0))
        self.s.setblocking(False)

    def frames(self):
        """What has come in since the last time."""
        while True:
            try:
                p, a = self.s.recvfrom(4096)
            except BlockingIOError:
                return
            if a[2] != 4:
                yield p

    def tos(self, port):
        """TOS of the large IPv4 packets to that UDP port."""
        return [p[15] for p in self.frames()
                if p[12:14] == b"\x08\x00" and p[23] == 17 and
                struct.unpack("!H", p[36:38])[0] == port and len(p) > 200]


class Member:
    """A socket in a host that joins a group, and what it has received."""

    def __init__(self, site, group, sources=(), port=PORT):
        self.v6 = ":" in group
        self.group, self.site = group, site
        with site.host:
            self.index = socket.if_nametoindex(site.interface)
            self.s = socket.socket(
                socket.AF_INET6 if self.v6 else socket.AF_INET,
                socket.SOCK_DGRAM)
        self.s.setblocking(False)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if self.v6:
            self.s.setsockopt(socket.IPPROTO_IPV6, 51, 1)   # RECVHOPLIMIT
        else:
            self.s.setsockopt(socket.IPPROTO_IP, 12, 1)     # RECVTTL
            self.s.setsockopt(socket.IPPROTO_IP, 13, 1)     # RECVTOS
        self.s.bind((group, port, 0, self.index) if self.v6 else
                    (group, port))
        self.clear()
        if sources:
            for source in sources:
                self.source(46, source)     # MCAST_JOIN_SOURCE_GROUP
        else:
            self.membership(42)             # MCAST_JOIN_GROUP

    def clear(self):
        self.got, self.ttl, self.tos, self.first = {}, set(), set(), None

    @property
    def level(self):
        return socket.IPPROTO_IPV6 if self.v6 else socket.IPPROTO_IP

    def storage(self, address):
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        a = socket.inet_pton(family, address)
        if self.v6:
            s = struct.pack("=HHI16sI", family, 0, 0, a, 0)
        else:
            s = struct.pack("=HH4s", family, 0, a)
        return s.ljust(128, b"\0")

    def membership(self, option):
        with self.site.host:
            self.s.setsockopt(self.level, option, struct.pack(
                "=I4x", self.index) + self.storage(self.group))

    def source(self, option, source):
        with self.site.host:
            self.s.setsockopt(self.level, option, struct.pack(
                "=I4x", self.index) + self.storage(self.group) +
                self.storage(source))

    def leave(self):
        self.membership(45)                 # MCAST_LEAVE_GROUP

    def close(self):
        self.s.close()

    def read(self):
        while True:
            try:
                data, aux, _, _ = self.s.recvmsg(65536, 256)
            except BlockingIOError:
                return
            n, = struct.unpack_from("!I", data)
            if self.first is None:
                self.first = time.monotonic()
            self.got[n] = self.got.get(n, 0) + 1
            for level, kind, value in aux:
                if (level, kind) in ((socket.IPPROTO_IP, 2),
                                     (socket.IPPROTO_IPV6, 52)):
                    self.ttl.add(struct.unpack("=i", value[:4])[0])
                if (level, kind) == (socket.IPPROTO_IP, 1):
                    self.tos.add(value[0])

    def doubles(self):
        return sum(v - 1 for v in self.got.values())

    def missing(self, first, last):
        return [n for n in range(first, last) if n not in self.got]


class Sender:
    """A socket in a host that sends numbered packets to a group."""

    def __init__(self, site, group, ttl=8, size=200, tos=0, df=False):
        self.v6 = ":" in group
        self.to = (group, PORT)
        self.n, self.size = 0, size
        with site.host:
            index = socket.if_nametoindex(site.interface)
            self.s = socket.socket(
                socket.AF_INET6 if self.v6 else socket.AF_INET,
                socket.SOCK_DGRAM)
            if self.v6:
                self.s.setsockopt(socket.IPPROTO_IPV6,
                                  socket.IPV6_MULTICAST_IF, index)
                self.s.setsockopt(socket.IPPROTO_IPV6,
                                  socket.IPV6_MULTICAST_HOPS, ttl)
                self.s.setsockopt(socket.IPPROTO_IPV6,
                                  socket.IPV6_MULTICAST_LOOP, 0)
                self.s.setsockopt(socket.IPPROTO_IPV6, 23,
                                  5 if df else 0)   # MTU_DISCOVER
            else:
                self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                  struct.pack("=4s4si", bytes(4), bytes(4),
                                              index))
                self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL,
                                  ttl)
                self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP,
                                  0)
                self.s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
                self.s.setsockopt(socket.IPPROTO_IP, 10,
                                  2 if df else 0)   # MTU_DISCOVER

    def send(self):
        with contextlib.suppress(BlockingIOError):
            self.s.sendto(struct.pack("!I", self.n).ljust(self.size, b"x"),
                          self.to)
        self.n += 1

    def close(self):
        self.s.close()


class Questioner:
    """A socket in a host that asks a group and hears it."""

    def __init__(self, site, group, port):
        self.to = (group, port)
        with site.host:
            index = socket.if_nametoindex(site.interface)
            self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.s.bind(("", port))
            here = struct.pack("=4s4si", socket.inet_aton(group), bytes(4),
                               index)
            self.s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                              here)
            self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                              here)
        self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        self.s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)

    def ask(self, question, seconds):
        """What comes within so long: (octets, address)."""
        self.s.sendto(question, self.to)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.s], [], [], left)[0]:
                data, source = self.s.recvfrom(9000)
                yield data, source[0]


def pump(members, seconds):
    """Reads what comes for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for m in select.select(members, [], [], left)[0]:
            m.read()


# select(2) wants it
Member.fileno = lambda self: self.s.fileno()


def stream(sender, members, count, rate=200, at=None, settle=0.3):
    """Sends count packets; at[n] is called before the n-th of them.  Members
    read meanwhile; the list may be changed by what is called."""
    begin = time.monotonic()
    for i in range(count):
        if at and i in at:
            at[i]()
        sender.send()
        pump(members, max(0, begin + (i + 1) / rate - time.monotonic()))
    pump(members, settle)


def run(net, tests):
    """Those that are named, or all; 0 if all went well."""
    bad = 0
    wanted = sys.argv[1:]
    chosen = [f for f in tests if not wanted or f.__name__ in wanted]
    for i, f in enumerate(chosen, 1):
        begin = time.monotonic()
        name = "%s: %s" % (f.__name__, " ".join(f.__doc__.split()))
        try:
            f()
            print("ok %d - %s" % (i, name), flush=True)
        except Skip as e:
            print("ok %d - %s # SKIP %s" % (i, name, e), flush=True)
        except Exception as e:      # a test must not end the others
            bad += 1
            print("not ok %d - %s" % (i, name), flush=True)
            print("# %s: %s" % (type(e).__name__, e), flush=True)
        print("# %.1f s" % (time.monotonic() - begin), flush=True)
    if bad:
        for s in [net.mars] + [x.suite for x in net.sites.values()]:
            print("".join("# " + x for x in s.tail(15).splitlines(True)))
    print("1..%d" % len(chosen))
    cleanup()
    return bad != 0
