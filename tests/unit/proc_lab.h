/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A collector that reads /proc, on a /proc of our own making. */

#include <ftw.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/encode/encode.h"
#include "tests/unit/unit.h"

struct proc_lab {
    const struct collector *collector;
    char procfs[64];
    char fixture[4096];
    struct collector_settings *settings;
    struct limits limits;
    struct collector_context context;
    struct collector_state *state; /* of the collector, NULL: not open */
    struct snapshot *draft;
    struct fault fault;
    struct buffer page;
};

static inline int proc_lab_setup(void **state, const struct collector *collector)
{
    struct proc_lab *lab = calloc(1, sizeof(*lab));

    assert_non_null(lab);
    (void)strcpy(lab->procfs, "/tmp/test_proc.XXXXXX");
    assert_non_null(mkdtemp(lab->procfs));
    lab->collector = collector;
    lab->settings = options_new(&collector->options);
    assert_non_null(lab->settings);
    lab->context =
        (struct collector_context){.settings = lab->settings, .procfs = lab->procfs, .limits = &lab->limits};
    lab->draft = snapshot_new();
    assert_non_null(lab->draft);
    alarm(60); /* a test that blocks has failed */
    *state = lab;
    return 0;
}

static inline int proc_lab_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void proc_lab_close(struct proc_lab *lab)
{
    lab->state = collector_close(lab->collector, lab->state);
}

static inline int proc_lab_teardown(void **state)
{
    struct proc_lab *lab = *state;

    alarm(0);
    proc_lab_close(lab);
    snapshot_unref(lab->draft);
    options_free(&lab->collector->options, lab->settings);
    buffer_done(&lab->page);
    (void)nftw(lab->procfs, proc_lab_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(lab);
    return 0;
}

/* The path of "self/net/snmp" in the lab's /proc; its directories are there then. */
static inline const char *proc_lab_path(const struct proc_lab *lab, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", lab->procfs, name);
    for (char *slash = path + strlen(lab->procfs) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    return path;
}

/* In place: the inode stays, as it does in /proc. */
static inline void proc_lab_write(const struct proc_lab *lab, const char *name, const char *text)
{
    char path[128];
    _cleanup_(fclosep) FILE *file = fopen(proc_lab_path(lab, name, path), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
}

static inline void proc_lab_set(struct proc_lab *lab, const char *key, const char *text)
{
    const struct option_table *table = &lab->collector->options;

    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->options[i].key, key)) {
            assert_int_equal(option_set_text(&table->options[i], lab->settings, text, NULL), 0);
            return;
        }
    fail();
}

static inline int proc_lab_open(struct proc_lab *lab)
{
    lab->fault = (struct fault){};
    return collector_open(lab->collector, &lab->context, &lab->state, &lab->fault);
}

/* Opens on tests/fixtures/proc/VERSION instead. */
static inline void proc_lab_use_fixture(struct proc_lab *lab, const char *version)
{
    (void)snprintf(lab->fixture, sizeof(lab->fixture), "%s/proc/%s", getenv("FIXTURES"), version);
    lab->context.procfs = lab->fixture;
    assert_int_equal(proc_lab_open(lab), 0);
}

static inline int proc_lab_collect(struct proc_lab *lab)
{
    int error;

    snapshot_clear(lab->draft);
    lab->fault = (struct fault){};
    error = lab->collector->collect(lab->state, lab->draft, &lab->fault);
    buffer_clear(&lab->page);
    buffer_text(&lab->page, "\n");
    encode_snapshot(&lab->page, lab->draft, EXPOSITION_TEXT);
    buffer_append(&lab->page, "", 1);
    return error;
}

/* A line of the page. */
static inline bool proc_lab_has(const struct proc_lab *lab, const char *line)
{
    char whole[512];

    (void)snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(lab->page.data, whole);
}

static inline bool proc_lab_mentions(const struct proc_lab *lab, const char *text)
{
    return strstr(lab->page.data, text);
}

/* After the first collection, one allocates nothing and makes no new sets. */
static inline void proc_lab_check_steady(struct proc_lab *lab)
{
    assert_int_equal(proc_lab_collect(lab), 0);
    for (unsigned i = 0; i < 3; i++) {
        const struct table last = lab->draft->tables[lab->draft->table_count - 1];
        struct mallinfo2 before, after;

        snapshot_clear(lab->draft);
        before = mallinfo2();
        assert_int_equal(lab->collector->collect(lab->state, lab->draft, NULL), 0);
        after = mallinfo2();
        assert_true(before.uordblks == after.uordblks);
        assert_ptr_equal(lab->draft->tables[lab->draft->table_count - 1].rows, last.rows);
        assert_ptr_equal(lab->draft->tables[lab->draft->table_count - 1].columns, last.columns);
    }
}
