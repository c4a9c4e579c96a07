/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/daemon_client.h"

/* Asks the daemon for new records. Main thread. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/harmless.h"

#define ANSWER_NS (2 * NS_PER_SECOND)
#define AGAIN_NS  (NS_PER_SECOND / 10)
enum { ANSWER_MAX = 32 << 20, STATUS_OK = 200, STATUS_LATER = 503, TARGET_SIZE = 64, SENTENCE_SIZE = 200 };

/* Reports the first line of the body, which is for people. */
static int refused(unsigned status, struct buffer *body, struct fault *fault)
{
    int refusal = status == STATUS_LATER ? -EAGAIN : -ENODATA;
    char sentence[SENTENCE_SIZE];

    buffer_append(body, "", 1);
    if (body->error)
        return fault_set(fault, -ENOMEM, "out of memory");
    body->data[strcspn(body->data, "\r\n")] = '\0';
    harmless_copy(sentence, sizeof(sentence), body->data);
    return *sentence ? fault_set(fault, refusal, "the service says: %s", sentence)
                     : fault_set(fault, refusal, "the service answers with status %u", status);
}

static int ask(const struct daemon_client *client, struct records **ret_records, struct fault *fault)
{
    const struct local_client local = {.path = client->path, .wait_ns = ANSWER_NS, .most_bytes = ANSWER_MAX};
    _cleanup_(buffer_done) struct buffer body = {};
    char target[TARGET_SIZE];
    unsigned status = 0;
    int error;

    (void)snprintf(target, sizeof(target), "/records?after=%llu", (unsigned long long)client->sequence);
    error = local_client_ask(&local, target, &status, &body, fault);
    if (error < 0)
        return error;
    if (status != STATUS_OK)
        return refused(status, &body, fault);
    return records_parse(body.data, body.size, ret_records, fault);
}

static int ask_first(struct daemon_client *client, struct records **ret_records, struct fault *fault)
{
    const uint64_t end_ns = clock_boottime_ns() + ANSWER_NS;
    int error = ask(client, ret_records, fault);

    while (error == -EAGAIN && !client->answered && clock_boottime_ns() < end_ns) {
        (void)nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
        error = ask(client, ret_records, fault);
    }
    client->answered |= !error;
    return error;
}

int daemon_client_fetch(struct daemon_client *client, struct records **ret_records, struct fault *fault)
{
    _cleanup_(records_freep) struct records *records = NULL;
    int error = ask_first(client, &records, fault);

    client->anew = false;
    if (!error && records->sequence < client->sequence) {
        client->anew = true;
        client->sequence = 0;
        records = records_free(records);
        error = ask(client, &records, fault);
    }
    if (error < 0)
        return error;
    client->sequence = records->sequence;
    *ret_records = take_ptr(records);
    return 0;
}
