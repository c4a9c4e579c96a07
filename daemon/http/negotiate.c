/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/negotiate.h"

/*
 * Chooses format and compression by what a client accepts. HTTP threads. The client controls each byte of the
 * headers: one pass from left to right over slices of the header itself, no copies, no allocation, no
 * backtracking.
 */

#include <string.h>
#include <strings.h>

#include "base/character.h"

enum { WEIGHT_MAX = 1000, WEIGHT_NONE = -1 }; /* thousandths; NONE: nothing in the header matches */

/* How precisely a media range names a type. The most precise range that matches decides. */
enum precision {
    PRECISION_ANY,     /* any type at all */
    PRECISION_TYPE,    /* any text */
    PRECISION_SUBTYPE, /* "text/plain" */
    PRECISION_VERSION, /* "text/plain;version=0.0.4" */
};

struct slice {
    const char *at;
    size_t size;
};

struct media {
    const char *type;
    const char *subtype;
    const char *version;
};

/* What the header says about one media type or coding so far. */
struct preference {
    int weight; /* or WEIGHT_NONE */
    int precision;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice slice_trim(struct slice slice)
{
    for (; slice.size > 0 && is_space(slice.at[0]); slice.size--)
        slice.at++;
    while (slice.size > 0 && is_space(slice.at[slice.size - 1]))
        slice.size--;
    return slice;
}

/* Takes what precedes the next separator outside of a quoted string from `rest`. */
static bool slice_next(struct slice *rest, char separator, struct slice *ret_part)
{
    bool quoted = false;
    size_t end = 0;

    if (!rest->at)
        return false;
    for (; end < rest->size && (quoted || rest->at[end] != separator); end++) {
        if (rest->at[end] == '"')
            quoted = !quoted;
        else if (quoted && rest->at[end] == '\\' && end + 1 < rest->size)
            end++;
    }
    *ret_part = slice_trim((struct slice){rest->at, end});
    if (end < rest->size)
        *rest = (struct slice){rest->at + end + 1, rest->size - end - 1};
    else
        *rest = (struct slice){NULL, 0};
    return true;
}

static bool slice_is(struct slice slice, const char *text)
{
    return slice.size == strlen(text) && strncasecmp(slice.at, text, slice.size) == 0;
}

/* Returns the inside of a quoted string, or other text as it is. Keeps escapes: no known value has one. */
static struct slice slice_unquote(struct slice slice)
{
    if (slice.size >= 2 && slice.at[0] == '"' && slice.at[slice.size - 1] == '"')
        return (struct slice){slice.at + 1, slice.size - 2};
    return slice;
}

/* Parses "name=value" and removes quotes around the value. Returns false if it is something else. */
static bool parameter_parse(struct slice text, struct slice *ret_name, struct slice *ret_value)
{
    struct slice name;

    slice_next(&text, '=', &name);
    if (!text.at)
        return false;
    *ret_name = name;
    *ret_value = slice_unquote(slice_trim(text));
    return true;
}

/* Parses "1" or "0.25" to thousandths and ignores further digits. Returns WEIGHT_NONE if it is not a
 * weight. */
static int weight_parse(struct slice text)
{
    int weight, unit = 100;

    if (text.size == 0 || (text.at[0] != '0' && text.at[0] != '1'))
        return WEIGHT_NONE;
    if (text.size > 1 && text.at[1] != '.')
        return WEIGHT_NONE;
    weight = digit_value(text.at[0]) * WEIGHT_MAX;
    for (size_t i = 2; i < text.size; i++, unit /= 10) {
        if (!is_digit(text.at[i]))
            return WEIGHT_NONE;
        weight += digit_value(text.at[i]) * unit;
    }
    return weight <= WEIGHT_MAX ? weight : WEIGHT_NONE;
}

/* The more precise statement wins. Of two equally precise ones, the server may choose: the larger weight. */
static void preference_add(struct preference *preference, int precision, int weight)
{
    if (precision < preference->precision)
        return;
    if (precision > preference->precision || weight > preference->weight)
        *preference = (struct preference){.weight = weight, .precision = precision};
}

/* Returns how precisely the range names the media type, or -1 if it does not match. */
static int media_match(struct slice range, const struct media *media)
{
    struct slice type;

    slice_next(&range, '/', &type);
    if (!range.at)
        return -1;
    if (slice_is(type, "*"))
        return slice_is(range, "*") ? PRECISION_ANY : -1;
    if (!slice_is(type, media->type))
        return -1;
    if (slice_is(range, "*"))
        return PRECISION_TYPE;
    return slice_is(range, media->subtype) ? PRECISION_SUBTYPE : -1;
}

/* Adds one element of Accept: "text/plain;version=0.0.4;q=0.5". Ignores other parameters: Prometheus 3 sends
 * "escaping", other clients send "charset". */
static void media_add(struct preference *preference, struct slice element, const struct media *media)
{
    struct slice part, name, value;
    int weight = WEIGHT_MAX;
    int precision;

    slice_next(&element, ';', &part);
    precision = media_match(part, media);
    if (precision < 0)
        return;
    while (slice_next(&element, ';', &part)) {
        if (!parameter_parse(part, &name, &value))
            continue;
        if (slice_is(name, "q"))
            weight = weight_parse(value);
        else if (slice_is(name, "version") && precision >= PRECISION_SUBTYPE)
            precision = slice_is(value, media->version) ? PRECISION_VERSION : -1;
        if (precision < 0 || weight < 0)
            return;
    }
    preference_add(preference, precision, weight);
}

static struct preference media_preference(const char *accept, const struct media *media)
{
    struct preference preference = {.weight = WEIGHT_NONE, .precision = -1};
    struct slice rest = {accept, strlen(accept)};
    struct slice element;

