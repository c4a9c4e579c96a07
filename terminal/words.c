/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/words.h"

/* Formats times, numbers and names for the terminal. Main thread. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"

enum { NS_PER_US = 1000, GROUP = 3, RATE_TENTHS = 1000 };

void words_time(uint64_t time_ns, char text[WORDS_TIME_SIZE])
{
    time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
    unsigned microseconds = (unsigned)(time_ns % NS_PER_SECOND / NS_PER_US);
    struct tm local = {};

    (void)localtime_r(&seconds, &local);
    (void)snprintf(text, WORDS_TIME_SIZE, "%02d:%02d:%02d.%06u", local.tm_hour % 100, local.tm_min % 100,
                   local.tm_sec % 100, microseconds);
}

void words_number(uint64_t number, char text[WORDS_NUMBER_SIZE])
{
    char digits[UINT64_TEXT_MAX];
    size_t count = (size_t)(format_uint64(digits, number) - digits);

    for (size_t i = 0; i < count; i++) {
        if (i && (count - i) % GROUP == 0)
            *text++ = ',';
        *text++ = digits[i];
    }
    *text = '\0';
}

void words_rate(double rate, char text[WORDS_NUMBER_SIZE])
{
    if (rate < 0)
        (void)snprintf(text, WORDS_NUMBER_SIZE, "-");
    else if (rate < RATE_TENTHS)
        (void)snprintf(text, WORDS_NUMBER_SIZE, "%.1f", rate);
    else
        words_number((uint64_t)rate, text);
}

void words_place(const struct record_site *site, char text[WORDS_PLACE_SIZE])
{
    if (site && *site->function)
        (void)snprintf(text, WORDS_PLACE_SIZE, "%s%s%s", site->function, *site->offset ? "+" : "",
                       site->offset);
    else
        (void)snprintf(text, WORDS_PLACE_SIZE, "%s", site ? words_or_none(site->offset) : "-");
}

void words_device(const char *device, const char *netns, char text[WORDS_DEVICE_SIZE])
{
    if (*netns && strcmp(netns, "self") != 0)
        (void)snprintf(text, WORDS_DEVICE_SIZE, "%s@%s", words_or_none(device), netns);
    else
        (void)snprintf(text, WORDS_DEVICE_SIZE, "%s", words_or_none(device));
}

const char *words_or_none(const char *text)
{
    return *text ? text : "-";
}
