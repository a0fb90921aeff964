/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What edged is given of an Ethernet: IPv4 and IPv6 to groups, IGMP and MLD
 * among it, untagged.  For the classic filter of bpf(4) and of packet(7), whose
 * instructions have the same macros.
 */
#ifndef PARENT_LANFILTER_H
#define PARENT_LANFILTER_H

#define LANFILTER_IPV4	0x0800
#define LANFILTER_IPV6	0x86dd

/*
 * The last twelve instructions of a filter; what is no group is refused, by the
 * last but one.
 */
#define LANFILTER_GROUPS \
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x01, 0, 8), \
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANFILTER_IPV4, 0, 3), \
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 16), \
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe0, 4, 3), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANFILTER_IPV6, 0, 2), \
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 24), \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff, 1, 0), \
	BPF_STMT(BPF_RET | BPF_K, 0), \
	BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)

#endif
