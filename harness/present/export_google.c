/*
 * A run as Google Benchmark's JSON (its docs/user_guide.md, "JSON output"), one entry per
 * repetition and no aggregates: compare.py makes its own.
 *
 *   "name": "create-pointer/bytes:80/strategy:goheap/threads:2"
 *
 * The strategy is a part of the name, so that compare.py's `benchmarks` pairs two runs and its
 * `filters` two strategies of one run. Times are ns/op and cpu-ns/op; every other measured column
 * is a user counter by its own name. What the run does not tell (the host, its clock rate) is left
 * out.
 */
#include <stdio.h>
#include <string.h>

#include "harness/present/export.h"
#include "harness/present/json_write.h"

/* ---- context ---- */

/* A run that was not given a name is called by its time, 20260102T030405Z. */
static void date_write(struct json_writer *w, const char *run) {
    GDateTime *date = NULL;
    if (strlen(run) == strlen("20260102T030405Z") && g_str_has_suffix(run, "Z"))
        date = g_date_time_new_from_iso8601(run, NULL);
    if (date == NULL)
        return;
    char *text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S+00:00");
    json_text(w, "date", text);
    g_free(text);
    g_date_time_unref(date);
}

static void machine_text_write(struct json_writer *w, const struct export *e, const char *key,
                               const char *name) {
    char *value = export_machine_find(e, name);
    if (value != NULL)
        json_text(w, key, value);
    g_free(value);
}

static void cpus_write(struct json_writer *w, const struct export *e) {
    char *cpus = export_machine_find(e, "cpus online");
    char *governor = export_machine_find(e, "frequency governor");
    guint64 count;
    if (cpus != NULL && g_ascii_string_to_unsigned(cpus, 10, 1, G_MAXUINT32, &count, NULL))
        json_count(w, "num_cpus", count);
    if (governor != NULL && strcmp(governor, "unknown") != 0)
        json_bool(w, "cpu_scaling_enabled", strcmp(governor, "performance") != 0);
    g_free(governor);
    g_free(cpus);
}

/* "L1d 48K": its kind, level and size. */
static void cache_write(struct json_writer *w, const char *cache) {
    unsigned level, kilobytes;
    char kind, unit;
    bool is_split = sscanf(cache, " L%u%c %u%c", &level, &kind, &kilobytes, &unit) == 4;
    if (!is_split || unit != 'K' || strchr("di ", kind) == NULL)
        return;
    json_open(w, NULL, '{');
    json_text(w, "type", kind == 'd' ? "Data" : kind == 'i' ? "Instruction" : "Unified");
    json_count(w, "level", level);
    json_count(w, "size", (uint64_t)kilobytes * 1024);
    json_close(w, '}');
}

static void caches_write(struct json_writer *w, const struct export *e) {
    char *text = export_machine_find(e, "caches");
    char **caches = g_strsplit(text != NULL ? text : "", ",", -1);
    json_open(w, "caches", '[');
    for (char **cache = caches; *cache != NULL; cache++)
        cache_write(w, *cache);
    json_close(w, ']');
    g_strfreev(caches);
    g_free(text);
}

static void load_write(struct json_writer *w, const struct export *e) {
    char *text = export_machine_find(e, "load (1, 5, 15 min)");
    char **loads = g_strsplit(text != NULL ? text : "", " ", -1);
    json_open(w, "load_avg", '[');
    for (char **load = loads; *load != NULL; load++) {
        char *end;
        double value = g_ascii_strtod(*load, &end);
        if (end != *load && *end == '\0')
            json_real(w, NULL, value);
    }
    json_close(w, ']');
    g_strfreev(loads);
    g_free(text);
}

static void context_write(struct json_writer *w, const struct export *e) {
    char *build = export_machine_find(e, "build");
    json_open(w, "context", '{');
    date_write(w, e->run);
    json_text(w, "executable", "heapmark");
    cpus_write(w, e);
    caches_write(w, e);
    load_write(w, e);
    if (build != NULL)
        json_text(w, "library_build_type", strstr(build, "-DNDEBUG") != NULL ? "release" : "debug");
    machine_text_write(w, e, "cpu", "cpu");
    machine_text_write(w, e, "kernel", "kernel");
    machine_text_write(w, e, "heapmark", "heapmark");
    json_text(w, "run", e->run);
    if (e->left_out != NULL)
        json_text(w, "not_exported", e->left_out);
    json_close(w, '}');
    g_free(build);
}

