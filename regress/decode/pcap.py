#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""usage: pcap.py SOURCE-PORT DESTINATION-PORT

Lines of hex digits from standard input become UDP datagrams over IPv4
(192.0.2.1 to 192.0.2.2) in a pcap file (raw IP) on standard output.
"""
import struct
import sys


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    total = (total & 0xffff) + (total >> 16)
    return (total + (total >> 16) & 0xffff) ^ 0xffff


def main():
    source, destination = int(sys.argv[1]), int(sys.argv[2])
    out = sys.stdout.buffer
    out.write(struct.pack('>IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
    for number, line in enumerate(sys.stdin):
        body = bytes.fromhex(line)
        udp = struct.pack('>HHHH', source, destination, 8 + len(body), 0)
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + len(body), number,
                         0x4000, 64, 17, 0, bytes((192, 0, 2, 1)),
                         bytes((192, 0, 2, 2)))
        ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
        packet = ip + udp + body
        out.write(struct.pack('>IIII', number, 0, len(packet), len(packet)))
        out.write(packet)


main()
