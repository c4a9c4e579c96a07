/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/netns_parse.h"

/* Parses names and members of network namespaces from text of /proc. Pure; any thread. */

#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/decimal.h"
#include "base/utf8.h"

static const char root[] = "net:[";

struct piece {
    const char *at;
    const char *end;
};

/* Takes the next word of the line. Returns false if there is none. */
static bool take_word(struct piece *line, struct piece *ret_word)
{
    const char *blank = memchr(line->at, ' ', (size_t)(line->end - line->at));

    *ret_word = (struct piece){line->at, blank ? blank : line->end};
    line->at = blank ? blank + 1 : line->end;
    return ret_word->at < ret_word->end;
}

static bool begins_with(const struct piece *word, const char *text)
{
    size_t size = strlen(text);

    return (size_t)(word->end - word->at) >= size && memcmp(word->at, text, size) == 0;
}

static bool is_octal(char byte)
{
    return is_digit(byte) && digit_value(byte) < 8;
}

/* Decodes blanks, line ends and backslashes, such as "\040" (fs/proc_namespace.c, mangle()). Returns false if
 * the result does not fit. */
static bool unescape(const struct piece *word, char *buffer, size_t size)
{
    const char *at = word->at;
    size_t used = 0;

    while (at < word->end) {
        char byte = *at++;

        if (byte == '\\' && word->end - at >= 3 && is_octal(at[0]) && is_octal(at[1]) && is_octal(at[2])) {
            byte = (char)(digit_value(at[0]) << 6 | digit_value(at[1]) << 3 | digit_value(at[2]));
            at += 3;
        }
        if (!byte || used + 1 >= size)
            return false;
        buffer[used++] = byte;
    }
    buffer[used] = '\0';
    return true;
}

/* Parses "net:[4026532219]": the inode's number identifies the namespace (fs/nsfs.c, ns_dname()). */
static bool parse_inode(const struct piece *word, uint32_t *ret_inode)
{
    const char *at = word->at + strlen(root);
    uint64_t inode;

    if (!begins_with(word, root) || !decimal_uint64(&at, word->end, &inode) || inode > UINT32_MAX ||
        word->end - at != 1 || *at != ']')
        return false;
    *ret_inode = (uint32_t)inode;
    return true;
}

/* Parses "36 35 0:4 net:[4026532219] /run/netns/NAME rw shared:12 - nsfs nsfs rw". */
static bool parse_line(struct piece line, struct netns_mount *ret_mount)
{
    static const char *const folders[] = {"/run/netns/", "/var/run/netns/"};
    struct piece words[5];

    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (!take_word(&line, &words[i]))
            return false;
    if (!parse_inode(&words[3], &ret_mount->inode) ||
        !unescape(&words[4], ret_mount->path, sizeof(ret_mount->path)))
        return false;
    for (size_t i = 0; i < ELEMENTS(folders); i++) {
        const char *name = ret_mount->path + strlen(folders[i]);

        if (strncmp(ret_mount->path, folders[i], strlen(folders[i])) != 0 || !*name || strchr(name, '/'))
            continue;
        utf8_copy(ret_mount->name, sizeof(ret_mount->name), name);
        return true;
    }
    return false;
}

bool netns_mount_next(const char **at, const char *end, struct netns_mount *ret_mount)
{
    while (*at < end) {
        const char *newline = memchr(*at, '\n', (size_t)(end - *at));
        struct piece line = {*at, newline ? newline : end};

        *at = newline ? newline + 1 : end;
        if (parse_line(line, ret_mount))
            return true;
    }
    return false;
}

uint32_t pid_next(struct pid_reader *reader, const char **at, const char *end)
{
    while (*at < end) {
        char byte = *(*at)++;
        uint64_t value = reader->value;

        if (is_digit(byte)) {
            if (value <= UINT32_MAX)
                reader->value = value * 10 + (uint64_t)digit_value(byte);
            continue;
        }
        *reader = (struct pid_reader){};
        if (value > 0 && value <= INT32_MAX && byte == '\n')
            return (uint32_t)value;
    }
    return 0;
}
