# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""How mars says that it has started: to who started it, to a service manager,
in a file; and the first files, which marsctl init and marsctl keygen write."""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import time

import suite
from suite import BUILD, Gone, Server, main, test, wait


def background(s, *options):
    """Starts it without -d: (its exit status, what the terminal got)."""
    r = subprocess.run([BUILD + "/mars", "-L", BUILD, "-f", s.conf] +
                       list(options), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=suite.PATIENCE)
    return r.returncode, r.stdout + r.stderr


def pid_in(path):
    with open(path) as f:
        return int(f.read())


def gone(pid):
    return not os.path.exists("/proc/%d" % pid)


@test
def background_ends_when_the_children_serve():
    """in the background: status 0 once the children serve; a pid file."""
    s = Server(1)
    pid_file = s.dir + "/mars.pid"
    with open(pid_file, "w") as f:
        f.write("1 and more that a dead one has left\n")
    status, said = background(s, "-p", pid_file)
    assert status == 0, said
    # no waiting: they serve already
    assert s.ctl("summary") is not None
    pid = pid_in(pid_file)
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        assert s.conf.encode() in f.read()
    os.kill(pid, signal.SIGTERM)
    wait("the end", lambda: gone(pid))
    assert not os.path.exists(pid_file)


@test
def background_says_what_is_missing():
    """in the background: what is missing is said at the terminal; status 1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        s = Server(1)
        taken.bind(("127.0.0.1", s.base_port))
        status, said = background(s, "-p", s.dir + "/mars.pid")
        assert status == 1, said
        assert "127.0.0.1" in said and "in use" in said, said
        wait("no pid file", lambda: not os.path.exists(s.dir + "/mars.pid"))
        assert s.find() == []
    # a child that can't be executed
    r = subprocess.run([BUILD + "/mars", "-L", "/nowhere", "-f", s.conf],
                       stderr=subprocess.PIPE, text=True)
    assert r.returncode == 1 and "/nowhere/marsd" in r.stderr, r.stderr
    # and one that ends as soon as it is started
    d = tempfile.mkdtemp(prefix="mars-regress-")
    suite.dirs.append(d)
    for name in "marsd", "scspd":
        os.symlink("/bin/false", d + "/" + name)
    r = subprocess.run([BUILD + "/mars", "-L", d, "-f", s.conf],
                       stderr=subprocess.PIPE, text=True)
    assert r.returncode == 1 and "ended with status 1" in r.stderr, r.stderr


@test
def second_one_leaves_the_pid_file():
    """a second mars refuses to start and leaves the first one's pid file."""
    s = Server(1)
    pid_file = s.dir + "/mars.pid"
    assert background(s, "-p", pid_file)[0] == 0
    pid = pid_in(pid_file)
    status, said = background(s, "-p", pid_file)
    assert status == 1 and pid_in(pid_file) == pid, said
    os.kill(pid, signal.SIGTERM)
    wait("the end", lambda: gone(pid))


class Manager:
    """What a service manager hears."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0"))
        self.name = name

    def start(self, s, **environment):
        s.process = subprocess.Popen(
            [BUILD + "/mars", "-d", "-L", BUILD, "-f", s.conf],
            stdin=subprocess.DEVNULL, stderr=open(s.log, "a"),
            env=dict(os.environ, NOTIFY_SOCKET=self.name, **environment))
        suite.running.append(s.process)

    def hears(self, patience=suite.PATIENCE):
        """The next message, or None."""
        if not select.select([self.socket], [], [], patience)[0]:
            return None
        return self.socket.recv(100).decode()


@test
def readiness_and_the_end_are_told():
    """READY=1 when the children serve, then STOPPING=1 at the end."""
    s = Server(1)
    for name in s.dir + "/notify", "@mars-%d" % os.getpid():
        m = Manager(name)
        m.start(s)
        assert m.hears() == "READY=1"
        assert s.ctl("summary") is not None
        assert s.stop() == 0
        assert m.hears() == "STOPPING=1"


@test
def start_that_fails_is_not_ready():
    """READY=1 never comes where a child does not serve."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        s = Server(1)
        taken.bind(("127.0.0.1", s.base_port))
        m = Manager(s.dir + "/notify")
        m.start(s)
        assert s.process.wait(suite.PATIENCE) == 1
        heard = []
        while (one := m.hears(0)) is not None:
            heard.append(one)
        assert "READY=1" not in heard, heard


