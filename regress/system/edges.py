# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What mars(8) does for edged: which children it starts, the interfaces that
come and go, a reload.  In the place of edged is fakeedged, which logs what it
is handed; what edged does with it is tested elsewhere."""

import os
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile

import suite
from suite import (BASE_PORT, BUILD, Server, Skip, dirs, ip, main,
                   own_network, running, test, wait)

FAKE = BUILD + "/obj/regress/system/fakeedged"
NETWORK = os.path.exists(FAKE) and own_network()

EDGE = """
edge "e" {
	address 127.0.0.1%%16
	servers 127.0.0.9
	protocol ipv4
	key 257
	path user
	allow group 239.0.0.0/8
	%s
}
"""
CLUSTER = """
server-id 127.0.0.1
listen on udp 127.0.0.1
cluster "c" { protocol ipv4 }
"""


class Suite(Server):
    """A mars with fakeedged, and only what the text says."""

    def __init__(self, text):
        super().__init__(1, text="")
        self.libexec = tempfile.mkdtemp(prefix="mars-regress-")
        dirs.append(self.libexec)
        for name in "marsd", "scspd":
            os.symlink(os.path.realpath(BUILD + "/" + name),
                       self.libexec + "/" + name)
        os.symlink(os.path.realpath(FAKE), self.libexec + "/edged")
        self.give(text)

    def give(self, text):
        self.write("""control "%s"
udp base-port %d
user marsd none
user scspd none
user edged none
key 257 { file "%s/257.key" }
%s""" % (self.dir, BASE_PORT, self.dir, text))

    def start(self, *children):
        if not NETWORK:
            raise Skip("there is no network namespace of its own")
        self.process = subprocess.Popen(
            [BUILD + "/mars", "-d", "-L", self.libexec, "-f", self.conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.log, "a"))
        running.append(self.process)
        for name in children:
            self.says(name + " is at work")
        assert sorted(self.children()) == sorted(children), self.children()
        return self

    def text_from(self, n):
        with open(self.log) as f:
            return f.read()[n:]

    def size(self):
        return os.path.getsize(self.log)

    def says(self, text, since=0):
        def said():
            if self.process.poll() is not None:
                raise suite.Gone("mars has ended: " + self.tail())
            return text in self.text_from(since)
        try:
            wait(text, said, 20)
        except suite.Gone:
            sys.stderr.write(self.tail(40))
            raise

    def reload(self, text):
        n = self.size()
        self.give(text)
        self.process.send_signal(1)
        wait("reloaded", lambda: "reloaded" in self.text_from(n))
        return n, "not reloaded" not in self.text_from(n)

    def end(self):
        assert self.stop() == 0
        for name in "marsd", "scspd", "edged":
            assert not os.path.exists("%s/%s.sock" % (self.dir, name))


def veth(name):
    """A link whose near end is the LAN, and whose far end its host."""
    ip("link", "add", name, "type", "veth", "peer", "name", "h" + name)
    ip("link", "set", "h" + name, "up")


def frame(name, dst, proto, payload, tag=b""):
    """The host sends one."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("h" + name, 0))
    s.send(dst + b"\2\0\0\0\0\7" + tag + struct.pack("!H", proto) + payload)
    s.close()


def ipv4(dst, last):
    return (struct.pack("!BBHHHBBH", 0x45, 0, 100, 0, 0, 9, 17, 0) +
            socket.inet_aton("10.1.7.7") + socket.inet_aton(dst) +
            bytes(79) + bytes([last]))


def ipv6(dst, last):
    return (struct.pack("!IHBB", 6 << 28, 60, 59, 9) +
            socket.inet_pton(socket.AF_INET6, "fe80::7") +
            socket.inet_pton(socket.AF_INET6, dst) +
            bytes(59) + bytes([last]))


GROUP = b"\1\0\x5e\1\1\1"


@test
def an_edge_alone():
    """edged is started, marsd and scspd are not; it gets only its own"""
    s = Suite(EDGE % 'lan "eth9"').start("edged")
    s.says("interface eth9 is not there yet")
    s.says("fake: edge e mtu 1348")
    s.says("fake: key 257 of 8 octets")
    s.says("fake: link e at 127.0.0.1%16, df on")
    s.says("fake: link server at 127.0.0.1%17")
    assert os.path.exists(s.dir + "/edged.sock")
    assert not os.path.exists(s.dir + "/marsd.sock")
    s.end()


@test
def a_cluster_alone():
    """marsd and scspd are started, edged is not"""
    Suite(CLUSTER).start("marsd", "scspd").end()