    while (slice_next(&rest, ',', &element))
        media_add(&preference, element, media);
    return preference;
}

enum exposition negotiate_exposition(const char *accept)
{
    static const struct media text_media = {"text", "plain", "0.0.4"};
    static const struct media open_media = {"application", "openmetrics-text", "1.0.0"};
    struct preference text, open;

    if (!accept)
        return EXPOSITION_TEXT;
    text = media_preference(accept, &text_media);
    open = media_preference(accept, &open_media);
    if (open.weight <= 0 || open.weight < text.weight)
        return EXPOSITION_TEXT;
    if (open.weight == text.weight && open.precision <= text.precision)
        return EXPOSITION_TEXT;
    return EXPOSITION_OPENMETRICS;
}

/* Adds one element of Accept-Encoding: "gzip;q=0.5". */
static void coding_add(struct preference *preference, struct slice element, const char *coding,
                       const char *alias)
{
    struct slice part, name, value;
    int weight = WEIGHT_MAX;
    int precision;

    slice_next(&element, ';', &part);
    if (slice_is(part, coding) || slice_is(part, alias))
        precision = PRECISION_SUBTYPE;
    else if (slice_is(part, "*"))
        precision = PRECISION_ANY;
    else
        return;
    while (slice_next(&element, ';', &part)) {
        if (parameter_parse(part, &name, &value) && slice_is(name, "q"))
            weight = weight_parse(value);
        if (weight < 0)
            return;
    }
    preference_add(preference, precision, weight);
}

bool negotiate_gzip(const char *accept_encoding)
{
    struct preference gzip = {.weight = WEIGHT_NONE, .precision = -1};
    struct preference identity = gzip;
    struct slice rest = {accept_encoding, accept_encoding ? strlen(accept_encoding) : 0};
    struct slice element;

    while (slice_next(&rest, ',', &element)) {
        coding_add(&gzip, element, "gzip", "x-gzip");
        coding_add(&identity, element, "identity", "identity");
    }
    return gzip.weight > 0 && gzip.weight >= identity.weight;
}
