/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live view without a terminal: what it knows after answers, what is on the screen of which size, what
 * keys do. On a real one: tests/integration/test_terminal.py. */

#include <curses.h>
#include <locale.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "terminal/watch_draw.h"
#include "terminal/watch_keys.h"
#include "tests/unit/unit.h"

#define SITE(id, function, packets)                                                                          \
    "{\"site\": " #id ", \"function\": \"" function                                                          \
    "\", \"offset\": \"0x1\", \"reason\": \"WHY\", \"device\": \"eth0\","                                    \
    " \"netns\": \"self\", \"packets\": " #packets "}"
/* 10.0.0.7.40000 > 10.0.0.9.8125 */
#define RECORD(sequence, site, seconds)                                                                      \
    "{\"sequence\": " #sequence ", \"site\": " #site ", \"time\": \"" #seconds                               \
    ".000000000\", \"link_type\": 101,"                                                                      \
    " \"protocol\": \"0x0800\", \"length\": 28, \"unit\": \"u" #sequence "\", \"stack\": [\"f" #sequence     \
    "\"],"                                                                                                   \
    " \"data\": \"4500001c00010000401100000a0000070a0000099c401fbd00080000\"}"
#define ANSWER(sites, records) "{\"host\": \"web-7\", \"sites\": [" sites "], \"records\": [" records "]}"

static struct watch *watch_new(const char *filter)
{
    struct watch *watch = malloc(sizeof(*watch));
    struct fault fault = {};

    assert_non_null(watch);
    assert_int_equal(watch_init(watch, filter, &fault), 0);
    return watch;
}

static void watch_free(struct watch *watch)
{
    watch_done(watch);
    free(watch);
}

static void answer(struct watch *watch, const char *text, uint64_t seconds)
{
    struct records *records = NULL;
    struct fault fault = {};

    assert_int_equal(records_parse(text, strlen(text), &records, &fault), 0);
    assert_int_equal(watch_sites_update(&watch->sites, records, watch->filter, seconds * NS_PER_SECOND), 0);
    strcpy(watch->host, records->host);
    records_free(records);
    watch_arrange(watch);
}

static const struct watch_site *shown(const struct watch *watch, size_t i)
{
    assert_true(i < watch->sites.shown_count);
    return watch->sites.shown[i];
}

static void press(struct watch *watch, const char *keys)
{
    for (; *keys; keys++)
        assert_int_equal(watch_key(watch, *keys, 20), WATCH_GO_ON);
}

static void test_rates_and_orders(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    answer(watch, ANSWER(SITE(1, "a", 1000) "," SITE(2, "b", 10), RECORD(1, 1, 5)), 10);
    assert_true(shown(watch, 0)->rate < 0 && watch_sites_rate(&watch->sites) < 0);
    assert_int_equal(shown(watch, 0)->site.id, 1); /* the total, where no rate is known */
    answer(watch, ANSWER(SITE(1, "a", 1000) "," SITE(2, "b", 30) "," SITE(3, "c", 6), RECORD(2, 2, 9)), 12);
    assert_int_equal(shown(watch, 0)->site.id, 2);
    assert_true(shown(watch, 0)->rate == 10.0);
    assert_int_equal(shown(watch, 1)->site.id, 3);
    assert_true(shown(watch, 1)->rate > 0); /* it is new: all its packets came since */
    assert_true(shown(watch, 2)->rate == 0.0);
    press(watch, "s");
    assert_int_equal(shown(watch, 0)->site.id, 1);
    press(watch, "s");
    assert_int_equal(shown(watch, 0)->site.id, 2);
    press(watch, "s");
    assert_string_equal(shown(watch, 0)->site.function, "a");
    press(watch, "s");
    assert_int_equal(watch->order, WATCH_BY_RATE);
    watch_free(watch);
}

