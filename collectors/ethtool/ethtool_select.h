/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Selects which of a driver's statistics are shown, and as what: a counter, or a value of unknown kind. Pure;
 * allocates. Called by the ethtool collector's thread when a device's strings were read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/part_sum.h"
#include "collectors/ethtool/ethtool_name.h"
#include "collectors/ethtool/nic_loss.h"
#include "config/option.h"

/* The default of "statistics": loss and errors, as tests/golden/ethtool_selection.txt lists them; not what
 * only sounds like it (time that a radio channel was busy, time stamps, packets sent after a collision).
 * Globs, matched without regard to case with the driver's own string, its queue number written as '#'
 * ("rx#_dropped", "rx_queue_#_drops"). */
#define ETHTOOL_LOSS_GLOBS                                                                                   \
    "*drop*,*discard*,*err*,*fail*,*missed*,*lost*,*loss*,*overrun*,*over_*,*overflow*,*underrun*,"          \
    "*no_buf*,*nobuf*,*no_desc*,*no_dma*,*out_of_*,*oob*,*crc*,*fcs*,*jabber*,*jbr*,*fragments*,"            \
    "*undersize*,*oversize*,*undrsz*,*ovrsz*,*runt*,*length*,*_len_*,*too_long*,*too_short*,*too_many*,"     \
    "*giant*,*align*,*symbol*,*abort*,*coll*,*carrier*,*timeout*,*bad*,*invalid*,*illegal*,*fault*,"         \
    "*exceeded*,*exhaust*,*busy*,*full*,*stuck*,*corrupt*,*unknown_proto*,*link_down*,*if_down*,*storm*,"    \
    "*empty*,*trunc*,*no_mem*,*no_space*,*too_big*,*too many*,*hw_limitation*,*latecol*,*exesscol*,"         \
    "*gtjumbo*,*uncorrect*,*fragment_pkt*,*undermin*,*underflow*,*dribbl*,*frame_flushed*,*tobe_disc*,"      \
    "rx_mii,rx_watchdog"
#define ETHTOOL_NO_LOSS_GLOBS                                                                                \
    "*interrupt*,*deferred*,*transferred*,*_ok,*cache_*,*_pp_*,corrected*,*[!n]corrected*,*_full_duplex*,"   \
    "ch_time*,*hwtstamp*,*hwstamp*,*timestamp*,ptp_*sync*,*_diff_ns,*single_coll*,*mult_coll*,*multi_coll*," \
    "*collide_*,mtl_*fifo_*,*tls_no_space*"

struct ethtool_selection {
    const struct string_list *include;
    const struct string_list *exclude;
    bool per_queue;
    size_t series_max; /* of one device */
};

struct ethtool_statistic {
    struct ethtool_name name;
    const struct nic_loss *loss; /* counts as loss by cause; NULL if it does not */
    uint32_t index;              /* in the driver's list */
    bool counter;
    bool shown; /* has series of its own */
    bool gone;  /* the driver has it no more; see ethtool_inherit.h */

    struct sum_part own;      /* of the sum of its queues */
    struct sum_part by_cause; /* of the loss by cause */
};

/* What a driver calls its statistics. */
struct ethtool_strings {
    const char *driver;
    const char *strings; /* ETH_GSTRING_LEN bytes each */
    uint32_t count;
};

struct ethtool_selected {
    struct ethtool_statistic *statistics; /* the caller's to free */
    size_t count;
    size_t series; /* that are shown, at most series_max */
    bool cut;      /* series_max left some out */
};

/*
 * Names the driver's strings and selects. The result holds those that are shown or count as loss,
 * ascending by statistic and queue, so that the queues of one statistic are neighbours; no two have equal
 * names. What the cause dictionary uses comes first where series_max cuts. Returns 0 or -ENOMEM.
 */
int ethtool_select(const struct ethtool_selection *selection, const struct ethtool_strings *strings,
                   struct ethtool_selected *ret_selected);
