/* Everything a gate knows, as JSON: the rule, the findings, and each row as it was measured. */
#include <string.h>

#include "harness/present/gate_report.h"
#include "harness/present/json_write.h"

#define GATE_JSON_VERSION 1

static const char *const tier_names[] = {"validity", "exact", "banded", "time"};

static void text_write(struct json_writer *w, const char *key, const char *text) {
    if (text != NULL)
        json_text(w, key, text);
}

/* ---- the rule ---- */

static void limits_write(struct json_writer *w, const char *key, const struct gate_limit *limits,
                         size_t count) {
    json_open(w, key, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(w, NULL, '{');
        text_write(w, "cell", limits[i].cell);
        text_write(w, "metric", limits[i].metric);
        json_real(w, "share", limits[i].share);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void rule_write(struct json_writer *w, const struct gate_rule *rule) {
    json_open(w, "rule", '{');
    json_real(w, "margin", rule->margin);
    json_real(w, "pass_margin", rule->pass_margin);
    json_real(w, "rate", rule->rate);
    json_real(w, "confirm_p", rule->confirm_p);
    json_count(w, "blocks_least", rule->blocks_least);
    limits_write(w, "limits", rule->limits, rule->limit_count);
    limits_write(w, "floors", rule->floors, rule->floor_count);
    json_close(w, '}');
}

/* ---- findings ---- */

static void finding_numbers(struct json_writer *w, const struct gate_finding *f) {
    json_real(w, "base", f->base);
    json_real(w, "candidate", f->candidate);
    json_real(w, "effect", f->effect);
    json_real(w, "low", f->low);
    json_real(w, "high", f->high);
    json_real(w, "log_ratio_estimate", f->log_ratio);
    json_real(w, "p", f->p);
    json_real(w, "margin", f->margin);
    json_real(w, "visible", f->visible);
    json_real(w, "aa_effect", f->aa_effect);
    json_count(w, "blocks", f->blocks);
    json_count(w, "confirm_blocks", f->confirm_blocks);
    json_count(w, "aa_blocks", f->aa_blocks);
    json_count(w, "void_blocks", f->void_blocks);
}

static void finding_write(struct json_writer *w, const struct gate_finding *f) {
    json_open(w, NULL, '{');
    json_text(w, "verdict", gate_verdict_name(f->verdict));
    json_count(w, "cell", f->cell);
    text_write(w, "label", f->label);
    text_write(w, "metric", f->metric);
    json_text(w, "tier", tier_names[f->tier]);
    finding_numbers(w, f);
    text_write(w, "reason", f->reason);
    json_close(w, '}');
}

/* ---- rows, by their lists of columns ---- */

static void field_write(struct json_writer *w, const struct field *field, const char *row) {
    const char *text;
    uint64_t count;
    double real;
    switch (field->kind) {
    case FIELD_TEXT:
        memcpy(&text, row + field->offset, sizeof text);
        text_write(w, field->name, text);
        break;
    case FIELD_COUNT:
        memcpy(&count, row + field->offset, sizeof count);
        json_count(w, field->name, count);
        break;
    case FIELD_REAL:
        memcpy(&real, row + field->offset, sizeof real);
        json_real(w, field->name, real);
        break;
    }
}

static void rows_write(struct json_writer *w, const char *key, const struct row_type *type,
                       const GArray *rows) {
    json_open(w, key, '[');
    for (guint i = 0; i < rows->len; i++) {
        json_open(w, NULL, '{');
        for (size_t f = 0; f < type->field_count; f++)
            field_write(w, &type->fields[f], rows->data + (size_t)i * type->bytes);
        json_close(w, '}');
    }
    json_close(w, ']');
}

char *gate_report_json(const struct gate_report *r) {
    static const char *const policies[] = {"fail", "warn", "ok"};
    struct json_writer w = {.out = g_string_new(NULL)};
    json_open(&w, NULL, '{');
    json_count(&w, "heapmark_gate", GATE_JSON_VERSION);
    json_text(&w, "verdict", gate_verdict_name(r->findings->verdict));
    json_text(&w, "inconclusive", policies[r->policy]);
    json_text(&w, "base", r->base);
    json_text(&w, "candidate", r->candidate);
    rule_write(&w, r->rule);
    json_open(&w, "findings", '[');
    for (guint i = 0; i < r->findings->findings->len; i++)
        finding_write(&w, &g_array_index(r->findings->findings, struct gate_finding, i));
    json_close(&w, ']');
    json_open(&w, "absent", '[');
    for (guint i = 0; i < r->findings->absent->len; i++)
        finding_write(&w, &g_array_index(r->findings->absent, struct gate_finding, i));
    json_close(&w, ']');
    rows_write(&w, "cells", &gate_cell_type, r->rows->cells);
    rows_write(&w, "blocks", &gate_block_type, r->rows->blocks);
    rows_write(&w, "counts", &gate_count_type, r->rows->counts);
    json_close(&w, '}');
    return g_string_free(w.out, FALSE);
}
