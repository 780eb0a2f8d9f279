/* What a record is about: known before its process starts, so that every status has it. */
#include "harness/run/identity.h"

static const char *identity_text(struct observation *o, const char *text) {
    return text == NULL || *text == '\0' ? NULL : g_string_chunk_insert(o->text, text);
}

void identity_fill(struct observation *o, const struct cell *cell, const struct config *config,
                   unsigned repetition) {
    struct record *r = &o->record;
    char *settings = strategy_settings_text(cell->strategy);
    r->strategy = identity_text(o, cell->strategy->name);
    r->binding = identity_text(o, cell->strategy->binding_name);
    r->allocator = identity_text(o, cell->strategy->allocator);
    r->settings = identity_text(o, settings);
    r->workload = identity_text(o, cell->workload->name);
    r->group = identity_text(o, cell->workload->group);
    r->parameters = identity_text(o, cell_parameters_text(cell, o->text));
    r->threads = cell->threads;
    r->repetition = repetition;
    if (config != NULL) {
        r->cpus = identity_text(o, config->cpus);
        r->seed = config->seed;
    }
    g_free(settings);
}

/* Reasons quote what other programs said: one line of UTF-8 is made of it. */
void status_set(struct observation *o, const char *status, const char *reason) {
    char *clean = g_utf8_make_valid(reason == NULL ? "" : reason, -1);
    for (char *p = clean; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    }
    o->record.status = g_string_chunk_insert(o->text, status);
    o->record.reason = identity_text(o, g_strstrip(clean));
    g_free(clean);
}