@test
def both():
    """a machine may have both, and each child the end of all"""
    s = Suite(CLUSTER + EDGE % 'lan "eth9"').start("marsd", "scspd", "edged")
    s.says("fake: edge e")
    os.kill(s.children()["edged"], 9)
    assert s.process.wait(20) == 1


@test
def what_comes_from_a_lan():
    """groups of both families and nothing else; and what edged may do"""
    veth("eth1")
    ip("addr", "add", "10.1.7.1/24", "dev", "eth1")
    ip("link", "set", "eth1", "up")
    s = Suite(EDGE % 'lan "eth1"').start("edged")
    s.says("fake: lan eth1 mtu 1500 linklen 6 descriptor new")
    s.says("fake: lan eth1 address 10.1.7.1/24")
    if not s.logged("off (sanitizer build)"):
        s.says("fake: eth1: may do what it needs")
    r = subprocess.run(["ip", "-d", "link", "show", "eth1"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       text=True)
    assert "allmulti" not in r.stdout or "allmulti 1" in r.stdout, r.stdout
    frame("eth1", b"\2\0\0\0\0\1", 0x800, ipv4("239.1.1.1", 0xa0))
    frame("eth1", GROUP, 0x800, ipv4("10.1.7.1", 0xa1))
    frame("eth1", GROUP, 0x806, ipv4("239.1.1.1", 0xa2))
    frame("eth1", GROUP, 0x800, ipv4("239.1.1.1", 0xa3),
          tag=struct.pack("!HH", 0x8100, 5))
    frame("eth1", b"\x33\x33\0\0\0\1", 0x86dd, ipv6("2001:db8::1", 0xa4))
    frame("eth1", GROUP, 0x800, ipv4("239.1.1.1", 0xb1))
    frame("eth1", b"\x33\x33\0\0\0\1", 0x86dd, ipv6("ff0e::1", 0xb2))
    s.says("fake: eth1: heard 114 octets, 08b1")
    s.says("fake: eth1: heard 114 octets, 86b2")
    assert not re.search("heard 11[0-9] octets, ..a[0-4]", s.text_from(0))
    s.end()
    ip("link", "del", "eth1")


@test
def a_lan_comes_and_goes():
    """later, with another address, down, up, away, and anew"""
    s = Suite(EDGE % 'lan "eth2"').start("edged")
    s.says("interface eth2 is not there yet")
    veth("eth2")
    assert not s.logged("fake: lan eth2")
    n = s.size()
    ip("link", "set", "eth2", "up")
    s.says("fake: lan eth2 mtu 1500 linklen 6 descriptor new", n)
    n = s.size()
    ip("addr", "add", "10.2.7.1/24", "dev", "eth2")
    s.says("fake: lan eth2 address 10.2.7.1/24", n)
    assert "descriptor new" not in s.text_from(n)
    n = s.size()
    ip("addr", "del", "10.2.7.1/24", "dev", "eth2")
    ip("link", "set", "eth2", "mtu", "1400")
    s.says("fake: lan eth2 mtu 1400 linklen 6 descriptor stays", n)
    frame("eth2", GROUP, 0x800, ipv4("239.1.1.1", 0xb3))
    s.says("fake: eth2: heard 114 octets, 08b3", n)
    n = s.size()
    ip("link", "set", "eth2", "down")
    s.says("fake: lan eth2 gone", n)
    ip("link", "set", "eth2", "up")
    s.says("fake: lan eth2 mtu 1400 linklen 6 descriptor new", n)
    n = s.size()
    ip("link", "del", "eth2")
    s.says("fake: lan eth2 gone", n)
    veth("eth2")
    ip("link", "set", "eth2", "up")
    s.says("fake: lan eth2 mtu 1500 linklen 6 descriptor new", n)
    frame("eth2", GROUP, 0x800, ipv4("239.1.1.1", 0xb4))
    s.says("fake: eth2: heard 114 octets, 08b4", n)
    s.end()
    ip("link", "del", "eth2")


@test
def not_looked_at():
    """where the system can't be asked no interface has gone; it is asked again
    by itself"""
    veth("eth3")
    ip("link", "set", "eth3", "up")
    s = Suite(EDGE % 'lan "eth3"').start("edged")
    s.says("fake: lan eth3 mtu 1500 linklen 6 descriptor new")
    n = s.size()
    was = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (3, was[1]))
    ip("addr", "add", "10.3.7.1/24", "dev", "eth3")
    s.says("can't look for interfaces", n)
    resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, was)
    s.says("fake: lan eth3 address 10.3.7.1/24", n)
    text = s.text_from(n)
    assert "has gone" not in text and "descriptor new" not in text, text
    s.end()
    ip("link", "del", "eth3")


