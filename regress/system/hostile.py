# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Clients that mean harm to a real marsd, and one that only wants service.

The hostile ones speak NVC and RFC 2022 by encode.py and decode.py alone,
with nothing of common/.  Every flood is bounded in count and in time.
Meanwhile a marsc joins, asks and leaves in a loop: each of its runs has to
succeed.  Afterwards marsd may have grown by what its limits allow, and its
counters say what was refused.
"""
import ipaddress
import os
import random
import select
import socket
import sys
import threading
import time

import suite
from suite import Client, Server, main, marsc, script, test, wait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../decode"))
import decode                                           # noqa: E402
import encode                                           # noqa: E402

MARS = "127.0.0.1"
EVIL, SPOOFED = "127.0.0.66", "127.0.0.67"
GOOD, RESIDENT = "127.0.0.11", "127.0.0.12"
GROUP = "224.9.9.8"             # RESIDENT is in it
seed = int(os.environ.get("SEED", 1))
rnd = random.Random(seed)

LIMITS = {"circuits": 4000, "circuits-per-address": 16, "members": 3000,
          "joins-per-member": 100, "groups": 3000, "servers": 4,
          "serve-range": 16, "rate": 400, "burst": 400, "rate-total": 2000}


class Endpoint:
    """One address and selector: a socket, and the circuits over it."""

    def __init__(self, address, sel=0, port=None):
        self.address, self.sel = address, sel
        self.nsapa = encode.nsapa(address, sel)
        self.base = port or suite.BASE_PORT
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((address, self.base + sel))
        self.to = (MARS, self.base)
        self.circuits = {}      # ours: theirs, or a cause, or None
        self.mute = False       # answers nothing that it is asked
        self.got = []           # SDUs
        self.heard = []         # types of datagrams
        self.number = 0

    def raw(self, octets):
        self.socket.sendto(octets, self.to)

    def close(self):
        self.socket.close()

    def input(self, octets):
        d = decode.nvc(octets)
        self.heard.append(d["nvc"])
        ours, mine = int(d["circuit"], 16), self.circuits
        if d["nvc"] == "RETRY" and ours in mine:
            self.raw(encode.setup(ours, self.nsapa, encode.nsapa(MARS),
                                  bytes.fromhex(d["token"])))
        elif d["nvc"] == "CONNECT" and ours in mine:
            mine[ours] = int(d["callees"], 16)
        elif d["nvc"] == "RELEASE" and ours in mine:
            mine[ours] = -d["cause"]
        elif self.mute:
            return
        elif d["nvc"] == "SETUP":       # ClusterControlVC
            self.number += 1
            self.circuits[self.number] = int(d["callers"], 16)
            self.raw(encode.connect(int(d["callers"], 16), self.number))
        elif d["nvc"] == "ENQUIRY":
            self.raw(encode.numbered("STATUS", int(d["other"], 16), ours))
        elif d["nvc"] == "DATA":
            self.got.append(d["sdu"])

    def pump(self, seconds=0.0, until=lambda: False):
        """Takes what comes for so long, or until something is true."""
        end = time.monotonic() + seconds
        while not until():
            left = max(0, end - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return
            try:
                self.input(self.socket.recv(65536))
            except decode.Malformed as e:
                raise AssertionError("marsd sent: %s" % e)
            if time.monotonic() > end:
                return

    def setup(self):
        """Begins a call; its number."""
        self.number += 1
        self.circuits[self.number] = None
        self.raw(encode.setup(self.number, self.nsapa, encode.nsapa(MARS)))
        return self.number

    def call(self):
        """A circuit: its number at marsd, or minus a cause."""
        n = self.setup()
        for _ in range(10):             # as nvc.md's rule 4
            self.pump(1, lambda: self.circuits[n] is not None)
            if self.circuits[n] is not None:
                return self.circuits[n]
            self.raw(encode.setup(n, self.nsapa, encode.nsapa(MARS)))
        raise AssertionError("no answer to a SETUP")

    def send(self, circuit, mars_message):
        self.raw(encode.data(circuit, encode.LLC_MARS + mars_message))

    def registered(self):
        """A circuit over which this endpoint is a member."""
        c = self.call()
        assert c > 0, c
        self.send(c, encode.register(self.nsapa, self.address))
        self.pump(suite.PATIENCE, lambda: any(
            m["message"] == "MARS_JOIN" for m in self.got))
        assert self.got, "no copy of the registration"
        return c


class Service:
    """The client that is to be served, in a loop; slowest: in seconds."""

    def __init__(self, address=GOOD, group="224.9.9.9"):
        self.args = (address, MARS, "run", script([
            "register", "join " + group, "request " + group,
            "leave " + group]))
        self.failed, self.runs, self.slowest = [], 0, 0
        self.over = False
        self.thread = threading.Thread(target=self.loop, daemon=True)

    def loop(self):
        while not self.over:
            begin = time.monotonic()
            status, rows = marsc(*self.args, options=("-t", "retransmit=3"))
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.runs += 1
            if status != 0:
                self.failed.append((status, rows))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        """Served throughout, and at least once from begin to end."""
        now = self.runs
        if kind is None:
            wait("another run", lambda: self.runs >= now + 2)
        self.over = True
        self.thread.join(suite.PATIENCE)
        if kind is None:
            assert not self.failed, self.failed[0]
            print("# served %d times, at most %.2f s" % (self.runs,
                                                         self.slowest))


def sanitized():
    with open(suite.BUILD + "/probe.mk") as f:
        return "-fsanitize" in f.read()


def braces(limits, names):
    return "limit { " + ", ".join("%s %d" % (n, limits[n])
                                  for n in names if n in limits) + " }"


class Victim(Server):
    def __init__(self, cluster="", limits=LIMITS):
        top = cl = ""
        if limits:
            top = braces(limits, ("circuits", "circuits-per-address"))
            cl = braces(limits, ("members", "joins-per-member", "groups",
                                 "servers", "serve-range", "rate",
                                 "burst", "rate-total"))
        super().__init__(1, top=top, cluster=cl + "\n\t" + cluster)
        self.start()
        self.before = None

    def rss(self):
        """Of marsd, in octets."""
        with open("/proc/%d/status" % self.children()["marsd"]) as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def settle(self):
        self.pid, self.before = self.children()["marsd"], self.rss()

    def grown(self, circuits=0, members=0, joins=0):
        """Octets per thing are those of its structures, doubled for the
        allocator, and a megabyte for what is reused."""
        assert self.children().get("marsd") == self.pid, self.tail()
        bound = (1 << 20) + 2048 * circuits + 4096 * members + 2048 * joins
        more = self.rss() - self.before
        print("# grown by %d KB, at most %d KB" % (more >> 10, bound >> 10))
        assert sanitized() or more <= bound, (more, bound)

    def count(self, name):
        """A datagram's or a message's reason to be dropped."""
        return self.counter(name) + self.counter("dropped-" + name)

    def counted(self, *names):
        for n in names:
            wait("%s is counted" % n, lambda: self.count(n) > 0, 10)


def group(i):
    return str(ipaddress.ip_address(0xe0010000 + i))


def paced(endpoint, send, count, seconds=4):
    """send(i) for i below count, at most for so long; how many it were."""
    end = time.monotonic() + seconds
    for i in range(count):
        send(i)
        if i % 64 == 63:
            endpoint.pump()
        if time.monotonic() > end:
            return i + 1
    endpoint.pump(0.2)
    return count


@test
def registrations():
    """one address registers as often as it can, in the name of everybody"""
    v = Victim()
    resident(v)
    es = [Endpoint(EVIL, sel) for sel in range(20, 60)]
    with Service():
        v.settle()
        circuits = [e.call() for e in es]
        limit = LIMITS["circuits-per-address"]
        assert sum(c > 0 for c in circuits) == limit, circuits
        assert circuits[limit:] == [-47] * (len(es) - limit), circuits
        for e, c in zip(es, circuits):
            if c > 0:
                paced(e, lambda i: e.send(c, encode.register(
                    encode.nsapa((0x7f010000 + i).to_bytes(4, "big"), i % 2), SPOOFED)), 200, 1)
                paced(e, lambda i: e.send(c, encode.register(
                    e.nsapa, EVIL)), 200, 1)
        v.counted("limit-per-address", "source", "rate-client")
    v.grown(circuits=2 * limit, members=limit)
    assert len(v.members()) <= limit + 2, v.members()


def resident(v):
    Client(RESIDENT, MARS, "run", script(
        ["register", "join " + GROUP, "stay"]))
    wait("a resident", lambda: v.group(GROUP) == [RESIDENT])


@test
def identities():
    """without strict-source, one circuit registers for thousands"""
    limits = dict(LIMITS, members=50, rate=1000)
    v = Victim("strict-source no", limits)
    e = Endpoint(EVIL)
    c = e.call()
    v.settle()
    # they are not there, so that their leaves hang: these count as well
    paced(e, lambda i: e.send(c, encode.register(encode.nsapa(
        (0x7f010000 + i).to_bytes(4, "big")), SPOOFED)), 5000)
    v.counted("limit-members")
    v.grown(circuits=50, members=50)
    calls = v.counter("calls-out")
    assert calls <= 50 * 5, calls
    # and these pass
    wait("room for others", lambda: marsc(
        GOOD, MARS, "register", options=("-t", "retransmit=1"))[0] == 0)


@test
def joins():
    """single groups over the whole address space, one at a time"""
    v = Victim()
    resident(v)
    e = Endpoint(EVIL)
    c = e.registered()
    v.settle()
    step = (0xefffffff - 0xe0000000) // 20000
    with Service():
        n = paced(e, lambda i: e.send(c, encode.single(
            e.nsapa, EVIL, (0xe0000000 + i * step).to_bytes(4, "big"))),
            20000, 5)
        v.counted("limit-joins", "rate-client")
        # and in and out: each leaves a record that is withdrawn
        n += paced(e, lambda i: e.send(c, encode.single(
            e.nsapa, EVIL, group(i // 2), "LEAVE" if i % 2 else "JOIN")),
            20000, 5)
        print("# %d messages" % n)
        # now, while it still answers what its circuits are asked
        joined = [r["joins"] for r in v.ctl("members")
                  if r["address"] == EVIL and r["protocol"] == "ipv4"]
    v.grown(joins=4 * LIMITS["joins-per-member"])
    assert joined == [LIMITS["joins-per-member"]], joined
    for name in ("limit-groups", "limit-servers", "limit-serve-range"):
        assert v.count(name) == 0, name


@test
def overlapping_blocks():
    """blocks that overlap, with holes"""
    v = Victim()
    resident(v)
    e = Endpoint(EVIL)
    c = e.registered()
    v.settle()
    with Service():
        for i in range(40):     # holes
            e.send(c, encode.single(e.nsapa, EVIL, group(2 * i)))
        paced(e, lambda i: e.send(c, encode.join(e.nsapa, EVIL, [(
            (0xe0000000 + i * 17).to_bytes(4, "big"),
            (0xefffffff - i * 13).to_bytes(4, "big"))],
            "LEAVE" if i % 5 == 4 else "JOIN")), 6000, 5)
        paced(e, lambda i: e.send(c, encode.join(e.nsapa, EVIL, [(
            group(i % 50), group(i % 50 + i % 1000))],
            "JOIN" if i % 3 else "LEAVE")), 6000, 5)
        v.counted("limit-joins", "rate-client")
    v.grown(joins=4 * LIMITS["joins-per-member"])
    odd = [m for m in e.got if m.get("odd")]
    assert not odd, odd[0]


@test
def requests():
    """requests for the largest group, and for all groups"""
    v = Victim()
    many = Client("127.0.4.1", MARS, "run", script(
        ["register", "join 224.1.1.1", "stay"]), options=("-n", "600"))
    wait("a large group", lambda: v.group_size("224.1.1.1") == 600, 120)
    e = Endpoint(EVIL)
    c = e.registered()
    v.settle()
    with Service():
        paced(e, lambda i: e.send(c, encode.request(
            e.nsapa, EVIL, "224.1.1.1")), 20000, 5)
        multi = [m for m in e.got if m["message"] == "MARS_MULTI"]
        assert multi and not any(m.get("odd") for m in multi)
        assert all(len(m["targets"]) <= 456 for m in multi)
        paced(e, lambda i: e.send(c, encode.join(
            e.nsapa, EVIL, [("0.0.0.0", "255.255.255.255")],
            "GROUPLIST_REQUEST")), 20000, 3)
        v.counted("rate-client")
    v.grown(members=600)
    many.kill()


@test
def unused_circuits():
    """circuits that are opened and never used, answered or not"""
    v = Victim()
    resident(v)
    v.settle()
    es = [Endpoint(EVIL, 20), Endpoint(EVIL, 21)]
    es[1].mute = True
    with Service():
        for e in es:
            paced(e, lambda i: e.setup(), 3000, 4)
        v.counted("limit-per-address")
        # SETUPs that never come back with their token leave nothing
        e = es[0]
        paced(e, lambda i: e.raw(encode.setup(
            rnd.getrandbits(64) | 1, e.nsapa, encode.nsapa(MARS))), 5000, 3)
        assert len([r for r in v.ctl("circuits")
                    if r["peer"].startswith(EVIL)]) <= \
            LIMITS["circuits-per-address"]
        # who is silent is cleared, and the place is free again
        for e in es:
            e.close()
        wait("they are gone", lambda: not [
            r for r in v.ctl("circuits") if r["peer"].startswith(EVIL)])
    v.grown(circuits=LIMITS["circuits-per-address"])


@test
def one_share():
    """many circuits of one address have one client's share of the rate"""
    v = Victim()
    resident(v)
    es = [Endpoint(EVIL, sel) for sel in
          range(20, 20 + LIMITS["circuits-per-address"] - 1)]
    cs = [e.call() for e in es]
    assert min(cs) > 0, cs
    v.settle()
    with Service():
        junk = encode.LLC_MARS + b"\0\0"
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for e, c in zip(es, cs):
                for _ in range(20):
                    e.raw(encode.data(c, junk))
        v.counted("rate-client")
        # nor does a circuit that is opened again bring another one
        e = Endpoint(EVIL, 3)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            c = e.call()
            for _ in range(LIMITS["rate"] // 2):
                e.raw(encode.data(c, junk))
            e.raw(encode.release(c, e.number))
    assert v.count("rate-total") == 0, v.count("rate-total")
    v.grown(circuits=LIMITS["circuits-per-address"])


@test
def small_limits():
    """every limit is reached, named and counted, and nothing dies"""
    v = Victim(limits=dict(LIMITS, **{
        "circuits": 12, "members": 3, "groups": 5, "servers": 1,
        "serve-range": 16, "circuits-per-address": 6}))
    v.settle()
    es = [Endpoint(EVIL, sel) for sel in range(20, 23)]
    cs = [e.registered() for e in es]
    for i in range(4):
        es[0].send(cs[0], encode.single(es[0].nsapa, EVIL, group(i)))
        es[1].send(cs[1], encode.single(es[1].nsapa, EVIL, group(10 + i)))
    v.counted("limit-groups")
    f = Endpoint(SPOOFED)
    c = f.call()
    f.send(c, encode.register(f.nsapa, SPOOFED))
    v.counted("limit-members")
    assert not f.got
    f.send(c, encode.register(f.nsapa, SPOOFED, op="MSERV"))
    wait("a server", lambda: (f.pump(0.1), f.got)[1])
    f.send(c, encode.join(f.nsapa, SPOOFED, [(group(0), group(99))],
                          "MSERV"))
    v.counted("limit-serve-range")
    g = Endpoint("127.0.0.68")
    g.send(g.call(), encode.register(g.nsapa, "127.0.0.68", op="MSERV"))
    v.counted("limit-servers")
    # who never said anything makes room for others, who did does not
    h = [Endpoint("127.0.0.69", s).call() for s in range(20, 26)]
    assert min(h) > 0, h
    v.counted("silent")
    h = []
    for e in (Endpoint("127.0.0.70", s) for s in range(20, 26)):
        h.append(e.call())
        if h[-1] > 0:
            e.send(h[-1], encode.register(e.nsapa, "127.0.0.70"))
    assert h[-1] == -47, h
    v.counted("limit-circuits")
    v.grown(circuits=12, members=4)


def garbage(e, c, x):
    """name of the counter, datagram, whether something comes back"""
    mine, spa = e.nsapa, EVIL
    to = encode.nsapa(MARS)

    def mars(m, llc=encode.LLC_MARS):
        return encode.data(c, llc + m)
    good = encode.single(mine, spa, "224.7.7.7")
    setup = encode.setup(5, mine, to)
    yield "short", b"", False
    yield "short", b"\x11", False
    yield "short", setup[:30], False
    yield "short", encode.setup(5, mine, to, bytes(16))[:-1], False
    yield "short", encode.head(4, 7), False
    yield "version", b"\x27" + good, False
    yield "type", encode.head(0) + bytes(60), False
    yield "type", encode.head(15) + bytes(60), False
    yield "zero-circuit", encode.setup(0, mine, to), False
    yield "token-bad", encode.setup(5, mine, to, bytes(16)), True
    yield "source-mismatch", encode.setup(
        5, encode.nsapa(SPOOFED), to), True
    yield "source-mismatch", encode.setup(
        5, bytes.fromhex("47") + bytes(19), to), True
    yield "called-unknown", encode.setup(5, mine, encode.nsapa(MARS, 9)), True
    yield "unknown-circuit", encode.data(1, encode.LLC_MARS + good), True
    yield "unknown-circuit", encode.numbered("ENQUIRY", 1, 2), True
    yield "long", mars(bytes(9300)), False
    yield "wrong-peer", encode.data(x, encode.LLC_MARS + good), False
    yield "llc", mars(good, b"\xaa\xaa\x04\x00\x00\x5e\x00\x03"), False
    yield "llc", encode.data(c, b""), False
    yield "codepoint", mars(good, bytes.fromhex("aaaa0300005e0001")), False
    yield "codepoint", mars(good, bytes.fromhex("aaaa030000000800")), False
    yield "truncated", mars(good[:-1]), False
    yield "truncated", mars(good[:19]), False
    yield "truncated", mars(encode.single(mine, spa, "224.7.7.7", pnum=0xffff,
                                          chksum=0)), False
    yield "afn", mars(encode.single(mine, spa, "224.7.7.7", afn=1)), False
    yield "op-version", mars(encode.single(mine, spa, "224.7.7.7",
                                           version=2)), False
    yield "nhrp", mars(encode.single(mine, spa, "224.7.7.7",
                                     version=1)), False
    yield "no-source", mars(encode.single(b"", spa, "224.7.7.7")), False
    yield "checksum", mars(encode.single(mine, spa, "224.7.7.7",
                                         good_sum=False)), False
    yield "protocol", mars(encode.single(mine, spa, "224.7.7.7",
                                         pro=0x80)), False
    yield "protocol-unserved", mars(encode.single(
        mine, spa, "224.7.7.7", pro=0x809b)), False
    # a list that runs past the end, begins inside the addresses, is endless
    yield "tlv", mars(encode.single(mine, spa, "224.7.7.7", extoff=4000,
                                    chksum=0)), False
    yield "tlv", mars(encode.single(mine, spa, "224.7.7.7", extoff=20,
                                    chksum=0)), False
    yield "tlv", mars(encode.single(mine, spa, "224.7.7.7",
                                    tlvs=encode.tlv(0, 9, bytes(8)))), False
    yield "tlv", mars(encode.single(
        mine, spa, "224.7.7.7", tlvs=b"\x00\x09\xff\xff" + bytes(8))), False
    yield "tlv-refused", mars(encode.single(
        mine, spa, "224.7.7.7",
        tlvs=encode.tlv(1, 9, b"x") + encode.NULL_TLV)), False
    yield "tlv-error", mars(encode.single(
        mine, spa, "224.7.7.7",
        tlvs=encode.tlv(2, 9, b"x") + encode.NULL_TLV)), False
    yield "op", mars(encode.message(99, bytes(9), b"", mine)), False
    for op in ("SJOIN", "SLEAVE"):
        yield "op-unexpected", mars(encode.single(
            mine, spa, "224.7.7.7", op)), False
    yield "op-unexpected", mars(encode.request(
        mine, spa, "224.7.7.7", "NAK")), False
    yield "source", mars(encode.single(
        encode.nsapa(SPOOFED), SPOOFED, "224.7.7.7")), False
    yield "copy", mars(encode.single(mine, spa, "224.7.7.7",
                                     flags=encode.COPY)), False
    yield "pairs", mars(encode.join(mine, spa, [
        ("224.7.7.7", "224.7.7.7"), ("224.7.7.9", "224.7.7.9")])), False
    yield "range", mars(encode.join(
        mine, spa, [("224.7.7.8", "224.7.7.7")])), False
    yield "range", mars(encode.join(mine, spa, [(b"\1\2\3", b"\1\2\3")])), \
        False
    yield "address", mars(encode.single(mine, spa, "224.7.7.7",
                                        shtl=19, chksum=0)), False


@test
def malformed():
    """each kind of nonsense is counted under its name, and not answered"""
    v = Victim()
    resident(v)
    e, other, silent = Endpoint(EVIL), Endpoint(SPOOFED), Endpoint(EVIL, 77)
    x, c = other.registered(), e.registered()
    u = silent.call()
    v.settle()
    with Service():
        for i, (name, octets, answered) in enumerate(garbage(e, c, x)):
            was = v.count(name)
            # circuits are there as long as their owners answer
            other.pump(0.02)
            silent.pump(0.02)
            e.pump(0)
            e.heard.clear()
            for _ in range(3):
                e.raw(octets)
            wait("%s is counted (%d: %s)" % (name, i, octets[:40].hex()),
                 lambda: v.count(name) >= was + 3, 10)
            e.pump(0.02)
            heard = [h for h in e.heard if h not in ("ENQUIRY", "SETUP")]
            # what Service does comes on ClusterControlVC
            heard = [h for h in heard if h != "DATA"] if not answered else \
                heard
            assert bool(heard) == answered, (name, octets[:40].hex(), heard)
        silent.send(u, encode.single(silent.nsapa, EVIL, "224.7.7.7"))
        v.counted("unregistered")
    assert v.group("224.7.7.7") == [], v.group("224.7.7.7")
    v.grown(circuits=4)


@test
def random_octets():
    """random datagrams, and good ones with octets changed"""
    v = Victim()
    resident(v)
    e = Endpoint(EVIL)
    c = e.registered()
    v.settle()
    print("# seed %d" % seed)
    good = [encode.data(c, encode.LLC_MARS + m) for m in (
        encode.single(e.nsapa, EVIL, "224.7.7.7", chksum=0),
        encode.join(e.nsapa, EVIL, [("224.7.0.0", "224.8.0.0")], chksum=0),
        encode.request(e.nsapa, EVIL, GROUP, chksum=0),
        encode.single(e.nsapa, EVIL, "224.7.7.7", chksum=0,
                      tlvs=encode.tlv(0, 9, b"xyz") + encode.NULL_TLV))]
    good += [encode.setup(9, e.nsapa, encode.nsapa(MARS)),
             encode.numbered("ENQUIRY", c, 1), encode.release(7, 8)]

    def spoil(i):
        if i % 4 == 0:
            e.raw(rnd.randbytes(rnd.randrange(200)))
            return
        octets = bytearray(rnd.choice(good))
        for _ in range(rnd.randrange(1, 4)):
            at = rnd.randrange(len(octets))
            # the head is to hold most of the time
            if at >= 12 or rnd.randrange(8) == 0:
                octets[at] = rnd.choice((0, 1, 0x7f, 0x80, 0xff,
                                         rnd.randrange(256)))
        if rnd.randrange(8) == 0:
            del octets[rnd.randrange(len(octets)):]
        e.raw(octets)

    with Service():
        # slowly enough for what is well formed to get past the rate
        for _ in range(12):
            paced(e, spoil, 300, 1)
            e.pump(0.5)
    v.grown(circuits=LIMITS["circuits-per-address"],
            joins=LIMITS["joins-per-member"])


@test
def spoofed():
    """another address can't use, clear or answer for a client's circuit"""
    v = Victim()
    victim, evil = Endpoint(SPOOFED), Endpoint(EVIL)
    c = victim.registered()
    victim.send(c, encode.single(victim.nsapa, SPOOFED, GROUP))
    wait("it has joined", lambda: v.group(GROUP) == [SPOOFED])
    evil.raw(encode.data(c, encode.LLC_MARS + encode.single(
        victim.nsapa, SPOOFED, GROUP, "LEAVE")))
    evil.raw(encode.release(c, 1))
    evil.raw(encode.release(0, 1, 81))
    evil.raw(encode.numbered("STATUS", c, 1))
    own = evil.call()
    evil.send(own, encode.register(victim.nsapa, SPOOFED, "LEAVE"))
    v.counted("wrong-peer", "source")
    end = time.monotonic() + 2      # two intervals of enquiry
    while time.monotonic() < end:
        victim.pump(0.1)
    assert v.group(GROUP) == [SPOOFED]
    assert len([r for r in v.ctl("circuits") if r["peer"] == SPOOFED]) == 2


@test
def defaults():
    """the same floods, shorter, at the limits that nobody has changed"""
    v = Victim(limits=None)
    resident(v)
    e = Endpoint(EVIL)
    c = e.registered()
    v.settle()
    with Service():
        paced(e, lambda i: e.send(c, encode.single(
            e.nsapa, EVIL, group(i))), 20000, 3)
        paced(e, lambda i: e.send(c, encode.join(e.nsapa, EVIL, [(
            group(i), group(2 * i + 1))])), 20000, 3)
        paced(e, lambda i: e.send(c, encode.request(
            e.nsapa, EVIL, GROUP)), 20000, 2)
        paced(e, lambda i: e.setup(), 2000, 2)
        # it is refused once it has answered so many RETRYs
        wait("the limit", lambda: e.pump(0.2) or v.counter(
            "limit-per-address"))
        v.counted("rate-client", "limit-per-address")
    # 200 messages a second, and one second's worth at once
    v.grown(circuits=64, joins=200 * 12)


main()
