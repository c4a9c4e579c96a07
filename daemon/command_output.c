/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/command_output.h"

/* Writes the output of a command and reports what could not be written. Main thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "daemon/systemd/log.h"

int command_output(const char *data, size_t size)
{
    if ((size && fwrite(data, 1, size, stdout) != size) || fflush(stdout)) {
        log_error("cannot write to standard output: %s", error_text(-errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int command_output_none(int error)
{
    log_error("nothing can be told: %s", error == -ENOMEM ? "out of memory" : error_text(error));
    return EXIT_FAILURE;
}

int command_output_text(const struct buffer *text)
{
    return text->error ? command_output_none(text->error) : command_output(text->data, text->size);
}
