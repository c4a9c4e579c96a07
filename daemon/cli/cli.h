/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The command line, GNU style: --flag=VALUE, --flag VALUE, -h. Not getopt_long(): it takes abbreviations,
 * which the next version's flags would make ambiguous, and knows no hints. Flags that set a configuration key
 * are turned into KEY=VALUE settings, so that there is one way in for all of them. Pure but for reading argv;
 * main thread, once.
 */

#include <stdint.h>

#include "base/buffer.h"
#include "daemon/settings/settings.h"
#include "daemon/systemd/log.h"

enum command {
    COMMAND_RUN,
    COMMAND_ONCE,
    COMMAND_CHECK_CONFIG,
    COMMAND_LIST_COLLECTORS,
    COMMAND_VERSION,
    COMMAND_HELP,
};

struct cli {
    enum command command;
    uint64_t once_ns;              /* --once[=DURATION]: how long collectors that listen do so */
    unsigned log_level;            /* enum log_level */
    struct settings_source source; /* strings are borrowed from argv, `sets` is our own */
};

/* 0, or a negative errno with one line in `message`: the flag, what is wrong, and a "did you mean" where one
 * is near. On success the caller calls cli_done() at the end of the program. */
int cli_parse(int argc, char *argv[], struct cli *ret_cli, struct buffer *message);
void cli_done(struct cli *cli);

/* The text of --help, made from the flags and the collectors' option tables. */
void cli_help(struct buffer *out);
