/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of a scrape: libmicrohttpd with the same options as the daemon, serving the bytes of a file from
 * a static buffer. Prints the port, then serves until standard input ends.
 *
 *     floor_http FILE
 */

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct content {
    char *data;
    size_t size;
};

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    struct content *content = data;
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (!*state) { /* the headers; the answer is due at the second call */
        *state = content;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(content->size, content->data, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

int main(int argc, char *argv[])
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct content content = {};
    struct MHD_Daemon *daemon;

    if (!file) {
        perror(argc > 1 ? argv[1] : "floor_http FILE");
        return 1;
    }
    fseek(file, 0, SEEK_END);
    content.size = (size_t)ftell(file);
    rewind(file);
    content.data = malloc(content.size + 1);
    if (!content.data || fread(content.data, 1, content.size, file) != content.size)
        return 1;
    fclose(file);
    daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, NULL, NULL,
                              answer, &content, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    MHD_stop_daemon(daemon);
    free(content.data);
    return 0;
}
