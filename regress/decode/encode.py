# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The other way of decode.py, from the same texts: octets of messages.

What a test wants to be wrong it says: every field has a value that is
right, and each can be given.  Addresses are those of IPv4 and IPv6 as text,
or octets.
"""
import ipaddress
import struct

from decode import NVC, OPS, checksum

OP = {name[5:]: number for number, name in OPS.items()}
TYPE = {name: number for number, name in NVC.items()}
LAYER3, COPY, REGISTER, PUNCHED = 0x8000, 0x4000, 0x2000, 0x1000
IPV4, IPV6 = 0x0800, 0x86dd
LLC_MARS = bytes.fromhex('aaaa0300005e0003')
MAX_SDU = 9188


def ip(a):
    return a if isinstance(a, bytes) else ipaddress.ip_address(a).packed


def nsapa(a, sel=0):
    """RFC 4548"""
    a = ip(a)
    return (bytes.fromhex('350001') + a + bytes(12) if len(a) == 4 else
            bytes.fromhex('350000') + a) + bytes((sel,))


# --- RFC 2022


def tlv(x, y, value):
    return struct.pack('>HH', x << 14 | y, len(value)) + value + \
        bytes(-len(value) % 4)


NULL_TLV = bytes(4)


def message(op, fields, addresses, sha, ssa=b'', afn=15, pro=IPV4,
            snap=bytes(5), version=0, spln=4, tlvs=b'', extoff=None,
            good_sum=True, chksum=None, shtl=None):
    """fields: what follows mar$spln; addresses: what follows mar$ssa"""
    body = struct.pack('>BBB', len(sha) if shtl is None else shtl, len(ssa),
                       spln) + fields + sha + ssa + addresses
    length = 18 + len(body)
    if extoff is None:
        extoff = length + 3 & ~3 if tlvs else 0
    if tlvs:
        body += bytes(-length % 4) + tlvs

    def octets(s):
        return struct.pack('>HH5s3xHHBB', afn, pro, snap, s, extoff, version,
                           op) + body
    if chksum is None:
        chksum = checksum(octets(0)) or 0xffff
        chksum ^= 0 if good_sum else 0x5555
    return octets(chksum)


def join(sha, spa, pairs=(), op='JOIN', flags=0, sequence=0, cmi=0, msn=0,
         tpln=None, pnum=None, **other):
    """JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE, GROUPLIST_REQUEST"""
    pairs = [(ip(low), ip(high)) for low, high in pairs]
    if tpln is None:
        tpln = len(pairs[0][0]) if pairs else 0
    if pnum is None:
        pnum = len(pairs) if pairs else 1
    spa = ip(spa)
    return message(OP[op], struct.pack('>BHHHI', tpln, pnum,
                   flags | sequence, cmi, msn), spa +
                   b''.join(low + high for low, high in pairs), sha,
                   spln=len(spa), **other)


def register(sha, spa, op='JOIN', **other):
    return join(sha, spa, op=op, flags=REGISTER, **other)


def single(sha, spa, group, op='JOIN', **other):
    return join(sha, spa, [(group, group)], op, **other)


def request(sha, spa, group, op='REQUEST', **other):
    spa, group = ip(spa), ip(group)
    return message(OP[op], struct.pack('>BBB8x', 0, 0, len(group)),
                   spa + group, sha, spln=len(spa), **other)


# --- NVC


def head(kind, circuit=0, flags=0, cause=0, version=1):
    return struct.pack('>BBHQ', version << 4 | kind, flags, cause, circuit)


def setup(number, calling, called, token=b'', flags=0, max_sdu=MAX_SDU,
          enquiry=1):
    return head(TYPE['SETUP'], flags=flags) + struct.pack(
        '>QHBB', number, max_sdu, enquiry, len(token)) + calling + called + \
        token


def connect(circuit, number, max_sdu=MAX_SDU, enquiry=1):
    return head(TYPE['CONNECT'], circuit) + struct.pack(
        '>QHBx', number, max_sdu, enquiry)


def release(circuit, number, cause=16):
    return head(TYPE['RELEASE'], circuit, cause=cause) + \
        struct.pack('>Q', number)


def numbered(kind, circuit, number):
    """ENQUIRY and STATUS"""
    return head(TYPE[kind], circuit) + struct.pack('>Q', number)


def data(circuit, sdu):
    return head(TYPE['DATA'], circuit) + sdu
