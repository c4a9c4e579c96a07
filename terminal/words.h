/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Formats times, numbers and names for all views of packets. Pure, except for the time zone. */

#include "terminal/records.h"

enum { WORDS_TIME_SIZE = 32, WORDS_NUMBER_SIZE = 32, WORDS_PLACE_SIZE = 196, WORDS_DEVICE_SIZE = 196 };

/* "03:09:20.118204", local time. */
void words_time(uint64_t time_ns, char text[WORDS_TIME_SIZE]);

/* "27,910" */
void words_number(uint64_t number, char text[WORDS_NUMBER_SIZE]);

/* "578.0", "12,345"; "-": negative, which is not known. */
void words_rate(double rate, char text[WORDS_NUMBER_SIZE]);

/* "nft_do_chain+0x4b2"; "-": the daemon has forgotten the site (NULL). */
void words_place(const struct record_site *site, char text[WORDS_PLACE_SIZE]);

/* "eth0"; in another network namespace "eth0@blue"; "-": none. */
void words_device(const char *device, const char *netns, char text[WORDS_DEVICE_SIZE]);

/* "-" for what is empty. */
const char *words_or_none(const char *text);
