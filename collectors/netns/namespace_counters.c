/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/namespace_counters.h"

/*
 * Chooses which counters of other network namespaces are shown, and lays out their columns. Runs once, when
 * the collector opens, on its thread.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/remedy.h"
#include "collectors/protocols/snmp_help.h"
#include "collectors/protocols/snmp_ledger.h"
#include "collectors/protocols/snmp_meaning.h"

#define PREFIX "netdrop_namespace_"
/* The end of every family's HELP. */
#define WHOSE ", by workload"

enum { NAME_SIZE = sizeof(PREFIX) + SNMP_NAME_MAX, SOURCE_SIZE = 96, HELP_SIZE = 320 };

#define SNMP(protocol, field)                                                                                \
    {                                                                                                        \
        NAMESPACE_SNMP, protocol, field                                                                      \
    }
#define NETSTAT(protocol, field)                                                                             \
    {                                                                                                        \
        NAMESPACE_NETSTAT, protocol, field                                                                   \
    }
#define SNMP6(protocol, field)                                                                               \
    {                                                                                                        \
        NAMESPACE_SNMP6, protocol, field                                                                     \
    }
#define BOTH(protocol, field) SNMP(protocol, field), SNMP6(protocol "6", field)

/* All exist since Linux 5.11. They are nearly in the kernel's order, which keeps the search short. */
const struct namespace_counter namespace_counters[] = {
    BOTH("Ip", "InHdrErrors"),
    BOTH("Ip", "InAddrErrors"),
    BOTH("Ip", "InUnknownProtos"),
    BOTH("Ip", "InDiscards"),
    BOTH("Ip", "OutDiscards"),
    BOTH("Ip", "OutNoRoutes"),
    BOTH("Ip", "ReasmFails"),
    BOTH("Ip", "FragFails"),
    SNMP6("Ip6", "InTooBigErrors"),
    SNMP6("Ip6", "InNoRoutes"),
    SNMP6("Ip6", "InTruncatedPkts"),
    BOTH("Icmp", "InErrors"),
    BOTH("Icmp", "InCsumErrors"),
    BOTH("Icmp", "OutErrors"),
    BOTH("Udp", "NoPorts"),
    BOTH("Udp", "InErrors"),
    BOTH("Udp", "RcvbufErrors"),
    BOTH("Udp", "SndbufErrors"),
    BOTH("Udp", "InCsumErrors"),
    BOTH("Udp", "MemErrors"),
    SNMP("Tcp", "AttemptFails"),
    SNMP("Tcp", "EstabResets"),
    SNMP("Tcp", "RetransSegs"),
    SNMP("Tcp", "InErrs"),
    SNMP("Tcp", "InCsumErrors"),
    NETSTAT("TcpExt", "PruneCalled"),
    NETSTAT("TcpExt", "RcvPruned"),
    NETSTAT("TcpExt", "OfoPruned"),
    NETSTAT("TcpExt", "LockDroppedIcmps"),
    NETSTAT("TcpExt", "PAWSEstab"),
    NETSTAT("TcpExt", "ListenOverflows"),
    NETSTAT("TcpExt", "ListenDrops"),
    NETSTAT("TcpExt", "TCPLostRetransmit"),
    NETSTAT("TcpExt", "TCPTimeouts"),
    NETSTAT("TcpExt", "TCPAbortOnMemory"),
    NETSTAT("TcpExt", "TCPAbortOnTimeout"),
    NETSTAT("TcpExt", "TCPMemoryPressures"),
    NETSTAT("TcpExt", "TCPMD5NotFound"),
    NETSTAT("TcpExt", "TCPMD5Unexpected"),
    NETSTAT("TcpExt", "TCPMD5Failure"),
    NETSTAT("TcpExt", "TCPBacklogDrop"),
    NETSTAT("TcpExt", "PFMemallocDrop"),
    NETSTAT("TcpExt", "TCPMinTTLDrop"),
    NETSTAT("TcpExt", "IPReversePathFilter"),
    NETSTAT("TcpExt", "TCPTimeWaitOverflow"),
    NETSTAT("TcpExt", "TCPReqQFullDoCookies"),
    NETSTAT("TcpExt", "TCPReqQFullDrop"),
    NETSTAT("TcpExt", "TCPRetransFail"),
    NETSTAT("TcpExt", "TCPOFODrop"),
    NETSTAT("TcpExt", "TCPFastOpenListenOverflow"),
    NETSTAT("TcpExt", "TCPSynRetrans"),
    NETSTAT("TcpExt", "TCPZeroWindowDrop"),
    NETSTAT("TcpExt", "TCPRcvQDrop"),
    NETSTAT("IpExt", "InNoRoutes"),
    NETSTAT("IpExt", "InTruncatedPkts"),
    NETSTAT("IpExt", "InCsumErrors"),
    NETSTAT("IpExt", "ReasmOverlaps"),
};
static_assert(ELEMENTS(namespace_counters) == NAMESPACE_PROTOCOL_COUNTERS, "as many as the header says");

