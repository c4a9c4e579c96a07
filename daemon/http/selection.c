/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/selection.h"

/* Parses ?collect[]= and ?exclude[]=. HTTP threads. An error message shows the client's own text only cut and
 * made harmless. */

#include <string.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/cleanup.h"
#include "collectors/collector.h"

enum { REFLECTED_MAX = 64 }; /* bytes of the client's own text in an error */

/* Appends the client's own text: printable ASCII, with a limit. */
static void append_reflected(struct buffer *out, const char *text)
{
    size_t i;

    for (i = 0; text[i] && i < REFLECTED_MAX; i++) {
        char c = is_visible(text[i]) || text[i] == ' ' ? text[i] : '?';

        buffer_append(out, &c, 1);
    }
    if (text[i])
        buffer_text(out, "...");
}

static bool slot_enabled(const struct routes *routes, size_t slot, uint64_t now_ns)
{
    struct freshness freshness;

    registry_freshness(routes->registry, slot, now_ns, &freshness);
    return freshness.enabled;
}

/* Returns the bit of the enabled collector with this name, or 0 if there is none. */
static uint64_t collector_bit(const struct routes *routes, const char *name, uint64_t now_ns)
{
    for (size_t i = 0; i < collector_count; i++) {
        if (name && strcmp(collectors[i]->name, name) == 0)
            return slot_enabled(routes, i, now_ns) ? UINT64_C(1) << i : 0;
    }
    return 0;
}

static void respond_unknown_collector(const struct routes *routes, const char *name, uint64_t now_ns,
                                      struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};
    const char *separator = "";

    buffer_text(&text, "no enabled collector is called \"");
    append_reflected(&text, name ? name : "");
    buffer_text(&text, "\"; enabled: ");
    for (size_t i = 0; i < collector_count; i++) {
        if (!slot_enabled(routes, i, now_ns))
            continue;
        buffer_printf(&text, "%s%s", separator, collectors[i]->name);
        separator = ", ";
    }
    buffer_text(&text, "\n");
    respond_buffer(routes->answers, response, 400, response_text_type, &text);
}

uint64_t selection_all(void)
{
    return UINT64_MAX >> (64 - collector_count);
}

uint64_t selection_node_exporter(void)
{
    uint64_t all = 0;

    for (size_t i = 0; i < collector_count; i++)
        all |= (uint64_t)(collectors[i]->node != NULL) << i;
    return all;
}

struct selection selection_of(const struct routes *routes, const struct request *request)
{
    uint64_t collect = 0, exclude = 0;

    if (request->arguments_cut)
        return (struct selection){.verdict = SELECTION_CUT};
    for (size_t i = 0; i < request->argument_count; i++) {
        const struct argument *argument = &request->arguments[i];
        bool is_collect = strcmp(argument->key, "collect[]") == 0;
        uint64_t bit;

        if (!is_collect && strcmp(argument->key, "exclude[]") != 0)
            continue;
        bit = collector_bit(routes, argument->value, request->now_ns);
        if (!bit)
            return (struct selection){.verdict = SELECTION_UNKNOWN, .unknown = argument->value};
        *(is_collect ? &collect : &exclude) |= bit;
    }
    if (collect && exclude)
        return (struct selection){.verdict = SELECTION_BOTH};
    return (struct selection){.collectors = collect ? collect : selection_all() & ~exclude};
}

void selection_respond_wrong(const struct routes *routes, const struct request *request,
                             const struct selection *selection, struct response *response)
{
    if (selection->verdict == SELECTION_CUT)
        respond_constant(response, 400, "too many query arguments\n");
    else if (selection->verdict == SELECTION_BOTH)
        respond_constant(response, 400, "collect[] and exclude[] cannot be combined\n");
    else
        respond_unknown_collector(routes, selection->unknown, request->now_ns, response);
}
