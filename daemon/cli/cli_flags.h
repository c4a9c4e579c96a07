/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The flags as data: cli.c parses by them, cli_help.c prints them. */

#include <stddef.h>

#include "config/option.h"
#include "daemon/cli/cli.h"

enum flag_type {
    FLAG_COMMAND,   /* selects `command`; an argument goes to `option`, or as text to `offset` */
    FLAG_TRUE,      /* a bool in struct cli, at `offset` */
    FLAG_TEXT,      /* a const char * in struct cli, at `offset` */
    FLAG_OPTION,    /* a field of struct cli that `option` describes */
    FLAG_SET,       /* KEY=VALUE */
    FLAG_KEY,       /* sets the configuration key `key` */
    FLAG_LISTEN,    /* adds an item to the list web.listen; may be repeated */
    FLAG_COLLECTOR, /* --collector.NAME and --no-collector.NAME: in the table for --help only */
};

struct flag {
    const char *group; /* heading in --help; NULL for that of the flag before */
    const char *name;
    const char *argument; /* as --help shows it; NULL if it takes none; "[DURATION]" if it is optional */
    const char *help;
    enum flag_type type;
    enum command command;
    size_t offset;
    const struct option *option; /* FLAG_OPTION, FLAG_COMMAND with an argument */
    const char *key;
};

/* In the order of --help. */
extern const struct flag cli_flags[];
extern const size_t cli_flag_count;