/* Losses of devices in other namespaces: as for our own devices (link_columns.c). But /proc/net/dev adds
 * fields up, and does not tell which of them moved. */
#define LOSES(way, where, the_class, text, todo)                                                             \
    &(const struct meaning)                                                                                  \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_##where, .direction = DIRECTION_##way,                       \
        .loss_class = LOSS_##the_class, .subject = "devices" SNMP_OTHER_SUBJECT, .cause = text,              \
        .remedy = &remedies[REMEDY_##todo]                                                                   \
    }
#define DEVICE(family, field, text, what)                                                                    \
    {                                                                                                        \
        .name = PREFIX "link_" family "_total", .help = text WHOSE, .source = "/proc/PID/net/dev " field,    \
        .type = METRIC_COUNTER, .from_zero = true, .meaning = what, .ledger = devices_ledger                 \
    }

static const struct ledger_rule devices_ledger[] = {
    {.mode = LEDGER_DETAIL,
     .source =
         "net/core/net-procfs.c dev_seq_printf_stats(). Nearly all devices of other namespaces are software: drop "
         "sites count the skbs that they free, in all namespaces"},
    {},
};

/* net/core/net-procfs.c, dev_seq_printf_stats() */
static const struct metric device_metrics[NAMESPACE_DEVICE_COUNTERS] = {
    DEVICE("receive_errors", "receive errs",
           "Bad packets received: wrong length, checksum or alignment, and "
           "others; usually cable, transceiver or NIC",
           LOSES(RECEIVE, NIC, ERROR, "receive errors", NIC_FAULT)),
    DEVICE("receive_dropped", "receive drop", "Packets dropped on receipt, or missed for lack of buffers",
           LOSES(RECEIVE, UNKNOWN, UNKNOWN, "receive dropped: no room, or nobody wants it", DROP_SITES)),
    DEVICE("receive_fifo_errors", "receive fifo",
           "Overflows of the queue of the receiver: packets came faster than "
           "the host took them",
           LOSES(RECEIVE, NIC, CAPACITY, "receive fifo errors", NIC_RING)),
    DEVICE("receive_frame_errors", "receive frame",
           "Packets received with a wrong length or checksum (CRC), misaligned or too long",
           LOSES(RECEIVE, NIC, ERROR, "receive length, crc and frame errors", DAMAGED)),
    DEVICE("transmit_errors", "transmit errs",
           "Packets not sent because of an error: aborted, carrier lost, "
           "queue of the device, late collision, and others",
           LOSES(TRANSMIT, NIC, ERROR, "transmit errors", NIC_FAULT)),
    DEVICE(
        "transmit_dropped", "transmit drop",
        "Packets dropped before the device sent them: queue or ring full, "
        "no carrier, or too large",
        LOSES(TRANSMIT, UNKNOWN, UNKNOWN, "transmit dropped: no room, no carrier or too large", DROP_SITES)),
    DEVICE("transmit_fifo_errors", "transmit fifo",
           "Transmissions that failed because the queue of the device underran or overran",
           LOSES(TRANSMIT, NIC, CAPACITY, "transmit fifo errors", NIC_RING)),
    DEVICE("transmit_carrier_errors", "transmit carrier",
           "Transmissions that failed: carrier lost, aborted, late collisions, heartbeat",
           LOSES(TRANSMIT, NIC, ERROR, "transmit carrier lost or aborted", LINK_FLAPS)),
};

/* A column under construction. */
struct family {
    char name[NAME_SIZE];
    char source[SOURCE_SIZE];
    char help[HELP_SIZE];
};

struct builder {
    struct namespace_columns *columns;
    struct family families[NAMESPACE_PROTOCOL_COUNTERS];
    struct metric metrics[NAMESPACE_TABLE_COUNT][NAMESPACE_COUNTERS];
    size_t first[NAMESPACE_TABLE_COUNT][NAMESPACE_COUNTERS]; /* the counter for which the column was made */
    size_t counts[NAMESPACE_TABLE_COUNT];
};

static size_t find_column(const struct builder *builder, enum namespace_table table, const char *name)
{
    size_t column = 0;

    while (column < builder->counts[table] && strcmp(builder->metrics[table][column].name, name) != 0)
        column++;
    return column;
}

