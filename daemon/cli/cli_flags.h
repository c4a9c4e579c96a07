/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The flags as data, for cli.c, which reads them, and cli_help.c, which shows them.
 */

#include <stddef.h>

#include "config/option.h"
#include "daemon/cli/cli.h"

enum flag_type {
    FLAG_COMMAND,   /* says what to do: `command` */
    FLAG_TRUE,      /* a bool in struct cli, at `offset` */
    FLAG_TEXT,      /* a const char * in struct cli, at `offset` */
    FLAG_OPTION,    /* a field of struct cli that `option` describes */
    FLAG_SET,       /* KEY=VALUE */
    FLAG_KEY,       /* stands for the configuration key `key` */
    FLAG_LISTEN,    /* the same for an item of web.listen, a list: may be given again */
    FLAG_COLLECTOR, /* --collector.NAME and --no-collector.NAME: in the table for --help only */
};

struct flag {
    const char *group; /* heading in --help; NULL: the same as the flag before */
    const char *name;
    const char *argument; /* as --help shows it; NULL: takes none; "[DURATION]": may be left out */
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
