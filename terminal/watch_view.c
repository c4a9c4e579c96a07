/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_view.h"

/*
 * Runs the live view on a terminal. Main thread. Signals wait until ending is safe (ending.h), except while
 * the screen is written: a terminal that has stopped would block us forever.
 */

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "terminal/ending.h"
#include "terminal/terminal_known.h"
#include "terminal/watch_draw.h"
#include "terminal/watch_keys.h"

#define LOOK_NS NS_PER_SECOND
enum { ESCAPE_MS = 25, NS_PER_MS = 1000000 };

struct view {
    struct watch watch;
    struct daemon_client *client;
    WINDOW *keys; /* a pad: reading a key from it does not draw */
    int ending;
    uint64_t next_ns; /* CLOCK_BOOTTIME of the next look */
    bool stale;       /* the screen must be drawn again */
};

bool watch_view_possible(const char **ret_why)
{
    const char *terminal = getenv("TERM");

    *ret_why = NULL;
    if (!isatty(STDOUT_FILENO))
        return false;
    if (!isatty(STDIN_FILENO))
        *ret_why = "standard input is no terminal, so there are no keys";
    else if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0)
        *ret_why = "TERM says nothing of the terminal";
    return !*ret_why;
}

static void look(struct view *view)
{
    _cleanup_(records_freep) struct records *records = NULL;
    struct watch *watch = &view->watch;
    struct fault fault = {};
    int error = daemon_client_fetch(view->client, &records, &fault);

    view->next_ns = clock_boottime_ns() + LOOK_NS;
    view->stale = true;
    *watch->trouble = '\0';
    if (error < 0) {
        (void)snprintf(watch->trouble, sizeof(watch->trouble), "no answer: %.200s", fault.text);
        return;
    }
    if (view->client->anew)
        watch_sites_forget(&watch->sites);
    if (watch_sites_update(&watch->sites, records, watch->filter, clock_boottime_ns()) < 0)
        strcpy(watch->trouble, "out of memory");
    strcpy(watch->host, records->host);
    watch_arrange(watch);
}

static bool screen_takes(void)
{
    struct pollfd screen = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&screen, 1, 0) == 1 && screen.revents & POLLOUT;
}

/* Draws, unless the terminal takes no output now: the next look is soon enough. */
static void show(struct view *view)
{
    sigset_t set;

    if (!view->stale || !screen_takes())
        return;
    watch_draw(&view->watch);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)doupdate();
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    view->stale = false;
}

static int wait_ms(const struct view *view)
{
    uint64_t now_ns = clock_boottime_ns();

    if (view->watch.paused && !view->stale)
        return -1;
    return now_ns >= view->next_ns ? 0 : (int)((view->next_ns - now_ns) / NS_PER_MS) + 1;
}

/* Waits for a key, a signal, a new window size or the next look. Returns false if the view must end. */
static bool await(struct view *view)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = view->ending, .events = POLLIN}};
    int ready = poll(fds, 2, wait_ms(view));

    if (ready < 0)
        return errno == EINTR;
    return !fds[1].revents && !(fds[0].revents & (POLLHUP | POLLERR | POLLNVAL));
}

static bool take_keys(struct view *view)
{
    int key;

    while ((key = wgetch(view->keys)) != ERR) {
        view->stale = true;
        if (key != KEY_RESIZE && watch_key(&view->watch, key, watch_draw_page()) == WATCH_QUIT)
            return false;
    }
    return true;
}

static void run(struct view *view)
{
    do {
        if (!view->watch.paused && clock_boottime_ns() >= view->next_ns)
            look(view);
        show(view);
    } while (await(view) && take_keys(view));
}

/* Handles signals while the screen is written. The terminal may have stopped; then output that it has not
 * shown would block restoring it, and is discarded. The next signal ends the process at once. curses(3)
 * installs a similar handler, but that one waits, and ignores the next signal. */
static void end_here(int number)
{
    (void)number;
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)tcflush(STDOUT_FILENO, TCOFLUSH);
    (void)endwin();
    _exit(EXIT_SUCCESS);
}

static bool prepare(struct view *view)
{
    const struct sigaction action = {.sa_handler = end_here, .sa_flags = SA_NODEFER};

    if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
        return false;
    view->keys = newpad(1, 1);
    if (!view->keys)
        return false;
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)keypad(view->keys, true);
    (void)nodelay(view->keys, true);
    (void)set_escdelay(ESCAPE_MS);
    return true;
}

/* Restores the terminal. If it has stopped, discards output that it has not shown. */
static void leave(struct view *view)
{
    ending_last(view->ending);
    if (!screen_takes())
        (void)tcflush(STDOUT_FILENO, TCOFLUSH);
    (void)endwin();
    if (view->keys)
        (void)delwin(view->keys);
}

int watch_view(struct daemon_client *client, const struct filter *filter, int ending)
{
    struct view view = {.client = client, .ending = ending};
    struct fault fault = {};
    SCREEN *screen;

    if (watch_init(&view.watch, filter_text(filter), &fault) < 0) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return EXIT_FAILURE;
    }
    screen = terminal_is_known() ? newterm(NULL, stdout, stdin) : NULL;
    if (screen) {
        if (prepare(&view))
            run(&view);
        leave(&view);
        delscreen(screen);
    } else {
        (void)fputs("this terminal is not known (TERM): try --watch --plain\n", stderr);
    }
    watch_done(&view.watch);
    return screen ? EXIT_SUCCESS : EXIT_FAILURE;
}