@test
def watchdog_is_fed_while_children_answer():
    """WATCHDOG=1 comes while all children answer, and ends with that."""
    s = Server(1)
    m = Manager(s.dir + "/notify")
    m.start(s, WATCHDOG_USEC="30000000")
    assert m.hears() == "READY=1"
    assert m.hears() == m.hears() == "WATCHDOG=1"
    os.kill(s.children()["marsd"], signal.SIGSTOP)
    while m.hears(0) is not None:
        pass                        # what was said before
    heard = []
    while "STOPPING=1" not in heard:
        heard.append(m.hears())
    # it may have answered just before; then it is asked four times
    assert heard.count("WATCHDOG=1") <= 1, heard
    assert s.process.wait(suite.PATIENCE) == 1
    assert "WatchdogSec" not in s.tail(1000)


@test
def watchdog_of_another_process():
    """a watchdog is another's if WATCHDOG_PID is; a short one is said."""
    s = Server(1)
    m = Manager(s.dir + "/notify")
    m.start(s, WATCHDOG_USEC="1000000", WATCHDOG_PID="1")
    assert m.hears() == "READY=1"
    assert m.hears(5) is None
    assert s.stop() == 0
    m.start(s, WATCHDOG_USEC="1000000")
    while m.hears() != "READY=1":
        pass
    assert s.stop() == 0
    assert "set WatchdogSec to 10 or more" in s.tail(1000)


def marsctl(*words, answers=None):
    r = subprocess.run([BUILD + "/marsctl"] + list(words), input=answers,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=suite.PATIENCE)
    return r.returncode, r.stdout, r.stderr


def directory():
    d = tempfile.mkdtemp(prefix="mars-regress-")
    suite.dirs.append(d)
    return d


def read(path):
    with open(path) as f:
        return f.read()


def mode(path):
    return os.stat(path).st_mode & 0o7777


@test
def keygen_makes_keys():
    """keygen: 64 octets in hexadecimal, 0600, other ones each time."""
    d = directory()
    old = os.umask(0)
    try:
        assert marsctl("keygen", d + "/a") == (0, "", "")
    finally:
        os.umask(old)
    assert mode(d + "/a") == 0o600
    a = read(d + "/a")
    status, b, said = marsctl("keygen")
    assert status == 0 and said == ""
    for key in a, b:
        assert re.fullmatch("0x[0-9a-f]{128}\n", key), key
    assert a != b
    status, out, said = marsctl("keygen", d + "/a")
    assert status == 1 and out == "" and "is there already" in said, said
    assert read(d + "/a") == a
    os.symlink(d + "/nothing", d + "/link")
    assert marsctl("keygen", d + "/link")[0] == 1
    assert not os.path.exists(d + "/nothing")
    assert marsctl("keygen", d + "/x", "y")[0] == 1


def correct(d):
    """mars -n says so, and nothing else (users are the machine's)."""
    r = subprocess.run([BUILD + "/mars", "-n", "-f", d + "/mars.conf"],
                       stderr=subprocess.PIPE, text=True)
    said = [line for line in r.stderr.splitlines() if "user" not in line]
    return r.returncode == 0 and said == ["configuration OK"]


@test
def init_by_words():
    """init: a server with a neighbor, and an edge; never written over."""
    d = directory() + "/new"
    status, out, said = marsctl(
        "init", "directory", d, "address", "192.0.2.1", "neighbor",
        "192.0.2.2", "neighbor", "192.0.2.3", "lan", "eth1", "protocol",
        "ipv4", "group", "239.1.0.0/16", "group", "239.2.0.0/16")
    assert (status, said) == (0, ""), said
    assert d + "/257.key" in out and d + "/mars.conf" in out
    assert "systemd has to be told" in out
    assert correct(d)
    assert mode(d + "/mars.conf") == mode(d + "/257.key") == 0o600
    conf, key = read(d + "/mars.conf"), read(d + "/257.key")
    for line in ("listen on udp 192.0.2.1", "neighbor 192.0.2.3 {",
                 "address 192.0.2.1%16", "servers 192.0.2.1",
                 "allow group 239.2.0.0/16", 'lan "eth1"'):
        assert line in conf, line
    assert "ipv6" not in conf
    status, out, said = marsctl("init", "directory", d, "address",
                                "192.0.2.9")
    assert status == 1 and "is there already" in said, said
    assert (read(d + "/mars.conf"), read(d + "/257.key")) == (conf, key)
    # a key that is there is used
    os.unlink(d + "/mars.conf")
    assert marsctl("init", "directory", d, "address", "192.0.2.1",
                   "neighbor", "192.0.2.2")[0] == 0
    assert correct(d) and read(d + "/257.key") == key