static struct snmp_text text_of(const char *text)
{
    return (struct snmp_text){text, strlen(text)};
}

/* Adds the kernel's own name of the counter to the column's HELP. */
static void add_source(struct family *family, const struct namespace_counter *counter)
{
    size_t used = strlen(family->source);

    (void)snprintf(family->source + used, sizeof(family->source) - used, "%s%s %s", used ? ", " : "",
                   counter->protocol, counter->field);
}

static void add_column(struct builder *builder, size_t number, enum namespace_table table,
                       const struct snmp_field *field, const struct snmp_name *name)
{
    struct family *family = &builder->families[number];
    size_t column = builder->counts[table]++;

    (void)snprintf(family->help, sizeof(family->help), "%s" WHOSE, snmp_help(field, name));
    builder->first[table][column] = number;
    builder->metrics[table][column] = (struct metric){
        .name = family->name,
        .help = family->help,
        .source = family->source,
        .type = METRIC_COUNTER,
        .from_zero = true,
        .meaning = snmp_meaning(field, name, SNMP_OTHER),
        .ledger = snmp_ledger(field, name, SNMP_OTHER),
    };
}

static void place_protocol(struct builder *builder, size_t number)
{
    const struct namespace_counter *counter = &namespace_counters[number];
    const struct snmp_field field = {text_of(counter->protocol), text_of(counter->field)};
    struct family *family = &builder->families[number];
    enum namespace_table table;
    struct snmp_name name;
    size_t column;

    snmp_name_make(&field, &name);
    table = name.shape == SNMP_VERSIONED ? NAMESPACE_VERSIONED : NAMESPACE_PLAIN;
    (void)stpcpy(stpcpy(family->name, PREFIX), name.text + strlen("netdrop_"));
    column = find_column(builder, table, family->name);
    if (column == builder->counts[table])
        add_column(builder, number, table, &field, &name);
    add_source(&builder->families[builder->first[table][column]], counter);
    builder->columns->cells[number] =
        (struct namespace_cell){.table = (uint8_t)table, .column = (uint8_t)column, .row = name.version == 6};
}

static void place_devices(struct builder *builder)
{
    for (size_t i = 0; i < NAMESPACE_DEVICE_COUNTERS; i++) {
        size_t column = builder->counts[NAMESPACE_PLAIN]++;

        builder->metrics[NAMESPACE_PLAIN][column] = device_metrics[i];
        builder->columns->cells[NAMESPACE_PROTOCOL_COUNTERS + i] =
            (struct namespace_cell){.table = NAMESPACE_PLAIN, .column = (uint8_t)column};
    }
}

/* Makes the counter's name a label: "udp_rcvbuf_errors" of netdrop_namespace_udp_rcvbuf_errors_total. */
static int add_counter(struct row_set *rows, const struct builder *builder, const struct namespace_cell *cell)
{
    static const char *const versions[] = {"4", "6"};
    const char *name = builder->metrics[cell->table][cell->column].name + strlen(PREFIX);
    const char *version = cell->table == NAMESPACE_VERSIONED ? versions[cell->row] : "";
    char counter[NAME_SIZE];
    int error;

    (void)snprintf(counter, sizeof(counter), "%.*s", (int)(strlen(name) - strlen("_total")), name);
    error = row_set_add(rows, (const char *const[]){counter, version});
    return error < 0 ? error : 0;
}

static int make_counters(const struct builder *builder, struct row_set **ret_rows)
{
    static const char *const labels[] = {"counter", "ip_version"};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &rows);

    for (size_t i = 0; i < NAMESPACE_COUNTERS && error == 0; i++)
        error = add_counter(rows, builder, &builder->columns->cells[i]);
    if (error < 0)
        return error;
    row_set_replace(ret_rows, take_ptr(rows));
    return 0;
}

int namespace_columns_init(struct namespace_columns *columns)
{
    _cleanup_(freep) struct builder *builder = calloc(1, sizeof(*builder));
    int error = 0;

    *columns = (struct namespace_columns){};
    if (!builder)
        return -ENOMEM;
    builder->columns = columns;
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        place_protocol(builder, i);
    place_devices(builder);
    for (size_t i = 0; i < NAMESPACE_TABLE_COUNT && error == 0; i++)
        error = column_set_new(builder->metrics[i], builder->counts[i], &columns->sets[i]);
    return error == 0 ? make_counters(builder, &columns->counters) : error;
}

void namespace_columns_done(struct namespace_columns *columns)
{
    for (size_t i = 0; i < NAMESPACE_TABLE_COUNT; i++)
        column_set_unref(columns->sets[i]);
    row_set_unref(columns->counters);
    *columns = (struct namespace_columns){};
}
