#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""An independent decoder, written from the RFCs and the description of NVC.

usage: decode.py [-s] [-t nvc|llc|mars|scsp|csa] [-p FIRST-LAST] [FILE]

Reads a pcap file (UDP to or from the NVC ports) or lines of hex digits (blank
lines and what follows # are ignored), by default from standard input.  Prints
one JSON object per message.  Exit status 1, with a reason on standard error,
where a message is malformed or a checksum is wrong; with -s also where one is
odd: reserved bits that are set, values that no sender may send.
"""
import argparse
import ipaddress
import json
import struct
import sys


class Malformed(Exception):
    pass


class Reader:
    """Octets from the front of a buffer; never past its end."""

    def __init__(self, data):
        self.data, self.pos = bytes(data), 0

    def left(self):
        return len(self.data) - self.pos

    def take(self, n, what):
        if n > self.left():
            raise Malformed(f'{what}: {n} octets, {self.left()} left')
        self.pos += n
        return self.data[self.pos - n:self.pos]

    def num(self, n, what):
        return int.from_bytes(self.take(n, what), 'big')


class Odd(list):
    def note(self, bad, text):
        if bad:
            self.append(text)


def checksum(data):
    """RFC 1071: 0 over data that holds its own checksum."""
    total = 0
    for i in range(0, len(data), 2):
        total += int.from_bytes(data[i:i + 2].ljust(2, b'\0'), 'big')
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def protocol_address(data):
    if len(data) in (4, 16):
        return str(ipaddress.ip_address(data))
    return data.hex()


def nsapa(data):
    """RFC 4548: AFI 35, ICP 0000 an IPv6, 0001 an IPv4 address; last SEL."""
    ip = None
    if data[:3] == bytes.fromhex('350001') and not any(data[7:19]):
        ip = ipaddress.ip_address(data[3:7])
    elif data[:3] == bytes.fromhex('350000'):
        ip = ipaddress.ip_address(data[3:19])
    if ip is None:
        return data.hex()
    return f'{ip}%{data[19]}' if data[19] else str(ip)


def tl(octet, what, odd):
    """RFC 2022 5.1.2: reserved bit, E.164 bit, six bits of length."""
    odd.note(octet & 0x80, f'{what}: reserved bit')
    return octet & 0x40 != 0, octet & 0x3f


def atm_number(r, kind, what, odd):
    e164, length = kind
    data = r.take(length, what)
    if not length:
        return None
    if e164:
        if not data.isdigit():
            raise Malformed(f'{what}: E.164 that is not of digits')
        odd.note(length > 15, f'{what}: E.164 of more than 15 digits')
        return '+' + data.decode()
    if length != 20:
        raise Malformed(f'{what}: NSAPA of {length} octets')
    return nsapa(data)


def protocol(kind, snap, odd):
    """RFC 2022 4.3.2"""
    if kind != 0x80:
        odd.note(any(snap), 'snap in the short form')
        names = {0x0800: 'ipv4', 0x86dd: 'ipv6'}
        return names.get(kind, f'0x{kind:04x}')
    if not any(snap):
        raise Malformed('protocol: long form without snap')
    odd.note(snap[:3] == b'\0\0\0' and snap[3] >= 6,
             'long form where there is a short one')
    return 'snap:' + snap.hex()


# --- RFC 2022

OPS = {1: 'MARS_REQUEST', 2: 'MARS_MULTI', 3: 'MARS_MSERV', 4: 'MARS_JOIN',
       5: 'MARS_LEAVE', 6: 'MARS_NAK', 7: 'MARS_UNSERV', 8: 'MARS_SJOIN',
       9: 'MARS_SLEAVE', 10: 'MARS_GROUPLIST_REQUEST',
       11: 'MARS_GROUPLIST_REPLY', 12: 'MARS_REDIRECT_MAP',
       13: 'MARS_MIGRATE'}
JOINS = (3, 4, 5, 7, 8, 9, 10)


def tlv_list(data, extoff, end, odd):
    """Section 10"""
    odd.note(extoff & 3, 'extoff: lowest two bits')
    start = extoff & ~3
    if start == 0:
        return []
    if start < end:
        raise Malformed('extoff: inside the addresses')
    odd.note(start != (end + 3) & ~3, 'extoff: not the first 32 bit boundary')
    r, out = Reader(data), []
    r.take(start, 'extoff')
    while True:
        kind = r.num(2, 'TLV type')
        length = r.num(2, 'TLV length')
        if kind & 0x3fff == 0:
            odd.note(kind or length, 'Null TLV: not zero')
            odd.note(r.left(), 'octets after the Null TLV')
            return out
        value = r.take(length, 'TLV value')
        odd.note(any(r.take(-length % 4, 'TLV padding')), 'TLV padding')
        out.append({'x': kind >> 14, 'y': kind & 0x3fff,
                    'value': value.hex()})


def mars_join(r, m, odd, spln):
    m['tpln'] = r.num(1, 'tpln')
    m['pnum'] = r.num(2, 'pnum')
    flags = r.num(2, 'flags')
    odd.note(flags & 0x0f00, 'flags: bits 8 to 11')
    m['flags'] = {'layer3grp': bool(flags & 0x8000),
                  'copy': bool(flags & 0x4000),
                  'register': bool(flags & 0x2000),
                  'punched': bool(flags & 0x1000), 'sequence': flags & 0xff}
    m['cmi'] = r.num(2, 'cmi')
    m['msn'] = r.num(4, 'msn')

    def addresses():
        m['spa'] = protocol_address(r.take(spln, 'spa')) or None
        m['pairs'] = []
        before = None
        for i in range(m['pnum']):
            low = r.take(m['tpln'], f'min.{i + 1}')
            high = r.take(m['tpln'], f'max.{i + 1}')
            odd.note(low > high, f'pair {i + 1}: min above max')
            odd.note(before is not None and before >= low,
                     f'pair {i + 1}: not ascending')
            before = high
            m['pairs'].append([protocol_address(low), protocol_address(high)])
    return addresses


def mars_multi(r, m, odd, op, spln):
    tha = tl(r.num(1, 'thtl'), 'thtl', odd)
    tsa = tl(r.num(1, 'tstl'), 'tstl', odd)
    tpln = r.num(1, 'tpln')
    if op == 12:
        odd.note(spln, 'spln: reserved')
        odd.note(tpln & 0x7f, 'redirf: bits 0 to 6')
        m['hard'] = bool(tpln & 0x80)
    else:
        m['tpln'] = tpln
    if op in (1, 6):
        m['pad'] = r.take(8, 'pad').hex()
        odd.note(op == 1 and int(m['pad'], 16), 'pad')
        odd.note(tha[1] or tsa[1], 'target of a request')
    else:
        m['tnum'] = r.num(2, 'tnum')
        xy = r.num(2, 'seqxy')
        if op == 13:
            odd.note(xy, 'resv')
        else:
            m['x'], m['y'] = xy >> 15, xy & 0x7fff
            odd.note(m['y'] == 0, 'seqxy: y is 0')
        m['msn'] = r.num(4, 'msn')
    if op == 11:
        odd.note(tha[1] or tsa[1], 'thtl, tstl of a group list')

    def target(i):
        return [atm_number(r, tha, f'tha.{i}', odd),
                atm_number(r, tsa, f'tsa.{i}', odd)]

    def addresses():
        if op != 12:
            m['spa'] = protocol_address(r.take(spln, 'spa')) or None
        if op in (1, 2, 6, 13):
            m['tpa'] = protocol_address(r.take(tpln, 'tpa')) or None
        if op in (1, 6):
            m['target'] = target(1)
        elif op == 11:
            m['groups'] = [protocol_address(r.take(tpln, f'mgrp.{i + 1}'))
                           for i in range(m['tnum'])]
        else:
            m['targets'] = [target(i + 1) for i in range(m['tnum'])]
            odd.note(any(t[0] is None for t in m['targets']), 'null target')
    return addresses


def mars(data):
    r, odd = Reader(data), Odd()
    afn = r.num(2, 'afn')
    if afn != 15:
        raise Malformed(f'afn {afn}')
    kind, snap = r.num(2, 'pro.type'), r.take(5, 'pro.snap')
    odd.note(any(r.take(3, 'hdrrsv')), 'hdrrsv')
    chksum, extoff = r.num(2, 'chksum'), r.num(2, 'extoff')
    version, op = r.num(1, 'op.version'), r.num(1, 'op.type')
    if version == 1:
        return {'message': 'NHRP', 'op': op, 'octets': data.hex()}
    if version:
        raise Malformed(f'op.version {version}')
    if op not in OPS:
        raise Malformed(f'op.type {op}')
    if chksum and checksum(data):
        raise Malformed('checksum')
    sha = tl(r.num(1, 'shtl'), 'shtl', odd)
    ssa = tl(r.num(1, 'sstl'), 'sstl', odd)
    if not sha[1]:
        raise Malformed('sha: null')
    m = {'message': OPS[op], 'op': op, 'pro': protocol(kind, snap, odd),
         'chksum': chksum, 'extoff': extoff}
    spln = m['spln'] = r.num(1, 'spln')
    if op in JOINS:
        addresses = mars_join(r, m, odd, spln)
    else:
        addresses = mars_multi(r, m, odd, op, spln)
    m['sha'] = atm_number(r, sha, 'sha', odd)
    m['ssa'] = atm_number(r, ssa, 'ssa', odd)
    addresses()
    m['tlvs'] = tlv_list(data, extoff, r.pos, odd)
    odd.note(extoff & ~3 == 0 and r.left(), 'octets after the addresses')
    if odd:
        m['odd'] = odd
    return m


# --- RFC 2443

STATES = {1: 'REDIRECT', 2: 'SERVE', 3: 'JOIN', 4: 'LEAVE', 5: 'UNSERVE'}


def csa(data):
    r, odd = Reader(data), Odd()
    afn = r.num(2, 'hardware type')
    kind, snap = r.num(2, 'protocol type'), r.take(5, 'snap')
    odd.note(r.num(1, 'unused'), 'unused')
    version, state = r.num(1, 'version'), r.num(1, 'state')
    if afn != 15 or version or state not in STATES:
        raise Malformed(f'hardware {afn} version {version} state {state}')
    flags, cmi = r.num(2, 'flags'), r.num(2, 'cmi')
    spln, tpln = r.num(1, 'source length'), r.num(1, 'group length')
    atm = tl(r.num(1, 'ATM T/L'), 'ATM T/L', odd)
    sub = tl(r.num(1, 'subaddress T/L'), 'subaddress T/L', odd)
    c = {'record': 'CSA', 'state': STATES[state],
         'pro': protocol(kind, snap, odd)}
    if state == 1:
        odd.note(flags or cmi or spln or tpln, 'unused fields of state 1')
        spln = tpln = 0
    else:
        odd.note(flags & 0x5f00, 'flags')
        c['layer3grp'] = bool(flags & 0x8000)
        c['register'] = bool(flags & 0x2000)
        c['sequence'], c['cmi'] = flags & 0xff, cmi
        c['spa'] = protocol_address(r.take(spln, 'source')) or None
    c['atm'] = atm_number(r, atm, 'ATM address', odd)
    c['sub'] = atm_number(r, sub, 'ATM subaddress', odd)
    if c['atm'] is None:
        raise Malformed('ATM address: null')
    if state != 1:
        low, high = r.take(tpln, 'minimum'), r.take(tpln, 'maximum')
        if c['register'] != (tpln == 0):
            raise Malformed('register and a group, or neither')
        if low > high:
            raise Malformed('minimum above maximum')
        odd.note(c['layer3grp'] and (low != high or state in (2, 5)),
                 'layer3grp')
        c['min'] = protocol_address(low) or None
        c['max'] = protocol_address(high) or None
    if r.left():
        raise Malformed(f'{r.left()} octets after the record')
    if odd:
        c['odd'] = odd
    return c


# --- RFC 2334 appendix B

TYPES = {1: 'CA', 2: 'CSU_REQUEST', 3: 'CSU_REPLY', 4: 'CSUS', 5: 'HELLO'}


def csas_record(r, odd, embedded, pid):
    start = r.pos
    c = {'hop_count': r.num(2, 'hop count')}
    length = r.num(2, 'record length')
    klen, olen = r.num(1, 'key length'), r.num(1, 'originator length')
    null = r.num(2, 'N')
    odd.note(null & 0x7fff, 'record: unused bits')
    c['null'] = bool(null & 0x8000)
    c['seq'] = struct.unpack('>i', r.take(4, 'CSA sequence number'))[0]
    odd.note(c['seq'] == -2**31, 'CSA sequence number: reserved')
    c['key'] = r.take(klen, 'cache key').hex()
    c['originator'] = r.take(olen, 'originator').hex()
    odd.note(klen != 4 or olen != 4, 'RFC 2443: lengths are 4')
    rest = length - (r.pos - start)
    if rest < 0 or (rest and not embedded):
        raise Malformed(f'record length {length}')
    odd.note(not embedded and c['hop_count'] != 1, 'summary: hop count')
    if rest:
        body = r.take(rest, 'protocol specific part')
        c['specific'] = csa(body) if pid == 3 else body.hex()
        odd.extend(c['specific'].get('odd', ()) if pid == 3 else ())
    elif embedded:
        odd.note(not c['null'], 'record without its specific part')
    return c


def extensions(data, start, odd):
    r, out, seen = Reader(data), [], set()
    r.take(start, 'start of extensions')
    while True:
        kind, length = r.num(2, 'extension type'), r.num(2, 'its length')
        if kind == 0:
            odd.note(length, 'End of Extensions: length')
            if r.left():
                raise Malformed('octets after End of Extensions')
            return out
        value = Reader(r.take(length, 'extension'))
        e = {'type': kind}
        ident = kind
        if kind == 1:
            e['spi'] = value.num(4, 'SPI')
            e['mac'] = value.take(value.left(), 'MAC').hex()
        elif kind == 2:
            e['vendor'] = value.take(3, 'vendor').hex()
            ident = (kind, e['vendor'])
            if e['vendor'] == '024d52' and value.left() == 29:
                e['kind'] = value.num(1, 'kind')
                odd.note(value.num(4, 'zero'), 'replay extension: zero')
                e['nonce'] = value.take(8, 'nonce').hex()
                e['echo'] = value.take(8, 'echo').hex()
                e['counter'] = value.num(8, 'counter')
            else:
                e['data'] = value.take(value.left(), 'data').hex()
        else:
            e['value'] = value.take(value.left(), 'value').hex()
        if ident in seen:
            raise Malformed(f'extension {kind} twice')
        seen.add(ident)
        out.append(e)


def scsp(data):
    r, odd = Reader(data), Odd()
    version, kind = r.num(1, 'version'), r.num(1, 'type code')
    size = r.num(2, 'packet size')
    r.num(2, 'checksum')
    start = r.num(2, 'start of extensions')
    if version != 1 or kind not in TYPES:
        raise Malformed(f'version {version} type {kind}')
    if size != len(data):
        raise Malformed(f'packet size {size}, {len(data)} octets')
    if checksum(data):
        raise Malformed('checksum')
    m = {'message': 'SCSP_' + TYPES[kind]}
    if start:
        if start > size:
            raise Malformed('start of extensions')
        r.data = data[:start]
    if kind == 5:
        m['hello_interval'] = r.num(2, 'hello interval')
        m['dead_factor'] = r.num(2, 'dead factor')
        odd.note(r.num(2, 'unused'), 'unused')
        m['family_id'] = r.num(2, 'family ID')
    elif kind == 1:
        m['ca_seq'] = r.num(4, 'CA sequence number')
    m['pid'], m['sgid'] = r.num(2, 'protocol ID'), r.num(2, 'SGID')
    odd.note(r.num(2, 'unused'), 'unused')
    flags = r.num(2, 'flags')
    if kind == 1:
        m['M'], m['I'], m['O'] = (bool(flags & b)
                                  for b in (0x8000, 0x4000, 0x2000))
        flags &= 0x1fff
    odd.note(flags, 'flags')
    slen, rlen = r.num(1, 'sender ID length'), r.num(1, 'its length')
    count = r.num(2, 'number of records')
    m['sender'] = r.take(slen, 'sender ID').hex()
    m['receiver'] = r.take(rlen, 'receiver ID').hex()
    if kind == 5:
        m['receivers'] = [r.take(r.num(1, 'ID length'), 'ID').hex()
                          for _ in range(count)]
    else:
        m['records'] = [csas_record(r, odd, kind == 2, m['pid'])
                        for _ in range(count)]
    if r.left():
        raise Malformed(f'{r.left()} octets after the records')
    m['extensions'] = extensions(data, start, odd) if start else []
    if odd:
        m['odd'] = odd
    return m


# --- LLC/SNAP (RFC 2684, RFC 2022 4.2 and 5.5) and NVC


def llc(data):
    r, odd = Reader(data), Odd()
    if r.take(3, 'LLC') != b'\xaa\xaa\x03':
        raise Malformed('LLC')
    oui, pid = r.take(3, 'OUI').hex(), r.num(2, 'PID')
    body = r.data[r.pos:]
    if oui == '00005e' and pid == 3:
        return mars(body)
    if oui == '00005e' and pid == 5:
        return scsp(body)
    if oui == '00005e' and pid in (1, 4):
        m = {'message': 'DATA_TYPE_1' if pid == 1 else 'DATA_TYPE_2'}
        if pid == 1:
            m['cmi'] = r.num(2, 'pkt$cmi')
        else:
            m['source'] = r.take(8, 'source ID').hex()
        kind, snap = r.num(2, 'pkt$pro'), bytes(5)
        if kind == 0x80:
            snap = r.take(5, 'pkt$snap')
            r.take(3 if pid == 1 else 1, 'padding')
        elif pid == 4:
            odd.note(r.num(2, 'padding'), 'padding')
        m['pro'] = protocol(kind, snap, odd)
        m['packet'] = r.data[r.pos:].hex()
        return m
    return {'message': 'OTHER', 'oui': oui, 'pid': pid, 'octets': body.hex()}


NVC = {1: 'SETUP', 2: 'RETRY', 3: 'CONNECT', 4: 'RELEASE', 5: 'ENQUIRY',
       6: 'STATUS', 7: 'DATA', 8: 'BUNDLE'}
FLAGS = {1: 0xc0, 3: 0x40, 7: 0x20, 8: 0x20}    # P, B; B; N; N


def nvc(data):
    r, odd = Reader(data), Odd()
    first, flags = r.num(1, 'version'), r.num(1, 'flags')
    m = {'cause': r.num(2, 'cause'), 'circuit': r.take(8, 'circuit').hex()}
    kind = first & 15
    if first >> 4 != 1 or kind not in NVC:
        raise Malformed(f'NVC version {first >> 4} type {kind}')
    m = {'nvc': NVC[kind], **m}
    odd.note(flags & ~FLAGS.get(kind, 0), 'NVC flags')
    if kind in (7, 8) and flags & 0x20:
        m['number'] = m.pop('cause')
    odd.note(m.get('cause') and kind != 4, 'NVC cause')
    if kind in (1, 3):
        m['bundles'] = bool(flags & 0x40)
    if kind == 1:
        m['p2mp'] = bool(flags & 0x80)
        odd.note(int(m['circuit'], 16), 'circuit of a SETUP')
        m['callers'] = r.take(8, "caller's circuit").hex()
        m['max_sdu'] = r.num(2, 'max SDU')
        m['enquiry'] = r.num(1, 'enquiry interval')
        n = r.num(1, 'token length')
        m['calling'] = nsapa(r.take(20, 'calling'))
        m['called'] = nsapa(r.take(20, 'called'))
        m['token'] = r.take(n, 'token').hex()
    elif kind == 2:
        if not 8 <= r.left() <= 32:
            raise Malformed(f'token of {r.left()} octets')
        m['token'] = r.take(r.left(), 'token').hex()
    elif kind == 3:
        m['callees'] = r.take(8, "callee's circuit").hex()
        m['max_sdu'] = r.num(2, 'max SDU')
        m['enquiry'] = r.num(1, 'enquiry interval')
        odd.note(r.num(1, 'zero'), 'CONNECT: zero')
    elif kind in (4, 5, 6):
        m['other'] = r.take(8, 'circuit').hex()
    elif kind == 7:
        m['sdu'] = llc(r.take(r.left(), 'SDU'))
        odd.extend(m['sdu'].get('odd', ()))
    else:
        m['sdus'] = []
        while r.left():
            n = r.num(2, 'length of an SDU')
            m['sdus'].append(llc(r.take(n, 'SDU')))
            odd.extend(m['sdus'][-1].get('odd', ()))
    if odd:
        m['odd'] = odd
    return m


# --- input


def ip_payload(data):
    """(source port, destination port, payload) of a UDP packet, or None."""
    if not data:
        return None
    if data[0] >> 4 == 4 and len(data) >= 20:
        head, proto = (data[0] & 15) * 4, data[9]
        if struct.unpack('>H', data[6:8])[0] & 0x3fff:
            return None
    elif data[0] >> 4 == 6 and len(data) >= 40:
        head, proto = 40, data[6]
    else:
        return None
    udp = data[head:]
    if proto != 17 or len(udp) < 8:
        return None
    sport, dport, length = struct.unpack('>HHH', udp[:6])
    if length < 8 or length > len(udp):
        raise Malformed('UDP length: cut short when it was captured?')
    return sport, dport, udp[8:length]


def pcap(data):
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') \
        else '>'
    link = struct.unpack(order + 'I', data[20:24])[0] & 0xffff
    skip = {0: 4, 1: 14, 101: 0, 12: 0, 108: 4, 113: 16, 276: 20}
    if link not in skip:
        raise Malformed(f'pcap: link type {link}')
    r = Reader(data[24:])
    while r.left():
        head = r.take(16, 'pcap record')
        n = struct.unpack(order + 'I', head[8:12])[0]
        yield r.take(n, 'pcap packet')[skip[link]:]


def messages(data, ports):
    magic = (b'\xd4\xc3\xb2\xa1', b'\xa1\xb2\xc3\xd4', b'\x4d\x3c\xb2\xa1',
             b'\xa1\xb2\x3c\x4d')
    if data[:4] in magic:
        for number, packet in enumerate(pcap(data), 1):
            udp = ip_payload(packet)
            if udp and (udp[0] in ports or udp[1] in ports):
                yield f'packet {number}', udp[2]
        return
    for number, line in enumerate(data.decode().splitlines(), 1):
        line = line.split('#')[0].strip()
        if line:
            try:
                yield f'line {number}', bytes.fromhex(line)
            except ValueError as e:
                raise Malformed(f'line {number}: {e}') from None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-s', action='store_true')
    parser.add_argument('-t', default='nvc',
                        choices=['nvc', 'llc', 'mars', 'scsp', 'csa'])
    parser.add_argument('-p', default='2022-2030')
    parser.add_argument('file', nargs='?')
    args = parser.parse_args()
    low, _, high = args.p.partition('-')
    ports = range(int(low), int(high or low) + 1)
    decode = {'nvc': nvc, 'llc': llc, 'mars': mars, 'scsp': scsp,
              'csa': csa}[args.t]
    if args.file:
        with open(args.file, 'rb') as f:
            data = f.read()
    else:
        data = sys.stdin.buffer.read()
    where, status = 'input', 0
    try:
        for where, message in messages(data, ports):
            try:
                m = decode(message)
                print(json.dumps(m))
                if args.s and m.get('odd'):
                    raise Malformed('odd: ' + '; '.join(m['odd']))
            except Malformed as e:
                print(f'decode.py: {where}: {e}', file=sys.stderr)
                status = 1
    except Malformed as e:
        print(f'decode.py: {where}: {e}', file=sys.stderr)
        status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
