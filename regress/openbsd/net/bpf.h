/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What bpf(4) of OpenBSD says is there, as far as mars uses it. */
#ifndef REGRESS_OPENBSD_BPF_H
#define REGRESS_OPENBSD_BPF_H

#include <stdint.h>
#include <sys/ioctl.h>
#include <net/if.h>

struct bpf_insn {
	uint16_t	code;
	uint8_t		jt, jf;
	uint32_t	k;
};

struct bpf_program {
	unsigned int	 bf_len;
	struct bpf_insn	*bf_insns;
};

#define BPF_STMT(code, k)	{ (uint16_t)(code), 0, 0, k }
#define BPF_JUMP(code, k, jt, jf) { (uint16_t)(code), jt, jf, k }

enum { BPF_LD = 0x00, BPF_ALU = 0x04, BPF_JMP = 0x05, BPF_RET = 0x06 };
enum { BPF_H = 0x08, BPF_B = 0x10, BPF_ABS = 0x20 };
enum { BPF_JEQ = 0x10, BPF_JSET = 0x40, BPF_AND = 0x50, BPF_K = 0x00 };

#define DLT_EN10MB		1
#define BPF_DIRECTION_OUT	2

#define BIOCSBLEN	_IOWR('B', 102, unsigned int)
#define BIOCSETF	_IOW('B', 103, struct bpf_program)
#define BIOCPROMISC	_IO('B', 105)
#define BIOCGDLT	_IOR('B', 106, unsigned int)
#define BIOCSETIF	_IOW('B', 108, struct ifreq)
#define BIOCIMMEDIATE	_IOW('B', 112, unsigned int)
#define BIOCSHDRCMPLT	_IOW('B', 117, unsigned int)
#define BIOCLOCK	_IO('B', 118)
#define BIOCSETWF	_IOW('B', 119, struct bpf_program)
#define BIOCSDIRFILT	_IOW('B', 125, unsigned int)

#endif
