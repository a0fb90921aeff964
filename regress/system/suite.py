# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Starts real suites and clients on loopback for the system tests.

A test waits for a state, never for a time: wait() polls and gives up only
after a time that no machine needs.  Everything that was started is ended by
its own pid when the test ends, however it ends.
"""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
PATIENCE = float(os.environ.get("PATIENCE", 60))
BASE_PORT = 20000 + os.getpid() % 20000 // 10 * 10

running = []
dirs = []


def cleanup():
    for p in running:
        if p.poll() is None:
            p.terminate()
    for p in running:
        try:
            p.wait(5)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    for d in dirs:
        shutil.rmtree(d, ignore_errors=True)


atexit.register(cleanup)
signal.signal(signal.SIGTERM, lambda *a: sys.exit(1))


class Gone(Exception):
    """What was waited for did not come."""


class Skip(Exception):
    """What a test needs cannot be had here."""


def ip(*words):
    subprocess.run(["ip"] + list(words), check=True,
                   stdin=subprocess.DEVNULL)


def own_network():
    """Begins this program again in a network namespace of its own, where its
    links can be cut.  False: that cannot be had."""
    here = os.readlink("/proc/self/ns/net") if os.path.exists(
        "/proc/self/ns/net") else None
    if os.environ.get("MARS_OWN_NETWORK", here) == here:
        unshare = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]
        try:
            subprocess.run(unshare + [
                "ip", "rule", "add", "pref", "50", "from", "127.0.0.1",
                "to", "127.0.0.2", "blackhole"], check=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            return False
        os.environ["MARS_OWN_NETWORK"] = here       # is not it
        os.execvp(unshare[0], unshare + [sys.executable, "-B"] + sys.argv)
    ip("link", "set", "lo", "up")
    # what is cut is looked up before the addresses of this machine
    ip("rule", "add", "pref", "100", "table", "local")
    ip("rule", "del", "pref", "0")
    return True


def links_up():
    """Mends all links."""
    while subprocess.run(["ip", "rule", "del", "pref", "50"],
                         stdin=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL).returncode == 0:
        pass


def link(a, b, up):
    """Cuts the link between two servers, silently, or mends it."""
    for one, other in (a, b), (b, a):
        ip("rule", "del" if up else "add", "pref", "50", "from", one.address,
           "to", other.address, "blackhole")


def wait(what, condition, patience=PATIENCE):
    """Polls until condition() is true and returns what it gave."""
    end = time.monotonic() + patience
    while True:
        r = condition()
        if r:
            return r
        if time.monotonic() > end:
            raise Gone(what)
        time.sleep(0.05)


class Server:
    """One mars: server number n at 127.0.0.n (or another address)."""

    def __init__(self, n, neighbors=(), top="", cluster="", key="secret-1",
                 neighbor="", base_port=None, text=None):
        self.n = n
        self.address = "127.0.0.%d" % n
        self.base_port = base_port or BASE_PORT
        self.libexec = BUILD        # where its children's programs are
        self.dir = tempfile.mkdtemp(prefix="mars-regress-")
        dirs.append(self.dir)
        self.conf = os.path.join(self.dir, "mars.conf")
        self.log = os.path.join(self.dir, "log")
        with open(os.open(self.dir + "/257.key",
                          os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(key + "\n")
        self.neighbors = neighbors
        self.top, self.cluster, self.neighbor = top, cluster, neighbor
        self.write(text)
        self.process = None

    def write(self, text=None, **changes):
        for k, v in changes.items():
            setattr(self, k, v)
        if text is None:
            text = self.text()
        # who has to be at work before it is used
        self.names = ["marsd", "scspd"]
        if re.search("^edge ", text, re.M):
            self.names.append("edged")
        with open(os.open(self.conf, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                          0o600), "w") as f:
            f.write(text)

    def text(self):
        peers = "".join("""
	neighbor 127.0.0.%d {
		key 257
		hello-interval 1
		dead-factor 3
		retransmit { ca 1, csus 1, csu 1, limit 5 }
		%s
	}""" % (p, self.neighbor) for p in self.neighbors)
        return """server-id %s
