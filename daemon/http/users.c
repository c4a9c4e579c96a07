/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/users.h"

/*
 * Parses the file of users and the Authorization header. Pure. The main thread reads the file, an HTTP thread
 * the header, of which the client controls each byte.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <nettle/base64.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/reference.h"

/* The letters of crypt(3)'s base64, and of bcrypt's. */
static const char hash_letters[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Limits on the cost of a hash: about a second of CPU time. */
enum {
    BCRYPT_COST_MIN = 4,
    BCRYPT_COST_MAX = 14,
    SHA512_ROUNDS_MIN = 1000,
    SHA512_ROUNDS_MAX = 1000000,
};

static bool take_prefix(const char **text, const char *prefix)
{
    size_t size = strlen(prefix);

    if (strncmp(*text, prefix, size) != 0)
        return false;
    *text += size;
    return true;
}

/* Returns true if `text` begins with `min` to `max` letters of a hash, and no more. Moves behind them. */
static bool take_letters(const char **text, size_t min, size_t max)
{
    size_t size = strspn(*text, hash_letters);

    *text += size;
    return size >= min && size <= max;
}

/* Returns true if `text` is a decimal number within these limits. Moves behind its digits. */
static bool take_number(const char **text, unsigned min, unsigned max)
{
    unsigned value = 0;

    for (; is_digit(**text) && value <= max; (*text)++)
        value = value * 10 + (unsigned)digit_value(**text);
    return value >= min && value <= max;
}

static bool bcrypt_whole(const char *rest)
{
    const char *salt = rest + 2;

    return take_number(&rest, BCRYPT_COST_MIN, BCRYPT_COST_MAX) && rest == salt && take_prefix(&rest, "$") &&
           take_letters(&rest, 53, 53) && !*rest;
}

static bool sha512_whole(const char *rest)
{
    if (take_prefix(&rest, "rounds=") &&
        (*rest == '0' || !take_number(&rest, SHA512_ROUNDS_MIN, SHA512_ROUNDS_MAX) ||
         !take_prefix(&rest, "$")))
        return false;
    return take_letters(&rest, 1, 16) && take_prefix(&rest, "$") && take_letters(&rest, 86, 86) && !*rest;
}

/* Accepts the parameters that crypt_gensalt(3) makes for the costs 1 to 7; the last one takes 64 MB. */
static bool yescrypt_whole(const char *rest)
{
    static const char *const costs[] = {"j75$", "j85$", "j7T$", "j8T$", "j9T$", "jAT$", "jBT$"};

    for (size_t i = 0; i < ELEMENTS(costs); i++)
        if (take_prefix(&rest, costs[i]))
            return take_letters(&rest, 1, 64) && take_prefix(&rest, "$") && take_letters(&rest, 43, 43) &&
                   !*rest;
    return false;
}

/* Returns NULL if the hash is accepted, else the reason. */
static const char *check_hash(const char *hash)
{
    static const struct {
        const char *prefix;
        bool (*whole)(const char *rest);
        const char *problem;
    } methods[] = {
        {"$2a$", bcrypt_whole, "not a bcrypt hash of a cost from 4 to 14"},
        {"$2b$", bcrypt_whole, "not a bcrypt hash of a cost from 4 to 14"},
        {"$2y$", bcrypt_whole, "not a bcrypt hash of a cost from 4 to 14"},
        {"$6$", sha512_whole, "not a SHA-512 hash of 1000 to 1000000 rounds"},
        {"$y$", yescrypt_whole, "not a yescrypt hash of a cost from 1 to 7"},
    };

    for (size_t i = 0; i < ELEMENTS(methods); i++)
        if (take_prefix(&hash, methods[i].prefix))
            return methods[i].whole(hash) ? NULL : methods[i].problem;
    return "not a hash of bcrypt ($2y$), SHA-512 ($6$) or yescrypt ($y$): htpasswd -B makes one";
}

static bool is_name(const char *name)
{
    size_t size = strlen(name);

    for (const char *at = name; *at; at++)
        if (is_control(*at))
            return false;
    return size >= 1 && size <= USER_NAME_MAX;
}

size_t users_find(const struct users *users, const char *name)
{
    size_t i = 0;

    while (i < users->count && strcmp(users->items[i].name, name) != 0)
        i++;
    return i;
}

/* Returns NULL if the line is right, else what is wrong with it. */
static const char *add_line(struct users *users, char *line)
{
    char *colon = strchr(line, ':');
    const char *problem;

    if (!colon)
        return "expected name:hash";
    *colon = '\0';
    if (!is_name(line))
        return "a name has 1 to 64 bytes, and no control characters";
    if (users_find(users, line) < users->count)
        return "a user who is there already";
    problem = check_hash(colon + 1);
    if (!problem && users->count == USERS_MAX)
        problem = "more than 256 users";
    if (!problem)
        users->items[users->count++] = (struct user){.name = line, .hash = colon + 1};
    return problem;
}

static void add_lines(struct users *users, struct report *report)
{
    char *rest = users->text, *line;

    for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
        size_t size = strlen(line);
        const char *problem;

        if (size && line[size - 1] == '\r')
            line[size - 1] = '\0';
        problem = *line && *line != '#' ? add_line(users, line) : NULL;
        if (problem)
            report_error(report, number, "web.users_file", "%s", problem);
    }
}

DEFINE_CLEANUP(struct users *, users_unref)

struct users *users_parse(const char *data, size_t size, struct report *report)
{
    _cleanup_(users_unrefp) struct users *users = calloc(1, sizeof(*users));
    unsigned errors = report->errors;

    if (users)
        users->text = malloc(size + 1);
    if (!users || !users->text) {
        report_error(report, 0, "", "out of memory");
        free(take_ptr(users));
        return NULL;
    }
    atomic_init(&users->references, 1);
    memcpy(users->text, data, size);
    users->text[size] = '\0';
    if (strlen(users->text) != size)
        report_error(report, 0, "web.users_file", "a NUL byte is in it");
    else
        add_lines(users, report);
    if (report->errors == errors && users->count == 0)
        report_error(report, 0, "web.users_file", "nobody is in it");
    return report->errors == errors ? take_ptr(users) : NULL;
}

struct users *users_ref(struct users *users)
{
    reference_take(&users->references);
    return users;
}

struct users *users_unref(struct users *users)
{
    if (users && reference_drop(&users->references)) {
        free(users->text);
        free(users);
    }
    return NULL;
}

bool credentials_parse(const char *header, struct credentials *ret_credentials)
{
    struct credentials *result = ret_credentials;
    struct base64_decode_ctx context;
    size_t size;
    char *colon;

    if (strncasecmp(header, "Basic ", strlen("Basic ")) != 0)
        return false;
    header += strlen("Basic ");
    size = strlen(header);
    if (BASE64_DECODE_LENGTH(size) > sizeof(result->text) - 1)
        return false;
    base64_decode_init(&context);
    if (!base64_decode_update(&context, &result->size, (uint8_t *)result->text, size, header) ||
        !base64_decode_final(&context))
        return false;
    result->text[result->size] = '\0';
    colon = strchr(result->text, ':');
    if (!colon || strlen(result->text) != result->size)
        return false;
    *colon = '\0';
    result->name = result->text;
    result->password = colon + 1;
    return strlen(result->name) <= USER_NAME_MAX && strlen(result->password) <= PASSWORD_MAX;
}
