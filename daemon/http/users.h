/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Who may ask: the file of users, and the header by which one says who he is, as texts. Pure.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    USERS_MAX = 256,
    USERS_FILE_MAX = 64 * 1024,
    USER_NAME_MAX = 64,
    CREDENTIALS_MAX = 512, /* "name:password"; crypt(3) takes no password that is longer */
};

struct user {
    const char *name;
    const char *hash; /* as crypt(3) takes it */
};

/* Immutable once made; at least one. */
struct users {
    _Atomic unsigned references;
    size_t count;
    char *text; /* what the strings are in */
    struct user items[USERS_MAX];
};

/* Lines "name:hash", as `htpasswd -B` and `mkpasswd` write them; blank ones and those that begin with # are
 * passed over. Hashes are bcrypt, SHA-512 of crypt(3) or yescrypt, and none costs more than about a second:
 * what is weaker, or could keep a CPU busy, is refused. NULL: the report says what is wrong with each line.
 */
struct users *users_parse(const char *data, size_t size, struct report *report);

struct users *users_ref(struct users *users);
struct users *users_unref(struct users *users); /* accepts NULL, returns NULL */

/* What a client says: two strings within `text`. */
struct credentials {
    char text[CREDENTIALS_MAX + 1];
    size_t size; /* of "name:password" */
    const char *name;
    const char *password;
};

/* The value of an Authorization header: "Basic" and the base64 of "name:password". False: it is none. */
bool credentials_parse(const char *header, struct credentials *ret_credentials);
