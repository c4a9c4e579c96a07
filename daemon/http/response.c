/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/response.h"

/* Builds the responses that routes return. Any thread. */

#include <string.h>

const char response_text_type[] = "text/plain; charset=utf-8";

void response_header(struct response *response, const char *name, const char *value)
{
    response->headers[response->header_count++] = (struct header){name, value};
}

const char *response_value(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (!strcmp(response->headers[i].name, name))
            return response->headers[i].value;
    return NULL;
}

static void response_init(struct response *response, unsigned status, const char *content_type)
{
    *response = (struct response){.status = status};
    response_header(response, "Content-Type", content_type);
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Cache-Control", "no-store");
}

/* Responds with a text of static storage. */
static void respond_static(struct response *response, unsigned status, const char *content_type,
                           const char *text)
{
    response_init(response, status, content_type);
    response->data = text;
    response->size = strlen(text);
}

void respond_constant(struct response *response, unsigned status, const char *text)
{
    respond_static(response, status, response_text_type, text);
}

void respond_document(struct response *response, const char *content_type, const char *text)
{
    respond_static(response, 200, content_type, text);
}

void respond_exhausted(struct response *response)
{
    respond_constant(response, 503, "out of memory, try again later\n");
}

static void on_release(void *owner)
{
    answer_cache_release(owner);
}

void respond_body(struct response *response, unsigned status, const char *content_type,
                  const struct body *body)
{
    if (!body) {
        respond_exhausted(response);
        return;
    }
    response_init(response, status, content_type);
    response->data = body->data;
    response->size = body->size;
    response->release = on_release;
    response->owner = (void *)body;
}

void respond_buffer(struct answer_cache *answers, struct response *response, unsigned status,
                    const char *content_type, struct buffer *buffer)
{
    respond_body(response, status, content_type, answer_cache_take_in(answers, buffer));
}
