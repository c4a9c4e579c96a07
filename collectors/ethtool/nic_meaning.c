/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_meaning.h"

/* See nic_meaning.h. */

#include "collectors/meaning/remedy.h"

#define WORDS .subject = "{device}", .cause = "{direction} {cause}", .layer = LAYER_NIC
#define CAUSE(which, the_purpose, where, the_class, todo, the_detail)                                        \
    {                                                                                                        \
        .when = {{"cause", which}}, .purpose = PURPOSE_##the_purpose, .stage = STAGE_##where,                \
        .loss_class = LOSS_##the_class, .remedy = &remedies[REMEDY_##todo], WORDS, .detail = the_detail      \
    }
/* Only where packets come in is it known which ring was too small. */
#define RECEIVE_RING(which, where, todo, the_detail)                                                         \
    {                                                                                                        \
        .when = {{"cause", which}, {"direction", "receive"}}, .purpose = PURPOSE_LOSS,                       \
        .stage = STAGE_##where, .direction = DIRECTION_RECEIVE, .loss_class = LOSS_CAPACITY,                 \
        .remedy = &remedies[REMEDY_##todo], .limit = &receive_ring_limit, WORDS, .detail = the_detail        \
    }

static const struct remedy allowance = {
    "cloud-allowance", "A larger instance, or fewer connections and look-ups: the cloud limits this one"};

/* One counter for both directions: it is left out of the words. */
#define ALLOWANCE(which, words)                                                                              \
    {                                                                                                        \
        .when = {{"cause", which}}, .purpose = PURPOSE_LOSS, .stage = STAGE_NIC,                             \
        .loss_class = LOSS_CAPACITY, .remedy = &allowance, .subject = "{device}", .cause = words,            \
        .layer = LAYER_NIC, .detail = 9                                                                      \
    }

const struct meaning nic_meanings[] = {
    CAUSE("filtered", OTHER, NIC, POLICY, NOTHING, 0),
    RECEIVE_RING("no_buffer", DRIVER, NIC_RING, 1),
    CAUSE("no_buffer", LOSS, DRIVER, CAPACITY, NIC_RING, 1),
    CAUSE("busy", LOSS, DRIVER, CAPACITY, NIC_RING, 2),
    RECEIVE_RING("missed", NIC, NIC_MISSED, 3),
    CAUSE("missed", LOSS, NIC, CAPACITY, NIC_MISSED, 3),
    CAUSE("port_discard", LOSS, NIC, CAPACITY, NIC_FAULT, 3),
    ALLOWANCE("conntrack_allowance", "connections beyond the cloud's allowance"),
    ALLOWANCE("linklocal_allowance", "packets to the cloud's services beyond its allowance"),
    CAUSE("crc", LOSS, NIC, ERROR, DAMAGED, 4),
    CAUSE("length", LOSS, NIC, ERROR, DAMAGED, 5),
    CAUSE("link_down", LOSS, NIC, ERROR, LINK_FLAPS, 6),
    CAUSE("collision", LOSS, NIC, ERROR, DUPLEX, 7),
    CAUSE("fault", LOSS, NIC, ERROR, NIC_FAULT, 8),
    /* The driver does not tell its reasons apart. */
    {.purpose = PURPOSE_LOSS,
     .stage = STAGE_UNKNOWN,
     .loss_class = LOSS_UNKNOWN,
     .remedy = &remedies[REMEDY_NIC_FAULT],
     WORDS,
     .detail = 8},
};
