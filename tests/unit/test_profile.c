/* Profiles: interning, what stacks are for, sums, the formats; on stacks made by hand, so that
   every number is known. */
#include "harness/present/profile_view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

/* "name@module" of each call, leaf first. */
static uint32_t stack_of(struct profile *p, const char *const *calls) {
    uint32_t locations[16], depth = 0;
    for (; calls[depth] != NULL; depth++) {
        char **parts = g_strsplit(calls[depth], "@", 2);
        struct profile_function f = {
            .name = parts[0], .module = parts[1], .is_kernel = strcmp(parts[1], "[kernel]") == 0};
        struct profile_line line = {.function = profile_function_add(p, &f), .line = 7};
        uint32_t module =
            profile_module_add(p, &(struct profile_module){.path = parts[1], .build_id = "ab"});
        locations[depth] = profile_location_add(p, module, line.function, &line, 1);
        g_strfreev(parts);
    }
    return profile_stack_add(p, locations, depth, false);
}

#define STACK(p, ...) stack_of(p, (const char *const[]){__VA_ARGS__, NULL})

static void describe(struct profile *p) {
    profile_init(p);
    p->types[0] = (struct profile_value_type){"samples", "count"};
    p->types[1] = (struct profile_value_type){"cpu", "nanoseconds"};
    p->period = 10;
    p->event = g_strdup("a clock");
}

static enum profile_part part_of(const char *const *calls, const char *allocator) {
    struct profile p;
    struct profile_sums sums;
    describe(&p);
    uint32_t stack = stack_of(&p, calls);
    profile_sums_init(&sums, &p, allocator);
    enum profile_part part = profile_part(&p, &sums, stack);
    profile_sums_release(&sums);
    profile_release(&p);
    return part;
}

#define PART(...) part_of((const char *const[]){__VA_ARGS__, NULL}, NULL)

static void equal_things_have_equal_numbers(void **state) {
    struct profile p;
    (void)state;
    describe(&p);
    uint32_t a = STACK(&p, "f@m", "main@m"), b = STACK(&p, "f@m", "main@m");
    uint32_t c = STACK(&p, "f@m");
    assert_int_equal(a, b);
    assert_int_not_equal(a, c);
    assert_int_equal(p.functions->len, 2);
    profile_entry_add(&p, a, profile_thread_add(&p, "main"), 1, 10);
    profile_entry_add(&p, b, profile_thread_add(&p, "main"), 2, 20);
    profile_entry_add(&p, b, profile_thread_add(&p, "other"), 4, 40);
    assert_int_equal(p.entries->len, 2);
    assert_int_equal(profile_total(&p, 0), 7);
    assert_int_equal(profile_total(&p, 1), 70);
    profile_release(&p);
}

static void a_file_that_is_known_later_makes_no_second_function(void **state) {
    struct profile p;
    (void)state;
    describe(&p);
    const struct profile_function bare = {.name = "f", .module = "m"},
                                  filed = {.name = "f", .module = "m", .file = "f.c"},
                                  namesake = {.name = "f", .module = "m", .file = "g.c"};
    uint32_t first = profile_function_add(&p, &bare);
    assert_int_equal(profile_function_add(&p, &filed), first);
    assert_int_equal(profile_function_add(&p, &bare), first);
    assert_string_equal(profile_function_at(&p, first)->file, "f.c");
    assert_int_not_equal(profile_function_add(&p, &namesake), first);
    assert_int_equal(profile_function_add(&p, &filed), first);
    profile_release(&p);
}

static void the_nearest_caller_with_a_rule_says_what_a_stack_is_for(void **state) {
    (void)state;
    assert_int_equal(PART("work@cell-malloc", "timed_pass@cell-malloc"), PROFILE_WORKLOAD);
    assert_int_equal(PART("memset@libc.so.6", "calloc@libc.so.6", "work@cell-malloc"),
                     PROFILE_ALLOCATION);
    assert_int_equal(PART("memset@libc.so.6", "work@cell-malloc"), PROFILE_WORKLOAD);
    assert_int_equal(
        PART("memmove@cell-go", "runtime.growslice@cell-go", "heapmark/seed.F@cell-go"),
        PROFILE_ALLOCATION);
    assert_int_equal(PART("runtime.scanobject@cell-go", "runtime.gcDrain@cell-go",
                          "runtime.mallocgc@cell-go", "heapmark/seed.F@cell-go"),
                     PROFILE_COLLECTION);
    assert_int_equal(PART("runtime.newobject@cell-go-greenteagc"), PROFILE_ALLOCATION);
    assert_int_equal(PART("x@nowhere"), PROFILE_OTHER);
}

