/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people read of an incident: made-up facts, and golden texts; and its commands, which a real shell must
 * take for what was meant, whatever an interface is called. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/harmless.h"
#include "collectors/meaning/cause_words.h"
#include "collectors/meaning/command.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "tests/unit/unit.h"

static struct facts facts;
static struct incident incident;
static struct incident_commands given;

static void lost(enum stage stage, enum direction direction, enum loss_class loss_class, const char *device,
                 const char *cause)
{
    const struct ledger_key key = ledger_key(stage, direction, loss_class, device, cause);

    facts_init(&facts, &key, device, *device ? 1 : 0);
    incident =
        (struct incident){.stage = stage, .direction = direction, .loss_class = loss_class, .rate = 374.2};
    memcpy(incident.cause, key.cause, sizeof(incident.cause));
}

static void described(void)
{
    incident_describe(&incident, &facts, cause_find(facts.key.cause));
    incident_commands(&incident, &given);
}

static void title_is(const char *expected)
{
    _cleanup_(buffer_done) struct buffer out = {};

    incident_title(&incident, &out);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, expected);
}

static void command_is(size_t i, const char *text, const char *comment)
{
    assert_true(i < given.count);
    assert_string_equal(given.items[i].text, text);
    assert_string_equal(given.items[i].comment, comment);
}

static void test_a_socket(void **state)
{
    (void)state;
    lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "udp_receive_buffer_full");
    strcpy(facts.place.port, "8125");
    facts.place.protocol = "UDP";
    facts.place.port_count = 1;
    strcpy(facts.unit, "statsd.service");
    described();
    title_is("statsd.service, UDP port 8125: the receive buffer is full");
    command_is(0, "ss -lunmp 'sport = :8125'", "who reads it; rb is its buffer");
    assert_string_equal(incident.remedy->page, "udp-receive-buffer");
}

/* What is to be raised depends on where the size of the buffer came from. */
static void test_whose_buffer_it_is(void **state)
{
    static const struct {
        uint64_t buffer;
        const char *command; /* NULL: none helps */
    } cases[] = {
        {212992, "sysctl -w net.core.rmem_default=851968"},
        {851968, "sysctl -w net.core.rmem_max=1703936"},
        {4608, NULL},
        {0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "udp_receive_buffer_full");
        strcpy(facts.place.port, "8125");
        facts.place.protocol = "UDP";
        facts.place.port_count = 1;
        facts.buffer = cases[i].buffer;
        facts.buffer_default = 212992;
        facts.buffer_limit = 425984;
        described();
        assert_int_equal(given.count, cases[i].command ? 2 : 1);
        if (cases[i].command)
            assert_string_equal(given.items[1].text, cases[i].command);
    }
}

static void test_a_socket_of_nobody_known(void **state)
{
    (void)state;
    lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "udp_receive_buffer_full");
    described();
    title_is("eth0: the receive buffer is full");
    lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "udp_receive_buffer_full");
    strcpy(facts.place.port, "8125");
    facts.place.protocol = "UDP";
    facts.place.port_count = 3;
    described();
    title_is("UDP port 8125 and 2 more: the receive buffer is full");
    lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_ERROR, "eth0", "udp_nobody_listens");
    facts.device_count = 3;
    described();
    title_is("eth0 and 2 more: nobody listens on their UDP port");
    assert_string_equal(incident.device, "");
}

static void test_a_queue(void **state)
{
    (void)state;
    lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
    strcpy(facts.place.queue_kind, "tbf");
    strcpy(facts.place.queue_handle, "8001:");
    described();
    title_is("eth0, queue tbf 8001: the queue is full");
    command_is(0, "tc -s -d qdisc show dev eth0", "limit and rate of each queue");
}

