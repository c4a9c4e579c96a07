/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config_files.h"

/*
 * Reads the configuration file and those of conf.d before any is applied. Main thread, at start and at each
 * reload.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <nettle/sha2.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "config/file.h"
#include "config/json.h"
#include "config/string_list.h"

#define DIRECTORY "conf.d"
#define SUFFIX    ".json"

DEFINE_CLEANUP(DIR *, closedir)

void config_files_done(struct config_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        free(files->items[i].data);
    }
    free(files->items);
    *files = (struct config_files){};
}

/* Returns the error to report: one that a person must correct comes before ENOENT and ENOMEM, which may
 * pass. */
static int worse(int error, int next)
{
    if (next < 0 && next != -ENOENT && next != -ENOMEM)
        next = -EINVAL;
    return next < 0 && error != -EINVAL ? next : error;
}

/* Returns what follows the last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool is_ours(const char *name)
{
    size_t size = strlen(name), suffix = strlen(SUFFIX);

    return *name != '.' && size > suffix && strcmp(name + size - suffix, SUFFIX) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists the names in conf.d that we read. */
static int list_names(const char *path, struct string_list *names, struct report *report)
{
    _cleanup_(closedirp) DIR *directory = opendir(path);
    const struct dirent *entry;
    struct stat status;
    int error = directory ? 0 : -errno;

    if (error == -ENOENT && lstat(path, &status) < 0)
        return 0;
    while (!error && (errno = 0, entry = readdir(directory))) {
        if (!is_ours(entry->d_name))
            continue;
        if (names->count == CONFIG_FILES_MAX) {
            report_error(report, 0, "", "more than the %d files that it may hold", CONFIG_FILES_MAX);
            return -EINVAL;
        }
        error = string_list_add(names, entry->d_name);
    }
    if (!error)
        error = -errno;
    if (error < 0)
        report_error(report, 0, "", "cannot read the directory: %s", error_text(error));
    else if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return worse(0, error);
}

/* Reads and adds the file. Takes ownership of `name`. */
static int read_file(struct config_files *files, char *name, bool optional, struct report *report)
{
    struct config_file *file = &files->items[files->count];
    struct fault fault = {};
    int error;

    report->source = name;
    error = file_read(name, JSON_SIZE_MAX, 0, &file->data, &file->size, &fault);
    if (error < 0) {
        if (error == -ENOENT && optional)
            error = 0;
        else
            report_error(report, 0, "", "%s", fault.text);
        free(name);
        return worse(0, error);
    }
    file->name = name;
    files->count++;
    return 0;
}

static int read_files(const char *path, bool optional, const struct string_list *names,
                      struct config_files *files, struct report *report)
{
    int directory = (int)strlen(path) - (int)strlen(base_name(path));
    char *name = strdup(path);
    int error = name ? read_file(files, name, optional, report) : -ENOMEM;

    files->named = files->count == 1;
    for (size_t i = 0; i < names->count; i++) {
        if (asprintf(&name, "%.*s" DIRECTORY "/%s", directory, path, names->items[i]) < 0)
            return -ENOMEM;
        error = worse(error, read_file(files, name, false, report));
    }
    for (size_t i = 0; i < files->count; i++)
        files->items[i].directory = (size_t)directory;
    return error;
}

int config_files_read(const char *path, bool optional, struct config_files *ret_files, struct report *report)
{
    _cleanup_(string_list_done) struct string_list names = {};
    _cleanup_(config_files_done) struct config_files files = {};
    _cleanup_(freep) char *directory = NULL;
    const char *source = report->source;
    int error;

    if (asprintf(&directory, "%.*s" DIRECTORY, (int)(base_name(path) - path), path) < 0)
        return -ENOMEM;
    report->source = directory;
    error = list_names(directory, &names, report);
    files.items = calloc(names.count + 1, sizeof(*files.items));
    if (!files.items)
        error = -ENOMEM;
    else
        error = worse(error, read_files(path, optional, &names, &files, report));
    report->source = source;
    if (error < 0)
        return error;
    *ret_files = files;
    files = (struct config_files){};
    return 0;
}

static void hash(const char *data, size_t size, char hexadecimal[CONFIG_HASH_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, size, (const uint8_t *)data);
    sha256_digest(&context, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)sprintf(hexadecimal + 2 * i, "%02x", digest[i]);
}

int config_files_hash(const struct config_files *files, char hexadecimal[CONFIG_HASH_SIZE])
{
    _cleanup_(buffer_done) struct buffer lines = {};

    hexadecimal[0] = '\0';
    for (size_t i = 0; i < files->count; i++) {
        const struct config_file *file = &files->items[i];

        hash(file->data, file->size, hexadecimal);
        buffer_printf(&lines, "%s  %s\n", hexadecimal, file->name + file->directory);
    }
    if (files->count > files->named)
        hash(lines.data, lines.size, hexadecimal);
    return lines.error;
}
