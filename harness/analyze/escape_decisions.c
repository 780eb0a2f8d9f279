/*
 * Reads the compiler's lines one by one. A flow comes before the decision that it explains, at the
 * same place; so steps are gathered per place, and a decision takes what its place has gathered.
 */
#include "harness/analyze/escape_decisions.h"

#include <string.h>

/* "FILE:LINE:COLUMN: REST"; under a //line comment that names no column "FILE:LINE: REST". */
struct escape_line {
    const char *file, *rest; /* within a copy that the reader owns */
    unsigned line, column;
};

struct escape_flow {
    unsigned steps, last_step;
};

struct escape_reader {
    struct escape_decisions *out;
    GHashTable *flows; /* from "FILE:LINE:COLUMN" to struct escape_flow * */
    unsigned build;
};

void escape_decisions_init(struct escape_decisions *d) {
    d->items = g_ptr_array_new_with_free_func(g_free);
    d->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    d->text = g_string_chunk_new(4096);
}

void escape_decisions_release(struct escape_decisions *d) {
    if (d->items == NULL)
        return;
    g_ptr_array_free(d->items, TRUE);
    g_hash_table_destroy(d->known);
    g_string_chunk_free(d->text);
    *d = (struct escape_decisions){0};
}

bool escape_is_heap(const struct escape_decision *decision) {
    return decision->kind == ESCAPE_MOVED || decision->kind == ESCAPE_TO_HEAP;
}

bool escape_is_elsewhere(const struct escape_decision *decision) {
    return strchr(decision->file, '/') != NULL;
}

bool escape_is_generated(const struct escape_decision *decision) {
    return !g_str_has_suffix(decision->file, ".go") || *decision->file == '_';
}

const char *escape_kind_name(enum escape_kind kind) {
    static const char *const names[ESCAPE_KIND_COUNT] = {
        "moved to heap",           "escapes to heap", "does not escape", "leaking param",
        "leaking param to result", "can inline",      "inlining call"};
    return names[kind];
}

/* ---- a line's place ---- */

/* A number from 1 that ends with ':'; leaves *at behind it. */
static bool number_take(char **at, unsigned *out) {
    char *end = NULL;
    if (!g_ascii_isdigit(**at))
        return false;
    guint64 number = g_ascii_strtoull(*at, &end, 10);
    if (*end != ':' || number == 0 || number > G_MAXUINT32)
        return false;
    *at = end + 1;
    *out = (unsigned)number;
    return true;
}

/* Cuts a line into its parts; false when it has no place, or one that is in no file. A place
   without a column is believed only at the first colon: behind a bad line number stands no better
   one. */
