/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_name.h"

/*
 * Splits the queue number from the names of a driver's statistics. The ethtool collector's thread, when it
 * has read a device's strings.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/utf8.h"

/*
 * Where drivers write queue numbers: the text before and after the number. Most strings begin with it; a few
 * end with it. Plain "rx_" and "tx_" mean a queue in two drivers only: elsewhere "rx_64_byte_packets" is a
 * size class.
 */
static const struct queue_pattern {
    const char *before;
    const char *after;
    bool at_end;        /* the number and `after` end the string; else `before` begins it */
    const char *driver; /* the only driver that it fits; NULL: any */
} queue_patterns[] = {
    {"rx_queue_", "_", false}, /* virtio_net, veth, ice, ixgbe, igb, hv_netvsc, ... */
    {"tx_queue_", "_", false},
    {"xdp_queue_", "_", false},
    {"rx_queue_", " ", false},
    {"tx_queue_", " ", false},
    {"queue_", "_", false}, /* ena */
    {"rx", "_", false},     /* mlx4_en, mlx5_core, virtio_net since 6.8 */
    {"tx", "_", false},
    {"qos_tx", "_", false}, /* mlx5_core */
    {"ch", "_", false},     /* mlx5_core: a channel is a pair of queues */
    {"rx-", ".", false},    /* i40e, sfc */
    {"tx-", ".", false},
    {"rx-", "-", false}, /* iavf */
    {"tx-", "-", false},
    {"rxq", "_", false}, /* hns3, hinic, be2net */
    {"txq", "_", false},
    {"rxq_", "_", false}, /* mana, octeontx */
    {"txq_", "_", false},
    {"rxq", ": ", false}, /* be2net */
    {"txq", ": ", false},
    {"q", "_", false},     /* stmmac */
    {"rvec_", "_", false}, /* nfp */
    {"[", "]: ", false},   /* bnxt_en, bnx2x */
    {"[", "]", true},      /* gve */
    {"[Q-", "]", true},    /* funeth */
    {"rx_q-", "_", false}, /* idpf */
    {"tx_q-", "_", false},
    {"Queue[", "] ", false}, /* atlantic; with QoS, and for PTP: */
    {"TC0 Queue[", "] ", false},
    {"TC1 Queue[", "] ", false},
    {"TC2 Queue[", "] ", false},
    {"TC3 Queue[", "] ", false},
    {"TC4 Queue[", "] ", false},
    {"TC5 Queue[", "] ", false},
    {"TC6 Queue[", "] ", false},
    {"TC7 Queue[", "] ", false},
    {"PTP Queue[", "] ", false},
    {"rx_", "_", false, "mana"},
    {"tx_", "_", false, "mana"},
    {"rx_", "_", false, "ionic"},
    {"tx_", "_", false, "ionic"},
    {"cpu", "_", false, "hv_netvsc"}, /* one per CPU instead of per queue: they add up the same way */
    {"", ": ", false, "qede"},
    {"", " [XDP]: ", false, "qede"},
    {"", "_0: ", false, "qede"}, /* queue and class of service */
    {"", "_1: ", false, "qede"},
    {"", "_2: ", false, "qede"},
    {"", "_3: ", false, "qede"},
};

static bool starts_with(const char *text, size_t size, const char *prefix)
{
    size_t length = strlen(prefix);

    return length <= size && memcmp(text, prefix, length) == 0;
}

/* Returns how many digits a canonical number at `text` has. The label value must reproduce the string
 * exactly. */
static size_t count_digits(const char *text, size_t size)
{
    size_t digits = 0;

    while (digits < size && is_digit(text[digits]))
        digits++;
    if (digits > ETHTOOL_QUEUE_DIGITS || (digits > 1 && text[0] == '0'))
        return 0;
    return digits;
}

/* Finds the number between the pattern's texts. Returns its length, or 0 if the pattern does not fit. */
static size_t match_pattern(const struct queue_pattern *pattern, const char *text, size_t size,
                            size_t *ret_offset)
{
    size_t before = strlen(pattern->before), after = strlen(pattern->after), offset = before, digits;

    if (pattern->at_end) {
        if (size <= after || memcmp(text + size - after, pattern->after, after) != 0)
            return 0;
        for (offset = size - after; offset > 0 && is_digit(text[offset - 1]); offset--)
            ;
        if (offset < before || memcmp(text + offset - before, pattern->before, before) != 0)
            return 0;
    } else if (!starts_with(text, size, pattern->before)) {
        return 0;
    }
    digits = count_digits(text + offset, size - offset);
    if (digits == 0 || !starts_with(text + offset + digits, size - offset - digits, pattern->after))
        return 0;
    *ret_offset = offset;
    return digits;
}

static size_t find_queue(const char *driver, const char *text, size_t size, size_t *ret_offset)
{
    for (size_t i = 0; i < ELEMENTS(queue_patterns); i++) {
        const char *only = queue_patterns[i].driver;
        size_t digits = 0;

        if (!only || strcmp(only, driver) == 0)
            digits = match_pattern(&queue_patterns[i], text, size, ret_offset);
        if (digits > 0)
            return digits;
    }
    return 0;
}

/* Appends the bytes: escapes '#' and '\', replaces invalid UTF-8. Returns the end. */
static char *escape(char *at, const char *text, size_t size)
{
    while (size > 0) {
        size_t length = utf8_sequence(text, size);

        if (length == 0) {
            at = mempcpy(at, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT));
            length = 1;
        } else {
            if (*text == '#' || *text == '\\')
                *at++ = '\\';
            at = mempcpy(at, text, length);
        }
        text += length;
        size -= length;
    }
    return at;
}

void ethtool_name_split(const char *driver, const char *raw, struct ethtool_name *ret_name)
{
    size_t size = strnlen(raw, ETH_GSTRING_LEN), offset, digits;
    char *at = ret_name->statistic;

    digits = find_queue(driver, raw, size, &offset);
    if (digits == 0) {
        ethtool_name_whole(raw, ret_name);
        return;
    }
    at = escape(at, raw, offset);
    *at++ = '#';
    at = escape(at, raw + offset + digits, size - offset - digits);
    *at = '\0';
    *(char *)mempcpy(ret_name->queue, raw + offset, digits) = '\0';
}

void ethtool_name_whole(const char *raw, struct ethtool_name *ret_name)
{
    *escape(ret_name->statistic, raw, strnlen(raw, ETH_GSTRING_LEN)) = '\0';
    ret_name->queue[0] = '\0';
}

void ethtool_name_plain(const struct ethtool_name *name, char *text, size_t size)
{
    const char *from = name->statistic;
    size_t length = 0;

    for (; *from != '\0' && length + 1 < size; from++) {
        if (*from == '\\') /* an escaped byte always follows */
            from++;
        text[length++] = *from;
    }
    text[length] = '\0';
}

int ethtool_name_compare(const struct ethtool_name *a, const struct ethtool_name *b)
{
    int order = strcmp(a->statistic, b->statistic);

    if (order == 0) /* canonical numbers: the longer one is larger */
        order = (int)strlen(a->queue) - (int)strlen(b->queue);
    return order != 0 ? order : strcmp(a->queue, b->queue);
}

void ethtool_name_number(struct ethtool_name *name, unsigned n)
{
    size_t length = strlen(name->statistic);

    (void)snprintf(name->statistic + length, sizeof(name->statistic) - length, "\\~%u", n);
}
