/* Ratios, intervals and verdicts as people read them. */
#include "harness/present/compare_words.h"

#include <math.h>
#include <stdio.h>

struct quantity compare_value(const struct compare_metric *metric, double value) {
    switch (metric->unit) {
    case COMPARE_COUNT:
        return quantity_exact(value);
    case COMPARE_TIME:
        return quantity_time(value);
    case COMPARE_MEMORY:
        return quantity_memory(value);
    default:
        return quantity_plain(value);
    }
}

struct quantity compare_ratio(double effect) {
    double ratio = exp(effect);
    if (!(ratio >= 0.0995 && ratio < 9.9995))
        return quantity_plain(ratio);
    struct quantity q;
    snprintf(q.text, sizeof q.text, "%.3f", ratio);
    return q;
}

struct quantity compare_percent(double share) {
    struct quantity q;
    double percent = share * 100;
    if (percent >= 999.5)
        snprintf(q.text, sizeof q.text, "%.40s %%", quantity_plain(percent).text);
    else
        snprintf(q.text, sizeof q.text, "%.*f %%", percent < 9.95 ? 1 : 0, percent);
    return q;
}

struct quantity compare_finding_ratio(const struct compare_finding *f) {
    if (!isnan(f->effect))
        return compare_ratio(f->effect);
    if (f->a > 0 || f->b > 0) {
        if (!(f->a > 0))
            return (struct quantity){"from 0"};
        if (!(f->b > 0))
            return (struct quantity){"to 0"};
    }
    return (struct quantity){QUANTITY_NONE};
}

char *compare_interval(double low, double high, double coverage) {
    if (isnan(low))
        return g_strdup(QUANTITY_NONE);
    char *below = coverage < COMPARE_LEVEL - 0.0005
                      ? g_strdup_printf(" %.0f %%", floor(coverage * 100))
                      : g_strdup("");
    char *text =
        g_strdup_printf("[%s, %s]%s", compare_ratio(low).text, compare_ratio(high).text, below);
    g_free(below);
    return text;
}

char *compare_finding_interval(const struct compare_finding *f) {
    return f->is_exact ? g_strdup("exact") : compare_interval(f->low, f->high, f->coverage);
}

struct quantity compare_finding_visible(const struct compare_finding *f) {
    if (f->is_exact || f->visible <= 0)
        return (struct quantity){"any"};
    if (!isfinite(f->visible))
        return (struct quantity){QUANTITY_NONE};
    return compare_percent(f->visible);
}

/* Rounded up, so that it is not less than what it stands for; what doubles cannot hold is no more.
 */
static double share_up(double share) {
    double percent = share * 100, step = percent < 9.95 ? 10 : 1;
    return ceil(percent * step - 1e-6) / step / 100;
}

char *compare_finding_verdict(const struct compare_finding *f,
                              const struct compare_metric *metric) {
    const char *word = compare_verdict_word(f->verdict, metric);
    switch (f->verdict) {
    case COMPARE_PERHAPS_UP:
    case COMPARE_PERHAPS_DOWN:
        return g_strdup_printf("perhaps %s", word);
    case COMPARE_NOISY:
    case COMPARE_FEW:
        return g_strdup_printf("cannot tell: %s", word);
    case COMPARE_SAME:
        return g_strdup_printf(
            "same within ±%s",
            compare_percent(share_up(expm1(fmax(fabs(f->low), fabs(f->high))))).text);
    default:
        return g_strdup(word);
    }
}

char *compare_finding_count(const struct compare_finding *f) {
    return f->is_paired ? g_strdup_printf("%u pairs", f->count_a)
                        : g_strdup_printf("%u, %u", f->count_a, f->count_b);
}

char *compare_work(const struct compare_cell *cell) {
    GString *text = g_string_new(cell->named->workload);
    if (*cell->named->parameters != '\0')
        g_string_append_printf(text, " %s", cell->named->parameters);
    if (cell->named->threads != 1)
        g_string_append_printf(text, " threads=%" G_GUINT64_FORMAT, cell->named->threads);
    return g_string_free(text, FALSE);
}

const char *compare_group(const char *group) {
    return *group != '\0' ? group : "(no group)";
}