/* How it is called depends on where it hangs; what cannot be called has no command. */
static void test_the_limit_of_a_queue(void **state)
{
    static const struct meaning_limit limit = {.unit = "packets in the queue"};
    static const struct {
        const char *handle, *parent;
        bool root;
        const char *command; /* NULL: none */
    } cases[] = {
        {"0:", "", true, "tc qdisc change dev eth0 root pfifo limit 2000"},
        {"8001:", "", true, "tc qdisc change dev eth0 root pfifo limit 2000"},
        {"10:", "1:1", false, "tc qdisc change dev eth0 parent 1:1 handle 10: pfifo limit 2000"},
        {"0:", ":1", false, NULL}, /* of mq */
        {"0:", "8001:2", false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
        strcpy(facts.place.queue_kind, "pfifo");
        strcpy(facts.place.queue_handle, cases[i].handle);
        strcpy(facts.place.queue_parent, cases[i].parent);
        facts.place.queue_is_root = cases[i].root;
        facts.limit.of = &limit;
        facts.limit.now = 1000;
        described();
        assert_int_equal(given.count, cases[i].command ? 2 : 1);
        if (cases[i].command)
            command_is(1, cases[i].command, "now 1000");
    }
    /* Of a kind whose limit is not known. */
    lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
    strcpy(facts.place.queue_kind, "tbf");
    strcpy(facts.place.queue_handle, "8001:");
    facts.place.queue_is_root = true;
    described();
    assert_int_equal(given.count, 1);
}

/* The host's setting is told only where it is what the listener was cut to. */
static void test_a_listener(void **state)
{
    static const struct meaning_limit limit = {.unit = "connections in the accept queue"};

    (void)state;
    for (uint64_t most = 128; most <= 4096; most *= 32) {
        lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "", "tcp_listen_drop");
        strcpy(facts.place.port, "443");
        facts.place.protocol = "TCP";
        facts.place.port_count = 1;
        facts.limit.of = &limit;
        facts.limit.now = 128;
        facts.listen_most = most;
        facts.meaning = &(const struct meaning){.cause = "-", .remedy = &remedies[REMEDY_ACCEPT_QUEUE]};
        described();
        command_is(0, "ss -ltnp 'sport = :443'", "Recv-Q waits, Send-Q is the limit");
        assert_int_equal(given.count, most == 128 ? 3 : 2);
    }
    lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_CAPACITY, "", "tcp_listen_drop");
    facts.limit.of = &limit;
    facts.limit.now = facts.listen_most = 128;
    facts.meaning = &(const struct meaning){.cause = "-", .remedy = &remedies[REMEDY_ACCEPT_QUEUE]};
    described();
    command_is(1, "sysctl -w net.core.somaxconn=256",
               "now 128, which cuts what the server asks for; then restart it");
}

static void test_a_ring(void **state)
{
    static const struct meaning_limit limit = {.now = "-", .most = "-", .unit = "receive ring entries"};
    _cleanup_(buffer_done) struct buffer out = {};
    const struct meaning meaning = {.cause = "-", .remedy = &remedies[REMEDY_NIC_MISSED]};

    (void)state;
    lost(STAGE_NIC, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "nic_missed");
    facts.meaning = &meaning;
    facts.limit.of = &limit;
    facts.limit.now = 512;
    facts.limit.most = 4096;
    described();
    title_is("eth0: the NIC's own buffer is full");
    command_is(0, "ethtool -g eth0", "its rings");
    command_is(1, "ethtool -G eth0 rx 4096", "now 512 of 4096");
    incident_limit(&incident, &out);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, "Limit: 512 of 4096 receive ring entries.");
    /* Nothing to gain. */
    lost(STAGE_NIC, DIRECTION_RECEIVE, LOSS_CAPACITY, "eth0", "nic_missed");
    facts.meaning = &meaning;
    facts.limit.of = &limit;
    facts.limit.now = facts.limit.most = 4096;
    described();
    assert_int_equal(given.count, 1);
}

