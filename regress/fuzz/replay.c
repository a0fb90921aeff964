/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * replay PATH...: where there is no libFuzzer, gives each file, or each file
 * of a directory, to the target once.  It finds nothing new; what a corpus
 * holds is run by every compiler and on every machine.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define INPUT_MAX	(1 << 20)

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *buf = malloc(INPUT_MAX), *fit;
	size_t len;

	if (f == NULL || buf == NULL)
		err(1, "%s", path);
	len = fread(buf, 1, INPUT_MAX, f);
	(void)fclose(f);
	fit = fuzz_copy(buf, len);
	free(buf);
	(void)LLVMFuzzerTestOneInput(fit, len);
	free(fit);
	return 1;
}

static int
replay(const char *path)
{
	struct dirent *e;
	struct stat st;
	char name[1024];
	DIR *d;
	int n = 0;

	if (stat(path, &st) == -1)
		err(1, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	if ((d = opendir(path)) == NULL)
		err(1, "%s", path);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
			n += replay_file(name);
	}
	(void)closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	int i, n = 0;

	(void)LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%d inputs\n", n);
	return 0;
}
