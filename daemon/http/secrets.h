/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the listener serves with that is not in the configuration file but in files of its own, which the
 * configuration names: the certificate with its key, and the users. Read at start, by --check-config, and at
 * each reload, all or nothing. Main thread.
 */

#include "base/buffer.h"
#include "daemon/http/certificate.h"
#include "daemon/http/users.h"
#include "daemon/settings/settings.h"

/* A reference to each; NULL: off. */
struct secrets {
    struct certificate *certificate;
    struct users *users;
};

/* -EINVAL: `messages` holds one line for each thing that is wrong, and names its file. */
int secrets_load(const struct web_settings *web, struct secrets *ret_secrets, struct buffer *messages);
void secrets_done(struct secrets *secrets);
