/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The command line, GNU style: --flag=VALUE, --flag VALUE, -h. getopt_long() is not used: it accepts
 * abbreviations, which new flags would make ambiguous, and gives no hints. Flags that set a configuration key
 * become KEY=VALUE settings, so that all settings take one way. Pure; main thread, once.
 */

#include <stdint.h>

#include "base/buffer.h"
#include "daemon/settings/settings.h"
#include "daemon/systemd/log.h"

enum command {
    COMMAND_RUN,
    COMMAND_ONCE,
    COMMAND_REPORT,
    COMMAND_WATCH,
    COMMAND_CAPTURE,
    COMMAND_CHECK_CONFIG,
    COMMAND_PRINT_CONFIG,
    COMMAND_LIST_COLLECTORS,
    COMMAND_SELF_TEST,
    COMMAND_VERSION,
    COMMAND_HELP,
};

/* The arguments of COMMAND_WATCH and COMMAND_CAPTURE, which netdrop-terminal executes. */
struct cli_packets {
    const char *capture;  /* --capture=FILE; borrowed */
    struct buffer filter; /* the arguments that are no flags, NUL-terminated; empty if there are none */
    bool plain;
    uint64_t for_ns; /* UINT64_MAX if it has no end */
    uint64_t count;  /* likewise */
};

struct cli {
    enum command command;
    uint64_t once_ns;       /* --once[=DURATION]: how long collectors that listen do so */
    unsigned report_format; /* --report[=text|json]: enum report_format */
    unsigned config_format; /* --print-config[=text|json]: enum config_format */
    unsigned log_level;     /* enum log_level */
    struct cli_packets packets;
    struct settings_source source; /* strings are borrowed from argv, `sets` is our own */
};

/* Returns 0, or a negative errno with one line in `message`: the flag, what is wrong, and a "did you mean" if
 * a flag is near. On success the caller calls cli_done() at the end of the program. */
int cli_parse(int argc, char *argv[], struct cli *ret_cli, struct buffer *message);
void cli_done(struct cli *cli);

/* Writes the text of --help, from the flags and the collectors' option tables. */
void cli_help(struct buffer *out);
