/* Progress lines. */
#include "harness/present/progress.h"

#include <glib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S        UINT64_C(1000000000)
#define TERMINAL_NS     (NS_PER_S / 20) /* more often only flickers */
#define PLAIN_NS        (10 * NS_PER_S)
#define COLUMNS_ASSUMED 80

static uint64_t progress_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

char *duration_text(uint64_t ns) {
    uint64_t s = (ns + NS_PER_S / 2) / NS_PER_S;
    if (s >= 3600)
        return g_strdup_printf("%" G_GUINT64_FORMAT " h %02" G_GUINT64_FORMAT " min", s / 3600,
                               s % 3600 / 60);
    if (s >= 60)
        return g_strdup_printf("%" G_GUINT64_FORMAT " min %02" G_GUINT64_FORMAT " s", s / 60,
                               s % 60);
    return g_strdup_printf("%" G_GUINT64_FORMAT " s", s);
}

char *progress_line(size_t done, size_t total, uint64_t elapsed_ns, const char *current) {
    if (done == 0)
        return g_strdup_printf("%zu/%zu: %s", done, total, current);
    double left = (double)elapsed_ns / (double)done * (double)(total - done);
    char *duration = duration_text((uint64_t)left);
    char *line = g_strdup_printf("%zu/%zu, about %s left: %s", done, total, duration, current);
    g_free(duration);
    return line;
}

void progress_init(struct progress *p, FILE *stream) {
    *p = (struct progress){.stream = stream,
                           .is_terminal = isatty(fileno(stream)) == 1,
                           .start_ns = progress_now_ns()};
}

/* A line that wraps could not be written over. */
static int progress_columns(const struct progress *p) {
    struct winsize window;
    if (ioctl(fileno(p->stream), TIOCGWINSZ, &window) != 0 || window.ws_col < 2)
        return COLUMNS_ASSUMED;
    return window.ws_col - 1;
}

void progress_show(struct progress *p, size_t done, size_t total, const char *current) {
    uint64_t now_ns = progress_now_ns();
    uint64_t least_ns = p->is_terminal ? TERMINAL_NS : PLAIN_NS;
    if (p->shown_ns != 0 && now_ns - p->shown_ns < least_ns)
        return;
    char *line = progress_line(done, total, now_ns - p->start_ns, current);
    if (p->is_terminal)
        fprintf(p->stream, "\r\033[K%.*s", progress_columns(p), line);
    else
        fprintf(p->stream, "%s\n", line);
    fflush(p->stream);
    g_free(line);
    p->shown_ns = now_ns;
}

void progress_say(struct progress *p, const char *line) {
    fprintf(p->stream, "%s%s\n", p->is_terminal ? "\r\033[K" : "", line);
    fflush(p->stream);
}

void progress_end(struct progress *p, size_t done, size_t total) {
    if (p->is_terminal) {
        fputs("\r\033[K", p->stream);
    } else if (total > 0) {
        char *duration = duration_text(progress_now_ns() - p->start_ns);
        fprintf(p->stream, "%zu/%zu in %s\n", done, total, duration);
        g_free(duration);
    }
    fflush(p->stream);
}