static void test_rules(void **state)
{
    static const struct {
        enum direction direction;
        const char *title;
        const char *comment;
    } cases[] = {
        {DIRECTION_RECEIVE, "eth0: received packets are refused by a firewall rule",
         "chains of ingress, prerouting, input or forward"},
        {DIRECTION_FORWARD, "eth0: forwarded packets are refused by a firewall rule",
         "chains of postrouting or egress"},
        {DIRECTION_TRANSMIT, "eth0: sent packets are refused by a firewall rule",
         "chains of output, postrouting or egress"},
        {DIRECTION_NONE, "eth0: packets are refused by a firewall rule", "chains of all hooks"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        lost(STAGE_NETWORK, cases[i].direction, LOSS_POLICY, "eth0", "netfilter_rule");
        described();
        title_is(cases[i].title);
        command_is(0, "nft -a list ruleset", cases[i].comment);
    }
}

static void test_where_no_interface_is_ours(void **state)
{
    static const char *const titles[] = {
        [0] = "this host: sent packets are refused by a firewall rule",
        [FACT_OURS] = "this host: sent packets are refused by a firewall rule",
        [FACT_OTHERS] = "another network namespace: sent packets are refused by a firewall rule",
        [FACT_OURS | FACT_OTHERS] = "this host and others on it: sent packets are refused by a firewall rule",
    };

    (void)state;
    for (unsigned i = 0; i < ELEMENTS(titles); i++) {
        lost(STAGE_NETWORK, DIRECTION_TRANSMIT, LOSS_POLICY, "", "netfilter_rule");
        facts.elsewhere = i;
        described();
        title_is(titles[i]);
    }
}

static void test_what_nobody_knows(void **state)
{
    (void)state;
    lost(STAGE_NIC, DIRECTION_RECEIVE, LOSS_UNKNOWN, "eth0", "unexplained");
    strcpy(facts.counter_words, "receive missed");
    described();
    title_is("eth0: receive missed");
    lost(STAGE_NETWORK, DIRECTION_RECEIVE, LOSS_UNKNOWN, "", "unexplained");
    strcpy(facts.evidence[0].name, "netdrop_ip_in_discards_total");
    facts.evidence_count = 1;
    described();
    title_is("this host: counted by netdrop_ip_in_discards_total");
    lost(STAGE_UNKNOWN, DIRECTION_RECEIVE, LOSS_UNKNOWN, "eth0", "unknown");
    strcpy(facts.reason, "NOT_SPECIFIED");
    strcpy(facts.function, "foo_rcv");
    facts.site_count = 1;
    described();
    title_is("eth0: NOT_SPECIFIED in foo_rcv");
    assert_string_equal(incident.remedy->page, "drop-sites");
}

static void test_share(void **state)
{
    static const struct {
        double traffic;
        bool before;
        double lost;
        double share;
    } cases[] = {
        {300, false, 100, 0.25}, {400, true, 100, 0.25}, {0, false, 100, 1},   {40, true, 160, 0.8},
        {90, true, 100, 1},      {NAN, false, 100, NAN}, {300, false, 0, NAN},
    };
    static const struct meaning sent = {.subject = "{device}"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
        facts.traffic = cases[i].traffic;
        facts.traffic_before = cases[i].before;
        facts.traffic_meaning = &sent;
        facts.lost_rate = cases[i].lost;
        described();
        if (isnan(cases[i].share)) {
            assert_true(isnan(incident.share));
        } else {
            assert_float_equal(incident.share, cases[i].share, 1e-9);
            assert_string_equal(incident.share_of, "what eth0 sends");
        }
    }
}

static void test_numbers(void **state)
{
    static const struct {
        double rate;
        const char *text;
    } rates[] = {{374.2, "374/s"}, {9.94, "9.9/s"},  {1, "1.0/s"},
                 {0.5, "30/min"},  {0.001, "1/min"}, {0, "0/s"}};
    static const struct {
        double share;
        const char *text;
    } shares[] = {{0.192, "19 %"},
                  {1, "100 %"},
                  {0.0123, "1.2 %"},
                  {0.00012, "0.012 %"},
                  {0.00001, "less than 0.01 %"}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rates); i++) {
        _cleanup_(buffer_done) struct buffer out = {};

        incident_rate(rates[i].rate, &out);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, rates[i].text);
    }
    for (size_t i = 0; i < ELEMENTS(shares); i++) {
        _cleanup_(buffer_done) struct buffer out = {};

        incident_share(shares[i].share, &out);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, shares[i].text);
    }
}