static void what_a_collectors_loop_calls_is_collection_whatever_its_name(void **state) {
    (void)state;
    assert_int_equal(PART("ring_fill@libgoheap.so.0.1", "mark_drain@libgoheap.so.0.1",
                          "goheap_new@libgoheap.so.0.1", "work@cell-goheap"),
                     PROFILE_COLLECTION);
    assert_int_equal(
        PART("ring_fill@libgoheap.so.0.1", "goheap_new@libgoheap.so.0.1", "work@cell-goheap"),
        PROFILE_ALLOCATION);
}

static void page_faults_are_told_from_the_rest_of_the_kernel(void **state) {
    (void)state;
    assert_int_equal(PART("clear_page_erms@[kernel]", "handle_mm_fault@[kernel]",
                          "asm_exc_page_fault@[kernel]", "malloc@libc.so.6", "work@cell-malloc"),
                     PROFILE_FAULTS);
    assert_int_equal(PART("do_futex@[kernel]", "work@cell-malloc"), PROFILE_KERNEL);
}

static void a_library_of_the_users_is_allocation_as_a_whole(void **state) {
    const char *const calls[] = {"anything@libmine.so", "work@cell-malloc", NULL};
    (void)state;
    assert_int_equal(part_of(calls, "libmine.so"), PROFILE_ALLOCATION);
    assert_int_equal(part_of(calls, NULL), PROFILE_WORKLOAD);
}

/* One sample in twenty is in the planted function, in two places of it. */
static void fill_with_hot_spot(struct profile *p) {
    describe(p);
    uint32_t thread = profile_thread_add(p, "main");
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t stack = i % 40 == 0   ? STACK(p, "planted@cell-malloc", "work@cell-malloc",
                                               "timed_pass@cell-malloc", "main@cell-malloc")
                         : i % 40 == 1 ? STACK(p, "planted@cell-malloc", "other@cell-malloc",
                                               "timed_pass@cell-malloc", "main@cell-malloc")
                                       : STACK(p, "work@cell-malloc", "timed_pass@cell-malloc",
                                               "main@cell-malloc");
        profile_entry_add(p, stack, thread, 1, 10);
    }
}

static struct profile_view *view_new(void) {
    struct profile_view *v = g_new0(struct profile_view, 1);
    struct profile_data *d = &v->data[PROFILE_KIND_CPU];
    v->workload = g_strdup("w bytes=8");
    v->strategy = g_strdup("a/b:c=1");
    v->program = g_strdup("cell-malloc");
    v->overhead = NAN;
    v->allocs = v->bytes = UINT64_MAX;
    fill_with_hot_spot(&d->profile);
    profile_sums_init(&d->sums, &d->profile, NULL);
    d->is_there = true;
    return v;
}

static void view_free(struct profile_view *v) {
    profile_view_release(v);
    g_free(v);
}

/* The profile as a table of one view; caller frees. */
static GString *table_of(struct profile_view *v) {
    GPtrArray *views = g_ptr_array_new();
    g_ptr_array_add(views, v);
    GString *table = profile_table(views);
    g_ptr_array_free(views, TRUE);
    return table;
}

static void a_planted_hot_spot_has_its_share(void **state) {
    struct profile_view *v = view_new();
    const struct profile_data *d = &v->data[PROFILE_KIND_CPU];
    (void)state;
    assert_int_equal(d->sums.total, 200000);
    for (guint i = 0; i < d->sums.functions->len; i++) {
        const struct profile_function_sum *sum =
            &g_array_index(d->sums.functions, struct profile_function_sum, i);
        const char *name = profile_function_at(&d->profile, sum->function)->name;
        uint64_t self = strcmp(name, "planted") == 0 ? 10000
                        : strcmp(name, "work") == 0  ? 190000
                                                     : 0;
        assert_int_equal(sum->self, self);
        if (strcmp(name, "main") == 0)
            assert_int_equal(sum->total, 200000);
    }
    GString *table = table_of(v);
    assert_non_null(strstr(table->str, "     5.0 %    5.0 %  planted  [cell-malloc]"));
    g_string_free(table, TRUE);
    view_free(v);
}

