# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The example of doc/: programs that link libmarsc and are handed a socket."""

import socket
import subprocess

from suite import BASE_PORT, BUILD, Server, main, running, test, wait

A = "127.0.0.1"


class Example:
    """doc/example.c with a socket of ours; what it prints, line by line."""

    def __init__(self, address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((address, BASE_PORT))
            s.setblocking(False)
            self.process = subprocess.Popen(
                [BUILD + "/obj/doc/example", address, A, str(BASE_PORT)],
                stdin=s, stdout=subprocess.PIPE)
        running.append(self.process)

    def says(self, line):
        """Reads on until it says that."""
        for got in self.process.stdout:
            if got.decode().rstrip("\n") == line:
                return
        raise AssertionError("it has ended, and not said: " + line)


@test
def one_sends_and_one_receives():
    """a packet goes from one example to the other, with sender and group"""
    Server(1, ()).start()
    receiver = Example("127.0.0.11")
    receiver.says("joined")             # and its packet has no receiver
    sender = Example("127.0.0.12")
    sender.says("joined")
    sender.says("a packet is on its way")
    sender.says("path-up")
    receiver.says("20 octets from 127.0.0.12 to 239.1.1.1")


main()
