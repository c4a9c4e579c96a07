/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/capture.h"

/* Implements --capture. Main thread. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/build_config.h"
#include "base/version.h"
#include "terminal/cooked.h"
#include "terminal/pcapng.h"
#include "terminal/words.h"

/* An interface of the file: where packets came from. Its number in the file is its index in the array. */
struct source {
    unsigned link_type;
    char device[RECORD_WORD_SIZE];
    char netns[RECORD_NAME_SIZE];
};

struct capturing {
    struct source *sources;
    size_t source_count, source_capacity;
};

/* The daemon calls its own namespace "self". */
static const char *netns_words(const char *netns)
{
    return !*netns ? "-" : strcmp(netns, "self") == 0 ? "the exporter's own" : netns;
}

/* Writes all three names, because each is what another tool asks for. */
static void put_workload(const struct record *record, struct buffer *out)
{
    const char *const names[] = {"unit", "container", "pod"};
    const char *const texts[] = {record->unit, record->container_id, record->pod_uid};
    bool any = false;

    for (size_t i = 0; i < ELEMENTS(names); i++) {
        if (*texts[i])
            buffer_printf(out, ", %s %s", names[i], texts[i]);
        any = any || *texts[i];
    }
    if (!any)
        buffer_text(out, ", workload -");
}

void capture_comment(const struct record_site *site, const struct record *record, struct buffer *out)
{
    static const struct record_site forgotten;
    char place[WORDS_PLACE_SIZE];
    const char *line = record->stack;

    words_place(site, place);
    site = site ? site : &forgotten;
    buffer_printf(out, "dropped at %s, reason %s", place, words_or_none(site->reason));
    if (*site->cause)
        buffer_printf(out, " (%s)", site->cause);
    buffer_printf(out, ", class %s\ndevice %s, network namespace %s", words_or_none(site->drop_class),
                  words_or_none(record->device), netns_words(record->netns));
    put_workload(record, out);
    if (line)
        buffer_text(out, "\nstack:");
    while (line && *line) {
        size_t size = strcspn(line, "\n");

        buffer_printf(out, "\n    %.*s", (int)size, line);
        line += size + (line[size] == '\n');
    }
    buffer_append(out, "", 1);
}

/* Returns the number of the record's interface, and writes a new interface to the file first. Returns -ENOMEM
 * if memory runs out. */
static int source_of(struct capturing *capturing, const struct record *record, unsigned link_type,
                     struct buffer *blocks)
{
    struct source *source = capturing->sources;
    char description[RECORD_NAME_SIZE + WORDS_PLACE_SIZE];

    for (size_t i = 0; i < capturing->source_count; i++, source++)
        if (source->link_type == link_type && strcmp(source->device, record->device) == 0 &&
            strcmp(source->netns, record->netns) == 0)
            return (int)i;
    if (array_grow(capturing->sources, capturing->source_count, capturing->source_capacity) < 0)
        return -ENOMEM;
    source = &capturing->sources[capturing->source_count];
    *source = (struct source){.link_type = link_type};
    strcpy(source->device, record->device);
    strcpy(source->netns, record->netns);
    (void)snprintf(description, sizeof(description), "network namespace: %s", netns_words(record->netns));
    pcapng_interface(words_or_none(record->device), description, link_type, blocks);
    return (int)capturing->source_count++;
}

static int add(void *context, const struct records *records, const struct record *record,
               struct buffer *blocks)
{
    struct capturing *capturing = context;
    _cleanup_(buffer_done) struct buffer comment = {};
    const struct packet kept = record_packet(record);
    struct cooked cooked;
    const struct packet packet = cooked_packet(&kept, &cooked);
    int source = source_of(capturing, record, packet.link_type, blocks);

    capture_comment(records_site(records, record->site), record, &comment);
    if (source < 0 || comment.error)
        return -ENOMEM;
    pcapng_packet((uint32_t)source, record->time_ns, &packet, comment.data, blocks);
    return blocks->error;
}

static int open_file(const char *file, int *ret_fd)
{
    if (strcmp(file, "-") == 0 && isatty(STDOUT_FILENO)) {
        (void)fputs("standard output is a terminal: --capture=FILE, or pipe it into tshark -r -\n", stderr);
        return -ENOTTY;
    }
    *ret_fd = strcmp(file, "-") == 0 ? dup(STDOUT_FILENO)
                                     : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (*ret_fd >= 0)
        return 0;
    (void)fprintf(stderr, "cannot write %s: %s\n", file, error_text(-errno));
    return -EIO;
}

/* Standard error is still there if the pipe was closed. */
static void tell(const struct follow *follow, const char *file)
{
    char packets[WORDS_NUMBER_SIZE], dropped[WORDS_NUMBER_SIZE];

    words_number(follow->passed, packets);
    words_number(follow->dropped, dropped);
    (void)fprintf(stderr, "%s packet%s written to %s; %s dropped meanwhile\n", packets,
                  follow->passed == 1 ? "" : "s", strcmp(file, "-") == 0 ? "standard output" : file, dropped);
}

int capture(const struct follow *common, const char *file)
{
    _cleanup_(closep) int fd = -1;
    struct capturing capturing = {};
    struct follow follow = *common;
    int error = open_file(file, &fd);

    if (error < 0)
        return EXIT_FAILURE;
    follow.out = fd;
    follow.record = add;
    follow.context = &capturing;
    pcapng_section("netdrop-exporter " NETDROP_VERSION, &follow.text);
    error = follow_run(&follow);
    free(capturing.sources);
    if (error == 0)
        tell(&follow, file);
    return follow_status(error);
}