static void a_function_that_calls_itself_counts_once_in_a_sample(void **state) {
    struct profile p;
    struct profile_sums sums;
    (void)state;
    describe(&p);
    profile_entry_add(&p, STACK(&p, "f@m", "g@m", "f@m", "f@m", "main@m"),
                      profile_thread_add(&p, "main"), 1, 10);
    profile_sums_init(&sums, &p, NULL);
    for (guint i = 0; i < sums.functions->len; i++)
        assert_int_equal(g_array_index(sums.functions, struct profile_function_sum, i).total, 10);
    profile_sums_release(&sums);
    profile_release(&p);
}

static void a_recursion_is_one_site(void **state) {
    struct profile_view *v = view_new();
    struct profile_data *d = &v->data[PROFILE_KIND_SITES];
    struct profile *p = &d->profile;
    (void)state;
    describe(p);
    uint32_t thread = profile_thread_add(p, "all threads");
    profile_entry_add(p, STACK(p, "tree@m", "run@m"), thread, 1, 16);
    profile_entry_add(p, STACK(p, "tree@m", "tree@m", "run@m"), thread, 2, 32);
    profile_entry_add(p, STACK(p, "tree@m", "tree@m", "tree@m", "run@m"), thread, 4, 64);
    profile_entry_add(p, STACK(p, "tree@m", "other@m"), thread, 8, 8);
    profile_sums_init(&d->sums, p, NULL);
    d->is_there = true;
    GString *table = table_of(v);
    assert_non_null(strstr(table->str, " 7              112  tree (recursive) < run\n"));
    assert_non_null(strstr(table->str, " 8                8  tree < other\n"));
    g_string_free(table, TRUE);
    view_free(v);
}

static void folded_stacks_are_root_first_without_the_harness(void **state) {
    struct profile_view *v = view_new();
    (void)state;
    GString *text = profile_folded(&v->data[PROFILE_KIND_CPU]);
    assert_string_equal(text->str,
                        "main;other;planted 500\nmain;work 19000\nmain;work;planted 500\n");
    g_string_free(text, TRUE);
    view_free(v);
}

static void names_cannot_break_a_format(void **state) {
    struct profile_view *v = view_new();
    struct profile_data *d = &v->data[PROFILE_KIND_CPU];
    (void)state;
    profile_sums_release(&d->sums);
    profile_entry_add(&d->profile, STACK(&d->profile, "a;b\n\"</script>\xff@cell-malloc"),
                      profile_thread_add(&d->profile, "main"), 1, 10);
    profile_sums_init(&d->sums, &d->profile, NULL);
    GString *folded = profile_folded(d);
    assert_non_null(strstr(folded->str, "main;a:b:\"</script>\xff 1\n"));
    GPtrArray *views = g_ptr_array_new();
    g_ptr_array_add(views, v);
    GString *page = profile_flame(views);
    assert_non_null(strstr(page->str, "\"a;b\\u000a\\u0022\\u003c/script>"));
    assert_true(g_utf8_validate(page->str, (gssize)page->len, NULL));
    char *name = profile_file_name(v);
    assert_string_equal(name, "w_bytes=8.a_b_c=1");
    g_free(name);
    g_string_free(page, TRUE);
    g_string_free(folded, TRUE);
    g_ptr_array_free(views, TRUE);
    view_free(v);
}

static void broken_chains_lie_under_a_frame_that_says_so(void **state) {
    struct profile_view *v = view_new();
    struct profile_data *d = &v->data[PROFILE_KIND_CPU];
    struct profile *p = &d->profile;
    char *numbers;
    (void)state;
    profile_sums_release(&d->sums);
    struct profile_line line = {.function = profile_function_add(
                                    p, &(struct profile_function){.name = "lost", .module = "m"})};
    uint32_t location = profile_location_add(p, 0, 0xabc, &line, 1);
    profile_entry_add(p, profile_stack_add(p, &location, 1, true), 0, 3, 30);
    profile_sums_init(&d->sums, p, NULL);
    GPtrArray *views = g_ptr_array_new();
    g_ptr_array_add(views, v);
    GString *page = profile_flame(views);
    assert_non_null(strstr(page->str, "[\"[broken call chain]\",\"\","));
    numbers = g_strdup_printf("\"0 30 %u %u\"", p->functions->len, line.function);
    assert_non_null(strstr(page->str, numbers));
    assert_non_null(strstr(page->str, "3 broken call chains"));
    g_free(numbers);
    g_string_free(page, TRUE);
    g_ptr_array_free(views, TRUE);
    view_free(v);
}

