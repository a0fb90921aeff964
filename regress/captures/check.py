# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What full.pcap and parts.pcap have to hold, by decode.py; prints TAP.

The expectations of single packets are written from the RFCs; those of all
packets are rules of the RFCs that hold between them.
"""
import collections
import hashlib
import hmac
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../decode"))
import decode                                           # noqa: E402

KEY = b"secret-1"       # suite.py's
A, B = "127.0.0.21", "127.0.0.22"
ONE, TWO, MCS = "127.0.0.31", "127.0.0.32", "127.0.0.41"


class Packet:
    def __init__(self, number, packet):
        ip = packet[0:20]
        self.number = number
        self.source = ".".join(str(o) for o in ip[12:16])
        self.to = ".".join(str(o) for o in ip[16:20])
        self.octets = decode.ip_payload(packet)[2]
        self.nvc = decode.nvc(self.octets)
        self.sdu = self.nvc.get("sdu")
        self.name = self.sdu["message"] if self.sdu else self.nvc["nvc"]
        odd = self.nvc.get("odd")
        assert not odd, (number, odd)


def load(name):
    with open(os.path.join(HERE, name), "rb") as f:
        return [Packet(i, p) for i, p in enumerate(
            decode.pcap(f.read()), 1)]


full, parts = load("full.pcap"), load("parts.pcap")
both = full + parts
mars = [p for p in both if p.name.startswith("MARS_")]
scsp = [p for p in both if p.name.startswith("SCSP_")]
count = failed = 0


def same(what, got, want):
    global count, failed
    count += 1
    print("%sok %d - %s" % ("" if got == want else "not ", count, what))
    if got != want:
        failed += 1
        print("# got  %r\n# want %r" % (got, want))


def find(packets, name, **fields):
    """The first packet of that name with these fields; flags by name."""
    for p in packets:
        m = p.sdu
        if p.name == name and all(
                (m["flags"][k] if k in m.get("flags", ()) else
                 m.get(k, getattr(p, k, None))) == v
                for k, v in fields.items()):
            return p
    raise SystemExit("Bail out! no %s %r" % (name, fields))


def fields(p, but=("chksum", "msn")):
    return {k: v for k, v in p.sdu.items() if k not in but}


def flags(*which, sequence=0):
    return dict({f: f in which for f in ("layer3grp", "copy", "register",
                                         "punched")}, sequence=sequence)


def joins(message, op, sha, pairs, flag, tpln=4, cmi=0):
    """RFC 2022 5.2.1, of a client or MCS with no protocol address"""
    return {"message": message, "op": op, "pro": "ipv4", "extoff": 0,
            "spln": 0, "tpln": tpln, "pnum": len(pairs), "flags": flag,
            "cmi": cmi, "sha": sha, "ssa": None, "spa": None,
            "pairs": pairs, "tlvs": []}


# --- everything occurs

names = collections.Counter(p.name for p in both)
same("all operations of RFC 2022",
     sorted(set(decode.OPS.values()) - set(names)), [])
same("all messages of RFC 2334",
     sorted({"SCSP_" + t for t in decode.TYPES.values()} - set(names)), [])
# they were recorded when nobody sent bundles
same("all types of NVC", sorted(set(decode.NVC.values()) -
                                {"DATA", "BUNDLE"} - set(names)), [])
records = [(p, r) for p in scsp for r in p.sdu.get("records", ())]
same("all states of RFC 2443", sorted(
    set(decode.STATES.values()) -
    {r["specific"]["state"] for _, r in records if "specific" in r}), [])
same("both protocols", {p.sdu["pro"] for p in mars}, {"ipv4", "ipv6"})
same("data", names["DATA_TYPE_1"] > 0, True)

# --- single packets

same("5.2.3: a registration",
     fields(find(full, "MARS_JOIN", register=True, copy=False, sha=ONE)),
     joins("MARS_JOIN", 4, ONE, [["", ""]],
           flags("register", sequence=1), tpln=0))
same("5.2.3: its copy, with the first CMI of cmi 42001 - 43999",
     fields(find(full, "MARS_JOIN", register=True, copy=True, sha=ONE)),
     joins("MARS_JOIN", 4, ONE, [["", ""]],
           flags("register", "copy", sequence=1), tpln=0, cmi=42001))
same("5.2.1: a JOIN of one group",
     fields(find(full, "MARS_JOIN", register=False, copy=False, sha=ONE)),
     joins("MARS_JOIN", 4, ONE, [["224.1.1.1", "224.1.1.1"]],
           flags("layer3grp", sequence=2)))
same("5.2.1: a JOIN of a block",
     fields(find(full, "MARS_JOIN", layer3grp=False, register=False,
                 copy=False, sha=ONE)),
     joins("MARS_JOIN", 4, ONE, [["224.2.0.0", "224.2.255.255"]],
           flags(sequence=3)))
same("6.2.4: a block around a group with an MCS has a hole",
     fields(find(full, "MARS_JOIN", punched=True)),
     joins("MARS_JOIN", 4, TWO, [["224.1.0.0", "224.1.1.0"],
                                 ["224.1.1.2", "224.1.255.255"]],
           flags("copy", "punched", sequence=find(
               full, "MARS_JOIN", pairs=[["224.1.0.0", "224.1.255.255"]])
               .sdu["flags"]["sequence"])))
same("5.1: a REQUEST", fields(find(full, "MARS_REQUEST")),
     {"message": "MARS_REQUEST", "op": 1, "pro": "ipv4", "extoff": 0,
      "spln": 0, "tpln": 4, "pad": "00" * 8, "sha": TWO, "ssa": None,
      "spa": None, "tpa": "224.1.1.1", "target": [None, None], "tlvs": []})
same("5.1.1: a MULTI, the requester in it",
     fields(find(full, "MARS_MULTI")),
     {"message": "MARS_MULTI", "op": 2, "pro": "ipv4", "extoff": 0,
      "spln": 0, "tpln": 4, "tnum": 2, "x": 1, "y": 1, "sha": TWO,
      "ssa": None, "spa": None, "tpa": "224.1.1.1",
      "targets": [[ONE, None], [TWO, None]], "tlvs": []})
same("6.2.1: once an MCS serves, a member gets the server map",
     [p.sdu["targets"] for p in full if p.name == "MARS_MULTI" and
      p.source == A and p.to == TWO], [[[MCS, None]]])
same("6.2.3: a registration of an MCS, its copy without a CMI",
     fields(find(full, "MARS_MSERV", register=True, copy=True)),
     joins("MARS_MSERV", 3, MCS, [["", ""]], flags("register", "copy"),
           tpln=0))
same("6.2.2: MIGRATE in the name of the MARS",
     fields(find(full, "MARS_MIGRATE")),
     {"message": "MARS_MIGRATE", "op": 13, "pro": "ipv4", "extoff": 0,
      "spln": 0, "tpln": 4, "tnum": 1, "sha": A, "ssa": None, "spa": None,
      "tpa": "224.1.1.1", "targets": [[MCS, None]], "tlvs": []})
same("6.2.4: SJOIN, unchanged but for op and copy",
     fields(find(full, "MARS_SJOIN")),
     dict(fields(find(full, "MARS_JOIN", copy=False, to=A, sha=TWO,
                      register=False)), message="MARS_SJOIN", op=8,
          flags=flags("layer3grp", "copy", sequence=2)))
same("5.3: a GROUPLIST_REPLY names single groups of layer 3",
     fields(find(full, "MARS_GROUPLIST_REPLY")),
     {"message": "MARS_GROUPLIST_REPLY", "op": 11, "pro": "ipv4",
      "extoff": 0, "spln": 0, "tpln": 4, "tnum": 2, "x": 1, "y": 1,
      "sha": TWO, "ssa": None, "spa": None,
      "groups": ["224.1.1.1", "224.2.3.4"], "tlvs": []})
same("5.4.3: a REDIRECT_MAP, the sender first",
     fields(find(full, "MARS_REDIRECT_MAP", sha=B, tnum=2, pro="ipv4")),
     {"message": "MARS_REDIRECT_MAP", "op": 12, "pro": "ipv4", "extoff": 0,
      "spln": 0, "hard": False, "tnum": 2, "x": 1, "y": 1, "sha": B,
      "ssa": None, "targets": [[B, None], [A, None]], "tlvs": []})
hello = find(full, "SCSP_HELLO").sdu
same("RFC 2334 B.2.5: the first Hello has heard nobody",
     {k: v for k, v in hello.items() if k not in ("extensions", "sender")},
     {"message": "SCSP_HELLO", "hello_interval": 1, "dead_factor": 3,
      "family_id": 0, "pid": 3, "sgid": 1, "receiver": "",
      "receivers": []})
join = next(r["specific"] for _, r in records
            if r.get("specific", {}).get("min") == "224.2.0.0")
same("RFC 2443 3: the record of a block", join,
     {"record": "CSA", "state": "JOIN", "pro": "ipv4", "layer3grp": False,
      "register": False, "sequence": 0, "cmi": 42001, "spa": None,
      "atm": ONE, "sub": None, "min": "224.2.0.0", "max": "224.2.255.255"})

# --- rules that hold between packets

naks = [p for p in both if p.name == "MARS_NAK"]
same("5.1.2: a NAK is the REQUEST with another operation", all(
    any(r.name == "MARS_REQUEST" and r.source == p.to and
        dict(fields(r), message="", op=0) == dict(fields(p), message="", op=0)
        for r in both[:p.number]) for p in naks) and len(naks) > 0, True)

lost = []
for p in mars:
    m = p.sdu
    if p.name in ("MARS_JOIN", "MARS_LEAVE", "MARS_MSERV", "MARS_UNSERV") \
            and p.source in (ONE, TWO, MCS):
        want = dict(m["flags"], copy=True)
        if p.name in ("MARS_MSERV", "MARS_UNSERV"):
            want["layer3grp"] = False
        if not any(q.sdu and q.name == p.name and q.source == p.to and
                   q.to == p.source and q.sdu["flags"] == want and
                   q.sdu["pairs"] == m["pairs"] for q in both):
            lost.append(p.number)
same("5.2.2: every change comes back to who made it", lost, [])

multi = [p.sdu for p in parts if p.name == "MARS_MULTI"]
same("5.1.1: 500 members in two parts: y, x, how many",
     [(m["y"], m["x"], m["tnum"], len(m["targets"])) for m in multi],
     [(1, 0, 456, 456), (2, 1, 44, 44)])
same("5.1.1: one sequence number for all parts",
     len({m["msn"] for m in multi}), 1)
same("5.1.1: each member once",
     len({t[0] for m in multi for t in m["targets"]}), 500)

leaves = {(p.source, p.to, p.nvc["callers"]) for p in full
          if p.name == "SETUP" and p.nvc["p2mp"]}
control = {(p.to, p.source, p.nvc["callees"]) for p in full
           if p.name == "CONNECT" and
           (p.to, p.source, p.nvc["circuit"]) in leaves}
jumps, last, checked = [], {}, 0
for p in mars:
    k = (p.source, p.to, p.nvc["circuit"])
    if p in full and k in control:
        if k in last:
            checked += 1
            if (p.sdu["msn"] - last[k]) % 2**32 != 1:
                jumps.append((p.number, last[k], p.sdu["msn"]))
        last[k] = p.sdu["msn"]
same("6.1.4: sequence numbers of control VCs grow by 1 each time", jumps, [])
same("6.1.4: of enough messages", checked > 20 and len(last) > 3, True)

bad = []
for p in scsp:
    octets = bytearray(p.octets[20:])
    m = p.sdu["extensions"][0]
    mac = bytes.fromhex(m["mac"])
    at = bytes(octets).index(mac)
    octets[4:6] = bytes(2)
    octets[at:at + len(mac)] = bytes(len(mac))
    if hmac.digest(KEY, bytes(octets), hashlib.sha256) != mac or \
            m["spi"] != 257:
        bad.append(p.number)
same("RFC 2334 B.3.1: every MAC of %d holds" % len(scsp), bad, [])

acked = {(r["key"], r["originator"], r["seq"]) for p, r in records
         if p.name == "SCSP_CSU_REPLY"}
same("RFC 2334 2.3: every record that was sent is acknowledged",
     [(p.number, r["key"]) for p, r in records
      if p.name == "SCSP_CSU_REQUEST" and
      (r["key"], r["originator"], r["seq"]) not in acked and
      p.number < scsp[-1].number - 8], [])
asked = {(r["key"], r["originator"]) for p, r in records
         if p.name == "SCSP_CSUS"}
sent = {(r["key"], r["originator"]) for p, r in records
        if p.name == "SCSP_CSU_REQUEST"}
same("RFC 2334 2.2.3: every record that was asked for is sent",
     sorted(asked - sent), [])
same("RFC 2443 5: numbers of a record only grow", [
    (p.number, r["key"]) for i, (p, r) in enumerate(records)
    if p.name == "SCSP_CSU_REQUEST" and any(
        q.name == p.name and o["key"] == r["key"] and
        o["originator"] == r["originator"] and o["seq"] > r["seq"]
        for q, o in records[:i])], [])

print("1..%d" % count)
sys.exit(failed != 0)
