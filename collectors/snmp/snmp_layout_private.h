/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What snmp_layout_build.c makes and snmp_layout.c uses. Nobody else includes this. */

#include "collectors/protocols/snmp_name.h"
#include "collectors/snmp/snmp_layout.h"

enum { SNMP_SLOT_NOWHERE = UINT16_MAX };

/* Where one value goes. */
struct snmp_slot {
    uint16_t table; /* enum snmp_shape; SNMP_SLOT_NOWHERE: not selected, or its name is taken */
    uint16_t row;
    uint16_t column;
    uint16_t node_column; /* in the table of node_exporter's names; SNMP_SLOT_NOWHERE: it is not there */
    bool is_signed;
};

struct snmp_layout_block {
    enum snmp_file file;
    bool malformed; /* its head holds what is no name */
    size_t head_offset;
    size_t head_size;
    size_t slot_first;
    size_t slot_count;
};

struct snmp_layout {
    struct snmp_layout_block *blocks;
    size_t block_count;
    char *heads; /* of all blocks, one behind the other */
    struct snmp_slot *slots;
    uint64_t *values;                             /* of the block that is being read */
    struct column_set *columns[SNMP_SHAPE_COUNT]; /* NULL if no such table */
    struct row_set *rows[SNMP_SHAPE_COUNT];
    struct column_set *node_columns; /* of a table with the row of SNMP_PLAIN; NULL if not wanted */
};

/* All blocks of all three files. */
struct snmp_walk {
    const struct snmp_text *texts;
    enum snmp_file file;
    struct snmp_cursor cursor;
    struct snmp_cursor ended[SNMP_FILE_COUNT]; /* of the files behind it: what was passed over in them */
};

struct snmp_walk snmp_walk_begin(const struct snmp_text texts[SNMP_FILE_COUNT]);
bool snmp_walk_next(struct snmp_walk *walk, struct snmp_block *ret_block);
