# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Programs that link libmarsc and are handed a socket."""

import socket
import subprocess

from suite import BASE_PORT, BUILD, Server, main, running, test, wait

A, B = "127.0.0.1", "127.0.0.2"


class Program:
    """One of them, with a socket of ours; what it prints, line by line."""

    def __init__(self, where, name, address, *servers):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((address, BASE_PORT))
            s.setblocking(False)
            self.process = subprocess.Popen(
                ["/".join((BUILD, "obj", where, name)), address] +
                list(servers) + [str(BASE_PORT)],
                stdin=s, stdout=subprocess.PIPE)
        running.append(self.process)

    def says(self, *lines):
        """Reads on until it has said all of these, in any order."""
        missing = set(lines)
        for got in self.process.stdout:
            missing.discard(got.decode().rstrip())
            if not missing:
                return
        raise AssertionError("it has ended, and not said: %s" % missing)


@test
def the_example():
    """a packet of doc/example.c goes to another, with sender and group"""
    Server(1, ()).start()
    receiver = Program("doc", "example", "127.0.0.11", A)
    receiver.says("joined")             # and its packet has no receiver
    sender = Program("doc", "example", "127.0.0.12", A)
    sender.says("joined")
    sender.says("a packet is on its way")
    sender.says("path-up")
    receiver.says("20 octets from 127.0.0.12 to 239.1.1.1")


def packets(address):
    return ("0800 packet %s 239.1.1.1" % address,
            "86dd packet %s ff05::9" % address)


@test
def two_protocols_at_one_address():
    """IPv4 and IPv6 share an address, and both move when their MARS dies"""
    a, b = Server(1, (2,)), Server(2, (1,))
    a.start()
    b.start()
    wait("both are aligned", lambda: a.aligned() and b.aligned())
    one = Program("regress/system", "both", "127.0.0.11", A, B)
    two = Program("regress/system", "both", "127.0.0.12", A, B)
    members = ["127.0.0.11", "127.0.0.12"]
    for p in one, two:
        p.says("0800 joined 127.0.0.1", "86dd joined 127.0.0.1")
    one.says(*packets("127.0.0.12"))
    two.says(*packets("127.0.0.11"))
    a.stop(9)
    for p in one, two:
        p.says("0800 joined 127.0.0.2", "86dd joined 127.0.0.2")
    for group, protocol in ("239.1.1.1", "ipv4"), ("ff05::9", "ipv6"):
        wait(protocol, lambda: b.group(group, protocol) == members)
    one.says(*packets("127.0.0.12"))
    two.says(*packets("127.0.0.11"))


main()
