/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that an image from scratch has in it: sends so many datagrams to a socket of its own that it does not
 * read, and prints how many of them the kernel dropped for want of room.
 *
 *     lose DATAGRAMS
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SOCKET_MEMORY = 55, MEMORY_WORDS = 9, MEMORY_DROPS = 8 }; /* SO_MEMINFO, SK_MEMINFO_DROPS */

static int failed(const char *what)
{
    perror(what);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    int reader = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0), little = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned memory[MEMORY_WORDS] = {0};
    socklen_t size = sizeof(here), memory_size = sizeof(memory);
    static char data[500];

    if (setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) < 0 ||
        bind(reader, (struct sockaddr *)&here, size) < 0 ||
        getsockname(reader, (struct sockaddr *)&here, &size) < 0)
        return failed("reader");
    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
        if (sendto(sender, data, sizeof(data), 0, (struct sockaddr *)&here, size) < 0)
            return failed("sendto");
    if (getsockopt(reader, SOL_SOCKET, SOCKET_MEMORY, memory, &memory_size) < 0)
        return failed("SO_MEMINFO");
    printf("%u\n", memory[MEMORY_DROPS]);
    return EXIT_SUCCESS;
}
