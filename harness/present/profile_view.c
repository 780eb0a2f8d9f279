/* Files of a profile: every form of every cell, and the page of all. */
#include "harness/present/profile_view.h"

#include <glib/gstdio.h>

const char *const profile_kind_names[PROFILE_KINDS] = {"cpu", "allocations"};

void profile_view_release(struct profile_view *v) {
    for (int kind = 0; kind < PROFILE_KINDS; kind++) {
        if (!v->data[kind].is_there)
            continue;
        profile_release(&v->data[kind].profile);
        profile_sums_release(&v->data[kind].sums);
    }
    g_free(v->workload);
    g_free(v->strategy);
    g_free(v->program);
    g_free(v->problem);
    *v = (struct profile_view){0};
}

char *profile_file_name(const struct profile_view *v) {
    char *name = g_strdup_printf("%s.%s", v->workload, v->strategy);
    g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=-", '_');
    if (name[0] == '.')
        name[0] = '_';
    return name;
}

void profile_json_text(GString *out, const char *text) {
    char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *p = valid; *p != '\0'; p++) {
        unsigned char byte = (unsigned char)*p;
        /* '<' too, so that no name can end the page's script */
        if (byte < ' ' || byte == '"' || byte == '\\' || byte == '<')
            g_string_append_printf(out, "\\u%04x", byte);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
    g_free(valid);
}

/* ---- writing ---- */

static bool file_write(const char *dir, const char *name, const void *bytes, size_t count,
                       struct error *err) {
    GError *failure = NULL;
    char *path = g_build_filename(dir, name, NULL);
    bool ok = g_file_set_contents(path, bytes, (gssize)count, &failure);
    if (!ok) {
        const char *reason = g_strrstr(failure->message, ": "); /* GLib names the file once more */
        error_set(err, EXIT_CANNOT,
                  "%s could not be written: %s; the files before it are whole: make room, or name "
                  "another directory with --out",
                  path, reason == NULL ? failure->message : reason + strlen(": "));
        g_error_free(failure);
    }
    g_free(path);
    return ok;
}

static bool text_write(const char *dir, const char *name, GString *text, struct error *err) {
    bool ok = file_write(dir, name, text->str, text->len, err);
    g_string_free(text, TRUE);
    return ok;
}

static bool kind_write(const struct profile_view *v, enum profile_kind kind, const char *dir,
                       const char *stem, struct error *err) {
    char *name = g_strdup_printf("%s.%s.folded", stem, profile_kind_names[kind]);
    bool ok = text_write(dir, name, profile_folded(&v->data[kind]), err);
    g_free(name);
    name = g_strdup_printf("%s.%s.speedscope.json", stem, profile_kind_names[kind]);
    ok = ok && text_write(dir, name, profile_speedscope(v, kind), err);
    g_free(name);
    name = g_strdup_printf("%s.%s.pb.gz", stem, profile_kind_names[kind]);
    if (ok) {
        GByteArray *bytes = profile_pprof(v, kind);
        ok = file_write(dir, name, bytes->data, bytes->len, err);
        g_byte_array_free(bytes, TRUE);
    }
    g_free(name);
    return ok;
}

/* Strategies may differ in what no file name can say: the second of a name becomes NAME-2. */
static char *stem_new(GHashTable *used, const struct profile_view *v) {
    char *name = profile_file_name(v), *stem = g_strdup(name);
    for (unsigned number = 2; g_hash_table_contains(used, stem); number++) {
        g_free(stem);
        stem = g_strdup_printf("%s-%u", name, number);
    }
    g_free(name);
    g_hash_table_add(used, g_strdup(stem));
    return stem;
}

bool profile_files_write(const GPtrArray *views, const char *dir, struct error *err) {
    GHashTable *used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; i < views->len; i++) {
        const struct profile_view *v = g_ptr_array_index(views, i);
        char *stem = stem_new(used, v);
        for (int kind = 0; kind < PROFILE_KINDS; kind++)
            if (ok && v->data[kind].is_there)
                ok = kind_write(v, (enum profile_kind)kind, dir, stem, err);
        g_free(stem);
    }
    g_hash_table_destroy(used);
    return ok && text_write(dir, "profile.txt", profile_table(views), err) &&
           text_write(dir, "flame.html", profile_flame(views), err);
}
