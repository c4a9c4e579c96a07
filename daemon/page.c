#include "daemon/page.h"

/* See page.h. Runs on the HTTP threads; reads the registry, never the kernel. */

#include "collectors/collector.h"
#include "daemon/clock.h"
#include "daemon/escape.h"
#include "version.h"

#include "build-config.h"

static const char page_style[] =
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}"
    "main{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8886}"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}"
    ".ok{color:light-dark(#176b2c,#6fce86)}.bad{color:light-dark(#a01818,#ff8f8f);font-weight:600}"
    ".quiet{opacity:.75}";

static const char *state_class(enum collector_state state)
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

/* Nanoseconds as people read them. */
static void page_duration(struct buffer *out, uint64_t ns)
{
    if (ns < NS_PER_SECOND / 1000)
        buffer_printf(out, "%u µs", (unsigned)(ns / 1000));
    else if (ns < NS_PER_SECOND)
        buffer_printf(out, "%.1f ms", (double)ns / 1e6);
    else
        buffer_printf(out, "%.1f s", (double)ns / 1e9);
}

static void page_collector(struct buffer *out, const struct collector *collector,
                           const struct collector_health *health)
{
    buffer_text(out, "<tr><th scope=\"row\">");
    escape_text(out, ESCAPE_HTML, collector->name);
    buffer_text(out, "</th><td>");
    escape_text(out, ESCAPE_HTML, collector->summary);
    buffer_printf(out, "</td><td class=\"%s\">%s", state_class(health->state),
                  collector_state_name(health->state));
    if (health->busy_ns >= NS_PER_SECOND) {
        buffer_text(out, ", busy for ");
        page_duration(out, health->busy_ns);
    }
    if (health->reason[0]) {
        buffer_text(out, ": ");
        escape_text(out, ESCAPE_HTML, health->reason);
    }
    buffer_printf(out, "</td><td class=\"number\">%llu</td><td class=\"number\">",
                  (unsigned long long)health->series);
    if (health->tried)
        page_duration(out, health->duration_ns);
    buffer_printf(out, "</td><td class=\"number\">%llu</td></tr>\n", (unsigned long long)health->failures);
}

static void page_collectors(struct buffer *out, const struct registry *registry)
{
    uint64_t now_ns = clock_boottime_ns();

    buffer_text(out, "<h2>Collectors</h2>\n<table>\n<thead><tr><th scope=\"col\">Name</th>"
                     "<th scope=\"col\">What it reads</th><th scope=\"col\">State</th>"
                     "<th scope=\"col\" class=\"number\">Series</th>"
                     "<th scope=\"col\" class=\"number\">Last took</th>"
                     "<th scope=\"col\" class=\"number\">Failures</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < registry_count(registry); i++) {
        struct collector_health health;

        registry_health(registry, i, now_ns, &health);
        if (health.enabled)
            page_collector(out, collectors[i], &health);
    }
    buffer_text(out, "</tbody>\n</table>\n");
}

int page_render(const struct page *page, struct buffer *out)
{
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<title>netdrop-exporter</title>\n<style>");
    buffer_text(out, page_style);
    buffer_text(out, "</style>\n</head>\n<body>\n<main>\n<h1>netdrop-exporter</h1>\n"
                     "<p>Where, on which interface, and why this host drops packets. Version " NETDROP_VERSION
                     " (" NETDROP_REVISION ").</p>\n<p><a href=\"");
    escape_text(out, ESCAPE_HTML, page->telemetry_path);
    buffer_text(out,
                "\">Metrics</a> · <a href=\"/-/healthy\">Healthy</a> · <a href=\"/-/ready\">Ready</a></p>\n");
    page_collectors(out, page->registry);
    buffer_text(out, "</main>\n</body>\n</html>\n");
    return out->error;
}