static bool line_cut(char *text, struct escape_line *line) {
    const char *first = strchr(text, ':');
    for (char *colon = strchr(text, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        char *at = colon + 1;
        line->column = 0;
        if (colon == text || !number_take(&at, &line->line))
            continue;
        bool has_column = number_take(&at, &line->column);
        if (*at != ' ' || (!has_column && colon != first))
            continue;
        *colon = '\0';
        line->file = g_str_has_prefix(text, "./") ? text + 2 : text;
        line->rest = at + 1;
        return *line->file != '\0' && *line->file != '<';
    }
    return false;
}

/* ---- flows ---- */

static const struct {
    const char *word; /* as the compiler has it */
    enum escape_step step;
} step_words[] = {
    {"return", ESCAPE_STEP_RETURN},
    {"send", ESCAPE_STEP_SEND},
    {"captured by a closure", ESCAPE_STEP_CAPTURE},
    {"interface-converted", ESCAPE_STEP_INTERFACE},
    {"too large for stack", ESCAPE_STEP_LARGE},
    {"non-constant size", ESCAPE_STEP_UNKNOWN_SIZE},
    {"call parameter", ESCAPE_STEP_CALL},
    {"assign", ESCAPE_STEP_ASSIGN},
    {"assign-pair", ESCAPE_STEP_ASSIGN},
    {"struct literal element", ESCAPE_STEP_ASSIGN},
    {"slice-literal-element", ESCAPE_STEP_ELEMENT},
    {"array literal element", ESCAPE_STEP_ELEMENT},
    {"map literal key", ESCAPE_STEP_ELEMENT},
    {"map literal value", ESCAPE_STEP_ELEMENT},
    {"key of map put", ESCAPE_STEP_ELEMENT},
};

/* Whether an assignment is to an element: "s[0] = &x". */
static bool assigns_element(const char *expression) {
    const char *equals = strstr(expression, " = ");
    return equals != NULL && equals > expression && equals[-1] == ']';
}

static enum escape_step step_refine(enum escape_step step, const char *expression) {
    if (step == ESCAPE_STEP_CALL && g_str_has_prefix(expression, "append("))
        return ESCAPE_STEP_APPEND;
    if (step == ESCAPE_STEP_ASSIGN && assigns_element(expression))
        return ESCAPE_STEP_ELEMENT;
    return step;
}

/* The step of "EXPRESSION (WORD) at PLACE": the last parentheses count, an expression has some. */
static enum escape_step step_read(const char *expression) {
    const char *end = g_strrstr(expression, ") at ");
    const char *start = end;
    while (start != NULL && start > expression && *start != '(')
        start--;
    if (start == NULL || *start != '(')
        return ESCAPE_STEP_OTHER;
    for (size_t i = 0; i < G_N_ELEMENTS(step_words); i++) {
        size_t length = strlen(step_words[i].word);
        if ((size_t)(end - start - 1) == length &&
            strncmp(start + 1, step_words[i].word, length) == 0)
            return step_refine(step_words[i].step, expression);
    }
    return ESCAPE_STEP_OTHER;
}

static char *place_text(const struct escape_line *line) {
    return g_strdup_printf("%s:%u:%u", line->file, line->line, line->column);
}

static void flow_read(struct escape_reader *r, const struct escape_line *line) {
    const char *step_text = line->rest + strspn(line->rest, " ");
    if (!g_str_has_prefix(step_text, "from "))
        return; /* "flow: ...": only the steps count */
    char *place = place_text(line);
    struct escape_flow *flow = g_hash_table_lookup(r->flows, place);
    if (flow == NULL) {
        flow = g_new0(struct escape_flow, 1);
        g_hash_table_insert(r->flows, g_strdup(place), flow);
    }
    flow->last_step = step_read(step_text + strlen("from "));
    flow->steps |= flow->last_step;
    g_free(place);
}

/* ---- decisions ---- */

/* What stands between a prefix and a suffix; NULL when either is missing or nothing is between. */
static char *between(const char *text, const char *prefix, const char *suffix) {
    size_t length = strlen(text), before = strlen(prefix), behind = strlen(suffix);
    if (length <= before + behind || !g_str_has_prefix(text, prefix) ||
        !g_str_has_suffix(text, suffix))
        return NULL;
    return g_strndup(text + before, length - before - behind);
}

static const struct {
    const char *prefix, *suffix;
    enum escape_kind kind;
} forms[] = {
    {"moved to heap: ", "", ESCAPE_MOVED},          {"leaking param content: ", "", ESCAPE_LEAKS},
    {"leaking param: ", "", ESCAPE_LEAKS},          {"can inline ", "", ESCAPE_CAN_INLINE},
    {"inlining call to ", "", ESCAPE_INLINES_CALL}, {"", " escapes to heap", ESCAPE_TO_HEAP},
    {"", " does not escape", ESCAPE_STAYS},
};

/* "F with cost 6 as: func() { ... }" is F; "x to result ~r0 level=0" is x, and says so. */
static void subject_trim(char *subject, enum escape_kind *kind) {
    char *cost = *kind == ESCAPE_CAN_INLINE ? strstr(subject, " with cost ") : NULL;
    char *result = *kind == ESCAPE_LEAKS ? strstr(subject, " to result ") : NULL;
    if (cost != NULL)
        *cost = '\0';
    if (result != NULL) {
        *result = '\0';
        *kind = ESCAPE_LEAKS_RESULT;
    }
}

/* The kind and the subject of a decision; NULL when the text is none. Caller frees. */
static char *decision_subject(const char *text, enum escape_kind *kind) {
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        char *subject = between(text, forms[i].prefix, forms[i].suffix);
        if (subject == NULL)
            continue;
        *kind = forms[i].kind;
        subject_trim(subject, kind);
        if (*subject != '\0')
            return subject;
        g_free(subject);
        return NULL;
    }
    return NULL;
}

static char *decision_text(const char *text, enum escape_kind kind, const char *subject) {
    return kind == ESCAPE_CAN_INLINE ? g_strconcat("can inline ", subject, NULL) : g_strdup(text);
}

