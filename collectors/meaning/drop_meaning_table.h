/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The rows of drop_meaning.h, in files by what the kernel gives as a reason, and by the function that
 * dropped. */

#include "collectors/meaning/drop_meaning.h"

#define REASON(name, why, text)                                                                              \
    {                                                                                                        \
        .reason = #name, .cause = CAUSE_##why, .sentence = text                                              \
    }
/* Any function whose name begins so ends with a star. */
#define FUNCTION(name, why, text)                                                                            \
    {                                                                                                        \
        .function = name, .cause = CAUSE_##why, .sentence = text                                             \
    }
#define DECIDES(name, why, text)                                                                             \
    {                                                                                                        \
        .function = name, .decides = true, .cause = CAUSE_##why, .sentence = text                            \
    }
#define BOTH(name, where, why, text)                                                                         \
    {                                                                                                        \
        .reason = name, .function = where, .cause = CAUSE_##why, .sentence = text                            \
    }
/* BOTH, for all functions where `where` is NULL, in one circumstance. */
#define WHERE(which, name, where, why, text)                                                                 \
    {                                                                                                        \
        .circumstance = DROP_##which, .reason = name, .function = where, .cause = CAUSE_##why,               \
        .sentence = text                                                                                     \
    }

extern const struct drop_meaning drop_meaning_reasons[];
extern const size_t drop_meaning_reason_count;
extern const struct drop_meaning drop_meaning_functions[];
extern const size_t drop_meaning_function_count;
extern const struct drop_meaning drop_meaning_devices[];
extern const size_t drop_meaning_device_count;
extern const struct drop_meaning drop_meaning_network[];
extern const size_t drop_meaning_network_count;
