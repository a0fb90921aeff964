# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The system's log is started again while children run in a chroot: lines are
not lost (issue 12 F).  With a /dev/log of its own, in a mount namespace."""

import os
import select
import signal
import socket
import subprocess
import sys

from suite import BUILD, Server, Skip, main, marsc, test, wait

A = "127.0.0.1"
INSIDE = "MARS_SYSLOG_TEST"
USERS = "_mt_marsd", "_mt_scspd"


def own_mounts():
    """This program once more, where /dev is a file system of its own."""
    if os.geteuid() != 0:
        return "only root can mount a /dev/log and have a chroot"
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True)
    if probe.returncode != 0:
        return "no mount namespace of its own"
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private",
                          sys.executable, "-B"] + sys.argv)


def own_files():
    """An empty /dev but for what programs need, so nobody else's log; and two
    users with a home, in which marsd and scspd are confined."""
    top = "/mnt"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", top],
                   check=True)
    os.mkdir(top + "/home", 0o755)
    with open("/etc/passwd") as f:
        users = f.read()
    with open(top + "/passwd", "w") as f:
        f.write(users + "".join("%s:x:%d:%d::%s/home:/bin/false\n" % (
            u, 63001 + n, 63001 + n, top) for n, u in enumerate(USERS)))
    subprocess.run(["mount", "--bind", top + "/passwd", "/etc/passwd"],
                   check=True)
    dev = top + "/dev"
    os.mkdir(dev, 0o755)
    for name in "null", "zero", "random", "urandom":
        open(os.path.join(dev, name), "w").close()
        subprocess.run(["mount", "--bind", "/dev/" + name,
                        os.path.join(dev, name)], check=True)
    subprocess.run(["mount", "--rbind", dev, "/dev"], check=True)


class Syslogd:
    """Reads /dev/log, as a log daemon does."""

    def __init__(self):
        self.lines = []
        self.start()

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

    def stop(self):
        self.socket.close()
        os.unlink("/dev/log")

    def has(self, *words):
        while select.select([self.socket], [], [], 0)[0]:
            self.lines.append(self.socket.recv(8192).decode())
        return any(all(w in line for w in words) for line in self.lines)

    def tail(self, n=20):
        self.has("")
        return "\n".join(self.lines[-n:])


class Daemon(Server):
    """One that logs to the system's log, and whose children are confined."""

    def __init__(self, log):
        super().__init__(1)
        self.tail = log.tail
        text = self.text()
        for name, user in zip(("marsd", "scspd"), USERS):
            text = text.replace("user %s none" % name,
                                "user %s %s" % (name, user))
        self.write(text)

    def start(self, expect=True):
        r = subprocess.run([BUILD + "/mars", "-v", "-L", BUILD, "-f",
                            self.conf], stdin=subprocess.DEVNULL)
        assert r.returncode == 0, r
        wait("it answers", lambda: self.ctl("summary") is not None)

    def pid(self):
        return min(self.find())

    def confined(self):
        """Is every child in a directory of its own?"""
        roots = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
                if parent == self.pid():
                    roots.append(os.readlink("/proc/%s/root" % pid))
            except OSError:
                continue        # it has ended meanwhile
        return len(roots) >= 2 and "/" not in roots


@test
def restarted():
    """what children say while syslogd is away comes when it is back"""
    if why:
        raise Skip(why)
    own_files()
    log = Syslogd()
    a = Daemon(log)
    a.start()
    try:
        assert a.confined()
        assert marsc("127.0.0.11", A, "register")[0] == 0
        wait("the audit log has a facility of its own, authpriv", lambda:
             log.has("<85>", "mars[", "audit pid=", "event=start"))
        wait("a child is heard",
             lambda: log.has("marsd[", "127.0.0.11", "registered"))
        for n in 12, 13:
            log.stop()
            who = "127.0.0.%d" % n
            assert marsc(who, A, "register")[0] == 0
            log.start()
            # the next line may be what brings the ones that waited
            assert marsc("127.0.0.2%d" % n, A, "register")[0] == 0
            wait("what was said meanwhile",
                 lambda: log.has("marsd[", who, "registered"), 20)
            wait("what is said now", lambda: log.has(
                "marsd[", "127.0.0.2%d" % n, "registered"), 20)
        assert not log.has("were lost"), log.tail()
    finally:
        os.kill(a.pid(), signal.SIGTERM)
        wait("it has ended", lambda: not a.find(), 20)


why = None if os.environ.get(INSIDE) else own_mounts()
main()
