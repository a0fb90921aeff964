#!/bin/sh
# What an administrator does with an installed suite, under a real systemd:
# run.sh boots the machine that runs this.  Writes TAP to /result.
# shellcheck source=regress/systemd/tap.sh
. /tap.sh

examples=/usr/share/examples/mars

users() {
	systemd-sysusers $examples/mars.sysusers &&
	    systemd-tmpfiles --create $examples/mars.tmpfiles &&
	    getent passwd _marsd && getent passwd _scspd
}

configure() {
	ip address add 192.0.2.1/24 dev lo || return 1
	ip link set lo up || return 1
	mkdir -p /etc/mars || return 1
	cp $examples/mars.conf /etc/mars/ || return 1
	(
		umask 077
		od -An -tx1 -N32 /dev/urandom | tr -d ' \n' |
		    sed 's/^/0x/' > /etc/mars/257.key
	)
	chmod 600 /etc/mars/mars.conf && mars -n
}

install_unit() {
	cp $examples/mars.service /etc/systemd/system/ &&
	    systemctl daemon-reload &&
	    systemd-analyze verify --man=no mars.service
}

# field NAME PID: what the kernel says of a process
field() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$2/status"
}

confined() {
	for name in marsd scspd; do
		pid=$(pgrep -x "$name") || return 1
		user=$(id -u "_$name")
		if [ "$(field Uid "$pid" | cut -f 1)" != "$user" ] ||
		    [ "$(field Seccomp "$pid")" != 2 ] ||
		    [ "$(field NoNewPrivs "$pid")" != 1 ] ||
		    [ "$(field CapEff "$pid")" != 0000000000000000 ] ||
		    [ "$(readlink "/proc/$pid/root")" = / ]; then
			grep -E 'Uid|Seccomp|NoNew|Cap' "/proc/$pid/status"
			return 1
		fi
	done
}

landlocked() {
	marsctl show summary | tee /dev/stderr |
	    awk '/sandbox/ && /landlock ABI/ { n++ }
		$1 ~ /confinement$/ && $2 == "full" { full++ }
		END { exit n != 4 || full != 4 }'
}

# Who may only read is enough for it, as its unit says.
scraped() {
	groupadd -r _marsctl &&
	    echo 'control read-only group _marsctl' >> /etc/mars/mars.conf &&
	    mars -n && cp $examples/mars-metrics* /etc/systemd/system/ &&
	    systemctl daemon-reload && systemctl restart mars &&
	    systemctl start mars-metrics.socket &&
	    bash -c 'exec 3<>/dev/tcp/127.0.0.1/9311 &&
		printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3' |
	    tee /dev/stderr | grep -q '^# EOF'
}

logged() {
	journalctl -u mars --no-pager | tee /dev/stderr | grep -q "$1"
}

killed() {
	kill -KILL "$(pgrep -x marsd)"
	waits restarted "$1"
}

restarted() {
	now=$(systemctl show -p MainPID --value mars)
	[ "$now" != "$1" ] && [ "$now" != 0 ] && pgrep -x marsd &&
	    marsctl show summary
}

exposure() {
	systemd-analyze security --no-pager mars | tail -n 1 | tee /dev/stderr |
	    awk '{ for (i = 1; i < NF; i++) if ($i == "mars.service:")
		exit !($(i + 1) <= 2.3) }'
}

ok "the users and their empty home can be created" users
ok "the example configuration is correct" configure
ok "systemd understands the unit" install_unit
ok "the unit starts" systemctl start mars
ok "marsctl reaches it at once" marsctl show summary
ok "each child has a user, a root and filters of its own" confined
ok "Landlock is in force under the unit's filter" landlocked
ok "it is reloaded" systemctl reload mars
ok "and the log says so" waits logged 'configuration reloaded'
ok "a scraper is answered, by the units for that" scraped
ok "a child that is killed ends the suite, and it starts again" \
    killed "$(systemctl show -p MainPID --value mars)"
ok "it can be enabled" systemctl enable mars
ok "its exposure is 2.3 at most" exposure
ok "it stops" systemctl stop mars
ok "and has not failed" sh -c '! systemctl is-failed mars'
finish
