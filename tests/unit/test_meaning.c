/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What metrics mean: which meaning of a table holds, what a row adds to it, which tells more, templates; and
 * what collectors say, as data: whole, about labels and metrics that are there. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/drop_meaning.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
    (void)state;
    known_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    known_close();
    return 0;
}

static const char *const site_labels[] = {"reason", "function", "class", "device"};

/* One row with these values of the labels of sites. */
static struct row_set *site_new(const char *const *values)
{
    struct row_set *rows;

    assert_int_equal(row_set_new(site_labels, ELEMENTS(site_labels), &rows), 0);
    assert_int_equal(row_set_add(rows, values), 0);
    row_set_seal(rows);
    return rows;
}

static void test_the_first_that_fits_holds(void **state)
{
    static const struct meaning meanings[] = {
        {.when = {{"class", "c"}, {"device", "e"}}, .purpose = PURPOSE_LOSS, .cause = "both"},
        {.when = {{"class", "c"}}, .purpose = PURPOSE_LOSS, .cause = "one"},
        {.when = {{"none", ""}}, .purpose = PURPOSE_LOSS, .cause = "a label that is not there"},
        {.when = {{"device", "d"}}, .purpose = PURPOSE_LOSS, .cause = "later"},
        {},
    };
    static const struct meaning single = {.purpose = PURPOSE_OTHER, .cause = "all"};
    static const struct {
        const char *values[ELEMENTS(site_labels)];
        const char *cause;
    } cases[] = {
        {{"", "", "c", "e"}, "both"}, {{"", "", "c", "d"}, "one"}, {{"", "", "x", "d"}, "later"},
        {{"", "", "x", "e"}, NULL},   {{"", "", "cc", "e"}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct row_set *rows = site_new(cases[i].values);
        const struct meaning *found = meaning_of_row(meanings, rows, 0);

        if (cases[i].cause)
            assert_string_equal(found->cause, cases[i].cause);
        else
            assert_null(found);
        assert_ptr_equal(meaning_of_row(&single, rows, 0), &single);
        row_set_unref(rows);
    }
}

/* A site's reason and function say what happened, and what to do; where nobody knows, it stays as it was. */
static void test_a_row_says_more(void **state)
{
    static const struct {
        const char *values[ELEMENTS(site_labels)];
        const char *sentence, *page;
    } cases[] = {
        {{"XDP", "x", "policy", ""}, "An XDP program drops it", "programs"},
        {{"", "tcp_v4_syn_recv_sock", "capacity", ""}, NULL, NULL},
        {{"NOT_SPECIFIED", "nobody_knows", "unknown", ""}, NULL, NULL},
    };
    const struct meaning *meanings = known_column("netdrop_kernel_drops_total")->meaning;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct row_set *rows = site_new(cases[i].values);
        const struct drop_meaning *known =
            drop_meaning_of_class(cases[i].values[0], cases[i].values[1], cases[i].values[2]);
        struct meaning refined = meaning_refined(meaning_of_row(meanings, rows, 0), rows, 0);

        assert_true(refined.sentence == (known ? known->sentence : NULL));
        assert_true(refined.remedy == (known ? &remedies[cause_meanings[known->cause].remedy] : NULL));
        if (cases[i].sentence) {
            assert_string_equal(refined.sentence, cases[i].sentence);
            assert_string_equal(refined.remedy->page, cases[i].page);
        }
        row_set_unref(rows);
    }
}

static const struct meaning *only_meaning(const char *metric)
{
    return known_column(metric)->meaning;
}

static void test_devices(void **state)
{
    (void)state;
    assert_true(meaning_of_device(only_meaning("netdrop_link_receive_errors_total")));
    assert_false(meaning_of_device(only_meaning("netdrop_udp_socket_drops_total")));
    assert_false(meaning_of_device(only_meaning("netdrop_conntrack_drop_total")));
}

