/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Helps clients that close their side while their request is suspended. When a connection is resumed,
 * libmicrohttpd reads first, and takes the end of the client's data for the end of the connection, although
 * the request is complete and the client waits for its answer (MHD_connection_handle_read()). So for the
 * moment of that read another socket stands in under the same descriptor number, one with nothing to read and
 * no end. A suspended connection is in no epoll set, so nothing else notices.
 */

/* Replaces `fd` by a stand-in if its client has closed its side. Returns the client's own descriptor, for
 * stand_in_leave(), or -1 if no stand-in is needed or none could be made. Any thread, before the connection
 * is resumed. */
int stand_in_enter(int fd);

/* Puts the client's descriptor back, and makes *own -1. Accepts -1. */
void stand_in_leave(int *own, int fd);
