/* Holds the load that tests/bench/run measures: PROCS processes that keep
 * SOCKETS TCP sockets open on loopback, CLOSE_WAIT of them half closed.
 *
 *   load PROCS SOCKETS CLOSE_WAIT [THREADS]
 *
 * Prints "ready SECONDS" once every process holds its share, then waits until
 * standard input ends (so it cannot outlive whoever started it).
 *
 * Every process talks to itself: two listeners (IPv4 on an address of its own,
 * IPv6 on a port of its own) and both ends of each connection. One connection
 * in eight is IPv6. Half-closed ones lie evenly between the others in the order
 * of the descriptors, because a walk that may stop early must not be favoured.
 * Their peers are really closed, so once FIN_WAIT2 has timed out (the runner
 * sets net.ipv4.tcp_fin_timeout to 1) only the CLOSE_WAIT end is left.
 *
 * With THREADS every process has so many more of them, which only wait. Without
 * SOCKETS processes hold none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 8080, LISTENERS = 2, ONE_IN_V6 = 8 };

struct end {
	int listener;
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
};

static struct end listen_on(int v6, int index)
{
	struct end e = {.len = v6 ? sizeof e.at.v6 : sizeof e.at.v4};
	if (v6) {
		e.at.v6.sin6_family = AF_INET6;
		e.at.v6.sin6_addr = in6addr_loopback;
		e.at.v6.sin6_port = htons(PORT + index);
	} else {
		/* An address each: source ports are counted per destination. */
		e.at.v4.sin_family = AF_INET;
		e.at.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index);
		e.at.v4.sin_port = htons(PORT);
	}
	e.listener = socket(e.at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (e.listener < 0 || bind(e.listener, &e.at.any, e.len) || listen(e.listener, 128))
		err(3, "load: listener %d", index);
	return e;
}

/* One connection of this process to itself. */
static void pair(const struct end *e, int *client, int *server)
{
	*client = socket(e->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*client < 0)
		err(3, "load: socket");
	if (connect(*client, &e->at.any, e->len))
		err(3, "load: connect");
	*server = accept4(e->listener, NULL, NULL, SOCK_CLOEXEC);
	if (*server < 0)
		err(3, "load: accept");
}

/* A reset at the end instead of TIME_WAIT: the next load starts clean. */
static void reset_on_close(int fd)
{
	struct linger now = {.l_onoff = 1};
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now))
		err(3, "load: SO_LINGER");
}

/* Closes the peer's end for good. Waits until its FIN is acknowledged: when the
 * acknowledgement arrives while close() holds the socket, the kernel keeps the
 * orphan, and resets the other end when FIN_WAIT2 times out (about 1 in 10,000). */
static void close_peer(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;
	if (shutdown(fd, SHUT_WR))
		err(3, "load: shutdown");
	for (int i = 0; i < 10000 && info.tcpi_state != TCP_FIN_WAIT2; i++) {
		if (i)
			sched_yield();
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			err(3, "load: TCP_INFO");
	}
	close(fd);
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void threads(long n)
{
	pthread_attr_t small;
	pthread_t thread;
	if (pthread_attr_init(&small) || pthread_attr_setstacksize(&small, 64 << 10))
		errx(3, "load: stack size");
	for (long i = 0; i < n; i++)
		if (pthread_create(&thread, &small, wait_for_ever, NULL))
			errx(3, "load: thread %ld", i);
}

static void hold(int index, long sockets, long close_wait)
{
	struct end ends[LISTENERS] = {listen_on(0, index), listen_on(1, index)};
	long pairs = (sockets - LISTENERS - close_wait) / 2;
	long total = pairs + close_wait, leaked = 0;
	int client, server;
	char byte;

	for (long i = 0; i < total; i++) {
		pair(&ends[i % ONE_IN_V6 == 0], &client, &server);
		reset_on_close(client);
		/* The leak is spread: due when its share of the way is reached. */
		if (leaked * total < close_wait * (i + 1)) {
			close_peer(server);
			/* Every other owner has read the end of the stream. */
			if (leaked++ % 2 == 0 && read(client, &byte, 1) != 0)
				err(3, "load: end of stream");
		}
	}
	if (leaked != close_wait)
		errx(3, "load: %ld half closed instead of %ld", leaked, close_wait);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(3, "usage: load PROCS SOCKETS CLOSE_WAIT [THREADS]");
	long procs = atol(argv[1]), sockets = atol(argv[2]), close_wait = atol(argv[3]);
	long more_threads = argc > 4 ? atol(argv[4]) : 0;
	if (procs < 1 || sockets % procs || close_wait % procs || more_threads < 0 ||
	    (sockets && ((sockets / procs - LISTENERS - close_wait / procs) % 2 ||
			 sockets / procs < LISTENERS + close_wait / procs)))
		errx(3, "load: the numbers do not divide evenly among %ld processes", procs);
	/* Room beyond what is held: a process near its limit is a finding of its own. */
	rlim_t need = sockets / procs + 64;
	struct rlimit open;
	if (getrlimit(RLIMIT_NOFILE, &open))
		err(3, "load: RLIMIT_NOFILE");
	if (open.rlim_max < need)
		open.rlim_max = need;
	open.rlim_cur = open.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &open))
		err(3, "load: cannot raise RLIMIT_NOFILE to %lu (needs CAP_SYS_RESOURCE, and fs.nr_open above it)", (unsigned long)need);

	double start = seconds();
	int ready[2];
	char byte = 0;
	if (pipe2(ready, 0))
		err(3, "load: pipe");
	pid_t self = getpid(), kids[procs];
	for (long i = 0; i < procs; i++) {
		kids[i] = fork();
		if (kids[i] < 0)
			err(3, "load: fork");
		if (kids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != self)
				_exit(3);
			signal(SIGINT, SIG_IGN);
			close(ready[0]);
			close(0);
			if (sockets)
				hold(i, sockets / procs, close_wait / procs);
			threads(more_threads);
			if (write(ready[1], &byte, 1) != 1)
				err(3, "load: ready");
			close(ready[1]);
			for (;;)
				pause();
		}
	}
	close(ready[1]);
	for (long i = 0; i < procs; i++)
		if (read(ready[0], &byte, 1) != 1) {
			for (long k = 0; k < procs; k++)
				kill(kids[k], SIGKILL);
			errx(3, "load: a process could not take its share");
		}
	printf("ready %.1f\n", seconds() - start);
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	for (long i = 0; i < procs; i++)
		kill(kids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
