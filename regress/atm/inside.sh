#!/bin/sh
# Runs inside the machine that boot.sh boots: the same story over switched
# circuits, over permanent ones, over UDP, and over switched ones with native
# parties, as TAP, and in the end their states compared; and listeners that come
# and go.  The file "stories" says which.  Two servers, A and B; clients 1, 2 and
# 3; a multicast server M.  A and M are at interface 0, B at interface 1.
# shellcheck disable=SC2317 # functions are called by way of until_true
cd /payload || exit 1
exec 2>>/tmp/errors
n=0 failed=0
prefix=47000500000000000000000000

result() {		# result STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	failed=1
	for f in "$dir"/*.log; do tail -n 12 "$f" | sed "s|^|# ${f##*/}: |"; done
	for s in A B; do
		./marsctl -s "$dir/$s" show circuits | sed "s/^/# $s: /"
		./marsctl -s "$dir/$s" show members | sed "s/^/# $s: /"
	done
	tail -n 12 /tmp/errors | sed 's/^/# /'
}

# until_true SECONDS COMMAND...: polls
until_true() {
	tries=$(($1 * 5))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}

# --- addresses: the last octet but one of an NSAPA, the last of an IP address

number() {
	case $1 in A) echo 1 ;; B) echo 2 ;; M) echo 20 ;; *) echo "1$1" ;; esac
}

address() {
	case $transport in
	*vc | parties | fallback) printf '%s0000000000%02x00\n' $prefix "$(number "$1")" ;;
	udp) echo "127.0.0.$(number "$1")" ;;
	esac
}

# the names again, in what the programs print
names() {
	for who in A B M 1 2 3; do
		case $transport in
		udp) printf 's/127\\.0\\.0\\.%s\\([^0-9]\\)/%s\\1/g\n' \
		    "$(number $who)" $who ;;
		*) printf 's/47[0-9a-f.]*%02x\\.00/%s/g\n' \
		    "$(number $who)" $who ;;
		esac
	done > /tmp/names
	sed -f /tmp/names
}

# --- permanent circuits: VCI 100 + 10 * X + Y between X and Y at both
# interfaces; who comes first in the list is at interface 0

place() {
	case $1 in A) echo 0 ;; M) echo 1 ;; B) echo 2 ;; *) echo $(($1 + 2)) ;; esac
}

circuit() {		# circuit X Y: X's end of it
	x=$(place "$1") y=$(place "$2")
	if [ "$x" -lt "$y" ]; then
		echo "0.0.$((100 + 10 * x + y))"
	else
		echo "1.0.$((100 + 10 * y + x))"
	fi
}

listens() {		# listens X Y...: the statements of server X
	server=$1
	case $transport in
	udp)
		echo "listen on udp $(address "$server")"
		return ;;
	svc | parties | fallback)
		echo "listen on atm-svc $(address "$server")"
		return ;;
	esac
	shift
	for peer in "$@"; do
		echo "listen on atm-pvc $(circuit "$server" "$peer") peer" \
		    "$(address "$peer") address $(address "$server")"
	done
}

lines() {		# lines X: the options of client X for its circuits
	[ "$transport" = pvc ] || return 0
	for peer in A B M 1 2 3; do
		[ "$peer" = "$1" ] ||
		    echo "-c $(circuit "$1" $peer),$(address $peer)"
	done
}

# --- programs

# server A|B NEIGHBOR: this kernel may have no Landlock
server() {
	mkdir -p "$dir/$1"
	cat > "$dir/$1.conf" <<C
server-id 192.0.2.$(number "$1")
control "$dir/$1"
confinement best-effort
$(listens "$1" "$2" M 1 2 3)
enquiry-interval 1
key 1 { algorithm hmac-sha256, file "$dir/key" }
cluster "lis" {
	cmi $(number "$1")000 - $(number "$1")999
	protocol ipv4
	redirect { interval 1, dead 4 }
	hold 4
	tombstone 10
	native-parties $native
	neighbor $(address "$2") { key 1, hello-interval 1, dead-factor 3 }
}
C
	chmod 600 "$dir/$1.conf"
	./mars -d -L . -f "$dir/$1.conf" >> "$dir/$1.log" 2>&1 &
	eval "pid_$1=$!"
}

# client NAME SERVERS COMMAND-LINES...: stays until it is ended
client() {
	me=$1 servers=$2
	shift 2
	printf '%s\n' "$@" > "$dir/$me.script"
	# shellcheck disable=SC2046
	./marsc -l "$(address "$me")" -s "$servers" $(lines "$me") \
	    -t enquiry=1 -t retransmit="${patience:-1}" -t reregister-min=0 \
	    -t reregister-max=1 -t rejoin-min=0 -t rejoin-max=1 -t loop=2 \
	    -t redirect-map=4 run "$dir/$me.script" >> "$dir/$me.log" 2>&1 &
	eval "pid_$me=$!"
}

