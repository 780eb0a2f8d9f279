/*
 * The readers of what Go's tools print: they pass over what they do not know, and what they take is
 * whole. Reading the same twice adds nothing.
 */
#include <math.h>
#include <string.h>

#include "harness/analyze/escape_bench.h"
#include "harness/analyze/escape_verdict.h"
#include "harness/analyze/escape_why.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_seeds[] = {
    "# t\n./a.go:3:2: x escapes to heap in f:\n./a.go:3:2:   flow: ~r0 \xe2\x86\x90 &x:\n"
    "./a.go:3:2:     from &x (address-of) at ./a.go:4:9\n"
    "./a.go:3:2:     from return &x (return) at ./a.go:4:2\n./a.go:3:2: moved to heap: x\n",
    "a.go:1:6: can inline f with cost 5 as: func() {}\na.go:9:2: inlining call to f\n"
    "a.go:2:4: leaking param: s to result ~r0 level=0\na.go:2:4: leaking param content: s\n",
    "./a.go:5:8: make([]int, 0, n) does not escape\n./a.go:5:9: \"x\" escapes to heap\n"
    "./a.go:5:9: s.Area escapes to heap\n./a.go:6:1: a + b escapes to heap\n",
    "a.go\t1\t9\tf\t1\tappend go\t8-8,9-9\na.go\t10\t19\t(*T).Area\t10\t\t\n",
    "BenchmarkReplace/short-2  100  12.5 ns/op  8 B/op  1 allocs/op\nPASS\n",
    NULL,
};

static void check_decision(const struct escape_decision *d, const struct escape_functions *f) {
    fuzz_check(d->file != NULL && *d->file != '\0' && d->line > 0, "no place");
    fuzz_check(*d->subject != '\0' && strstr(d->text, d->subject) != NULL,
               "no subject, or one that is not in the text");
    fuzz_check(g_utf8_validate(d->text, -1, NULL), "a text that is not UTF-8");
    fuzz_check(d->builds == 3, "a decision that one of two equal builds lacks");
    fuzz_check(*escape_why(d, f) != '\0', "no why");
    char *plain = escape_name_plain(d->subject);
    fuzz_check(strlen(plain) <= strlen(d->subject), "a plain name that is longer");
    g_free(plain);
}

static void check_functions(struct escape_functions *f, const char *text) {
    struct error err = {0};
    if (!escape_functions_read(f, text, &err))
        fuzz_check_refusal(&err);
    for (guint i = 0; i < f->items->len; i++) {
        const struct escape_function *function = f->items->pdata[i];
        fuzz_check(function->name != NULL && function->allocating != NULL, "half a function");
    }
}

static void check_benches(const char *text) {
    GArray *benches = escape_benches_new();
    escape_benches_read(benches, text);
    for (guint i = 0; i < benches->len; i++) {
        const struct escape_bench *bench = &g_array_index(benches, struct escape_bench, i);
        fuzz_check(!isnan(bench->ns_per_op) && g_str_has_prefix(bench->name, "Benchmark"),
                   "half a benchmark");
        escape_bench_exercises(bench->name, "(*Reader).Read");
    }
    g_array_free(benches, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct escape_decisions d;
    struct escape_functions f;
    GPtrArray *subjects = g_ptr_array_new();
    char *text = g_strndup((const char *)bytes, length);
    escape_decisions_init(&d);
    escape_functions_init(&f);
    check_functions(&f, text);
    escape_decisions_read(&d, text, 0);
    guint count = d.items->len;
    escape_decisions_read(&d, text, 1);
    fuzz_check(d.items->len == count, "the same lines add decisions");
    escape_decisions_sort(&d);
    for (guint i = 0; i < d.items->len; i++)
        check_decision(d.items->pdata[i], &f);
    g_ptr_array_add(subjects, (gpointer) "f");
    escape_verdict(&(struct escape_case){&d, &f, subjects, 0});
    escape_verdict(&(struct escape_case){&d, &f, subjects, 1});
    check_benches(text);
    g_free(escape_complaint(text));
    g_free(text);
    g_ptr_array_free(subjects, TRUE);
    escape_functions_release(&f);
    escape_decisions_release(&d);
    return 0;
}