static void test_a_rate_follows(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    answer(watch, ANSWER(SITE(1, "a", 0), ""), 1);
    answer(watch, ANSWER(SITE(1, "a", 100), ""), 2);
    assert_true(shown(watch, 0)->rate == 100.0);
    for (uint64_t second = 3; second < 40; second++)
        answer(watch, ANSWER(SITE(1, "a", 100), ""), second);
    assert_true(shown(watch, 0)->rate < 0.1);
    /* The daemon counts from 0 again. */
    answer(watch, ANSWER(SITE(1, "a", 5), ""), 41);
    assert_true(shown(watch, 0)->rate >= 0 && shown(watch, 0)->rate < 0.1);
    watch_free(watch);
}

static void test_the_last_packets_stay(void **state)
{
    struct watch *watch = watch_new("");
    size_t index = 0;

    (void)state;
    answer(
        watch,
        ANSWER(SITE(1, "a", 9), RECORD(1, 1, 1) "," RECORD(2, 1, 2) "," RECORD(3, 1, 3) "," RECORD(4, 1, 4)),
        1);
    answer(watch,
           ANSWER(SITE(1, "a", 9), RECORD(5, 1, 5) "," RECORD(6, 1, 6) "," RECORD(7, 1, 7) "," RECORD(
                                       8, 1, 8) "," RECORD(9, 1, 9)),
           2);
    assert_int_equal(shown(watch, 0)->recent_count, WATCH_RECENT);
    for (uint64_t sequence = 9; sequence > 1; sequence--)
        assert_int_equal(watch_site_packet(shown(watch, 0), watch->filter, &index)->sequence, sequence);
    assert_null(watch_site_packet(shown(watch, 0), watch->filter, &index));
    /* A site that is given up, and a packet of one that nobody knows. */
    answer(watch, ANSWER("", RECORD(10, 7, 9)), 3);
    assert_int_equal(watch->sites.count, 0);
    watch_sites_forget(&watch->sites);
    assert_int_equal(watch->sites.looked_ns, 0);
    watch_free(watch);
}

/* The few that are looked for stay, whatever comes beside them. */
static void test_a_flood_beside_what_passes_the_filter(void **state)
{
    struct watch *watch = watch_new("greater 100");
    struct buffer text = {};
    size_t index = 0;

    (void)state;
    for (unsigned i = 1; i <= 40; i++) {
        buffer_clear(&text);
        buffer_printf(
            &text,
            "{\"sites\": [{\"site\": 1}], \"records\": [{\"sequence\": %u, \"site\": 1, \"link_type\": 101,"
            " \"length\": %u, \"stack\": [\"f\"]}]}",
            i, i % 10 == 5 ? 200U : 50U);
        buffer_append(&text, "", 1);
        answer(watch, text.data, i);
    }
    assert_int_equal(watch->sites.items[0]->recent_count, WATCH_RECENT);
    for (uint64_t sequence = 35; sequence < 40; sequence -= 10)
        assert_int_equal(watch_site_packet(watch->sites.items[0], watch->filter, &index)->sequence, sequence);
    assert_null(watch_site_packet(watch->sites.items[0], watch->filter, &index));
    for (size_t i = 1; i < WATCH_RECENT; i++)
        assert_true(watch->sites.items[0]->recent[i - 1].sequence >
                    watch->sites.items[0]->recent[i].sequence);
    buffer_done(&text);
    watch_free(watch);
}

static void test_many_sites_come_and_go(void **state)
{
    struct watch *watch = watch_new("");
    struct buffer text = {};

    (void)state;
    srand(unit_seed());
    for (uint64_t round = 1; round < 60; round++) {
        size_t wanted = (size_t)(rand() % 200), first = (size_t)(rand() % 300);

        buffer_clear(&text);
        buffer_text(&text, "{\"sites\": [");
        for (size_t i = 0; i < wanted; i++)
            buffer_printf(&text, "%s{\"site\": %zu, \"packets\": %d}", i ? "," : "", first + 3 * i + 1,
                          rand());
        buffer_text(&text, "], \"records\": []}");
        buffer_append(&text, "", 1);
        answer(watch, text.data, round);
        assert_int_equal(watch->sites.shown_count, wanted);
        for (size_t i = 0; i < wanted; i++)
            assert_int_equal(watch->sites.items[i]->site.id, first + 3 * i + 1);
    }
    buffer_done(&text);
    watch_free(watch);
}

