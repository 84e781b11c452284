/* Runs one program and reports what it cost:
 *
 *   measure FD CGROUP COMMAND [ARG…]
 *
 * writes "wall_ns user_us system_us peak_kib wait_status" to descriptor FD.
 * CGROUP is the directory of a control group to run it in, or "-".
 *
 * A program of its own and not a few lines of the runner, because ru_maxrss
 * keeps what the process had before exec: a child forked from Python would
 * start at Python's size. Every program runs at nice 19, because paramedic
 * puts itself there: neither side gets the better half of a busy machine.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void enter(const char *cgroup)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(125, "measure: %s", path);
	close(fd);
}

static long long micro(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(125, "usage: measure FD CGROUP COMMAND [ARG…]");
	int report = atoi(argv[1]), status;
	struct timespec from, to;
	struct rusage used;
	fcntl(report, F_SETFD, FD_CLOEXEC);
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid_t child = fork();
	if (child < 0)
		err(125, "measure: fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setpriority(PRIO_PROCESS, 0, 19))
			err(125, "measure: nice");
		if (strcmp(argv[2], "-"))
			enter(argv[2]);
		execvp(argv[3], argv + 3);
		err(125, "measure: %s", argv[3]);
	}
	if (wait4(child, &status, 0, &used) != child)
		err(125, "measure: wait4");
	clock_gettime(CLOCK_MONOTONIC, &to);
	dprintf(report, "%lld %lld %lld %ld %d\n", (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec,
		micro(used.ru_utime), micro(used.ru_stime), used.ru_maxrss, status);
	return 0;
}
