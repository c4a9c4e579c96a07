/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

/*
 * Fills a struct fault with an error number and one line of text. Any thread; a fault belongs to the thread
 * that fills it.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void fault_fill(struct fault *fault, int error, bool unsupported,
                                                             const char *format, va_list arguments)
{
    if (!fault)
        return;
    fault->error = error;
    fault->unsupported = unsupported;
    (void)vsnprintf(fault->text, sizeof(fault->text), format, arguments);
}

int fault_set(struct fault *fault, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fault_fill(fault, error, false, format, arguments);
    va_end(arguments);
    return error;
}

int fault_errno(struct fault *fault, int error, const char *format, ...)
{
    va_list arguments;
    size_t size;

    va_start(arguments, format);
    fault_fill(fault, error, false, format, arguments);
    va_end(arguments);
    if (!fault)
        return error;
    size = strlen(fault->text);
    (void)snprintf(fault->text + size, sizeof(fault->text) - size, ": %s", error_text(error));
    return error;
}

void fault_note(struct fault *fault, const char *format, ...)
{
    size_t used = fault ? strlen(fault->text) : 0;
    va_list arguments;

    if (!fault || used + sizeof("; ") > sizeof(fault->text))
        return;
    used += (size_t)snprintf(fault->text + used, sizeof(fault->text) - used, "%s", used ? "; " : "");
    va_start(arguments, format);
    (void)vsnprintf(fault->text + used, sizeof(fault->text) - used, format, arguments);
    va_end(arguments);
}

int fault_unsupported(struct fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fault_fill(fault, -EOPNOTSUPP, true, format, arguments);
    va_end(arguments);
    return -EOPNOTSUPP;
}
