/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/filter.h"

/* Compiles and applies a tcpdump filter. Main thread. */

#include <errno.h>
#include <string.h>

#include <pcap/pcap.h>

#include "terminal/cooked.h"

enum { LINK_ETHERNET, LINK_RAW, LINK_COOKED, LINK_COUNT, WHOLE_PACKET = 65535 };

/* libpcap's numbers for the link types, which differ from those in files. */
static const int link_types[LINK_COUNT] = {
    [LINK_ETHERNET] = DLT_EN10MB, [LINK_RAW] = DLT_RAW, [LINK_COOKED] = DLT_LINUX_SLL};

struct filter {
    char *text;
    struct bpf_program programs[LINK_COUNT];
    bool compiled[LINK_COUNT]; /* if false, no packet of that link type can match */
};

DEFINE_CLEANUP(pcap_t *, pcap_close)

static int compile(struct filter *filter, size_t i, struct fault *fault)
{
    _cleanup_(pcap_closep) pcap_t *dead = pcap_open_dead(link_types[i], WHOLE_PACKET);

    if (!dead)
        return fault_set(fault, -ENOMEM, "out of memory");
    if (pcap_compile(dead, &filter->programs[i], filter->text, true, PCAP_NETMASK_UNKNOWN) < 0)
        return fault_set(fault, -EINVAL, "filter \"%s\": %s", filter->text, pcap_geterr(dead));
    filter->compiled[i] = true;
    return 0;
}

/* Conditions on a link header ("ether host") do not compile for packets without one: this is no fault. */
int filter_new(const char *text, struct filter **ret_filter, struct fault *fault)
{
    _cleanup_(filter_freep) struct filter *filter = calloc(1, sizeof(*filter));
    struct fault first = {};
    bool any = !*text;

    if (!filter || !(filter->text = strdup(text)))
        return fault_set(fault, -ENOMEM, "out of memory");
    for (size_t i = 0; *text && i < LINK_COUNT; i++)
        if (compile(filter, i, i ? NULL : &first) == 0)
            any = true;
    if (!any)
        return fault_set(fault, first.error, "%s", first.text);
    *ret_filter = take_ptr(filter);
    return 0;
}

struct filter *filter_free(struct filter *filter)
{
    if (!filter)
        return NULL;
    for (size_t i = 0; i < LINK_COUNT; i++)
        if (filter->compiled[i])
            pcap_freecode(&filter->programs[i]);
    free(filter->text);
    free(filter);
    return NULL;
}

const char *filter_text(const struct filter *filter)
{
    return filter->text;
}

static size_t link_of(const struct packet *packet)
{
    return packet->link_type == PACKET_ETHERNET ? LINK_ETHERNET
           : packet->link_type == PACKET_RAW    ? LINK_RAW
                                                : LINK_COOKED;
}

bool filter_match(const struct filter *filter, const struct packet *packet)
{
    struct cooked room;
    const struct packet seen = cooked_packet(packet, &room);
    const struct pcap_pkthdr header = {.caplen = (bpf_u_int32)seen.size, .len = (bpf_u_int32)seen.length};
    size_t i = link_of(&seen);

    if (!*filter->text)
        return true;
    return filter->compiled[i] && pcap_offline_filter(&filter->programs[i], &header, seen.data) != 0;
}