static struct escape_decision *decision_add(struct escape_decisions *d,
                                            const struct escape_line *line, const char *text) {
    char *key = g_strdup_printf("%s:%u:%s", line->file, line->line, text);
    struct escape_decision *decision = g_hash_table_lookup(d->known, key);
    if (decision != NULL) {
        g_free(key);
        return decision;
    }
    decision = g_new0(struct escape_decision, 1);
    decision->file = g_string_chunk_insert_const(d->text, line->file);
    decision->line = line->line;
    decision->column = line->column;
    decision->text = g_string_chunk_insert(d->text, text);
    g_hash_table_insert(d->known, key, decision);
    g_ptr_array_add(d->items, decision);
    return decision;
}

static void decision_read(struct escape_reader *r, const struct escape_line *line) {
    enum escape_kind kind;
    char *subject = decision_subject(line->rest, &kind);
    if (subject == NULL)
        return;
    char *text = decision_text(line->rest, kind, subject);
    char *place = place_text(line);
    struct escape_decision *decision = decision_add(r->out, line, text);
    const struct escape_flow *flow = g_hash_table_lookup(r->flows, place);
    decision->kind = kind;
    const uint32_t build = UINT32_C(1) << r->build;
    const bool is_first = (decision->builds & ~build) == 0;
    decision->builds |= build;
    if (decision->subject == NULL)
        decision->subject = g_string_chunk_insert(r->out->text, subject);
    if (flow != NULL && is_first) {
        decision->steps |= flow->steps;
        decision->last_step = flow->last_step;
    }
    g_free(place);
    g_free(text);
    g_free(subject);
}

void escape_decisions_read(struct escape_decisions *d, const char *output, unsigned build) {
    struct escape_reader r = {d, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                              build};
    char *valid = g_utf8_make_valid(output, -1);
    char **lines = g_strsplit(valid, "\n", -1);
    g_assert(build < ESCAPE_BUILDS_MAX);
    for (char **text = lines; *text != NULL; text++) {
        struct escape_line line;
        g_strchomp(*text);
        if (!line_cut(*text, &line))
            continue;
        if (*line.rest == ' ')
            flow_read(&r, &line);
        else
            decision_read(&r, &line);
    }
    g_strfreev(lines);
    g_free(valid);
    g_hash_table_destroy(r.flows);
}

static int decision_compare(gconstpointer a, gconstpointer b) {
    const struct escape_decision *x = *(struct escape_decision *const *)a;
    const struct escape_decision *y = *(struct escape_decision *const *)b;
    int files = strcmp(x->file, y->file);
    if (files != 0)
        return files;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

void escape_decisions_sort(struct escape_decisions *d) {
    g_ptr_array_sort(d->items, decision_compare); /* GLib's sort is stable */
}

/* ---- a build that failed ---- */

/* Whether a line only explains: "X escapes to heap in F:", "parameter X leaks to ...:", flows. */
static bool line_explains(const char *rest) {
    bool is_heading = g_str_has_suffix(rest, ":") && (strstr(rest, " escapes to heap") != NULL ||
                                                      g_str_has_prefix(rest, "parameter "));
    return is_heading || *rest == ' ' || g_str_has_prefix(rest, "cannot inline ") ||
           strstr(rest, " capturing by ") != NULL;
}

/* Whether `go test` prints the line beside a benchmark's result, whatever comes of it. */
static bool line_is_result(const char *text) {
    static const char *const starts[] = {"goos: ", "goarch: ", "pkg: ", "cpu: ", "Benchmark"};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        if (g_str_has_prefix(text, starts[i]))
            return true;
    }
    return false;
}

static bool line_complains(const char *text) {
    char *copy = g_strdup(text);
    struct escape_line line;
    enum escape_kind kind;
    bool complains = *text != '\0' && *text != '#' && !line_is_result(text) &&
                     !g_str_has_prefix(text, "<autogenerated>");
    if (complains && line_cut(copy, &line)) {
        char *subject = decision_subject(line.rest, &kind);
        complains = subject == NULL && !line_explains(line.rest);
        g_free(subject);
    }
    g_free(copy);
    return complains;
}

char *escape_complaint(const char *output) {
    enum { LINES_MAX = 3 };
    char *valid = g_utf8_make_valid(output, -1);
    char **lines = g_strsplit(valid, "\n", -1);
    GString *out = g_string_new(NULL);
    unsigned count = 0;
    for (char **text = lines; *text != NULL && count < LINES_MAX; text++) {
        g_strstrip(*text);
        if (!line_complains(*text))
            continue;
        g_string_append_printf(out, "%s%s", count > 0 ? " / " : "", *text);
        count++;
    }
    g_strfreev(lines);
    g_free(valid);
    return g_string_free(out, count == 0);
}