@test
def init_writes_what_is_right():
    """init: from a relative path, and of one protocol; what would be refused
    later is refused at once"""
    d = directory()
    r = subprocess.run([os.path.abspath(BUILD) + "/marsctl", "init",
                        "directory", "new", "address", "192.0.2.1",
                        "neighbor", "192.0.2.2"], cwd=d, text=True,
                       capture_output=True)
    assert r.returncode == 0 and correct(d + "/new"), r
    d = directory()
    lan = ("init", "directory", d, "address", "2001:db8::1", "lan", "eth1")
    status, out, said = marsctl(*lan, "protocol", "ipv6")
    assert status == 1 and os.listdir(d) == [], (status, out)
    assert "write group" in said, said
    status, out, said = marsctl(*lan, "protocol", "ipv4", "group", "ff18::/16")
    assert status == 1 and os.listdir(d) == [], (status, out)
    assert "group ff18::/16: write protocol ipv6" in said, said
    for words in (("lan", "eth1"), ("protocol", "ipv6", "protocol", "ipv6"),
                  ("neighbor", "192.0.2.2", "neighbor", "192.0.2.2"),
                  ("neighbor", "2001:db8::1")):
        status, out, said = marsctl(*lan, *words)
        assert status == 1 and ("twice" in said or "itself" in said), said
        assert os.listdir(d) == [], words
    assert marsctl(*lan, "protocol", "ipv6", "group", "ff18::/16")[0] == 0
    assert correct(d)
    # asked, it says no default that is none
    d = directory()
    status, out, said = marsctl("init", "directory", d, answers="\n".join((
        "2001:db8::1", "", "", "ipv6", "eth1", "", "ff18::/16", "")))
    assert status == 0 and correct(d), said
    assert "allow group ff18::/16" in read(d + "/mars.conf")


@test
def init_without_a_key():
    """init: a server alone needs no key, and an edge alone no cluster."""
    d = directory()
    assert marsctl("init", "directory", d, "address", "2001:db8::1")[0] == 0
    assert correct(d) and os.listdir(d) == ["mars.conf"]
    d = directory()
    assert marsctl("init", "directory", d, "address", "10.1.1.1", "server",
                   "10.2.2.2", "lan", "eth1")[0] == 0
    assert correct(d)
    assert "cluster" not in read(d + "/mars.conf")


@test
def init_asks():
    """init: asks where nothing is said, again where the answer is wrong."""
    d = directory()
    status, out, said = marsctl("init", "directory", d, answers="\n".join((
        "", "somewhere", "192.0.2.1", "", "192.0.2.2, 192.0.2.3", "ipv5", "",
        "eth1 eth2", "")) + "\n")
    assert status == 0, said
    assert "address somewhere: write an IP address" in said
    assert "protocol ipv5: write ipv4 or ipv6" in said
    conf = read(d + "/mars.conf")
    assert correct(d)
    for line in ("neighbor 192.0.2.3 {", "protocol ipv6", 'lan "eth2"',
                 "allow group 239.0.0.0/8"):
        assert line in conf, line
    # no answer: nothing is written
    d = directory()
    status, out, said = marsctl("init", "directory", d,
                                answers="192.0.2.1\n")
    assert status == 1 and os.listdir(d) == [], said


@test
def init_refuses():
    """init: what is wrong is said, and nothing is written."""
    d = directory()
    for words, say in (
            (["address", "224.1.1.1"], "write an IP address"),
            (["address", "192.0.2.1/24"], "write an IP address"),
            (["address"], "write a value after it"),
            (["adress", "192.0.2.1"], "write address, server, neighbor"),
            (["neighbor", "192.0.2.1"], "write address and an IP address"),
            (["address", "10.0.0.1", "address", "10.0.0.2"], "are enough"),
            (["address", "10.0.0.1", "lan", 'e"'], "write the name of an"),
            (["address", "10.0.0.1", "group", "10.0.0.0/8"],
             "write a prefix of groups"),
            (["address", "10.0.0.1", "server", "10.0.0.2"], "is an edge"),
            (["address", "10.0.0.1", "server", "10.0.0.2", "neighbor",
              "10.0.0.3"], "a neighbor is for a server")):
        status, out, said = marsctl("init", "directory", d, *words)
        assert status == 1 and say in said, (words, said)
        assert os.listdir(d) == []


@test
def times_on_a_terminal():
    """on a terminal lines of the log have times."""
    s = Server(1)
    master, slave = pty.openpty()
    s.process = subprocess.Popen(
        [BUILD + "/mars", "-d", "-L", BUILD, "-f", s.conf],
        stdin=subprocess.DEVNULL, stderr=slave)
    suite.running.append(s.process)
    os.close(slave)
    text = b""
    end = time.monotonic() + suite.PATIENCE
    while b"marsd is at work" not in text:
        if time.monotonic() > end:
            raise Gone("a line on the terminal")
        text += os.read(master, 1000)
    for line in text.decode().splitlines():
        assert re.match(r"[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d \w+: ",
                        line), line
    assert s.stop() == 0
    os.close(master)


main()
