# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""A child of mars(8) that somebody has taken over: evil.py puts it behind -L
in the place of marsd, scspd or edged.  It does what a child does at its start,
and then what the file "attack" beside it names.  In "heard" it leaves what it
was given: octets, and how many descriptors came after the start.

It has no sandbox, so nothing but the others keeps it from anything."""

import json
import os
import random
import select
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
ROLE = os.path.basename(sys.argv[0])
with open(HERE + "/attack") as f:
    TASK = json.load(f)
T = TASK["types"]                       # of ipc.h, by name
rnd = random.Random(TASK["seed"])
MANY = 8000                     # of what is sent without end
LONGEST = 16000


class Over(Exception):
    """The other end has closed."""


def string(text):
    octets = text.encode()
    return struct.pack("!H", len(octets)) + octets


def imsg(kind, payload=b"", mark=0, length=None):
    size = 16 + len(payload) if length is None else length
    return struct.pack("=IIII", kind, size | mark, 0, os.getpid()) + payload


class Channel:
    def __init__(self, fd):
        self.socket = socket.socket(fileno=fd)
        self.socket.setblocking(False)
        self.octets = b""
        self.fds = []
        self.sibling = None

    def read(self):
        """Takes what is there: a list of (type, payload)."""
        try:
            data, fds, _, _ = socket.recv_fds(self.socket, 65536, 64)
        except BlockingIOError:
            return []
        except OSError:
            raise Over
        self.fds += fds
        if not data:
            raise Over
        heard.write(data)
        self.octets += data
        r = []
        while len(self.octets) >= 16:
            kind, size = struct.unpack("=II", self.octets[:8])
            size &= 0x7fffffff
            if len(self.octets) < size:
                break
            r.append((kind, self.octets[16:size]))
            self.octets = self.octets[size:]
        return r

    def put(self, octets, fds=(), deaf=False):
        """Sends all of it, and meanwhile does what a child does, if it is not
        deaf."""
        while octets:
            if not deaf:
                serve(self)
            try:
                n = socket.send_fds(self.socket, [octets], list(fds))
            except BlockingIOError:
                wait = [] if deaf else [self.socket]
                select.select(wait, [self.socket], [], 1)
                continue
            except OSError:
                raise Over
            octets, fds = octets[n:], ()


def serve(c):
    """What a child answers."""
    for kind, payload in c.read():
        if kind == T["IMSG_PING"]:
            c.put(imsg(T["IMSG_PONG"], payload), deaf=True)
        elif kind == T["IMSG_CONF_END"] and TASK["attack"] != "noreload":
            c.put(imsg(T["IMSG_CONF_DONE"], string(
                "no\nmars: FORGED" if TASK["attack"] == "refuse" else "")),
                deaf=True)


def begin(c, ready="evil"):
    """The start, to its end; the sibling's channel, or None."""
    seen = []
    while T["IMSG_CONF_END"] not in seen:
        select.select([c.socket], [], [])
        seen += [kind for kind, _ in c.read()]
    c.put(imsg(T["IMSG_READY"], string(ready)))
    c.put(imsg(T["IMSG_CONF_DONE"], string("")))
    # in the order in which mars sends them: the sibling's is the first
    own, c.fds = c.fds, []
    c.sibling = Channel(own[0]) if ROLE != "edged" else None
    return c.sibling


def noise(most):
    return rnd.randbytes(rnd.choice((0, 1, 2, 3, 4, 5, 6, 8, 50, 51, 55, 90,
                                     200, rnd.randrange(most))))


def every_type(c, fds=(), deaf=False):
    """Each type, those that only others may send among them, many times.
    Not STOP, which a child may ask for."""
    for kind in list(range(max(T.values()) + 3)) * 40 + [2**31, 2**32 - 1]:
        if kind != T["IMSG_CTL_STOP"]:
            c.put(imsg(kind, noise(LONGEST), 0x80000000 if fds else 0), fds,
                  deaf)


def types(c):
    begin(c)
    every_type(c)


def early(c):
    """Before it is ready, and before it has been told anything."""
    every_type(c, deaf=True)
    begin(c)


