/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The answers of routes.h: plain data, with the headers that all answers have. Any thread. */

#include <stddef.h>

#include "base/buffer.h"
#include "daemon/encode/answer_cache.h"

enum { RESPONSE_HEADERS_MAX = 8 };

/* Names and values must outlive the response. */
struct header {
    const char *name;
    const char *value;
};

struct response {
    unsigned status;
    struct header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    const char *data; /* size bytes, valid until release(owner) is called */
    size_t size;
    void (*release)(void *owner); /* NULL for constant data */
    void *owner;
};

extern const char response_text_type[]; /* plain text, UTF-8 */

void response_header(struct response *response, const char *name, const char *value);
/* Returns the value of a header, or NULL if there is none. */
const char *response_value(const struct response *response, const char *name);

/* Responds with plain text of static storage. */
void respond_constant(struct response *response, unsigned status, const char *text);
/* Responds with another document of static storage. */
void respond_document(struct response *response, const char *content_type, const char *text);
/* Responds that memory ran out. */
void respond_exhausted(struct response *response);
/* Takes over the reference. NULL means that the body could not be made. */
void respond_body(struct response *response, unsigned status, const char *content_type,
                  const struct body *body);
/* Takes the buffer's memory over. */
void respond_buffer(struct answer_cache *answers, struct response *response, unsigned status,
                    const char *content_type, struct buffer *buffer);
