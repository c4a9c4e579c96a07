/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/rounds_private.h"

/* How rounds begin and end: their memory and their thread. Main thread. */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int rounds_new(struct registry *registry, const struct rounds_caller *caller,
               const struct rounds_terms *terms, struct rounds **ret_rounds)
{
    size_t count = registry_count(registry);
    struct rounds *rounds = calloc(1, sizeof(*rounds) + count * sizeof(rounds->slots[0]));
    int error = rounds ? alarm_open(&rounds->alarm) : -ENOMEM;

    if (error < 0) {
        free(rounds);
        return error;
    }
    rounds->registry = registry;
    rounds->caller = *caller;
    rounds->terms = *terms;
    rounds->deadline_ns = rounds->ahead_ns = rounds->held_ns = UINT64_MAX;
    rounds->cpu = (struct budget){.share = ROUND_CPU_SHARE, .capacity_ns = ROUND_CPU_SAVED_NS};
    rounds->rtnl = (struct budget){.share = ROUND_RTNL_SHARE, .capacity_ns = ROUND_RTNL_SAVED_NS};
    for (size_t slot = 0; slot < count; slot++)
        rounds->slots[slot].target_ns = UINT64_MAX;
    pthread_mutex_init(&rounds->lock, NULL);
    *ret_rounds = rounds;
    return 0;
}

struct rounds *rounds_free(struct rounds *rounds)
{
    if (!rounds)
        return NULL;
    rounds_stop(rounds);
    close(rounds->alarm.fd);
    pthread_mutex_destroy(&rounds->lock);
    free(rounds);
    return NULL;
}

static void *rounds_thread(void *data)
{
    struct rounds *rounds = data;

    pthread_setname_np(pthread_self(), "rounds");
    while (!alarm_wait(&rounds->alarm) || rounds_turn(rounds, clock_boottime_ns()))
        ;
    return NULL;
}

int rounds_start(struct rounds *rounds)
{
    int error = pthread_create(&rounds->thread, NULL, rounds_thread, rounds);

    rounds->running = !error;
    return -error;
}

void rounds_stop(struct rounds *rounds)
{
    pthread_mutex_lock(&rounds->lock);
    rounds->stopping = true;
    rounds->queued = 0; /* the runners to call may soon be gone */
    rounds_set_alarm(rounds);
    pthread_mutex_unlock(&rounds->lock);
    if (rounds->running)
        pthread_join(rounds->thread, NULL);
    rounds->running = false;
    rounds_release(rounds);
}