aligned() {
	for s in "$@"; do
		./marsctl -s "$dir/$s" show neighbors | grep -q Aligned ||
		    return 1
	done
}

# one line a group: its members and its multicast servers
groups() {
	./marsctl -j -s "$dir/$1" show groups | sed 's/},{/}\n{/g' |
	    sed -n 's/.*"group-min":"\([^"]*\)".*"servers":\[\([^]]*\)\].*"members":\[\([^]]*\)\].*/\1 members [\3] servers [\2]/p' |
	    tr -d '"' | names | sort
}

# who is registered there, and with which server; 2 is elsewhere in one story
members() {
	./marsctl -j -s "$dir/$1" show members | sed 's/},{/}\n{/g' | sed -n \
	    's/.*"address":"\([^"]*\)".*"server":"\([^"]*\)".*/\1 at \2/p' |
	    names | grep -v '^2' | sort
}

# has SERVERS "GROUPS-AS-ABOVE": at each of them
has() {
	for s in $1; do
		[ "$(groups "$s")" = "$2" ] || return 1
	done
}

# the client of the server that has died is at the other, with its group
moved() {
	has A "224.1.2.3 members [1] servers []
224.9.9.9 members [3] servers [M]" && [ "$(members A)" = "1 at local
3 at local" ]
}

heard() {		# heard CLIENT TEXT
	grep -q "$2" "$dir/$1.log"
}

end_all() {
	for who in 1 2 3 M A B; do
		eval "p=\${pid_$who:-}"
		[ -z "$p" ] || kill "$p"
	done
	wait_for=$(eval echo "\$pid_A \$pid_B \$pid_1 \$pid_2 \$pid_3 \$pid_M")
	for p in $wait_for; do wait "$p"; done
}

# --- the story

begin() {		# begin TRANSPORT [STORY]
	transport=$1 dir=/tmp/${2:-$1} native=no
	case $1 in parties | fallback) native=yes ;; esac
	# shellcheck disable=SC2034 # used by way of eval
	pid_A='' pid_B='' pid_1='' pid_2='' pid_3='' pid_M=''
	mkdir -p "$dir"
	echo a-secret-of-the-test > "$dir/key"
	chmod 600 "$dir/key"
	a=$(address A) b=$(address B)
}

# at ITF ITF: where the addresses are
at() {
	for who in A 1 M; do atmaddr -a "$1" "$(address $who)"; done
	for who in B 2 3; do atmaddr -a "$2" "$(address $who)"; done
}

story() {
	begin "$1"
	case $1 in svc) at 0 1 ;; parties) at 2 3 ;; esac
	server A B
	server B A
	until_true 30 aligned A B
	result $? "$transport: two servers are aligned"

	client 1 "$a,$b" register "join 224.1.2.3" stay
	client 2 "$b,$a" register "join 224.1.2.3" "join 224.1.2.4" stay
	until_true 30 has "A B" "224.1.2.3 members [1,2] servers []
224.1.2.4 members [2] servers []"
	result $? "$transport: two clients' groups are known at both"

	client M "$a" register "serve 224.9.9.9" stay
	client 3 "$b,$a" register "join 224.9.9.9" stay
	until_true 30 has "A B" "224.1.2.3 members [1,2] servers []
224.1.2.4 members [2] servers []
224.9.9.9 members [3] servers [M]"
	result $? "$transport: a multicast server serves a group of both"

	kill "$pid_1"
	wait "$pid_1"
	client 1 "$a,$b" register "join 224.1.2.3" \
	    "send 224.9.9.9 through-the-server" \
	    "send 224.1.2.3 to-each-member" stay
	until_true 30 heard 3 "packet of"
	result $? "$transport: data reaches a member by the multicast server"
	until_true 30 heard 2 "packet of"
	result $? "$transport: data reaches a member by its sender's own call"

	kill -9 "$pid_2"
	wait "$pid_2"
	pid_2=
	if [ "$transport" = pvc ]; then
		# nothing says that the other end of one has gone; it returns
		client 2 "$b,$a" register "join 224.1.2.3" "join 224.1.2.4" \
		    "leave 224.1.2.3" "leave 224.1.2.4" stay
	fi
	until_true 60 has "A B" "224.1.2.3 members [1] servers []
224.9.9.9 members [3] servers [M]"
	result $? "$transport: a client that was killed is gone from both"

	kill -9 "$pid_B"
	wait "$pid_B"
	pid_B=
	until_true 60 moved
	result $? "$transport: after a server's death its client is at the other"
	{ groups A; members A; } > "/tmp/end.$transport"
	end_all
}

# --- native parties

helpers() {
	# shellcheck disable=SC2009 # this machine has busybox
	ps | grep '[m]ars: parties'
}

