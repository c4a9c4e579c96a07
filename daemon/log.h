#pragma once

/*
 * One line on standard error for each message, with systemd's <priority> prefix where standard error is the
 * journal. Only the runner, main and HTTP start-up log; everything else returns faults. Any thread.
 */

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* Sets the least important level that is still written; the program's only mutable file-scope variable. */
void log_set_level(enum log_level level);

/* Control characters and invalid UTF-8 in the message come out escaped: texts from the kernel are data. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
