/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Parses the file of users, and the header in which a client names itself. Pure. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    USERS_MAX = 256,
    USERS_FILE_MAX = 64 * 1024,
    USER_NAME_MAX = 64,
    /* For longer ones crypt(3) takes many times as long. */
    PASSWORD_MAX = 128,
    CREDENTIALS_MAX = USER_NAME_MAX + 1 + PASSWORD_MAX, /* "name:password" */
};

struct user {
    const char *name;
    const char *hash; /* as crypt(3) takes it */
};

/* Immutable once made; at least one. */
struct users {
    _Atomic unsigned references;
    size_t count;
    char *text; /* holds the strings */
    struct user items[USERS_MAX];
};

/* Parses lines "name:hash", as `htpasswd -B` and `mkpasswd` write them; blank lines and lines that begin with
 * # are ignored. Hashes are bcrypt, SHA-512 of crypt(3) or yescrypt, and none may cost more than about a
 * second: weaker hashes and more expensive ones are refused. Returns NULL if a line is wrong, and the report
 * says which. */
struct users *users_parse(const char *data, size_t size, struct report *report);

/* Returns the index of the user with that name, or users->count if there is none. */
size_t users_find(const struct users *users, const char *name);

struct users *users_ref(struct users *users);
struct users *users_unref(struct users *users); /* accepts NULL, returns NULL */

/* The credentials of a client: two strings within `text`. */
struct credentials {
    char text[CREDENTIALS_MAX + 3]; /* the longest result of base64, and a NUL */
    size_t size;                    /* of "name:password" */
    const char *name;
    const char *password;
};

/* Parses the value of an Authorization header: "Basic" and the base64 of "name:password". Returns false if it
 * is something else. */
bool credentials_parse(const char *header, struct credentials *ret_credentials);