/* ---- benchmarks ---- */

/* Where an entry stands: Google Benchmark sorts by these numbers. */
struct family {
    const struct cell_summary *cell; /* of the entry before */
    uint64_t family, instance;
};

/* A family is a workload under a strategy; its instances differ in parameters and threads. */
static void family_step(struct family *f, const struct cell_summary *cell) {
    const struct cell_summary *last = f->cell;
    f->cell = cell;
    if (last == NULL || last == cell)
        return;
    if (strcmp(last->workload, cell->workload) == 0 &&
        strcmp(last->strategy, cell->strategy) == 0) {
        f->instance++;
    } else {
        f->family++;
        f->instance = 0;
    }
}

static void names_write(struct json_writer *w, const struct export_row *row) {
    GString *name = g_string_new(NULL);
    export_name_append(name, row->cell->workload);
    export_keys_append(name, row->cell, ':');
    if (row->cell->threads > 1 && row->cell->threads != COUNT_EMPTY)
        g_string_append_printf(name, "/threads:%" G_GUINT64_FORMAT, row->cell->threads);
    json_text(w, "name", name->str);
    json_text(w, "run_name", name->str);
    g_string_free(name, TRUE);
}

static bool field_is_counter(const struct field *field) {
    return field->kind != FIELD_TEXT && strcmp(field->group, "identity") != 0 &&
           strcmp(field->name, "ns_per_op") != 0 && strcmp(field->name, "cpu_ns_per_op") != 0;
}

/* Counts go out as whole numbers: a double would round those above 2^53. */
static void counters_write(struct json_writer *w, const struct record *r) {
    for (size_t i = 0; i < record_type.field_count; i++) {
        const struct field *field = &record_type.fields[i];
        const char *member = (const char *)r + field->offset;
        uint64_t count;
        double real;
        if (!field_is_counter(field))
            continue;
        if (field->kind == FIELD_COUNT) {
            memcpy(&count, member, sizeof count);
            json_count(w, field->name, count);
        } else {
            memcpy(&real, member, sizeof real);
            json_real(w, field->name, real);
        }
    }
}

static void benchmark_write(struct json_writer *w, const struct export_row *row,
                            const struct family *family) {
    const struct record *r = row->record;
    char *label = g_strdup_printf("%s %s", r->allocator != NULL ? r->allocator : "",
                                  r->version != NULL ? r->version : "");
    json_open(w, NULL, '{');
    names_write(w, row);
    json_count(w, "family_index", family->family);
    json_count(w, "per_family_instance_index", family->instance);
    json_text(w, "run_type", "iteration");
    json_count(w, "repetitions", row->repetitions);
    json_count(w, "repetition_index", row->repetition_index);
    json_count(w, "threads", row->cell->threads);
    json_count(w, "iterations", r->ops);
    json_real(w, "real_time", r->ns_per_op);
    json_real(w, "cpu_time", r->cpu_ns_per_op);
    json_text(w, "time_unit", "ns");
    if (*g_strstrip(label) != '\0')
        json_text(w, "label", label);
    counters_write(w, r);
    json_close(w, '}');
    g_free(label);
}

char *export_google_text(const struct export *e) {
    struct json_writer w = {.out = g_string_new(NULL)};
    struct family family = {.cell = NULL};
    json_open(&w, NULL, '{');
    context_write(&w, e);
    json_open(&w, "benchmarks", '[');
    for (guint i = 0; i < e->rows->len; i++) {
        const struct export_row *row = &g_array_index(e->rows, struct export_row, i);
        family_step(&family, row->cell);
        benchmark_write(&w, row, &family);
    }
    json_close(&w, ']');
    json_close(&w, '}');
    return g_string_free(w.out, FALSE);
}