gone() {		# gone COMMAND...: it has nothing to say
	[ -z "$("$@")" ]
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

# atmsigd does not answer ADD PARTY, and who asked it hangs until it ends
fallback() {
	begin fallback
	at 0 1 2>/dev/null	# they may be there
	server A B
	until_true 30 grep -q 'marsd is at work' "$dir/A.log"
	patience=10
	client 1 "$(address A)" register "join 224.1.2.3" stay
	patience=
	until_true 40 has A "224.1.2.3 members [1] servers []" &&
	    [ "$(grep -c 'does not answer ADD PARTY' "$dir/A.log")" -eq 1 ]
	result $? "fallback: where parties can't be added, calls are made"
	./marsctl -s "$dir/A" show circuits | grep -q ' leaf .*connected' &&
	    ! gone helpers
	result $? "fallback: the process that hangs is left behind"
	kill "$pid_A"
	until_true 15 ended "$pid_A" && wait "$pid_A"
	result $? "fallback: mars ends all the same"
	kill "$pid_1"
	wait "$pid_1"
	sigd=$(pidof atmsigd)
	kill "$sigd"
	until_true 10 gone helpers && ended "$sigd"
	result $? "fallback: what hung ends with the signalling daemon"
}

# --- listeners that come and go

# reloads [STATEMENT...]: A has those instead of the one it was started with
reloads() {
	sed '/^listen/d' "$dir/A.conf" > "$dir/new"
	printf '%s\n' "$@" >> "$dir/new"
	cat "$dir/new" > "$dir/A.conf"
	./marsctl -s "$dir/A" reload
}

reload() {
	begin svc reload
	at 0 1 2>/dev/null
	server A B
	until_true 30 grep -q 'marsd is at work' "$dir/A.log"
	client 1 "$a" register "join 224.1.2.3" stay
	until_true 30 has A "224.1.2.3 members [1] servers []"
	svc=$(listens A)
	# a cluster has one kind of circuits at a time
	transport=pvc
	pvc=$(listens A 2)
	client 2 "$a" register "join 224.1.2.3" stay
	! reloads "$svc" "listen on atm-svc $prefix""00000000007700" \
	    > "$dir/refused" 2>&1 &&
	    grep -q 'no interface has this address' "$dir/refused" &&
	    has A "224.1.2.3 members [1] servers []"
	result $? "reload: what this machine has no address for is refused"

	reloads "$pvc" && until_true 60 has A "224.1.2.3 members [2] servers []"
	result $? "reload: a permanent circuit in the place of switched ones"

	reloads "$svc" && until_true 60 has A "224.1.2.3 members [1] servers []"
	result $? "reload: and switched ones again"
	end_all
}

# calls from that address to this one in the log of sigd
calls() {
	grep -c "^$1 from $2 to $3" /tmp/sigd.log
}

parties() {
	sigd=$(pidof atmsigd) && kill "$sigd" && until_true 10 ended "$sigd"
	./sigd 2 3 > /tmp/sigd.log 2>&1 &
	until_true 10 grep -q ready /tmp/sigd.log
	story parties
	# of A, its two control VCs, and nothing else; B never had a server
	[ "$(calls 'MULTIPOINT CALL' 01 01)" -eq 2 ] &&
	    [ "$(calls 'MULTIPOINT CALL' 01 .)" -eq 2 ] &&
	    [ "$(calls 'MULTIPOINT CALL' 02 .)" -eq 1 ]
	result $? "parties: a control VC is one call"
	[ "$(calls 'ADD PARTY .' 01 0b)" -ge 2 ] &&
	    [ "$(calls 'ADD PARTY .' 01 14)" -eq 1 ] &&
	    [ "$(calls 'ADD PARTY .' 01 0d)" -eq 1 ] &&
	    [ "$(calls 'ADD PARTY 1' 02 0c)" -eq 1 ] &&
	    [ "$(calls 'ADD PARTY 2' 02 0d)" -eq 1 ]
	result $? "parties: its leaves are parties of that call"
	grep -q '^LEFT 1 from 02' /tmp/sigd.log
	result $? "parties: one that leaves is told to the root"
	sed 's/^/# /' /tmp/sigd.log
	gone helpers
	result $? "parties: no process is left behind"
}

stories=$(cat stories)
for transport in $stories; do
	case $transport in
	reload | fallback | parties) $transport ;;
	*) story "$transport" ;;
	esac
done
for transport in $stories; do
	case $transport in udp | reload | fallback) continue ;; esac
	diff "/tmp/end.$transport" /tmp/end.udp > /tmp/diff &&
	    [ -s /tmp/end.udp ]
	result $? "$transport: the end state is that of UDP"
	sed 's/^/# /' /tmp/diff
done
echo "1..$n"
exit $failed
