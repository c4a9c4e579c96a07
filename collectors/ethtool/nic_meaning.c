/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_meaning.h"

/* What loss in a NIC means to people, by cause. Constant data; any thread. */

#include "collectors/meaning/remedy.h"

#define WORDS .subject = "{device}", .cause = "{direction} {cause}"
#define CAUSE(which, the_purpose, where, the_class, todo)                                                    \
    {                                                                                                        \
        .when = {{"cause", which}}, .purpose = PURPOSE_##the_purpose, .stage = STAGE_##where,                \
        .loss_class = LOSS_##the_class, .remedy = &remedies[REMEDY_##todo], WORDS                            \
    }
/* Only on receive is it known which ring was too small. */
#define RECEIVE_RING(which, where, todo)                                                                     \
    {                                                                                                        \
        .when = {{"cause", which}, {"direction", "receive"}}, .purpose = PURPOSE_LOSS,                       \
        .stage = STAGE_##where, .direction = DIRECTION_RECEIVE, .loss_class = LOSS_CAPACITY,                 \
        .remedy = &remedies[REMEDY_##todo], .limit = &receive_ring_limit, WORDS                              \
    }

static const struct remedy allowance = {
    "cloud-allowance", "A larger instance, or fewer connections and look-ups: the cloud limits this one"};

/* One counter serves both directions, so the words name none. */
#define ALLOWANCE(which, words)                                                                              \
    {                                                                                                        \
        .when = {{"cause", which}}, .purpose = PURPOSE_LOSS, .stage = STAGE_NIC,                             \
        .loss_class = LOSS_CAPACITY, .remedy = &allowance, .subject = "{device}", .cause = words             \
    }

const struct meaning nic_meanings[] = {
    CAUSE("filtered", OTHER, NIC, POLICY, NIC_FILTER),
    RECEIVE_RING("no_buffer", DRIVER, NIC_RING),
    CAUSE("no_buffer", LOSS, DRIVER, CAPACITY, NIC_RING),
    CAUSE("busy", LOSS, DRIVER, CAPACITY, NIC_RING),
    RECEIVE_RING("missed", NIC, NIC_MISSED),
    CAUSE("missed", LOSS, NIC, CAPACITY, NIC_MISSED),
    CAUSE("port_discard", LOSS, NIC, CAPACITY, NIC_PORT),
    ALLOWANCE("conntrack_allowance", "connections beyond the cloud's allowance"),
    ALLOWANCE("linklocal_allowance", "packets to the cloud's services beyond its allowance"),
    CAUSE("crc", LOSS, NIC, ERROR, DAMAGED),
    CAUSE("length", LOSS, NIC, ERROR, FRAME_LENGTH),
    CAUSE("link_down", LOSS, NIC, ERROR, LINK_FLAPS),
    CAUSE("collision", LOSS, NIC, ERROR, DUPLEX),
    CAUSE("fault", LOSS, NIC, ERROR, NIC_FAULT),
    /* The driver does not say why. */
    {.purpose = PURPOSE_LOSS,
     .stage = STAGE_UNKNOWN,
     .loss_class = LOSS_UNKNOWN,
     .remedy = &remedies[REMEDY_NIC_FAULT],
     WORDS},
};

/* The NIC lost the packet before there was an skb, or after it was freed: no drop site sees it. If the driver
 * still had an skb, it freed it by a function for drivers, or in one of its own, which is a drop site of
 * unknown cause. The skbs of an XDP program are a drop site of their own. */
#define LOST(where, the_class, ...)                                                                          \
    .mode = LEDGER_ROW, .stage = STAGE_##where, .loss_class = LOSS_##the_class, .cause = "nic_{cause}",      \
    .source = "The driver reads it from the hardware; collectors/ethtool/nic_loss*.c says where",            \
    .by = {__VA_ARGS__}
#define OF(which) .when = {"cause", which}
#define FREED                                                                                                \
    {"driver_freed", JOIN_DEVICE},                                                                           \
    {                                                                                                        \
        "unknown", JOIN_DEVICE                                                                               \
    }
#define XDP                                                                                                  \
    {                                                                                                        \
        "xdp_program", JOIN_DEVICE                                                                           \
    }

const struct ledger_rule nic_ledger[] = {
    {OF("filtered"), LOST(NIC, POLICY, XDP)},
    {OF("no_buffer"), LOST(DRIVER, CAPACITY, FREED)},
    {OF("busy"), LOST(DRIVER, CAPACITY, FREED)},
    {OF("missed"), LOST(NIC, CAPACITY)},
    {OF("port_discard"), LOST(NIC, CAPACITY)},
    {OF("conntrack_allowance"), LOST(NIC, CAPACITY)},
    {OF("linklocal_allowance"), LOST(NIC, CAPACITY)},
    {OF("crc"), LOST(NIC, ERROR)},
    {OF("length"), LOST(NIC, ERROR)},
    {OF("collision"), LOST(NIC, ERROR)},
    {OF("link_down"), LOST(NIC, ERROR, FREED)},
    {OF("fault"), LOST(NIC, ERROR, FREED)},
    /* The driver does not say why. */
    {LOST(DRIVER, UNKNOWN, FREED, XDP)},
    {},
};