def twice(c):
    """What comes once, again and again."""
    begin(c)
    for _ in range(MANY // 10):
        c.put(imsg(T["IMSG_READY"], string("again\n")))
        c.put(imsg(T["IMSG_CONF_DONE"], string("")))
        c.put(imsg(T["IMSG_CONF_DONE"], string("again\nmars: FORGED")))


def descriptors(c):
    """With a descriptor, marked or not, and marked without one."""
    begin(c)
    null = os.open("/dev/null", os.O_RDONLY)
    every_type(c, [null])
    for _ in range(2000):
        c.put(imsg(T["IMSG_PONG"], bytes(4)), [null])
        c.put(imsg(T["IMSG_PONG"], bytes(4), 0x80000000))


def pieces(c):
    """One for each octet of a message."""
    begin(c)
    null = os.open("/dev/null", os.O_RDONLY)
    for octet in imsg(T["IMSG_PONG"], bytes(4), 0x80000000):
        c.put(bytes((octet,)), [null])


def many(c):
    """As many descriptors as one message can have."""
    begin(c)
    null = os.open("/dev/null", os.O_RDONLY)
    while True:
        c.put(imsg(T["IMSG_PONG"], bytes(4), 0x80000000), [null] * 253)


def sockets(c):
    """Every socket that can be asked for, by addresses that are known here."""
    begin(c)
    known = [b"\0" * 42, TASK["own"], TASK["peer"]]
    known = [bytes.fromhex(a) if isinstance(a, str) else a for a in known]
    for i in range(3000):
        a, b = rnd.choice(known), rnd.choice(known)
        c.put(imsg(T["IMSG_ATM_OPEN"], struct.pack("!IB", i, i % 8) + a + b))
        c.put(imsg(T["IMSG_ATM_PARTY"], struct.pack(
            "!IBI", i, i % 8, rnd.randrange(3)) + a + b))


def large(c):
    begin(c)
    c.put(imsg(T["IMSG_LOG"], b"x" * 100, length=2**31 - 1))


def beyond(c):
    """One octet more than there may be."""
    begin(c)
    c.put(imsg(T["IMSG_LOG"], bytes(LONGEST + 1)))


def short(c):
    begin(c)
    c.put(imsg(T["IMSG_LOG"], length=15))


def garbage(c):
    begin(c)
    c.put(rnd.randbytes(1 << 20))


def half(c):
    """Half a message, and then it hangs."""
    begin(c)
    c.put(imsg(T["IMSG_LOG"], length=10000), deaf=True)
    while True:
        time.sleep(1000)


def unread(c):
    """Asks without end and reads nothing."""
    begin(c)
    for i in range(50 * MANY):
        c.put(imsg(T["IMSG_CTL_RELOAD_REQ"], struct.pack("!I", i)) +
              imsg(T["IMSG_VERBOSE_REQ"], struct.pack("!I", i & 1)) +
              imsg(T["IMSG_ATM_OPEN"], bytes(5 + 84)), deaf=True)


def lines(c):
    """Says what it wants, without end, and forges what others say."""
    begin(c)
    text = "x\nmars: FORGED\r\x1b[2Jmars: FORGED " + "x" * 700
    for i in range(MANY):
        c.put(imsg(T["IMSG_LOG"], bytes((i % 9,)) + string(text)))


def wrong(c):
    """The same with what is not to be understood."""
    begin(c)
    for i in range(MANY):
        c.put(imsg(i % 200, noise(60)) if i % 200 != T["IMSG_CTL_STOP"] else
              imsg(T["IMSG_LOG"], b"\xff"))


def orders(c):
    """Has everything read anew, and the log made longer, without end."""
    begin(c)
    for i in range(MANY):
        c.put(imsg(T["IMSG_CTL_RELOAD_REQ"], struct.pack("!I", i)) +
              imsg(T["IMSG_VERBOSE_REQ"], struct.pack("!I", i & 1)))


def newline(c):
    begin(c, "seccomp\nmars: FORGED\nmars: and more")


def refuse(c):
    begin(c)


def noreload(c):
    begin(c)


def leave(c):
    """Closes its channel and lives on."""
    begin(c)
    c.socket.close()
    while True:
        time.sleep(1000)


def sibling_types(c):
    s = begin(c)
    for kind in list(range(max(T.values()) + 3)) * 40:
        s.put(imsg(kind, noise(LONGEST)), deaf=True)


def sibling_large(c):
    begin(c).put(imsg(T["IMSG_CSA_PUBLISH"], length=2**31 - 1), deaf=True)


def sibling_garbage(c):
    begin(c).put(rnd.randbytes(1 << 20), deaf=True)


def sibling_records(c):
    """What it may say, with any contents, without end, and reads nothing."""
    s = begin(c)
    for i in range(MANY * 2):
        if ROLE == "marsd":
            kind, m = "IMSG_CSA_PUBLISH", struct.pack(
                "!HI", 1, rnd.getrandbits(32)) + rnd.randbytes(200)
        else:
            kind, m = "IMSG_CSA_UPDATE", struct.pack(
                "!H4sIIBQ", 1, rnd.randbytes(4), i, i, 1, 0) + \
                rnd.randbytes(60)
        serve(c)
        s.put(imsg(T["IMSG_REPLICA"], struct.pack(
            "!HH", T[kind], len(m)) + m), deaf=True)


heard = open(HERE + "/heard", "wb", buffering=0)
try:
    channel = Channel(3)
    globals()[TASK["attack"]](channel)
    with open(HERE + "/done", "w"):
        pass
    while True:                         # from now on it is a good child
        select.select([channel.socket], [], [])
        serve(channel)
        with open(HERE + "/descriptors", "w") as f:
            f.write("%d" % len(channel.fds))
except Over:
    pass
