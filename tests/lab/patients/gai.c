/* Asks getaddrinfo for a name and says what it returned; built with musl by the case. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = 0;
	int error = getaddrinfo(argc > 1 ? argv[1] : "", "80", &hints, &found);
	switch (error) {
	case 0: puts("addresses"); break;
	case -2: puts("EAI_NONAME"); break;
	case -3: puts("EAI_AGAIN"); break;
	case -4: puts("EAI_FAIL"); break;
	case -5: puts("EAI_NODATA"); break;
	default: printf("%d\n", error);
	}
	return 0;
}
