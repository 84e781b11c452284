/* What the wire saw, for both programs alike:
 *
 *   dns_truth PORT
 *
 * listens on loopback beside them and pairs each question to PORT, when it left,
 * with its answer, when it arrived: the kernel's own stamps, by port and id. When
 * its standard input ends it prints
 * "n unanswered dropped p50 p90 p99 p999 max", the times in ns.
 *
 * It looks twenty times a second, not at every packet: it must not take the
 * processor from those that it watches.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, BYTES = 64, BUFFER = 64 << 20, MOST = 20000000 };

/* When the question of each id of each port left; 0: none is open. */
static long long *asked[65536];
static unsigned *waits, waited;
static long long unanswered;

static int by_time(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	return (x > y) - (x < y);
}

static void see(const unsigned char *bytes, size_t n, int outgoing, long long at, int port)
{
	struct iphdr ip;
	struct udphdr udp;
	unsigned short id;
	if (n < sizeof ip + sizeof udp + 12)
		return;
	memcpy(&ip, bytes, sizeof ip);
	memcpy(&udp, bytes + sizeof ip, sizeof udp);
	memcpy(&id, bytes + sizeof ip + sizeof udp, 2);
	if (ip.version != 4 || ip.ihl != 5 || ip.protocol != IPPROTO_UDP)
		return;
	int question = ntohs(udp.dest) == port, client = ntohs(question ? udp.source : udp.dest);
	if (question && outgoing) {
		if (!asked[client] && !(asked[client] = calloc(65536, sizeof **asked)))
			err(2, "dns_truth");
		unanswered += !asked[client][id];
		asked[client][id] = at;
	} else if (!question && !outgoing && ntohs(udp.source) == port && asked[client] && asked[client][id]) {
		long long took = at - asked[client][id];
		asked[client][id] = 0;
		unanswered--;
		if (waited < MOST)
			waits[waited++] = took > 0xffffffffLL ? 0xffffffff : took;
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: dns_truth PORT");
	static unsigned char bytes[BATCH][BYTES], control[BATCH][64];
	static struct sockaddr_ll from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr headers[BATCH];
	/* Of all protocols: only then the kernel shows what leaves. */
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex("lo") };
	int size = BUFFER, on = 1, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ended = 0;
	waits = malloc(MOST * sizeof *waits);
	if (fd < 0 || !waits || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)
	    || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) || bind(fd, (struct sockaddr *)&lo, sizeof lo))
		err(2, "dns_truth: loopback");
	puts("ready");
	fflush(stdout);
	while (!ended) {
		struct pollfd input = { 0, POLLIN, 0 };
		ended = poll(&input, 1, 50) > 0;
		for (int n = BATCH; n == BATCH;) {
			for (int i = 0; i < BATCH; i++) {
				parts[i] = (struct iovec){ bytes[i], BYTES };
				headers[i].msg_hdr = (struct msghdr){ .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i],
					.msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i] };
			}
			n = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
			for (int i = 0; i < n; i++) {
				struct cmsghdr *c = CMSG_FIRSTHDR(&headers[i].msg_hdr);
				struct timespec t;
				if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
					errx(2, "dns_truth: no stamp");
				memcpy(&t, CMSG_DATA(c), sizeof t);
				see(bytes[i], headers[i].msg_len, from[i].sll_pkttype == PACKET_OUTGOING,
				    t.tv_sec * 1000000000LL + t.tv_nsec, atoi(argv[1]));
			}
		}
	}
	struct tpacket_stats stats = { 0 };
	socklen_t length = sizeof stats;
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length);
	qsort(waits, waited, sizeof *waits, by_time);
	printf("%u %lld %u", waited, unanswered, stats.tp_drops);
	static const double shares[] = { 0.5, 0.9, 0.99, 0.999, 1 };
	for (int i = 0; i < 5; i++) {
		unsigned rank = shares[i] * waited + 0.999999;
		printf(" %u", waited ? waits[rank ? rank - 1 : 0] : 0);
	}
	puts("");
	return 0;
}