@test
def too_many_addresses():
    """of an interface with more than 32 some are left out, and that is said"""
    veth("eth4")
    ip("link", "set", "eth4", "up")
    for i in range(32):
        ip("addr", "add", "10.4.%d.1/24" % i, "dev", "eth4")
    s = Suite(EDGE % 'lan "eth4"').start("edged")
    s.says("interface eth4 has 33 addresses, and edged knows 32: hosts of the "
           "other networks are not heard")
    s.end()
    ip("link", "del", "eth4")


@test
def a_tun():
    """is made with its addresses, for programs of this machine"""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Skip("there is no /dev/net/tun to use")
    s = Suite(EDGE % 'tun "mars9" { address 10.1.7.254/24, 2001:db8::7/64 }')
    s.start("edged")
    s.says("fake: lan mars9 mtu 1348 linklen 0 descriptor new")
    s.says("fake: lan mars9 address 10.1.7.254/24")
    s.says("fake: lan mars9 address 2001:db8::7/64")
    n = s.size()
    p = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    p.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                 socket.inet_aton("10.1.7.254"))
    p.sendto(bytes(71) + b"\xb5", ("239.1.1.1", 5000))
    s.says("fake: mars9: heard 100 octets, 45b5", n)
    n = s.size()
    ip("link", "set", "mars9", "down")
    s.says("fake: lan mars9 gone", n)
    ip("link", "set", "mars9", "up")
    s.says("fake: lan mars9 mtu 1348 linklen 0 descriptor new", n)
    s.end()
    assert subprocess.run(["ip", "link", "show", "mars9"],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode != 0


@test
def reload():
    """LANs come and go with it; what can't change is refused by a sentence"""
    veth("eth3")
    ip("link", "set", "eth3", "up")
    s = Suite(EDGE % 'lan "eth9"').start("edged")
    n, ok = s.reload(EDGE % 'lan "eth9" { priority 7 }\n\tlan "eth3"')
    assert ok
    s.says("fake: has lan eth9 priority 7", n)
    s.says("fake: lan eth3 mtu 1500 linklen 6 descriptor new", n)
    n, ok = s.reload(EDGE % 'lan "eth9"')
    assert ok
    n, ok = s.reload(EDGE % 'lan "eth3"')
    assert ok
    s.says("fake: lan eth3 mtu 1500 linklen 6 descriptor new", n)
    for text, what in (
            (EDGE % 'lan "eth3"' + CLUSTER, "whether there is a cluster"),
            (EDGE % 'lan "eth3"\n\ttun "mars9" { address 10.1.1.1 }',
             "tun, its address or its mtu"),
            (EDGE % 'lan "eth3"\n\tdf off', "df"),
            ((EDGE % 'lan "eth3"').replace("%16", "%18"),
             "the address of an edge"),
            (EDGE % 'lan "eth3"' + (EDGE % "serve 239.2.0.0/16").replace(
                '"e"', '"f"').replace("%16", "%18"),
             "the address of an edge"),
            (CLUSTER, "whether there is a cluster")):
        n, ok = s.reload(text)
        assert not ok, text
        s.says(what + " can't change while mars runs", n)
    s.end()
    ip("link", "del", "eth3")


@test
def two_edges():
    """each has its sockets; a removal of one is refused"""
    two = EDGE % 'lan "eth8"' + (EDGE % "serve 239.2.0.0/16").replace(
        '"e"', '"f"').replace("%16", "%18")
    s = Suite(two).start("edged")
    s.says("fake: link f at 127.0.0.1%18")
    n, ok = s.reload(EDGE % 'lan "eth8"')
    assert not ok
    s.says("the number of edges can't change while mars runs", n)
    s.end()


@test
def a_lan_of_another_edge():
    """a LAN may go from one edge to another, if both copy in the same way"""
    def text(first, second, path="user"):
        return EDGE % first + (EDGE % second).replace(
            '"e"', '"f"').replace("%16", "%18").replace("user", path)

    s = Suite(text('lan "eth8"', "serve 239.2.0.0/16")).start("edged")
    _, ok = s.reload(text("serve 239.2.0.0/16", 'lan "eth8"'))
    assert ok
    s.end()
    s = Suite(text('lan "eth8"', "serve 239.2.0.0/16", "auto")).start("edged")
    n, ok = s.reload(text("serve 239.2.0.0/16", 'lan "eth8"', "auto"))
    assert not ok
    s.says("the path of a lan can't change while mars runs", n)
    s.end()


main()
