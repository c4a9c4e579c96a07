/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page.h"

/*
 * Builds the page at /. page.html says where things stand; the place_* functions write them. HTTP threads;
 * reads snapshots and trends, never the kernel.
 */

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/version.h"
#include "collectors/collector.h"
#include "daemon/page/page_html.h"
#include "daemon/page/page_view.h"

/* A page under construction. */
struct rendering {
    const struct page *page;
    struct page_view *view;
    uint64_t now_ns;
    struct utsname host;
    bool all_interfaces;
    bool some_left_out; /* some interfaces are not shown */
};

/* A piece of page.html: a text, and the function that writes what follows. NULL: nothing follows. */
struct piece {
    const char *text;
    void (*place)(struct rendering *rendering, struct buffer *out);
};

/* Declares place_NAME() for each {{NAME}}. */
#include "daemon/page/page-assets.h"

/* Makes the digest by which the Content-Security-Policy allows an inline text. */
static void digest_text(const char *text, char digest[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, strlen(text), (const uint8_t *)text);
    sha256_digest(&context, sizeof(bytes), bytes);
    base64_encode_raw(digest, sizeof(bytes), bytes);
    digest[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)] = '\0';
}

void page_init(struct page *page)
{
    char style[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1];
    char script[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1];

    digest_text(page_css, style);
    digest_text(page_js, script);
    (void)snprintf(page->policy, sizeof(page->policy),
                   "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src 'self'; "
                   "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                   style, script);
}

static const char *state_class(enum health_state state)
{
    switch (state) {
    case COLLECTOR_OK:
        return "ok";
    case COLLECTOR_STARTING:
    case COLLECTOR_UNSUPPORTED:
        return "quiet";
    default:
        return "bad";
    }
}

static void page_collector(struct buffer *out, const struct collector *collector,
                           const struct collector_health *health)
{
    const char *reason = health->reason[0] ? health->reason : health->note;

    buffer_text(out, "<tr><th scope=\"row\">");
    html_text(out, collector->name);
    buffer_text(out, "</th>");
    html_cell(out, "", "");
    html_text(out, collector->summary);
    buffer_text(out, "</td>");
    html_cell(out, "State", state_class(health->state));
    buffer_text(out, health_state_name(health->state));
    if (health->busy_ns >= NS_PER_SECOND) {
        buffer_text(out, ", busy for ");
        html_duration(out, health->busy_ns);
    }
    if (reason[0]) {
        buffer_text(out, ": ");
        html_text(out, reason);
    }
    buffer_text(out, "</td>");
    html_cell(out, "Series", "number");
    html_count(out, health->series);
    buffer_text(out, "</td>");
    html_cell(out, "Last took", "number");
    if (health->tried)
        html_duration(out, health->duration_ns);
    buffer_text(out, "</td>");
    html_cell(out, "Failures", "number");
    html_count(out, health->failures);
    buffer_text(out, "</td></tr>\n");
}

static void place_collectors(struct rendering *rendering, struct buffer *out)
{
    static const char *const columns[] = {"Name",    "What it reads", "State",
                                          "#Series", "#Last took",    "#Failures"};
    const struct registry *registry = rendering->page->registry;

    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < registry_count(registry); i++) {
        struct collector_health health;

        registry_health(registry, i, rendering->now_ns, &health);
        if (health.enabled)
            page_collector(out, collectors[i], &health);
    }
    html_table_end(out);
}

/* Lists the limits that were ever hit. */
static void place_limits(struct rendering *rendering, struct buffer *out)
{
    const struct limits *limits = rendering->page->limits;
    bool any = false;

    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        uint64_t hits = atomic_load_explicit(&limits->hits[i], memory_order_relaxed);

        if (!hits)
            continue;
        buffer_printf(out, "%s%s (",
                      any ? ", " : "<p class=\"bad\">Limits that were hit: ", limit_name((enum limit)i));
        html_count(out, hits);
        buffer_text(out, ")");
        any = true;
    }
    if (any)
        buffer_text(out, ".</p>\n");
}

static void place_host(struct rendering *rendering, struct buffer *out)
{
    html_text(out, rendering->host.nodename);
}

static void place_style(struct rendering *rendering, struct buffer *out)
{
    (void)rendering;
    buffer_text(out, page_css);
}

static void place_script(struct rendering *rendering, struct buffer *out)
{
    (void)rendering;
    buffer_text(out, page_js);
}

static void place_version(struct rendering *rendering, struct buffer *out)
{
    (void)rendering;
    html_text(out, NETDROP_VERSION " (" NETDROP_REVISION ")");
}

static void place_telemetry_path(struct rendering *rendering, struct buffer *out)
{
    /* Relative, because a proxy may serve everything below a path of its own. */
    buffer_text(out, "./");
    html_text(out, rendering->page->telemetry_path + 1);
}

static void place_verdict(struct rendering *rendering, struct buffer *out)
{
    page_verdict(rendering->view->report, out);
}

static void place_path(struct rendering *rendering, struct buffer *out)
{
    page_path(rendering->view->report, out);
}

static void place_incidents(struct rendering *rendering, struct buffer *out)
{
    page_incidents(rendering->view->report, out);
}

static void place_interfaces(struct rendering *rendering, struct buffer *out)
{
    if (page_devices(rendering->view, true, rendering->all_interfaces, out))
        rendering->some_left_out = true;
}

static void place_other_interfaces(struct rendering *rendering, struct buffer *out)
{
    if (page_devices(rendering->view, false, rendering->all_interfaces, out))
        rendering->some_left_out = true;
}

/* Opens the list if all interfaces were asked for. */
static void place_open(struct rendering *rendering, struct buffer *out)
{
    buffer_text(out, rendering->all_interfaces ? " open" : "");
}

/* After the interfaces, and not in the part that is refreshed, where it would lose the focus. */
static void place_all_interfaces(struct rendering *rendering, struct buffer *out)
{
    if (rendering->some_left_out)
        buffer_text(out, "<p><a href=\"?interfaces=all\">All interfaces</a></p>\n");
}

static void place_counters(struct rendering *rendering, struct buffer *out)
{
    page_counters(rendering->view, out);
}

static void place_sites(struct rendering *rendering, struct buffer *out)
{
    page_sites(rendering->view, out);
}

int page_render(const struct page *page, bool all_interfaces, uint64_t now_ns, struct buffer *out)
{
    _cleanup_(page_view_freep) struct page_view *view = page_view_new(page, now_ns);
    struct rendering rendering = {
        .page = page, .view = view, .now_ns = now_ns, .all_interfaces = all_interfaces};

    if (!view)
        return -ENOMEM;
    (void)uname(&rendering.host);
    for (size_t i = 0; i < ELEMENTS(page_html); i++) {
        buffer_text(out, page_html[i].text);
        if (page_html[i].place)
            page_html[i].place(&rendering, out);
    }
    return out->error;
}