static void test_filters(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    answer(watch, ANSWER(SITE(1, "a", 5) "," SITE(2, "b", 9), RECORD(1, 1, 5)), 1);
    press(watch, "/udp prot 3\r");
    assert_true(watch->asking);
    assert_non_null(strstr(watch->message, "syntax error"));
    press(watch, "\x7f\x7f\x7f\x7f\x7f\x7f"
                 "port 8125\r");
    assert_false(watch->asking);
    assert_string_equal(filter_text(watch->filter), "udp port 8125");
    assert_int_equal(watch->sites.shown_count, 1);
    assert_int_equal(shown(watch, 0)->site.id, 1);
    press(watch, "/q\033"); /* thought better of it */
    assert_string_equal(filter_text(watch->filter), "udp port 8125");
    press(watch, "/\x15\r");
    assert_int_equal(watch->sites.shown_count, 2);
    for (size_t i = 0; i < 2 * WATCH_TEXT_SIZE; i++)
        press(watch, i ? "x" : "/");
    assert_int_equal(strlen(watch->answer), WATCH_TEXT_SIZE - 1);
    watch_free(watch);
}

static void test_the_selection_stays_with_its_site(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    press(watch, "jk\r"); /* of nothing */
    assert_false(watch->open);
    answer(watch, ANSWER(SITE(1, "a", 5) "," SITE(2, "b", 9) "," SITE(3, "c", 1), ""), 1);
    assert_int_equal(watch_selected(watch), 0);
    press(watch, "j");
    assert_int_equal(watch->selected, 1);
    answer(watch, ANSWER(SITE(1, "a", 5) "," SITE(2, "b", 9) "," SITE(3, "c", 900), ""), 2);
    assert_int_equal(watch->selected, 1);
    press(watch, "G");
    assert_int_equal(watch->selected, shown(watch, 2)->site.id);
    press(watch, "jg");
    assert_int_equal(watch->selected, 3);
    press(watch, "\r");
    assert_true(watch->open);
    answer(watch, ANSWER(SITE(1, "a", 5), ""), 3); /* it went */
    assert_false(watch->open);
    assert_int_equal(watch_selected(watch), 0);
    press(watch, "p");
    assert_true(watch->paused);
    assert_int_equal(watch_key(watch, 'q', 20), WATCH_QUIT);
    watch_free(watch);
}

/* The screen's row as text, without the blanks at its end. */
static const char *row(int number)
{
    static char text[512];
    size_t size;

    (void)mvinnstr(number, 0, text, COLS);
    for (size = strlen(text); size && text[size - 1] == ' '; size--)
        ;
    text[size] = '\0';
    return text;
}

static void sized(int lines, int columns)
{
    assert_int_equal(resizeterm(lines, columns), OK);
}

static void test_the_screen(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    sized(12, 110);
    watch_draw(watch);
    assert_string_equal(row(2), "                 no packet has been dropped");
    answer(watch, ANSWER(SITE(1, "nft_do_chain", 27890) "," SITE(2, "udp_rcv", 5), RECORD(1, 1, 5)), 10);
    answer(watch, ANSWER(SITE(1, "nft_do_chain", 27910) "," SITE(2, "udp_rcv", 6), RECORD(2, 1, 6)), 12);
    watch_draw(watch);
    assert_non_null(strstr(row(0), "web-7  10.5 drops/s  filter: none  sort: rate"));
    assert_string_equal(row(0) + strlen(row(0)) - 10, "enter open");
    assert_string_equal(row(1),
                        "    rate       total  function+offset       reason          device    workload");
    assert_string_equal(row(2), "    10.0      27,910  nft_do_chain+0x1      WHY             eth0      u2");
    assert_string_equal(row(3),
                        "                 00:00:06.000000  IP 10.0.0.7.40000 > 10.0.0.9.8125  UDP len 0");
    assert_string_equal(row(4),
                        "                 00:00:05.000000  IP 10.0.0.7.40000 > 10.0.0.9.8125  UDP len 0");
    assert_string_equal(row(5), "     0.5           6  udp_rcv+0x1           WHY             eth0      -");
    assert_int_equal(mvinch(2, 0) & A_REVERSE, A_REVERSE);
    strcpy(watch->trouble, "no answer: gone");
    press(watch, "p");
    watch_draw(watch);
    assert_non_null(strstr(row(0), "  PAUSED"));
    assert_string_equal(row(11), "no answer: gone");
    press(watch, "/ip6\r");
    watch_draw(watch);
    assert_string_equal(row(2), "                 no packet that is recorded passes the filter");
    watch_free(watch);
}

