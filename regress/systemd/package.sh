#!/bin/sh
# What an administrator does with the package, under a real systemd: run.sh
# boots the machine that runs this, with /mars.deb and a later version of it,
# /later.deb.  Writes TAP to /result.
# shellcheck source=regress/systemd/tap.sh
. /tap.sh

pid() {
	systemctl show -p MainPID --value mars
}

installs() {
	find / -xdev \( -path /proc -o -path /sys -o -path /run \) -prune -o \
	    -print | sort > /before
	dpkg -i /mars.deb
}

has_users() {
	for u in _marsd _scspd _edged; do
		getent passwd $u || return 1
	done
	[ "$(stat -c '%U %a' /var/lib/mars/empty)" = "root 555" ]
}

waits_for_its_configuration() {
	systemctl is-enabled mars && ! systemctl is-active mars &&
	    ! systemctl is-failed mars
}

first_configuration() {
	ip address add 192.0.2.1/24 dev lo
	ip address add 192.0.2.7/24 dev lo
	ip link set lo up
	marsctl init address 192.0.2.1 && [ "$(mars -n 2>&1)" = \
	    "configuration OK" ]
}

# no waiting: it has started when its children serve
starts() {
	systemctl start mars && marsctl show summary
}

hardened() {
	mv /etc/mars/mars.conf /etc/mars/first.conf &&
	    install -m 600 $examples/hardened.conf /etc/mars/mars.conf &&
	    sed -i "s/^begin = .*/begin = \"$(date -I -d yesterday)\"/
	    s/^end = .*/end = \"$(date -I -d '90 days')\"/" \
	    /etc/mars/mars.conf &&
	    marsctl keygen /etc/mars/257.key &&
	    [ "$(mars -n 2>&1)" = "configuration OK" ] &&
	    systemctl restart mars && marsctl show summary &&
	    ! journalctl -u mars --no-pager -p warning | grep 'mars\['
}

fed() {
	at=$(systemctl show -p WatchdogTimestampMonotonic --value mars)
	waits sh -c "[ \$(systemctl show -p WatchdogTimestampMonotonic \
	    --value mars) -gt $at ]"
}

bites() {	# bites PID: of mars, which hangs
	mkdir -p /run/systemd/system/mars.service.d
	printf '[Service]\nWatchdogSec=5\n' \
	    > /run/systemd/system/mars.service.d/dog.conf
	systemctl daemon-reload && systemctl restart mars || return 1
	old=$(pid)
	kill -STOP "$old"
	waits another "$old" && waits marsctl show summary || return 1
	rm -r /run/systemd/system/mars.service.d
	systemctl daemon-reload && systemctl restart mars
}

# An edge needs more of the system than a server: etc/edge.service.conf.
edge() {
	ip link add eth1 type veth peer name host1 &&
	    ip address add 10.1.1.1/24 dev eth1 &&
	    ip link set eth1 up && ip link set host1 up || return 1
	mkdir -p /etc/systemd/system/mars.service.d
	cp $examples/edge.service.conf \
	    /etc/systemd/system/mars.service.d/edge.conf
	mv /etc/mars/mars.conf /etc/mars/hardened.conf
	marsctl init address 192.0.2.1 lan eth1 protocol ipv4 &&
	    systemctl daemon-reload && systemctl restart mars || return 1
	if ! waits registers || ! waits forwards; then
		marsctl show edges
		marsctl show lans
		journalctl -u mars --no-pager | tail -n 10
		return 1
	fi
	mv /etc/mars/hardened.conf /etc/mars/mars.conf
	rm -r /etc/systemd/system/mars.service.d
	systemctl daemon-reload && systemctl restart mars
}

registers() {
	marsctl show edges | grep -q ' yes '
}

forwards() {
	marsctl show lans | grep -q ' forwarder '
}

another() {
	now=$(pid)
	[ "$now" != "$1" ] && [ "$now" != 0 ]
}

registered() {
	marsctl show groups group 239.1.1.1 | grep -q 192.0.2.7
}

client() {
	printf 'register\njoin 239.1.1.1\nstay\n' > /script
	marsc -l 192.0.2.7 -s 192.0.2.1 -t reregister-min=0 \
	    -t reregister-max=1 -t rejoin-min=0 -t rejoin-max=1 -t enquiry=1 \
	    -t retransmit=1 run /script > /marsc.log 2>&1 &
	waits registered
}

# Nothing is lost that a restart would not lose, too: the client, which keeps
# running, is registered again, and what is configured is as it was.
upgrades() {
	sums=$(cat /etc/mars/* | md5sum)
	old=$(pid)
	dpkg -i /later.deb || return 1
	another "$old" && systemctl is-active mars &&
	    marsctl show summary && waits registered &&
	    [ "$(cat /etc/mars/* | md5sum)" = "$sums" ]
}

removes() {
	kill %1
	dpkg -r mars && ! pgrep -x mars && [ -f /etc/mars/mars.conf ] &&
	    [ ! -e /usr/sbin/mars ]
}

# The users stay, as Debian wants it, and what dpkg notes of its own.
purges() {
	dpkg -P mars && [ ! -e /etc/mars ] && [ ! -e /run/mars ] || return 1
	systemctl daemon-reload
	find / -xdev \( -path /proc -o -path /sys -o -path /run \) -prune -o \
	    -print | sort | comm -13 /before - | grep -v \
	    -e '^/before$' -e '^/script$' -e '^/marsc.log$' -e '^/tmp/' \
	    -e '^/result' -e '^/var/lib/dpkg/' -e '^/var/log/' \
	    -e '^/etc/.*-$' -e '^/var/lib/systemd/' -e '^/var/tmp/' \
	    > /tmp/left
	cat /tmp/left
	[ ! -s /tmp/left ] && ! systemctl cat mars
}

examples=/usr/share/doc/mars/examples
ok "the package installs" installs
ok "its users and their empty home are there" has_users
ok "it waits for a configuration, and has not failed" \
    waits_for_its_configuration
ok "systemd understands the unit" systemd-analyze verify --man=no mars.service
ok "marsctl init writes one that is correct" first_configuration
ok "it starts, and serves when systemctl returns" starts
ok "it is reloaded" systemctl reload mars
ok "the hardened example is correct and starts without a warning" hardened
ok "an edge starts, with what it needs of the system" edge
ok "the watchdog is fed" fed
ok "and ends a mars that hangs" bites
ok "a client registers and joins" client
ok "an upgrade loses no more than a restart" upgrades
ok "it is removed, and the configuration stays" removes
ok "a purge leaves nothing" purges
finish
