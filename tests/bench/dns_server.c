/* A nameserver that answers as fast as this machine can, and is sick when told:
 *
 *   dns_server PORT [STALL_MS EVERY_MS]
 *
 * It answers every question with one address. With STALL_MS it does nothing for so
 * long out of each EVERY_MS, as a server that collects garbage; what arrives
 * meanwhile waits in its buffer. Ends with its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, BYTES = 512, BUFFER = 8 << 20 };

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* One address behind a pointer to the question; EDNS is not repeated. 0: no question. */
static size_t answer(unsigned char *m, size_t n)
{
	static const unsigned char address[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 1 };
	size_t at = 12;
	if (n < 17 || (m[2] & 0x80))
		return 0;
	while (at < n && m[at])
		at += 1 + m[at];
	at += 5;
	if (at > n || at + sizeof address > BYTES)
		return 0;
	m[2] |= 0x84, m[3] = 0x80;
	memset(m + 6, 0, 6);
	m[7] = 1;
	memcpy(m + at, address, sizeof address);
	return at + sizeof address;
}

static void *end_with_input(void *unused)
{
	char byte;
	while (read(0, &byte, 1) > 0)
		;
	_exit(0);
	return unused;
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 4)
		errx(2, "usage: dns_server PORT [STALL_MS EVERY_MS]");
	long long stall = argc == 4 ? atoll(argv[2]) : 0, every = argc == 4 ? atoll(argv[3]) : 0;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	static unsigned char bytes[BATCH][BYTES];
	static struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr headers[BATCH];
	pthread_t input;
	int size = BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at))
		err(2, "dns_server: port %s", argv[1]);
	if (pthread_create(&input, NULL, end_with_input, NULL))
		errx(2, "dns_server: a thread");
	puts("ready");
	fflush(stdout);
	for (long long from_ms = now_ms();;) {
		long long into = stall ? (now_ms() - from_ms) % every : 0;
		/* The stall is the end of each period: every run begins well. */
		if (stall && into >= every - stall)
			usleep((every - into) * 1000);
		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ bytes[i], BYTES };
			headers[i].msg_hdr = (struct msghdr){ .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1 };
		}
		struct pollfd ready = { fd, POLLIN, 0 };
		int n = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL), out = 0;
		if (n <= 0) {
			poll(&ready, 1, stall ? 20 : -1);
			continue;
		}
		for (int i = 0; i < n; i++) {
			size_t length = answer(bytes[i], headers[i].msg_len);
			if (!length)
				continue;
			struct msghdr h = headers[i].msg_hdr;
			headers[out].msg_hdr = h;
			parts[out] = (struct iovec){ bytes[i], length };
			headers[out].msg_hdr.msg_iov = &parts[out];
			out++;
		}
		for (int sent = 0, now; sent < out; sent += now)
			if ((now = sendmmsg(fd, headers + sent, out - sent, 0)) <= 0)
				now = 1; /* Nobody hears it any more. */
	}
}