static void test_an_opened_site(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    sized(16, 100);
    answer(watch, ANSWER(SITE(1, "nft_do_chain", 27910), RECORD(1, 1, 5) "," RECORD(2, 1, 6)), 10);
    press(watch, "\r");
    watch_draw(watch);
    assert_string_equal(row(1), "nft_do_chain+0x1");
    assert_string_equal(row(2), "reason              WHY");
    assert_string_equal(row(8), "drops in all        27,910");
    assert_string_equal(row(10), "00:00:06.000000  IP 10.0.0.7.40000 > 10.0.0.9.8125  UDP len 0  u2");
    assert_string_equal(row(11), "    f2");
    /* No further than to its end. */
    press(watch, "GG");
    sized(6, 100);
    watch_draw(watch);
    assert_string_equal(row(2), "00:00:05.000000  IP 10.0.0.7.40000 > 10.0.0.9.8125  UDP len 0  u1");
    press(watch, "k");
    watch_draw(watch);
    assert_string_equal(row(3), "00:00:05.000000  IP 10.0.0.7.40000 > 10.0.0.9.8125  UDP len 0  u1");
    press(watch, "\033");
    assert_false(watch->open);
    watch_free(watch);
}

/* As many sites as there is room for, the selected one among them. */
static void test_scrolling(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    sized(7, 80);
    answer(watch,
           ANSWER(SITE(1, "a", 5) "," SITE(2, "b", 4) "," SITE(3, "c", 3) "," SITE(4, "d", 2),
                  RECORD(1, 1, 1) "," RECORD(2, 2, 2) "," RECORD(3, 3, 3) "," RECORD(4, 4, 4)),
           1);
    watch_draw(watch);
    assert_non_null(strstr(row(2), " a+0x1 "));
    assert_non_null(strstr(row(4), " b+0x1 "));
    assert_string_equal(row(6), "");
    press(watch, "G");
    watch_draw(watch);
    assert_non_null(strstr(row(4), " d+0x1 "));
    assert_int_equal(mvinch(4, 0) & A_REVERSE, A_REVERSE);
    watch_free(watch);
}

/* Nothing is drawn beside the screen, however small it is. */
static void test_any_size(void **state)
{
    struct watch *watch = watch_new("");

    (void)state;
    answer(watch,
           ANSWER(SITE(1, "\xe9\xab\x98\xe9\xab\x98\xe9\xab\x98", 5) "," SITE(2, "b", 4),
                  RECORD(1, 1, 1) "," RECORD(2, 2, 2)),
           1);
    for (int lines = 1; lines < 9; lines++)
        for (int columns = 1; columns < 120; columns += 7) {
            sized(lines, columns);
            for (const char *keys = "\r/x\033\033\r\033"; *keys; keys++) {
                watch_draw(watch);
                (void)watch_key(watch, *keys, watch_draw_page());
            }
        }
    watch_free(watch);
}

/* A screen that nobody sees. */
static int set_up(void **state)
{
    FILE *nothing = fopen("/dev/null", "r+");

    if (!setlocale(LC_CTYPE, "C.UTF-8") || setenv("TZ", "UTC", true) < 0 || !nothing)
        return -1;
    *state = newterm("xterm", nothing, nothing);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)endwin();
    delscreen(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_orders),
        cmocka_unit_test(test_a_rate_follows),
        cmocka_unit_test(test_the_last_packets_stay),
        cmocka_unit_test(test_a_flood_beside_what_passes_the_filter),
        cmocka_unit_test(test_many_sites_come_and_go),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_the_selection_stays_with_its_site),
        cmocka_unit_test(test_the_screen),
        cmocka_unit_test(test_an_opened_site),
        cmocka_unit_test(test_scrolling),
        cmocka_unit_test(test_any_size),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
