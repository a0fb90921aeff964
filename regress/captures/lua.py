# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What mars.lua makes of messages, by tshark: of every message each octet, and
of what breaks the RFCs what is wrong.  Prints TAP.
"""
import hashlib
import hmac
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../decode"))
import decode                                           # noqa: E402

LUA = os.path.join(HERE, "../../etc/mars.lua")
CAPTURES = [os.path.join(HERE, f + ".pcap") for f in ("full", "parts")]
LLC = bytes.fromhex("aaaa0300005e")
DATA = bytes.fromhex("170000000000000000000001")
EXPERTS = ["%s.%s" % (p, e) for p in ("nvc", "mars", "scsp")
           for e in ("odd", "expert")]
tmp = tempfile.mkdtemp(prefix="mars-regress-")
count = failed = 0


def same(name, got, want):
    global count, failed
    count += 1
    if got == want:
        print("ok %d - %s" % (count, name))
        return
    failed += 1
    print("not ok %d - %s" % (count, name))
    print("# got  %s" % str(got)[:2000])
    print("# want %s" % str(want)[:2000])


def fold(data):
    """The internet checksum, by which a packet is made correct."""
    return struct.pack(">H", decode.checksum(data))


def fixed(message, at):
    """A message whose checksum is at that offset, with the right one."""
    message = message[:at] + bytes(2) + message[at + 2:]
    return message[:at] + fold(message) + message[at + 2:]


def udp(payload, port=2022):
    head = struct.pack(">HHHH", 40000, port, 8 + len(payload), 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0x4000,
                     64, 17, 0, bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
    return fixed(ip, 10) + head + payload


def pcap(packets, link=101):
    """A file with these packets; its name.  101: IP, 100: LLC/SNAP."""
    path = os.path.join(tmp, "one.pcap")
    with open(path, "wb") as f:
        f.write(struct.pack(">IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link))
        for n, p in enumerate(packets):
            f.write(struct.pack(">IIII", n, 0, len(p), len(p)) + p)
    return path


def tshark(path, *options):
    """Its lines; whatever it says of Lua is a failure."""
    r = subprocess.run(["tshark", "-X", "lua_script:" + LUA, "-r", path] +
                       list(options), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True)
    if r.returncode != 0 or "ua" in r.stderr.replace("dangerous", ""):
        raise SystemExit("tshark: " + r.stderr)
    return r.stdout


def fields(path, *names, options=()):
    """Of each packet a tuple of these fields."""
    out = tshark(path, "-T", "fields",
                 *[w for n in names for w in ("-e", n)], *options)
    return [tuple(line.split("\t")) for line in out.split("\n")[:-1]]


def vectors():
    out = subprocess.run([sys.executable, "-B", "vectors.py"],
                         cwd=os.path.join(HERE, "../decode"), check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return {tuple(w[:2]): bytes.fromhex(w[2])
            for w in (line.split() for line in out.splitlines())}


VECTORS = vectors()
JOIN = VECTORS["mars", "join"]
HELLO = bytes.fromhex(
    "01050024000000000003000300000000000300010000000004040000c0000201"
    "c0000202")
CSU = bytes.fromhex(
    "0102006400000000000300010000000004040001c0000201c0000202001000480404"
    "0000ffffffff00000009c0000201000f080000000000000000040000010204041400"
    "c0000201350001c000020100000000000000000000000007e0010101e0010101")
CSUS = bytes.fromhex(
    "0104006e0000003000030001000000000404000" "1c0000202c0000201"
    "000100140404" "0000ffffffff00000009c000020100020020024d5201000000000102"
    "03040506070811121314151617180000000000000005000100120000010" "1abababab"
    "abababababababababab00000000")
SETUP = bytes.fromhex(
    "11800000000000000000000000000001" "0000000223e40a08"
    "350001c000020100000000000000000000000007"
    "350001c0000202000000000000000000000000000102030405060708")
CONNECT = bytes.fromhex("130000000000000100000002000000030000000423e40a00")
TYPE1 = bytes.fromhex("01020800")
# a packet that an edge passes on: 10.1.1.7 to 239.1.1.1
INNER = fixed(bytes.fromhex("4500001e0000400007110000"
                            "0a010107ef010101"), 10) + struct.pack(">HHHH", 40001, 40002, 10, 0) + b"hi"


def mars(message, check=True):
    return DATA + LLC + b"\0\3" + (fixed(message, 12) if check else message)


def scsp(message):
    message = message[:2] + struct.pack(">H", len(message)) + message[4:]
    return DATA + LLC + b"\0\5" + fixed(message, 4)


def patch(message, at, octets):
    octets = bytes.fromhex(octets)
    return message[:at] + octets + message[at + len(octets):]


def infos(payloads, port=2022):
    path = pcap([udp(p, port) for p in payloads])
    return [i for i, in fields(path, "_ws.col.Info")]


# --- every octet is shown

# names of what is about a packet as a whole
HEADS = "", "frame", "num", "len", "caplen", "timestamp"


def hidden(path):
    """Octets of a datagram that no field shows: (packet, offset) of each."""
    bad = []
    for packet in xml.fromstring(tshark(path, "-T", "pdml")):
        nvc = packet.find("proto[@name='nvc']")
        if nvc is None:
            continue
        start, size = int(nvc.get("pos")), int(nvc.get("size"))
        shown = set()
        for f in packet.iter("field"):
            if "pos" in f.attrib and f.get("name").split(".")[0] not in HEADS:
                at = int(f.get("pos"))
                shown.update(range(at, at + int(f.get("size"))))
        number = packet.find("proto/field[@name='num']").get("show")
        bad += [(int(number), at - start) for at in range(start, start + size)
                if at not in shown]
    return bad


def all_messages():
    """Every message there is, of its kind one."""
    return [mars(m, False) for (kind, _), m in VECTORS.items()
            if kind == "mars"] + [scsp(m) for m in (HELLO, CSU, CSUS)] + [
        SETUP, CONNECT, bytes.fromhex("1200000000000001000000020102030405060"
                                      "708"),
        bytes.fromhex("1400001500000001000000020000000300000004"),
        bytes.fromhex("1500000000000001000000020000000300000004"),
        bytes.fromhex("1600000000000001000000020000000300000004")]


def test_all():
    any_of = " || ".join(EXPERTS + ["_ws.malformed", "_ws.lua.error"])
    for path in CAPTURES:
        name = os.path.basename(path)
        same(name + ": every octet is a field", hidden(path)[:5], [])
        same(name + ": nothing is odd",
             tshark(path, "-Y", any_of).splitlines(), [])
    messages = all_messages()
    path = pcap([udp(m) for m in messages])
    same("every message: every octet is a field", hidden(path)[:5], [])
    same("every message: nothing is odd",
         tshark(path, "-Y", any_of).splitlines(), [])
    path = pcap([udp(m) for m, *_ in odd_messages()])
    same("what is wrong: every octet is a field",
         [b for b in hidden(path) if not odd_messages()[b[0] - 1][2]][:5], [])


# --- what is wrong

def odd_messages():
    """(payload, what Info says, whether it can't be read to its end)"""
    csa = 20 + 8 + 20       # of CSU: head, identities, head of the record
    return [
        (mars(patch(JOIN, 0, "0010")), "mar$afn: not 15", False),
        (mars(patch(JOIN, 4, "01")), "SNAP in the short form", False),
        (mars(patch(JOIN, 2, "0080")), "long form without SNAP", False),
        (mars(patch(JOIN, 2, "00800000000800")),
         "long form where there is a short one", False),
        (mars(patch(JOIN, 9, "01")), "mar$hdrrsv: not 0", False),
        (mars(patch(JOIN, 12, "ffff"), False), "wrong checksum", False),
        (mars(patch(JOIN, 14, "0001")), "mar$extoff: lowest bits", False),
        (mars(patch(JOIN, 16, "02")), "version 2, which is not known", True),
        (mars(patch(JOIN, 17, "0e")), "operation is not known", True),
        (mars(patch(JOIN, 18, "94")), "reserved bit of a type/length", False),
        (mars(patch(JOIN, 24, "8105")), "mar$flags: reserved bits", False),
        (mars(patch(JOIN, 56, "e0010102")), "minimum above maximum", False),
        (mars(JOIN + b"\0"), "octets behind the addresses", False),
        (mars(JOIN[:-1]), "shorter than it says", True),
        (mars(patch(VECTORS["mars", "join"], 14, "0004")),
         "TLVs inside the addresses", True),
        (mars(patch(VECTORS["mars", "request"], 28, "01")),
         "mar$pad: not 0", False),
        (mars(patch(VECTORS["mars", "redirect_map"], 23, "81")),
         "mar$redirf: reserved bits", False),
        (mars(patch(VECTORS["mars", "multi"], 26, "8000")),
         "mar$seqxy: part 0", False),
        (mars(patch(VECTORS["mars", "migrate"], 26, "0001")),
         "mar$resv: not 0", False),
        (mars(VECTORS["mars", "join_tlv"] + b"\0"),
         "octets behind the Null TLV", False),
        (scsp(patch(HELLO, 0, "02")), "version is not 1", False),
        (scsp(patch(HELLO, 1, "06")), "type is not known", True),
        (scsp(patch(HELLO, 12, "0001")), "unused octets", False),
        (scsp(patch(HELLO, 22, "8000")), "unused flags", False),
        (scsp(HELLO + b"\0"), "octets behind the records", False),
        (DATA + LLC + b"\0\5" + HELLO, "wrong checksum", False),
        (DATA + LLC + b"\0\5" + HELLO + b"\0", "packet size", True),
        (scsp(patch(CSU, 34, "0001")), "unused bits of a record", False),
        (scsp(patch(CSU, 36, "80000000")),
         "reserved CSA sequence number", False),
        (scsp(patch(CSU, 32, "0304")),
         "lengths of cache key and originator are not 4", True),
        (scsp(patch(CSU, csa + 9, "01")), "unused octet of a record", False),
        (scsp(patch(CSU, csa + 7, "01")), "SNAP in the short form", False),
        (scsp(patch(CSU, csa + 10, "01")),
         "version of a record is not known", False),
        (scsp(patch(CSU, csa + 11, "06")),
         "state of a record is not known", False),
        (scsp(patch(CSU, csa + 12, "0100")),
         "unused flags of a record", False),
        (scsp(patch(CSU, csa + 12, "2000")),
         "a registration, and a group", False),
        (scsp(patch(CSUS, 28, "0002")), "hop count is not 1", False),
        (scsp(patch(CSUS, 56, "01")), "replay extension: unused", False),
        (scsp(CSUS[:-4] + bytes.fromhex("00000001")),
         "End of Extensions: length", False),
        (scsp(CSUS + b"\0"), "octets behind the extensions", False),
        (patch(SETUP, 1, "81"), "unused flags", False),
        (patch(SETUP, 2, "0001"), "a cause, and no RELEASE", False),
        (patch(SETUP, 11, "01"), "circuit of a SETUP: not 0", False),
        (patch(CONNECT, 23, "01"), "last octet of a CONNECT: not 0", False),
        (CONNECT + b"\0", "octets behind the end", False),
        (DATA + b"\xaa\xaa\x04" + LLC[3:] + b"\0\3" + JOIN,
         "no LLC/SNAP header", False),
    ]


def test_wrong():
    cases = odd_messages()
    got = infos([m for m, _, _ in cases])
    same("Info says what is wrong",
         [(g, want) for g, (_, want, _) in zip(got, cases)
          if want not in g or "[" not in g], [])
    path = pcap([udp(m) for m, *_ in cases])
    any_of = " || ".join(EXPERTS)
    same("and there is an expert item for each", len(tshark(
        path, "-Y", any_of).splitlines()), len(cases))
    same("of what can't be read an error", len(tshark(
        path, "-Y", "mars.expert || scsp.expert || nvc.expert").splitlines()),
         len([c for c in cases if c[2]]))
    same("NVC of another version is not ours",
         fields(pcap([udp(patch(SETUP, 0, "21"))]), "nvc.version"), [("",)])


# --- addresses, filters

def test_addresses():
    full = CAPTURES[0]
    groups = [g for gs, in fields(full, "mars.tpa") for g in gs.split(",")]
    some = [g for g in groups if g.startswith("224.1.")]
    same("a prefix is a filter: mars.tpa == 224.1.0.0/16",
         len(tshark(full, "-Y", "mars.tpa == 224.1.0.0/16").splitlines()),
         len(some))
    same("of some, and not of all", 0 < len(some) < len([g for g in groups
                                                         if g]), True)
    path = pcap([udp(mars(m, False)) for (kind, _), m in VECTORS.items()
                 if kind == "mars"])

    def shows(field, want):
        got = {v for line, in fields(path, field) for v in line.split(",")}
        same("%s: %s" % (field, want), want in got, True)
    shows("mars.min", "224.1.1.1")
    shows("mars.min6", "ff02::42")
    shows("mars.min.bytes", "010203")
    shows("mars.tha", "192.0.2.2")
    shows("mars.sha.sel", "7")
    shows("mars.sha.nsapa", "350001c000020100000000000000000000000007")
    shows("mars.tha.e164", "123")
    path = pcap([udp(scsp(CSU))])
    shows("csa.min", "224.1.1.1")
    shows("csa.atm", "192.0.2.1")
    shows("csa.flags", "0x0000")


# --- ports, and links

def test_places():
    messages = all_messages()
    path = pcap([udp(m, 20220) for m in messages])
    same("at another base port it is found by its form",
         [n for n, v in enumerate(fields(path, "nvc.version"))
          if v != ("1",)], [])
    rng = random.Random(1)
    noise = [bytes(rng.randrange(256) for _ in range(rng.randrange(12, 80)))
             for _ in range(2000)]
    same("and nothing else is", {v for v in fields(
        pcap([udp(m, 20220) for m in noise]), "nvc.version")}, {("",)})
    # a reserved flag: not by its form
    path = pcap([udp(patch(SETUP, 1, "81"), 5016)])
    same("not what is odd", fields(path, "nvc.version"), [("",)])
    same("but at a port that a preference names", fields(
        path, "nvc.version", options=("-o", "nvc.port:5000")), [("1",)])
    same("and then not at the usual one", fields(
        pcap([udp(patch(SETUP, 1, "81"), 2022)]), "nvc.version",
        options=("-o", "nvc.port:5000")), [("",)])
    atm = [LLC + b"\0\3" + JOIN, LLC + b"\0\5" + scsp(HELLO)[20:],
           LLC + b"\0\1" + TYPE1 + INNER,
           LLC + b"\0\4" + bytes(8) + b"\x08\0\0\0" + INNER,
           LLC + b"\0\3" + patch(JOIN, 16, "01")]
    path = pcap(atm, 100)
    same("over ATM", [(m, s, c, ip.split(",")[0]) for m, s, c, ip in fields(
        path, "mars.op.type", "scsp.type", "mars.pkt.cmi", "ip.dst")],
         [("4", "", "", ""), ("", "5", "", ""), ("", "", "258", "239.1.1.1"),
          ("", "", "", "239.1.1.1"), ("", "", "", "")])
    same("over ATM, NHRP is NHRP",
         "nhrp" in fields(path, "frame.protocols")[4][0], True)


def test_edge():
    path = pcap([udp(DATA + LLC + b"\0\1" + TYPE1 + INNER, 2038)])
    same("the packet of an edge is dissected",
         fields(path, "mars.pkt.cmi", "ip.dst", "udp.dstport"),
         [("258", "192.0.2.2,239.1.1.1", "2038,40002")])
    same("and said to be one",
         fields(path, "_ws.col.Info")[0][0].startswith("Type #1 data: "),
         True)
    # one that is cut short is malformed, and no error of the script
    path = pcap([udp(DATA + LLC + b"\0\1" + TYPE1 + INNER[:18])])
    same("the packet of an edge may be malformed", (
        len(tshark(path, "-Y", "_ws.malformed").splitlines()),
        len(tshark(path, "-Y", "_ws.lua.error").splitlines())), (1, 0))
    bundle = bytes.fromhex("182000070000000000000001")
    for m in (LLC + b"\0\3" + JOIN, LLC + b"\0\3" + patch(JOIN, 9, "01")):
        bundle += struct.pack(">H", len(m)) + m
    info = infos([bundle])[0]
    same("a BUNDLE says each of its messages",
         info.startswith("BUNDLE of MARS_JOIN 192.0.2.1%7 224.1.1.1, MARS_"
                         "JOIN") and "mar$hdrrsv" in info, True)


# --- keys

def signed(key, spi=257):
    ext = struct.pack(">HHI", 1, 36, spi) + bytes(32) + bytes(4)
    m = HELLO + ext
    m = m[:2] + struct.pack(">HHH", len(m), 0, len(HELLO)) + m[8:]
    mac = hmac.digest(key, m, hashlib.sha256)
    m = m[:len(HELLO) + 8] + mac + bytes(4)
    return scsp(m)


def test_keys():
    good = signed(b"secret")
    packets = [good, scsp(patch(good[20:], 16, "0004")), signed(b"k" * 100),
               signed(bytes(range(32)), 258), signed(b"other", 259),
               scsp(CSUS)]
    path = pcap([udp(p) for p in packets])
    status = ["correct", "wrong", "wrong", "correct",
              "not verified: no key for this SPI",
              "not verified: only HMAC-SHA-256 can be"]
    keys = "scsp.keys:257=secret 258=0x" + bytes(range(32)).hex()
    same("keys verify", [s for s, in fields(
        path, "scsp.ext.mac.status", options=("-o", keys))], status)
    same("a wrong MAC is an expert item", len(tshark(
        path, "-o", keys, "-Y", "scsp.odd").splitlines()), 2)
    same("a key that is longer than a block", [s for s, in fields(
        path, "scsp.ext.mac.status", options=(
            "-o", "scsp.keys:257=" + "k" * 100))][2], "correct")
    same("without keys nothing is wrong", len(tshark(
        path, "-Y", "scsp.odd").splitlines()), 0)
    same("the real ones", {s for s, in fields(
        CAPTURES[0], "scsp.ext.mac.status", options=(
            "-o", "scsp.keys:257=secret-1", "-Y", "scsp"))}, {"correct"})


def test_broken():
    """Whatever is cut off or changed, the script has no error."""
    rng = random.Random(2)
    packets = []
    for m in all_messages():
        packets += [udp(m[:n]) for n in range(12, len(m))]
        for _ in range(60):
            at = rng.randrange(1, len(m))
            packets.append(udp(patch(m, at, "%02x" % rng.randrange(256))))
    same("of %d broken packets none breaks it" % len(packets), tshark(
        pcap(packets), "-Y", "_ws.lua.error").splitlines()[:3], [])


def main():
    if shutil.which("tshark") is None:
        print("ok 1 - mars.lua # SKIP no tshark\n1..1")
        return 0
    for f in (test_all, test_wrong, test_addresses, test_places, test_edge,
              test_keys, test_broken):
        f()
    print("1..%d" % count)
    return failed != 0


try:
    status = main()
finally:
    shutil.rmtree(tmp)
sys.exit(status)
