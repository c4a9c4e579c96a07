/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The rows of drop_meaning.h, in two files: by what the kernel gives as a reason, and by the function that
 * dropped. */

#include "collectors/meaning/drop_meaning.h"

#define REASON(name, meaning, todo, text)                                                                    \
    {                                                                                                        \
        .reason = #name, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo, .sentence = text             \
    }
/* Any function whose name begins so ends with a star. */
#define FUNCTION(name, meaning, todo, text)                                                                  \
    {                                                                                                        \
        .function = name, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo, .sentence = text            \
    }
#define DECIDES(name, meaning, todo, text)                                                                   \
    {                                                                                                        \
        .function = name, .decides = true, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo,            \
        .sentence = text                                                                                     \
    }
#define BOTH(name, where, meaning, todo, text)                                                               \
    {                                                                                                        \
        .reason = name, .function = where, .loss_class = LOSS_##meaning, .remedy = REMEDY_##todo,            \
        .sentence = text                                                                                     \
    }
/* BOTH, for all functions where `where` is NULL, in one circumstance. */
#define WHERE(which, name, where, meaning, todo, text)                                                       \
    {                                                                                                        \
        .circumstance = DROP_##which, .reason = name, .function = where, .loss_class = LOSS_##meaning,       \
        .remedy = REMEDY_##todo, .sentence = text                                                            \
    }

extern const struct drop_meaning drop_meaning_reasons[];
extern const size_t drop_meaning_reason_count;
extern const struct drop_meaning drop_meaning_functions[];
extern const size_t drop_meaning_function_count;
