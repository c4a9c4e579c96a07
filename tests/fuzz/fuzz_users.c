/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of users, and the header by which a client says who he is: one input is both. Whoever gets through
 * has a name and a hash that crypt(3) can take, and nothing of what a client says is beyond its end.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/http/users.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_users(const struct users *users)
{
    check(users->count >= 1 && users->count <= USERS_MAX);
    for (size_t i = 0; i < users->count; i++) {
        const struct user *user = &users->items[i];

        check(user->name[0] && strlen(user->name) <= USER_NAME_MAX && !strchr(user->name, ':'));
        check(user->hash[0] == '$' && strlen(user->hash) <= 128 && !strpbrk(user->hash, ": \t\r\n"));
    }
}

static void check_credentials(const char *header)
{
    struct credentials credentials;

    if (!credentials_parse(header, &credentials))
        return;
    check(strlen(credentials.name) <= USER_NAME_MAX && !strchr(credentials.name, ':'));
    check(strlen(credentials.password) <= PASSWORD_MAX);
    check(strlen(credentials.name) + 1 + strlen(credentials.password) == credentials.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(freep) char *copy = malloc(size ? size : 1), *header = strndup((const char *)data, size);
    _cleanup_(buffer_done) struct buffer out = {};
    struct report report = {.source = "f", .out = &out};
    struct users *users;

    check(copy && header);
    memcpy(copy, data, size);
    users = users_parse(copy, size, &report);
    check((users != NULL) == (report.errors == 0));
    if (users)
        check_users(users);
    users_unref(users);
    check_credentials(header);
    return 0;
}