static void test_templates(void **state)
{
    static const char *const values[] = {"a\"b\n", "", "c", "d"};
    struct row_set *rows = site_new(values);
    static const struct {
        const char *pattern, *text;
    } cases[] = {
        {"plain", "plain"},
        {"{reason}", "a\"b\n"},
        {"{function} {class}", "c"},
        {"{class} {function}", "c"},
        {"{none}", ""},
        {"<{class}{device}>", "<cd>"},
        {"0123456789abcdef", "0123456789a"},
        {"012345678{device}{device}{device}", "012345678dd"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char buffer[12];

        meaning_text(cases[i].pattern, rows, 0, buffer, sizeof(buffer));
        assert_string_equal(buffer, cases[i].text);
    }
    row_set_unref(rows);
}

static void test_classes(void **state)
{
    static const char *const names[] = {"capacity", "error", "policy", "benign", "copy", "unknown"};

    (void)state;
    assert_int_equal(ELEMENTS(names), LOSS_CLASS_COUNT);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++)
        assert_string_equal(loss_class_name(loss_class), names[loss_class]);
}

/* All meanings of all collectors, one after another. */
struct walk {
    size_t at;
    const struct column *column;
    const struct meaning *meaning;
};

static bool walk_next(struct walk *walk)
{
    if (walk->meaning && walk->meaning->when[0].label && walk->meaning[1].purpose) {
        walk->meaning++;
        return true;
    }
    while ((walk->column = known_at(walk->at++)))
        if (walk->column->meaning) {
            walk->meaning = walk->column->meaning;
            return true;
        }
    return false;
}

static const struct label_value *limit_label(const struct meaning *meaning)
{
    return meaning->limit && meaning->limit->only.label ? &meaning->limit->only : NULL;
}

/* The line of golden/metrics.txt that begins with the metric; NULL: there is none. */
static const char *find_golden(const char *metrics, const char *metric)
{
    const char *at = metrics;
    size_t length = strlen(metric);

    while ((at = strstr(at, metric)) && !((at == metrics || at[-1] == '\n') && strchr("{ ", at[length])))
        at++;
    return at;
}

static void assert_has_label(const char *line, const char *label)
{
    const char *labels = strchr(line, '{'), *found;
    size_t size = strlen(label);

    assert_non_null(labels);
    for (found = labels; (found = strstr(found, label)); found++)
        if (strchr("{,", found[-1]) && strchr(",}", found[size]))
            break;
    if (!found || found > strchr(labels, '}'))
        fail_msg("no label %s: %.*s", label, (int)strcspn(line, "\n"), line);
}

/* The labels that meanings name are those of the metric, and so are the limits' metrics. */
static void test_labels_and_limits_exist(void **state)
{
    char *metrics = known_file("../golden/metrics.txt"), *protocols = known_file("../golden/snmp_names.txt");
    struct walk walk = {};

    (void)state;
    while (walk_next(&walk)) {
        const struct meaning *meaning = walk.meaning;
        const char *const templates[] = {meaning->subject, meaning->cause};
        const char *line = find_golden(metrics, walk.column->name);
        char label[64];

        for (size_t t = 0; t < ELEMENTS(templates); t++)
            for (const char *at = templates[t]; (at = strchr(at, '{')); at++) {
                assert_int_equal(sscanf(at, "{%60[a-z_]}", label), 1);
                assert_has_label(line, label);
            }
        for (size_t i = 0; i < MEANING_LABELS; i++)
            if (meaning->when[i].label)
                assert_has_label(line, meaning->when[i].label);
        if (!line)
            assert_non_null(strstr(protocols, walk.column->name));
        if (!meaning->limit)
            continue;
        assert_non_null(known_column(meaning->limit->now));
        assert_true(!meaning->limit->most || known_column(meaning->limit->most));
        if (limit_label(meaning))
            assert_has_label(find_golden(metrics, meaning->limit->now), limit_label(meaning)->label);
    }
    free(metrics);
    free(protocols);
}