/* ---- pprof, read back by a reader that knows nothing of the writer ---- */

struct wire {
    const uint8_t *at, *end;
};

static uint64_t wire_varint(struct wire *w) {
    uint64_t value = 0;
    for (unsigned shift = 0; w->at < w->end; shift += 7) {
        uint8_t byte = *w->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    fail_msg("a number ends with the file");
    return 0;
}

/* The next field: its number; a message's bytes, or the value. */
static unsigned wire_field(struct wire *w, struct wire *message, uint64_t *value) {
    uint64_t tag = wire_varint(w);
    *value = wire_varint(w);
    if ((tag & 7) == 2) {
        assert_true(*value <= (uint64_t)(w->end - w->at));
        *message = (struct wire){w->at, w->at + *value};
        w->at += *value;
    }
    return (unsigned)(tag >> 3);
}

static size_t unzip(const GByteArray *zipped, uint8_t *out, size_t room) {
    z_stream z = {.next_in = zipped->data, .avail_in = zipped->len};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
    return z.total_out;
}

static void pprof_calls_the_profile_after_the_cell_program(void **state) {
    struct profile_view *v = view_new();
    uint8_t bytes[16384];
    uint64_t value, first = 0;
    (void)state;
    STACK(&v->data[PROFILE_KIND_CPU].profile, "later@cell-other");
    g_free(v->program);
    v->program = g_strdup("cell-other"); /* whose module was not the first */
    GByteArray *zipped = profile_pprof(v, PROFILE_KIND_CPU);
    struct wire w = {bytes, bytes + unzip(zipped, bytes, sizeof bytes)}, field, ignored;
    while (w.at < w.end && first == 0)
        if (wire_field(&w, &field, &value) == 3 && wire_field(&field, &ignored, &value) == 1)
            first = value;
    assert_int_equal(first, 2);
    g_byte_array_free(zipped, TRUE);
    view_free(v);
}

static void pprof_holds_every_sample_and_its_values(void **state) {
    struct profile_view *v = view_new();
    uint8_t bytes[16384];
    uint64_t samples = 0, sum = 0, value, strings = 0, functions = 0;
    (void)state;
    GByteArray *zipped = profile_pprof(v, PROFILE_KIND_CPU);
    struct wire w = {bytes, bytes + unzip(zipped, bytes, sizeof bytes)}, field, packed;
    while (w.at < w.end) {
        unsigned number = wire_field(&w, &field, &value);
        functions += number == 5;
        if (number == 6 && strings++ == 0)
            assert_int_equal(value, 0); /* the first string is empty */
        if (number != 2)
            continue;
        samples++;
        while (field.at < field.end)
            if (wire_field(&field, &packed, &value) == 2) {
                wire_varint(&packed);
                sum += wire_varint(&packed);
            }
    }
    assert_int_equal(samples, 3);
    assert_int_equal(sum, 200000);
    assert_int_equal(functions, 5);
    g_byte_array_free(zipped, TRUE);
    view_free(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_things_have_equal_numbers),
        cmocka_unit_test(a_file_that_is_known_later_makes_no_second_function),
        cmocka_unit_test(the_nearest_caller_with_a_rule_says_what_a_stack_is_for),
        cmocka_unit_test(what_a_collectors_loop_calls_is_collection_whatever_its_name),
        cmocka_unit_test(page_faults_are_told_from_the_rest_of_the_kernel),
        cmocka_unit_test(a_library_of_the_users_is_allocation_as_a_whole),
        cmocka_unit_test(a_planted_hot_spot_has_its_share),
        cmocka_unit_test(a_recursion_is_one_site),
        cmocka_unit_test(a_function_that_calls_itself_counts_once_in_a_sample),
        cmocka_unit_test(folded_stacks_are_root_first_without_the_harness),
        cmocka_unit_test(names_cannot_break_a_format),
        cmocka_unit_test(broken_chains_lie_under_a_frame_that_says_so),
        cmocka_unit_test(pprof_calls_the_profile_after_the_cell_program),
        cmocka_unit_test(pprof_holds_every_sample_and_its_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
