/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Maps each number of the three files to its cell. It is made from the names once, and is valid as long as
 * the kernel shows the same fields. Collecting is then one walk along the values, without lookup or
 * allocation. Pure; one thread at a time.
 */

#include <stdbool.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/table/snapshot.h"
#include "collectors/protocols/snmp_parse.h"
#include "config/option.h"

enum snmp_file { SNMP_FILE_SNMP, SNMP_FILE_NETSTAT, SNMP_FILE_SNMP6, SNMP_FILE_COUNT };

/* More fields in all than this are refused; kernel 6.18 has 403. */
enum { SNMP_FIELDS_MAX = 4096 };

/* Globs on the kernel's names as PROTOCOL_FIELD: "TcpExt_Listen*", "Udp6_NoPorts". */
struct snmp_selection {
    struct string_list include;
    struct string_list exclude;
    bool node_exporter; /* no option: what has its names has a table of them too */
};

struct snmp_layout;

/* Makes the layout of these texts. A missing file is an empty text. A selected field is left out, and counts
 * as LIMIT_NAME_COLLISION, if an earlier one has the same name and labels. Returns 0, -ENOMEM, or -EFBIG if
 * there are more fields than SNMP_FIELDS_MAX. */
int snmp_layout_new(const struct snmp_text texts[SNMP_FILE_COUNT], const struct snmp_selection *selection,
                    struct limits *limits, struct snmp_layout **ret_layout);
struct snmp_layout *snmp_layout_free(struct snmp_layout *layout); /* accepts NULL, returns NULL */

/* Returns true if the texts name the same fields in the same order as those that the layout was made from. */
bool snmp_layout_matches(const struct snmp_layout *layout, const struct snmp_text texts[SNMP_FILE_COUNT]);

/* Returns how many blocks the files held, well-formed or not. */
size_t snmp_layout_blocks(const struct snmp_layout *layout);

/*
 * Adds the tables to the draft and fills in the values of texts that the layout matches. A block is left out
 * as a whole unless it has one 64-bit number for each name. That, and each line that belongs to no block,
 * counts as LIMIT_PROC_MALFORMED, except names without any numbers. fault_note() says which files and
 * protocols are left out. Returns 0 or -ENOMEM.
 */
int snmp_layout_fill(struct snmp_layout *layout, const struct snmp_text texts[SNMP_FILE_COUNT],
                     struct limits *limits, struct snapshot *draft, struct fault *fault);
