/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/option.h"

/*
 * Parses, prints, copies and compares settings by their option table. Called by the main thread, at start and
 * at each reload.
 */

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/duration.h"

static void *field_of(const struct option *option, const void *settings)
{
    return (char *)settings + option->offset;
}

/* Reads the digits at *text and moves behind them. Returns -EINVAL if there are none, -ERANGE if the number
 * exceeds 2^64-1. */
static int read_digits(const char **text, uint64_t *ret_value)
{
    const char *at = *text;
    uint64_t value = 0;
    int error = 0;

    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit_value(*at), &value))
            error = -ERANGE;
    if (at == *text)
        return -EINVAL;
    *text = at;
    *ret_value = value;
    return error;
}

/* Stores the value, if parsing succeeded (`range`: 0 or -ERANGE) and the value is within the option's
 * limits. */
static int set_number(const struct option *option, uint64_t *field, uint64_t value, int range,
                      struct fault *fault)
{
    char allowed[OPTION_TEXT_MAX];

    if (range < 0 || value < option->min || (option->max && value > option->max)) {
        option_allowed(option, allowed);
        return fault_set(fault, -EINVAL, "out of range: %s", *allowed ? allowed : "below 2^64");
    }
    *field = value;
    return 0;
}

static int set_uint(const struct option *option, uint64_t *field, const char *text, struct fault *fault)
{
    uint64_t value = 0;
    int error = read_digits(&text, &value);

    if (error == -EINVAL || *text)
        return fault_set(fault, -EINVAL, "expected a whole number");
    return set_number(option, field, value, error, fault);
}

static int set_duration(const struct option *option, uint64_t *field, const char *text, struct fault *fault)
{
    uint64_t value = 0;
    int error = read_digits(&text, &value);
    uint64_t unit = duration_unit(text);

    if (error == -EINVAL || !unit)
        return fault_set(fault, -EINVAL,
                         "expected one whole number and one unit (ms, s, m or h), like \"10s\"");
    if (__builtin_mul_overflow(value, unit, &value))
        error = -ERANGE;
    return set_number(option, field, value, error, fault);
}

static int set_bool(bool *field, const char *text, struct fault *fault)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return fault_set(fault, -EINVAL, "expected true or false");
    *field = *text == 't';
    return 0;
}

static int set_choice(const struct option *option, unsigned *field, const char *text, struct fault *fault)
{
    char allowed[OPTION_TEXT_MAX];

    for (unsigned i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], text) == 0) {
            *field = i;
            return 0;
        }
    option_allowed(option, allowed);
    return fault_set(fault, -EINVAL, "expected %s", allowed);
}

/* Checks what must be true of every text that a user gives. */
static int check_text(const struct option *option, const char *text, struct fault *fault)
{
    if (!utf8_valid(text, strlen(text)))
        return fault_set(fault, -EINVAL, "not valid UTF-8");
    for (const char *at = text; *at; at++)
        if (is_control(*at))
            return fault_set(fault, -EINVAL, "control characters are not allowed");
    return option->check ? option->check(text, fault) : 0;
}

