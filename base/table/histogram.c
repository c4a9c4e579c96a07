/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/histogram.h"

/*
 * Renders the `le` labels of the buckets of a histogram. Pure; any thread. Builds the text from decimal
 * digits, without printf(): no doubles, no locale.
 */

#include <assert.h>
#include <string.h>

/* With more digits, the text may not be the shortest for its double. */
#define BOUND_MAX UINT64_C(1000000000000000)

enum { NANOSECOND_DIGITS = 9 };

/* A number as 0.DIGITS * 10^point, without zeros at either end. */
struct decimal {
    char digits[UINT64_TEXT_MAX];
    int count;
    int point;
};

static struct decimal decimal_of(uint64_t bound, enum value_type type)
{
    struct decimal decimal;

    decimal.point = decimal.count = (int)(format_uint64(decimal.digits, bound) - decimal.digits);
    if (type == VALUE_SECONDS && bound)
        decimal.point -= NANOSECOND_DIGITS;
    while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
        decimal.count--;
    return decimal;
}

/* Writes it in exponent form: "1e-05", "1.048576e+06". */
static void render_exponent(struct buffer *out, const struct decimal *decimal)
{
    buffer_append(out, decimal->digits, 1);
    if (decimal->count > 1)
        buffer_printf(out, ".%.*s", decimal->count - 1, decimal->digits + 1);
    buffer_printf(out, "e%+03d", decimal->point - 1);
}

/* Writes "0.0005", "2.5", "65536", and for OpenMetrics "65536.0". */
static void render_plain(struct buffer *out, const struct decimal *decimal, enum exposition exposition)
{
    static const char zeros[] = "000000";

    if (decimal->point <= 0)
        buffer_printf(out, "0.%.*s%.*s", -decimal->point, zeros, decimal->count, decimal->digits);
    else if (decimal->count > decimal->point)
        buffer_printf(out, "%.*s.%.*s", decimal->point, decimal->digits, decimal->count - decimal->point,
                      decimal->digits + decimal->point);
    else
        buffer_printf(out, "%.*s%.*s%s", decimal->count, decimal->digits, decimal->point - decimal->count,
                      zeros, exposition == EXPOSITION_OPENMETRICS ? ".0" : "");
}

void histogram_render(struct buffer *out, const struct metric *metric, enum exposition exposition)
{
    assert(metric->value == VALUE_UINT64 || metric->value == VALUE_SECONDS);
    for (size_t i = 0; i < metric->bound_count; i++) {
        struct decimal decimal = decimal_of(metric->bounds[i], metric->value);

        assert(metric->bounds[i] < BOUND_MAX && (i == 0 || metric->bounds[i] > metric->bounds[i - 1]));
        buffer_text(out, "le=\"");
        if (decimal.point < -3 || decimal.point > 6)
            render_exponent(out, &decimal);
        else
            render_plain(out, &decimal, exposition);
        buffer_append(out, "\"} ", sizeof("\"} "));
    }
    buffer_append(out, "le=\"+Inf\"} ", sizeof("le=\"+Inf\"} "));
}

void table_set_histogram(struct table *table, size_t row, size_t column, const uint64_t *counts, uint64_t sum)
{
    const struct column *histogram = &table->columns->columns[column];

    assert(histogram->type == METRIC_HISTOGRAM);
    memcpy(table->cells + row * table->columns->width + histogram->buckets, counts,
           histogram->bucket_count * sizeof(*counts));
    table_set(table, row, column, sum);
}

const uint64_t *table_histogram(const struct table *table, size_t row, size_t column)
{
    const struct column *histogram = &table->columns->columns[column];
    uint64_t sum;

    assert(histogram->type == METRIC_HISTOGRAM);
    if (!table_get(table, row, column, &sum))
        return NULL;
    return table->cells + row * table->columns->width + histogram->buckets;
}
