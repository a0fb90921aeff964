/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What is asked of Linux's ATM stack for a call.  The machine need not have
 * one: socket() and setsockopt() are played here, and the call ends where the
 * real bind() finds no ATM.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/atm.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "atm.h"
#include "vc.h"

static struct {
	int		family, nqos, nmultipoint;
	struct atm_qos	qos;
} asked;

int
socket(int family, int type, int protocol)
{
	(void)type;
	(void)protocol;
	asked.family = family;
	return (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	(void)fd;
	if (level == SOL_ATM && option == SO_ATMQOS) {
		assert_int_equal(len, sizeof(asked.qos));
		memcpy(&asked.qos, value, sizeof(asked.qos));
		asked.nqos++;
	}
	if (level == SOL_ATM && option == SO_MULTIPOINT)
		asked.nmultipoint++;
	return 0;
}

static void
call(bool leaf)
{
	struct atm_addr from, to;

	memset(&asked, 0, sizeof(asked));
	assert_int_equal(
	    atm_addr_parse(
	    &from, "47.0005.80.ffe100.0000.f21a.26d8.0020480d1a2b.00"),
	    0);
	to = from;
	atm_addr_set_sel(&to, 1);
	assert_int_equal(atm_svc_call(&from, &to, leaf), -1);
	assert_int_equal(asked.family, AF_ATMSVC);
	assert_int_equal(asked.nqos, 1);
	assert_int_equal(asked.nmultipoint, leaf);
	assert_int_equal(asked.qos.aal, ATM_AAL5);
}

/*
 * R2022-5.1-03, R2022-5.2-09, R2022-3-01: a leaf is called with UBR, and with
 * nothing on the way back.
 */
static void
multipoint(void **state)
{
	(void)state;
	call(true);
	assert_int_equal(asked.qos.txtp.traffic_class, ATM_UBR);
	assert_int_equal(asked.qos.txtp.max_sdu, VC_SDU_MAX);
	assert_int_equal(asked.qos.txtp.min_pcr, 0);
	assert_int_equal(asked.qos.rxtp.traffic_class, ATM_NONE);
}

/* A circuit to the MARS is UBR both ways. */
static void
point_to_point(void **state)
{
	(void)state;
	call(false);
	assert_int_equal(asked.qos.txtp.traffic_class, ATM_UBR);
	assert_int_equal(asked.qos.rxtp.traffic_class, ATM_UBR);
	assert_int_equal(asked.qos.rxtp.max_sdu, VC_SDU_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multipoint),
		cmocka_unit_test(point_to_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
