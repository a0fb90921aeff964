# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Records the captures that test.sh checks; run by hand, as root.

usage: record.py DIRECTORY

full.pcap is everything between two servers, their clients and a multicast
server from start to end, without what only repeats; parts.pcap is what one
client sees that asks for a group of 500.
"""
import os
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../system"),
                os.path.join(HERE, "../decode")]
import decode                                           # noqa: E402
import suite                                            # noqa: E402
from suite import Client, Server, marsc, script, wait   # noqa: E402

suite.BASE_PORT = 2022
A, B = "127.0.0.21", "127.0.0.22"
REPEATS = 3     # of these from one endpoint to another


class Capture:
    def __init__(self, path, what):
        self.path = path
        self.process = subprocess.Popen(
            ["dumpcap", "-q", "-P", "-i", "lo", "-f",
             "udp portrange 2022-2030 and (%s)" % what, "-w", path],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("a capture", lambda: os.path.exists(path))
        time.sleep(1)

    def stop(self):
        time.sleep(1)
        self.process.terminate()
        self.process.wait()


def kind(packet):
    """What a packet that may repeat is, or None."""
    udp = decode.ip_payload(packet[14:])
    if udp is None:
        return None
    m = decode.nvc(udp[2])
    name = m["nvc"]
    if name == "DATA":
        name = m["sdu"]["message"]
        if name != "SCSP_HELLO":
            return None
    elif name not in ("ENQUIRY", "STATUS"):
        return None
    return name, packet[26:34], udp[:2]


def strip(path):
    """Leaves out what repeats, and sets the clock to the epoch."""
    with open(path, "rb") as f:
        data = f.read()
    seen, out, at, first = {}, data[:24], 24, None
    while at < len(data):
        s, us, n, full = struct.unpack("<IIII", data[at:at + 16])
        packet = data[at + 16:at + 16 + n]
        at += 16 + n
        k = kind(packet)
        if k is not None:
            seen[k] = seen.get(k, 0) + 1
            if seen[k] > REPEATS:
                continue
        first = s if first is None else first
        out += struct.pack("<IIII", s - first, us, n, full) + packet
    with open(path, "wb") as f:
        f.write(out)
    print(path, len(out))


def full(path):
    c = Capture(path, "net 127.0.0.16/28 or net 127.0.0.32/28")
    a, b = Server(21, (22,)), Server(22, (21,))
    a.start()
    one = Client("127.0.0.31", A, "run", script(
        ["register", "join 224.1.1.1", "join 224.2.0.0-224.2.255.255",
         "stay"]))
    wait("one", lambda: a.group("224.1.1.1") == ["127.0.0.31"])
    b.start()
    wait("aligned", lambda: a.aligned() and b.aligned())
    assert b.stop() == 0
    b.start()           # and has to ask for what is there: CSUS
    wait("aligned", lambda: b.aligned() and a.aligned())
    six = Client("127.0.0.33", B, "run", script(
        ["register", "join ff05::101", "stay"]), options=("-p", "ipv6"))
    wait("six", lambda: a.group("ff05::101", "ipv6") == ["127.0.0.33"])
    two = script(["register", "join 224.1.1.1", "join 224.2.3.4", "wait 3",
                  "request 224.1.1.1", "request 224.9.9.9",
                  "grouplist 224.1.0.0-224.2.255.255",
                  "send 224.1.1.1 text", "leave 224.2.3.4",
                  "leave 224.1.1.1"])
    assert marsc("127.0.0.32", B, "run", two)[0] == 0
    mcs = Client("127.0.0.41", A, "serve", "224.1.1.1")
    wait("a server", lambda: any(r["server-count"]
                                 for r in b.ctl("groups") or []))
    # single, and in a block with a hole; both come to the MCS as well
    two = script(["register", "join 224.1.1.1", "request 224.1.1.1",
                  "join 224.1.0.0-224.1.255.255",
                  "leave 224.1.0.0-224.1.255.255", "leave 224.1.1.1",
                  "wait 1"])
    assert marsc("127.0.0.32", A, "run", two)[0] == 0
    assert mcs.stop() == 0
    assert six.stop() == 0
    assert one.stop() == 0
    wait("nobody", lambda: a.members() == b.members() == [])
    time.sleep(2)
    assert a.stop() == 0 and b.stop() == 0
    c.stop()


def parts(path):
    a = Server(21).start()
    Client("127.0.4.1", A, "run", script(
        ["register", "join 224.1.1.1", "stay"]), options=("-n", "500"))
    wait("500", lambda: a.group_size("224.1.1.1") == 500)
    time.sleep(1)
    c = Capture(path, "host 127.0.0.32")
    assert marsc("127.0.0.32", A, "request", "224.1.1.1")[0] == 0
    c.stop()


def main():
    where = sys.argv[1]
    for f in full, parts:
        path = os.path.join(where, f.__name__ + ".pcap")
        f(path)
        strip(path)
        suite.cleanup()
        suite.running.clear()


main()
