# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""A real server as it is by default, but for its limits, and the programs that
play clients and neighbors: what flood.py and sync.py have in common."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../system"))
import suite                                            # noqa: E402
from suite import BUILD, Server                         # noqa: E402


class House(Server):
    cmis = 20000
    limits = ""
    of_neighbor = ""        # behind its key

    def text(self):
        peers = "".join("""
	neighbor 127.0.0.%d { key 257%s }""" % (p, self.of_neighbor)
                        for p in self.neighbors)
        return """server-id %s
udp base-port %d
listen on udp %s
control "%s"
user marsd none
user scspd none
key 257 { algorithm hmac-sha256, file "%s/257.key" }
%s
cluster "lis1" {
	protocol ipv4
	cmi %d - %d
	%s%s
}
""" % (self.address, self.base_port, self.address, self.dir, self.dir,
            self.top, self.n * 20000 - 19999, self.n * 20000 - 20000 +
            self.cmis, self.limits + "\t" + self.cluster, peers)

    def cpu(self):
        """Seconds of all its processes."""
        with Clock(self) as clock:
            return clock.cpu()


class Clock:
    """What the processes of a house have taken, read as cheaply as can be: who
    looks while they work takes time from them."""

    def __init__(self, house):
        self.files = [open("/proc/%d/schedstat" % pid, "rb", 0)
                      for pid in [*house.children().values(),
                                  house.process.pid]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for f in self.files:
            f.close()

    def cpu(self):
        return sum(int(os.pread(f.fileno(), 64, 0).split()[0])
                   for f in self.files) / 1e9


class Helper:
    """A program that takes lines, and answers each with one of JSON."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen(
            ["%s/regress/bench/%s" % (BUILD, name)] + [str(a) for a in args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        suite.running.append(self.process)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, "%s has ended" % self.process.args[0]
        return json.loads(line)

    def ask(self, line):
        self.tell(line)
        return self.hear()
