/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page.h"

/* See page.h. Runs on the HTTP threads; reads snapshots and trends, never the kernel. */

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
#include "daemon/page/page-assets.h"
#include "daemon/page/page_html.h"
#include "daemon/page/page_view.h"

/* As Content-Security-Policy names an inline text. */
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
    buffer_text(out, "</th><td class=\"wide\">");
    html_text(out, collector->summary);
    buffer_printf(out, "</td><td class=\"state %s\">%s", state_class(health->state),
                  health_state_name(health->state));
    if (health->busy_ns >= NS_PER_SECOND) {
        buffer_text(out, ", busy for ");
        html_duration(out, health->busy_ns);
    }
    if (reason[0]) {
        buffer_text(out, ": ");
        html_text(out, reason);
    }
    buffer_text(out, "</td><td class=\"number\">");
    html_count(out, health->series);
    buffer_text(out, "</td><td class=\"number\">");
    if (health->tried)
        html_duration(out, health->duration_ns);
    buffer_text(out, "</td><td class=\"number\">");
    html_count(out, health->failures);
    buffer_text(out, "</td></tr>\n");
}

static void page_collectors(const struct registry *registry, uint64_t now_ns, struct buffer *out)
{
    static const char *const columns[] = {"Name",    "What it reads", "State",
                                          "#Series", "#Last took",    "#Failures"};

    html_table_begin(out, columns, ELEMENTS(columns));
    for (size_t i = 0; i < registry_count(registry); i++) {
        struct collector_health health;

        registry_health(registry, i, now_ns, &health);
        if (health.enabled)
            page_collector(out, collectors[i], &health);
    }
    html_table_end(out);
}

/* What was left out for want of room: the limits that were ever hit. */
static void page_limits(const struct limits *limits, struct buffer *out)
{
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

/* A part that the script renews; it scrolls by itself where it is too wide. */
static void part_begin(struct buffer *out, const char *id, const char *title)
{
    buffer_printf(out, "<section class=\"scroll\" id=\"%s\" data-live tabindex=\"0\" aria-label=\"%s\">\n",
                  id, title);
}

static void part_end(struct buffer *out)
{
    buffer_text(out, "</section>\n");
}

static void page_head(const struct page *page, const struct page_view *view, struct buffer *out)
{
    struct utsname host = {};

    (void)uname(&host);
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_text(out, host.nodename);
    buffer_printf(out, " – netdrop-exporter</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n<h1>",
                  page_css);
    html_text(out, host.nodename);
    buffer_text(out, "</h1>\n<span class=\"quiet\">netdrop-exporter " NETDROP_VERSION " (" NETDROP_REVISION
                     ")</span>\n<nav><a href=\"");
    html_text(out, page->telemetry_path);
    buffer_text(
        out, "\">Metrics</a></nav>\n</header>\n<main>\n"
             "<p id=\"note\" role=\"alert\" hidden>The exporter does not answer: what you see is old.</p>\n"
             "<p id=\"verdict\" data-live>");
    page_verdict(view, out);
    buffer_text(out, "</p>\n");
}

static void page_body(const struct page *page, struct page_view *view, bool all_interfaces, uint64_t now_ns,
                      struct buffer *out)
{
    bool more;

    buffer_text(out, "<h2>Lost within the last five minutes</h2>\n");
    part_begin(out, "losses", "Lost within the last five minutes");
    page_losses(view, out);
    part_end(out);
    buffer_text(out, "<h2>Interfaces</h2>\n");
    part_begin(out, "interfaces", "Interfaces");
    more = page_devices(view, all_interfaces, out);
    part_end(out);
    /* Not in what is renewed: it would lose the focus. */
    if (more)
        buffer_text(out, "<p><a href=\"?interfaces=all\">All interfaces</a></p>\n");
    buffer_text(out, "<h2>Other drops</h2>\n<details>\n<summary>By configuration, benign, or "
                     "for a reason that is not known, within the last five minutes</summary>\n");
    part_begin(out, "others", "Other drops");
    page_others(view, out);
    part_end(out);
    buffer_text(out, "</details>\n<h2>Drop sites in the kernel</h2>\n<details>\n<summary>All that dropped "
                     "since the exporter counts</summary>\n");
    part_begin(out, "sites", "Drop sites in the kernel");
    page_sites(view, out);
    part_end(out);
    buffer_text(out, "</details>\n<h2>Collectors</h2>\n");
    part_begin(out, "collectors", "Collectors");
    page_collectors(page->registry, now_ns, out);
    page_limits(page->limits, out);
    part_end(out);
}

int page_render(const struct page *page, bool all_interfaces, uint64_t now_ns, struct buffer *out)
{
    _cleanup_(page_view_freep) struct page_view *view = page_view_new(page->registry, page->trend, now_ns);

    if (!view)
        return -ENOMEM;
    page_head(page, view, out);
    page_body(page, view, all_interfaces, now_ns, out);
    buffer_printf(out, "</main>\n<script>%s</script>\n</body>\n</html>\n", page_js);
    return out->error;
}
