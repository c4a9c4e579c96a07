/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Formats times, numbers and names for all views of packets. Pure, except for the time zone. */

#include "terminal/records.h"

enum { WORDS_TIME_SIZE = 32, WORDS_NUMBER_SIZE = 32, WORDS_PLACE_SIZE = 196, WORDS_DEVICE_SIZE = 196 };

/* Writes the local time: "03:09:20.118204". */
void words_time(uint64_t time_ns, char text[WORDS_TIME_SIZE]);

/* Writes "27,910". */
void words_number(uint64_t number, char text[WORDS_NUMBER_SIZE]);

/* Writes "578.0" or "12,345"; "-" if the rate is negative, which means not known. */
void words_rate(double rate, char text[WORDS_NUMBER_SIZE]);

/* Writes "nft_do_chain+0x4b2"; "-" if the site is NULL, because the daemon has forgotten it. */
void words_place(const struct record_site *site, char text[WORDS_PLACE_SIZE]);

/* Writes "eth0", or "eth0@blue" in another network namespace; "-" if there is none. */
void words_device(const char *device, const char *netns, char text[WORDS_DEVICE_SIZE]);

/* Returns the text, or "-" if it is empty. */
const char *words_or_none(const char *text);
