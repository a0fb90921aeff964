/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_REDIRECT_MAP.
 */
#ifndef MARSD_REDIRECT_H
#define MARSD_REDIRECT_H

struct marsd_control;
struct marsd_proto;

/* regularly, from now on; and no more */
void	marsd_redirect_start(struct marsd_proto *);
void	marsd_redirect_stop(struct marsd_proto *);
/* everybody, hard, to another server if one is known */
void	marsd_redirect_away(struct marsd_proto *);
/* softly, on one control VC, for the number that the message carries */
void	marsd_redirect_tell(struct marsd_control *);

#endif