/* The sentence, with hh:mm:ss for its times. */
static void sentence_is(uint64_t now_ns, const char *expected)
{
    _cleanup_(buffer_done) struct buffer out = {};

    incident_sentence(&incident, now_ns, &out);
    buffer_append(&out, "", 1);
    for (char *at = out.data; (at = strchr(at, ':')); at++)
        if (strlen(at) > 5 && at[3] == ':') {
            memcpy(at - 2, "hh:mm:ss", 8);
            at += 5;
        }
    assert_string_equal(out.data, expected);
}

static void test_a_sentence(void **state)
{
    (void)state;
    lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
    described();
    sentence_is(0, "eth0 loses 374/s: the queue is full");
    incident.since_ns = 1 * NS_PER_SECOND;
    sentence_is(31 * NS_PER_SECOND, "eth0 loses 374/s since hh:mm:ss: the queue is full");
    lost(STAGE_NETWORK, DIRECTION_RECEIVE, LOSS_POLICY, "eth0", "netfilter_rule");
    described();
    sentence_is(0, "eth0: 374/s received packets are refused by a firewall rule");
}

/* "0/s" would be no news of what was lost. */
static void test_a_sentence_of_what_is_over(void **state)
{
    (void)state;
    lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, "eth0", "qdisc_full");
    facts.device_count = 2;
    described();
    incident.rate = 0;
    incident.count = 812;
    incident.since_ns = 1 * NS_PER_SECOND;
    incident.moved_ns = 5 * NS_PER_SECOND;
    sentence_is(0, "eth0 and 1 more lost 812: the queue is full");
    sentence_is(31 * NS_PER_SECOND, "eth0 and 1 more lost 812 from hh:mm:ss to hh:mm:ss: the queue is full");
    lost(STAGE_NETWORK, DIRECTION_RECEIVE, LOSS_POLICY, "eth0", "netfilter_rule");
    described();
    incident.rate = 0;
    incident.count = 812;
    sentence_is(0, "eth0: 812 received packets were refused by a firewall rule");
    sentence_is(31 * NS_PER_SECOND,
                "eth0: 812 received packets were refused from hh:mm:ss to hh:mm:ss by a firewall rule");
}

static void test_every_cause_has_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAUSE_COUNT; i++) {
        const char *words = cause_words(&cause_meanings[i]);

        assert_non_null(words);
        assert_true(strlen(words) > 4 && strlen(words) < 80);
        assert_ptr_equal(cause_find(cause_meanings[i].name), &cause_meanings[i]);
    }
    assert_null(counter_cause_words("no_such_cause"));
}

/* A name that somebody gave an interface: no command, or one in which it is only a name. */
static void test_hostile_names(void **state)
{
    static const char *const names[] = {"a;reboot", "$(id)",    "`id`", "a'b",
                                        "-rf",      "\033[31m", "a\nb", "\xff"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, names[i], "qdisc_full");
        described();
        assert_true(harmless(incident.subject));
        assert_int_equal(given.count, harmless(names[i]));
    }
}

static const char *filled(const char *pattern, const char *device, char *text)
{
    const char *place = strstr(pattern, "{device}");
    size_t before = place ? (size_t)(place - pattern) : strlen(pattern);

    (void)sprintf(text, "%.*s%s%s", (int)before, pattern, place ? device : "",
                  place ? place + strlen("{device}") : "");
    return text;
}

