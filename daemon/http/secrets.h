/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The secrets that the configuration names but does not contain: the certificate with its key, and the users.
 * Read at start, by --check-config, and at each reload, all or nothing. Main thread.
 */

#include "base/buffer.h"
#include "daemon/http/certificate.h"
#include "daemon/http/users.h"
#include "daemon/settings/settings.h"

/* Identifies the contents of a file without reading it; all 0 if the file is missing. */
struct file_identity {
    uint64_t device, inode, size;
    int64_t written_ns, changed_ns;
};

/* Certificate, key, authority of the clients, users. */
enum { SECRET_FILES = 4 };

/* Holds a reference to each; NULL if it is off. */
struct secrets {
    struct certificate *certificate;
    struct users *users;
    struct file_identity files[SECRET_FILES]; /* the files that they were read from */
};

/*
 * Returns 0, or -EINVAL with one line in `messages` for each mistake, which names the file. A certificate
 * outside of its validity is accepted, unless it would replace a valid one (`current`, or NULL): a clock may
 * be wrong, clients decide for themselves, and metrics must go on.
 *
 * Sets ret_secrets->files in either case.
 */
int secrets_load(const struct web_settings *web, const struct certificate *current,
                 struct secrets *ret_secrets, struct buffer *messages);

/* Adds a line for each certificate that was accepted outside of its validity. */
void secrets_warn(const struct web_settings *web, const struct secrets *secrets, struct buffer *messages);

/* Identifies the files as they are now. */
void secrets_identify(const struct web_settings *web, struct file_identity ret_files[SECRET_FILES]);
void secrets_done(struct secrets *secrets);