/* Each says all that readers need of it. */
static void test_each_is_whole(void **state)
{
    struct walk walk = {};
    size_t count = 0;

    (void)state;
    for (; walk_next(&walk); count++) {
        const struct meaning *meaning = walk.meaning;
        bool traffic = meaning->purpose == PURPOSE_TRAFFIC;

        assert_int_equal(walk.column->type, METRIC_COUNTER);
        assert_true(traffic || meaning->purpose == PURPOSE_LOSS || meaning->purpose == PURPOSE_OTHER);
        assert_true(traffic || meaning->stage != STAGE_NONE);
        assert_true(traffic || !meaning->with_lost);
        assert_true(meaning->loss_class < LOSS_CLASS_COUNT);
        if (meaning->purpose == PURPOSE_LOSS)
            assert_true(meaning->loss_class != LOSS_POLICY && meaning->loss_class != LOSS_BENIGN);
        else if (!traffic)
            assert_true(meaning->loss_class >= LOSS_POLICY);
        assert_non_null(meaning->subject);
        assert_non_null(meaning->cause);
        assert_true(traffic || meaning->remedy || meaning->refine);
        for (size_t i = 0; i < MEANING_LABELS; i++)
            assert_true(!meaning->when[i].label == !meaning->when[i].value);
        if (walk.column->title)
            assert_true(meaning->direction != DIRECTION_NONE);
    }
    assert_true(count > 50);
}

/* A role is one column's, for readers take the first that they find. */
static void test_roles(void **state)
{
    const struct column *column;

    (void)state;
    for (enum role role = ROLE_DEVICES; role <= ROLE_DROP_SITES; role++) {
        unsigned count = 0;

        for (size_t i = 0; (column = known_at(i)); i++)
            count += column->role == role;
        assert_int_equal(count, 1);
    }
}

/* A metric with its meaning is a metric of a column with it. */
static void test_columns_keep_it(void **state)
{
    static const struct meaning meaning = {.purpose = PURPOSE_LOSS};
    const struct metric metrics[] = {
        {.name = "a", .help = ""},
        {.name = "b", .help = "", .meaning = &meaning, .role = ROLE_DROP_SITES, .title = "B"},
    };
    struct column_set *columns;
    struct row_set *rows;
    struct snapshot *snapshot = snapshot_new();
    struct table *table;

    (void)state;
    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    assert_int_equal(row_set_new_single(&rows), 0);
    table = snapshot_add_table(snapshot, columns, rows);
    assert_null(columns->columns[0].meaning);
    assert_ptr_equal(columns->columns[1].meaning, &meaning);
    assert_string_equal(columns->columns[1].title, "B");
    assert_int_equal(table_find_role(table, ROLE_DROP_SITES), 1);
    assert_int_equal(table_find_role(table, ROLE_DEVICES), -1);
    column_set_unref(columns);
    row_set_unref(rows);
    snapshot_unref(snapshot);
}

/* Each remedy that is shared is somebody's, and has its words. */
static void test_remedies(void **state)
{
    bool used[REMEDY_COUNT] = {false};
    struct walk walk = {};

    (void)state;
    for (size_t i = 0; drop_meaning_at(i); i++)
        used[cause_meanings[drop_meaning_at(i)->cause].remedy] = true;
    while (walk_next(&walk))
        for (size_t i = 0; i < REMEDY_COUNT; i++)
            used[i] = used[i] || walk.meaning->remedy == &remedies[i];
    for (size_t i = 0; i < REMEDY_COUNT; i++) {
        assert_true(used[i]);
        assert_non_null(remedies[i].page);
        assert_true(isupper((unsigned char)remedies[i].advice[0]));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_that_fits_holds),
        TEST(test_a_row_says_more),
        TEST(test_devices),
        TEST(test_templates),
        TEST(test_classes),
        TEST(test_labels_and_limits_exist),
        TEST(test_each_is_whole),
        TEST(test_roles),
        TEST(test_columns_keep_it),
        TEST(test_remedies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