/* The words of a template, one a line. */
static void split(const char *pattern, const char *device, char *lines)
{
    char whole[512];

    filled(pattern, device, whole);
    for (char *at = whole; *at; at++) {
        bool quoted = *at == '\'' && (at == whole || at[-1] == ' ');
        size_t size = strcspn(at + quoted, quoted ? "'" : " ");

        lines += sprintf(lines, "%.*s\n", (int)size, at + quoted);
        at += size + 2 * quoted;
        if (!*at)
            break;
    }
}

/* Each command of each cause, with an interface whose name means something to a shell. */
static void test_a_real_shell_sees_the_words(void **state)
{
    static const char device[] = "a;$(id)&*";
    static const struct meaning_limit limit = {.now = "-", .most = "-", .unit = "-"};
    char text[256], shell_line[512], seen[1024], expected[1024];
    size_t with_device = 0;

    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        FILE *shell;
        size_t size;

        if (strchr(commands[i].words, '{') && !strstr(commands[i].words, "{device}"))
            continue;
        if (strstr(commands[i].words, "{m") || strstr(commands[i].words, "{w"))
            continue;
        lost(STAGE_EGRESS, DIRECTION_TRANSMIT, LOSS_CAPACITY, device, "-");
        facts.limit.of = &limit;
        assert_true(incident_command_line(commands[i].words, &facts, text, sizeof(text)));
        (void)snprintf(shell_line, sizeof(shell_line), "printf '%%s\\n' %s", text);
        shell = popen(shell_line, "r");
        assert_non_null(shell);
        size = fread(seen, 1, sizeof(seen) - 1, shell);
        seen[size] = '\0';
        assert_int_equal(pclose(shell), 0);
        /* The name stands for one word, or a part of one. */
        split(commands[i].words, device, expected);
        assert_string_equal(seen, expected);
        with_device += strstr(commands[i].words, "{device}") != NULL;
    }
    assert_true(with_device > 20);
}

/* Last of all, where there are packets: also of another namespace, where nothing else can be typed. */
static void test_packets_can_be_watched(void **state)
{
    static const struct {
        const char *protocol, *port, *command;
    } cases[] = {
        {"UDP", "8125", "netdrop-exporter --watch 'udp dst port 8125'"},
        {"TCP", "443", "netdrop-exporter --watch 'tcp dst port 443'"},
        {"UDP", "other", "netdrop-exporter --watch"},
        {"UDP", "", "netdrop-exporter --watch"},
        {NULL, "8125", "netdrop-exporter --watch"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        lost(STAGE_TRANSPORT, DIRECTION_RECEIVE, LOSS_ERROR, "", "udp_nobody_listens");
        facts.elsewhere = FACT_OTHERS;
        facts.place.protocol = cases[i].protocol;
        strcpy(facts.place.port, cases[i].port);
        described();
        assert_int_equal(given.count, 0);
        facts.recorded = true;
        described();
        assert_int_equal(given.count, 1);
        assert_string_equal(given.items[0].text, cases[i].command);
        facts.elsewhere = FACT_OURS;
        described();
        assert_string_equal(given.items[given.count - 1].text, cases[i].command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_socket),
        cmocka_unit_test(test_whose_buffer_it_is),
        cmocka_unit_test(test_a_socket_of_nobody_known),
        cmocka_unit_test(test_a_queue),
        cmocka_unit_test(test_the_limit_of_a_queue),
        cmocka_unit_test(test_a_listener),
        cmocka_unit_test(test_a_ring),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_where_no_interface_is_ours),
        cmocka_unit_test(test_what_nobody_knows),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_a_sentence),
        cmocka_unit_test(test_a_sentence_of_what_is_over),
        cmocka_unit_test(test_every_cause_has_words),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_a_real_shell_sees_the_words),
        cmocka_unit_test(test_packets_can_be_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
