#!/bin/sh
# boot.sh KERNELDIR PAYLOAD SECONDS: boots that kernel with the files of
# PAYLOAD in /payload and two ATM interfaces, 0 and 1, back to back: atmtcp
# under UNI 3.1 signalling, 0 the network's side and 1 the user's.  Runs
# /payload/inside.sh there; what it prints comes out, then "exit N".
set -eu
kernel=$1 payload=$2 seconds=$3
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.img"' EXIT
for d in bin dev etc proc run sys tmp var/empty var/run; do
	mkdir -p "$root/$d"
done
cp /bin/busybox "$root/bin/"
cp /usr/sbin/atmtcp /usr/sbin/atmsigd /usr/sbin/atmaddr "$root/bin/"
cp "$kernel"/modules/*.ko "$root/"
cp -r "$payload" "$root/payload"
find "$root/bin" "$root/payload" -type f -perm -u+x -exec ldd {} + \
    2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | sort -u |
while read -r library; do
	mkdir -p "$root${library%/*}"
	cp -L "$library" "$root$library"
done
cat > "$root/etc/passwd" <<'P'
root:x:0:0::/:/bin/sh
_marsd:x:901:901::/var/empty:/bin/false
_scspd:x:902:902::/var/empty:/bin/false
P
cat > "$root/etc/atmsigd.conf" <<'C'
sig uni31
entity 0.0.5 { mode network default }
entity 1.0.5 { mode user }
C
cat > "$root/init" <<'I'
#!/bin/busybox sh
/bin/busybox --install -s /bin
exec 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
insmod /atm.ko
insmod /atmtcp.ko
atmtcp virtual listen 2812 >/tmp/atmtcp0 2>&1 &
sleep 1
atmtcp virtual connect 127.0.0.1 2812 >/tmp/atmtcp1 2>&1 &
sleep 1
atmsigd -l /tmp/atmsigd.log &
sleep 2
# after what the firmware has left on the line
printf '\nbooted\n'
cd /payload
sh ./inside.sh
echo "exit $?"
poweroff -f
I
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$root.img"
# "max": with the instruction that gives random numbers at once
timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu max -m 512 \
    -nic none -nographic -no-reboot -kernel "$kernel/vmlinuz" -initrd "$root.img" \
    -append "console=ttyS0 quiet panic=1" </dev/null |
    sed -u -n -e 's/\r$//' -e '/^booted/,/^exit/p'