static int set_string(const struct option *option, char **field, const char *text, struct fault *fault)
{
    int error = check_text(option, text, fault);
    char *copy;

    if (error < 0)
        return error;
    copy = strdup(text);
    if (!copy)
        return fault_set(fault, -ENOMEM, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

static int check_item(const struct option *option, const char *const *items, size_t i, struct fault *fault)
{
    if (!*items[i])
        return fault_set(fault, -EINVAL, "item %zu is empty", i + 1);
    for (size_t j = 0; option->unique && j < i; j++)
        if (strcmp(items[j], items[i]) == 0)
            return fault_set(fault, -EINVAL, "\"%s\" is there twice", items[i]);
    return check_text(option, items[i], fault);
}

static int check_count(const struct option *option, size_t count, struct fault *fault)
{
    uint64_t max = option->max ? option->max : OPTION_LIST_ITEMS_MAX;

    if (count < option->min || count > max)
        return fault_set(fault, -EINVAL, "%zu items, allowed are %" PRIu64 " to %" PRIu64, count, option->min,
                         max);
    return 0;
}

int option_set_list(const struct option *option, void *settings, const char *const *items, size_t count,
                    struct fault *fault)
{
    _cleanup_(string_list_done) struct string_list list = {.set = true};
    int error = check_count(option, count, fault);

    for (size_t i = 0; error == 0 && i < count; i++) {
        error = check_item(option, items, i, fault);
        if (error == 0 && string_list_add(&list, items[i]) < 0)
            error = fault_set(fault, -ENOMEM, "out of memory");
    }
    if (error < 0)
        return error;
    string_list_done(field_of(option, settings));
    *(struct string_list *)field_of(option, settings) = list;
    list = (struct string_list){};
    return 0;
}

const char *option_doubt(const struct option *option, const void *settings, size_t *index,
                         const char **ret_item)
{
    const struct string_list *list = field_of(option, settings);

    while (option->type == OPTION_LIST && option->doubt && *index < list->count) {
        const char *item = list->items[(*index)++];
        const char *why = option->doubt(item);

        *ret_item = item;
        if (why)
            return why;
    }
    return NULL;
}

/* Splits the text at commas. Blanks around an item do not belong to it. */
static int set_list_text(const struct option *option, void *settings, const char *text, struct fault *fault)
{
    _cleanup_(freep) char *copy = strdup(text);
    _cleanup_(freep) const char **items = calloc(OPTION_LIST_ITEMS_MAX + 1, sizeof(*items));
    size_t count = 0;
    char *rest = copy, *item;

    if (!copy || !items)
        return fault_set(fault, -ENOMEM, "out of memory");
    while (*text && count <= OPTION_LIST_ITEMS_MAX && (item = strsep(&rest, ","))) {
        item += strspn(item, " ");
        for (size_t size = strlen(item); size && item[size - 1] == ' '; size--)
            item[size - 1] = '\0';
        items[count++] = item;
    }
    return option_set_list(option, settings, items, count, fault);
}

int option_set_text(const struct option *option, void *settings, const char *text, struct fault *fault)
{
    void *field = field_of(option, settings);

    switch (option->type) {
    case OPTION_BOOL:
        return set_bool(field, text, fault);
    case OPTION_UINT:
        return set_uint(option, field, text, fault);
    case OPTION_DURATION:
        return set_duration(option, field, text, fault);
    case OPTION_STRING:
        return set_string(option, field, text, fault);
    case OPTION_LIST:
        return set_list_text(option, settings, text, fault);
    case OPTION_CHOICE:
        return set_choice(option, field, text, fault);
    }
    return -EINVAL;
}

static void option_done(const struct option *option, void *settings)
{
    char **string = field_of(option, settings);

    if (option->type == OPTION_LIST) {
        string_list_done(field_of(option, settings));
    } else if (option->type == OPTION_STRING) {
        free(*string);
        *string = NULL;
    }
}

void options_done(const struct option_table *table, void *settings)
{
    for (size_t i = 0; i < table->count; i++)
        option_done(&table->options[i], settings);
}

int options_init(const struct option_table *table, void *settings)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        int error = option->default_text ? option_set_text(option, settings, option->default_text, NULL) : 0;

        assert(error != -EINVAL); /* the table refuses its own default */
        if (error < 0) {
            options_done(table, settings);
            return error;
        }
        if (option->type == OPTION_LIST)
            ((struct string_list *)field_of(option, settings))->set = false;
    }
    return 0;
}

void *options_new(const struct option_table *table)
{
    void *settings = calloc(1, table->struct_size);

    if (settings && options_init(table, settings) < 0) {
        free(settings);
        return NULL;
    }
    return settings;
}

void options_free(const struct option_table *table, void *settings)
{
    if (settings)
        options_done(table, settings);
    free(settings);
}

int option_copy(const struct option *option, void *to, const void *from)
{
    static const size_t sizes[] = {
        [OPTION_BOOL] = sizeof(bool),
        [OPTION_UINT] = sizeof(uint64_t),
        [OPTION_DURATION] = sizeof(uint64_t),
        [OPTION_CHOICE] = sizeof(unsigned),
    };
    const struct string_list *list = field_of(option, from);
    char *const *string = field_of(option, from);
    int error = 0;

    if (option->type == OPTION_LIST) {
        error = option_set_list(option, to, (const char *const *)list->items, list->count, NULL);
        if (error == 0)
            ((struct string_list *)field_of(option, to))->set = list->set;
    } else if (option->type == OPTION_STRING && *string) {
        error = set_string(option, field_of(option, to), *string, NULL);
    } else if (option->type == OPTION_STRING) {
        option_done(option, to);
    } else {
        memcpy(field_of(option, to), field_of(option, from), sizes[option->type]);
    }
    return error;
}

static bool string_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool option_equal(const struct option *option, const void *a, const void *b)
{
    const void *left = field_of(option, a), *right = field_of(option, b);

    switch (option->type) {
    case OPTION_BOOL:
        return *(const bool *)left == *(const bool *)right;
    case OPTION_UINT:
    case OPTION_DURATION:
        return *(const uint64_t *)left == *(const uint64_t *)right;
    case OPTION_STRING:
        return string_equal(*(char *const *)left, *(char *const *)right);
    case OPTION_LIST:
        return string_list_equal(left, right);
    case OPTION_CHOICE:
        return *(const unsigned *)left == *(const unsigned *)right;
    }
    return false;
}

bool options_equal(const struct option_table *table, const void *a, const void *b)
{
    for (size_t i = 0; i < table->count; i++)
        if (!option_equal(&table->options[i], a, b))
            return false;
    return true;
}