udp base-port %d
listen on udp %s
enquiry-interval 1
control "%s"
user marsd none
user scspd none
key 257 { algorithm hmac-sha256, file "%s/257.key" }
%s
cluster "lis1" {
	server-group 1
	protocol ipv4
	protocol ipv6
	cmi %d - %d
	redirect { interval 1, dead 4 }
	hold 4
	tombstone 10
	%s%s
}
""" % (self.address, self.base_port, self.address, self.dir, self.dir,
            self.top, self.n * 2000 + 1, self.n * 2000 + 1999, self.cluster,
            peers)

    def start(self, expect=True):
        self.process = subprocess.Popen(
            [BUILD + "/mars", "-d", "-L", self.libexec, "-f", self.conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.log, "a"))
        running.append(self.process)
        if expect:
            wait("%s answers" % self.address, self.answers)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise Gone("mars ended with %d: %s" % (
                self.process.returncode, self.tail()))
        rows = self.ctl("summary")
        if rows is None or not set(self.names) <= set(rows) or None in [
                r.get("parent-confinement") for r in rows.values()]:
            return False
        confined(rows)
        return True

    def tail(self, n=20):
        with open(self.log) as f:
            return "".join(f.readlines()[-n:])

    def logged(self, text):
        with open(self.log) as f:
            return text in f.read()

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(PATIENCE)

    def find(self):
        """pids of whoever was started with this configuration."""
        r = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    if self.conf.encode() in f.read():
                        r.append(int(pid))
            except OSError:
                continue        # it has ended meanwhile
        return r

    def children(self):
        """pids of marsd and scspd by name."""
        r = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue        # it has ended meanwhile
            if int(rest.split()[1]) == self.process.pid:
                r[name] = int(pid)
        return r

    def rss(self, what="VmRSS:"):
        """Of each process, in kB; VmHWM: what it was at most."""
        r = {}
        for name, pid in dict(self.children(), mars=self.process.pid).items():
            with open("/proc/%d/status" % pid) as f:
                r[name] = sum(int(line.split()[1]) for line in f
                              if line.startswith(what))
        return r

    def may_take(self):
        """What the limits let each process take at most, by mars -nv, in kB."""
        text = subprocess.run([BUILD + "/mars", "-nv", "-f", self.conf],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=True).stdout
        return {name: int(mb) * 1000000 >> 10 for name, mb in re.findall(
            r"^# .*?(\w+)(?: take)?: (\d+) MB$", text, re.M)}

    def marsctl(self, *args):
        return subprocess.run([BUILD + "/marsctl", "-s", self.dir] +
                              list(args), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE)

    def ctl(self, what, *args):
        """The value of `show what` as marsctl -j prints it, or None."""
        r = self.marsctl("-j", "show", what, *args)
        if r.returncode != 0:
            return None
        return json.loads(r.stdout)[what]

    def aligned(self, n=None):
        want = len(self.neighbors) if n is None else n
        rows = self.ctl("neighbors") or []
        return sum(r["alignment"] == "Aligned" for r in rows) == want

    def group(self, group, protocol="ipv4"):
        """The members of a group at this server, sorted."""
        for r in self.ctl("groups") or []:
            if (r["protocol"] == protocol and r["group-min"] == group and
                    r["group-max"] == group):
                return sorted(r["members"])
        return []

    def group_size(self, group):
        """How many members; the list of a large group is cut."""
        return sum(r["member-count"] for r in self.ctl("groups") or []
                   if r["group-min"] == r["group-max"] == group)

    def members(self):
        return sorted((r["address"], r["server"])
                      for r in self.ctl("members") or []
                      if r["protocol"] == "ipv4")

    def counter(self, name):
        return sum(r["value"] for r in self.ctl("counters") or []
                   if r["name"] == name)


def confined(rows):
    """Every process has the sandbox that it is meant to have, so that what a
    test does is done in it; but for builds that can't have one."""
    for name, r in rows.items():
        if (r["confinement"], r["parent-confinement"]) != ("full", "full") \
                and r["sandbox"] != "off (sanitizer build)":
            raise Gone("%s is not confined: %s; mars: %s" % (
                name, r["sandbox"], r["parent-sandbox"]))


def pair(**kw):
    """Two servers that are aligned with each other."""
    a = Server(1, (2,), **kw).start()
    b = Server(2, (1,), **kw).start()
    wait("both are aligned", lambda: a.aligned() and b.aligned())
    return a, b


class Client:
    """A marsc that runs in the background."""

    def __init__(self, address, server, *command, options=(), port=None):
        self.process = subprocess.Popen(
            [BUILD + "/marsc", "-l", address, "-s", server, "-j",
             "-b", str(port or BASE_PORT), "-t", "enquiry=1"] +
            list(options) + list(command),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        running.append(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)


def script(lines):
    """A marsc script as a file; its name."""
    d = tempfile.mkdtemp(prefix="mars-regress-")
    dirs.append(d)
    path = os.path.join(d, "script")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return path


def marsc(address, server, *command, options=(), port=None):
    """Runs one command to its end: (status, list of JSON lines)."""
    r = subprocess.run(
        [BUILD + "/marsc", "-l", address, "-s", server, "-j",
         "-b", str(port or BASE_PORT), "-t", "enquiry=1"] + list(options) +
        list(command),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    rows = []
    for line in r.stdout.splitlines():
        rows.append(json.loads(line))
    return r.returncode, rows


tests = []


def test(f):
    tests.append(f)
    return f


def main():
    """Runs every @test of the file; TAP on standard output."""
    bad = 0
    for i, f in enumerate(tests, 1):
        name = f.__name__ + (": " + f.__doc__.split("\n")[0]
                             if f.__doc__ else "")
        try:
            f()
            print("ok %d - %s" % (i, name), flush=True)
        except Skip as e:
            print("ok %d - %s # SKIP %s" % (i, name, e), flush=True)
        except BaseException as e:      # a test must not end the others
            bad += 1
            print("not ok %d - %s" % (i, name), flush=True)
            print("# %s: %s" % (type(e).__name__, e), flush=True)
            for p in running:
                if p.poll() is None:
                    p.terminate()
            for d in dirs:
                log = os.path.join(d, "log")
                if os.path.exists(log):
                    with open(log) as fh:
                        for line in fh.readlines()[-15:]:
                            print("# " + line.rstrip())
            if isinstance(e, (KeyboardInterrupt, SystemExit)):
                break
        for p in running:
            if p.poll() is None:
                p.terminate()
        for p in running:
            if p.poll() is None:
                try:
                    p.wait(10)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        running.clear()
        for d in dirs:
            shutil.rmtree(d, ignore_errors=True)
        dirs.clear()
    print("1..%d" % len(tests))
    sys.exit(bad != 0)
