#include "harness/analyze/gate_margin.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

bool gate_limit_names_cell(const struct gate_limit *limit, const struct gate_cell_row *cell,
                           const char *label) {
    char *work = gate_cell_label(cell);
    bool names = fnmatch(limit->cell, label, 0) == 0 || fnmatch(limit->cell, work, 0) == 0 ||
                 (cell->workload != NULL && fnmatch(limit->cell, cell->workload, 0) == 0);
    g_free(work);
    return names;
}

static bool limit_names(const struct gate_limit *limit, const char *metric,
                        const struct gate_cell_row *cell, const char *label) {
    return fnmatch(limit->metric, metric, 0) == 0 && gate_limit_names_cell(limit, cell, label);
}

static double either(double first, double otherwise) {
    return isnan(first) ? otherwise : first;
}

struct gate_margin gate_margin_of(const struct gate_rule *rule, const struct gate_metric *metric,
                                  const struct gate_cell_row *cell, const char *label) {
    bool is_time = metric->tier == GATE_TIME;
    struct gate_margin m = {.margin = metric->margin};
    if (is_time)
        m.margin = either(rule->margin, metric->margin);
    double pass = is_time ? either(rule->pass_margin, NAN) : NAN;
    double grey = isnan(pass) ? metric->pass_margin - metric->margin : pass - m.margin;
    for (size_t i = 0; i < rule->limit_count; i++) {
        if (limit_names(&rule->limits[i], metric->name, cell, label)) {
            m.margin = rule->limits[i].share;
            m.is_limited = true;
        }
    }
    for (size_t i = 0; i < rule->floor_count; i++) {
        if (limit_names(&rule->floors[i], metric->name, cell, label))
            m.margin = fmax(m.margin, rule->floors[i].share);
    }
    m.pass = m.margin + fmax(grey, 0);
    m.log_margin = log1p(m.margin);
    m.log_pass = log1p(m.pass);
    return m;
}
