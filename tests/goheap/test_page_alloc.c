/* Which pages hold memory: the page allocator's part of it, without a heap around it. */
#include "allocators/goheap/page_alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "allocators/goheap/os.h"

enum { PAGES = 3 * PAGES_HUGE };

/* PAGES free pages in a row that nobody has touched. */
static uintptr_t pages_fresh(void) {
    os_init(0, 0);
    page_alloc_init();
    arena_count = 0;
    assert_true(arena_init());
    assert_true(page_alloc_grow(PAGES));
    assert_int_equal(page_alloc_released(), PAGES);
    uintptr_t first = page_alloc_find(PAGES);
    assert_true(first != 0 && first % (PAGES_HUGE * (uintptr_t)PAGE_BYTES) == 0);
    return first;
}

static uintptr_t page_at(uintptr_t first, size_t page) {
    return first + page * PAGE_BYTES;
}

/* Takes the highest idle pages and gives them back released, as the scavenger does. */
static struct page_run run_release(size_t most) {
    struct page_run run = page_alloc_find_idle(most);
    if (run.pages == 0)
        return run;
    assert_true(page_alloc_take(run.address, run.pages));
    assert_true(os_discard((void *)run.address, run.pages * PAGE_BYTES));
    page_alloc_give(run.address, run.pages, PAGES_RELEASED);
    return run;
}

static void a_span_need_not_be_zeroed_exactly_if_none_of_its_pages_holds_memory(void **state) {
    (void)state;
    uintptr_t first = pages_fresh();
    assert_false(page_alloc_take(first, 100)); /* untouched */
    assert_int_equal(page_alloc_released(), PAGES - 100);
    page_alloc_give(first, 100, PAGES_IDLE);
    assert_true(page_alloc_take(page_at(first, 99), 2)); /* the second is untouched */
    page_alloc_give(page_at(first, 99), 2, PAGES_IDLE);
    memset((void *)first, 0xff, 101 * (size_t)PAGE_BYTES);
    size_t pages = 0;
    for (struct page_run run; (run = run_release(SIZE_MAX)).pages != 0; pages += run.pages) {
    }
    assert_int_equal(pages, 101);
    assert_int_equal(page_alloc_released(), PAGES);
    assert_false(page_alloc_take(first, PAGES));
    for (size_t i = 0; i < 101 * (size_t)PAGE_BYTES; i++)
        assert_int_equal(((const unsigned char *)first)[i], 0);
    assert_int_equal(page_alloc_released(), 0);
}

static void the_highest_idle_pages_go_first_64_kb_at_a_time(void **state) {
    (void)state;
    uintptr_t first = pages_fresh();
    page_alloc_take(first, PAGES);
    assert_int_equal(page_alloc_find_idle(SIZE_MAX).pages, 0); /* taken pages are not idle */
    page_alloc_give(page_at(first, 3), 20, PAGES_IDLE);
    page_alloc_give(page_at(first, 300), 3, PAGES_IDLE);
    static const size_t pages[][2] = {{300, 3}, {15, 8}, {7, 8}, {3, 4}};
    for (size_t i = 0; i < 4; i++) {
        struct page_run run = run_release(SIZE_MAX);
        assert_int_equal(run.address, page_at(first, pages[i][0]));
        assert_int_equal(run.pages, pages[i][1]);
    }
    assert_int_equal(page_alloc_find_idle(SIZE_MAX).pages, 0);
}

static void no_more_goes_than_was_asked_for(void **state) {
    (void)state;
    uintptr_t first = pages_fresh();
    page_alloc_take(first, PAGES);
    page_alloc_give(first, PAGES, PAGES_IDLE);
    assert_int_equal(page_alloc_find_idle(0).pages, 0);
    assert_int_equal(run_release(5).pages, 5);
    assert_int_equal(run_release(PAGES_HUGE - 1).pages, PAGES_RELEASE_STEP);
    assert_int_equal(page_alloc_released(), 5 + PAGES_RELEASE_STEP);
}

static void an_idle_huge_page_goes_whole_and_a_broken_one_in_parts(void **state) {
    (void)state;
    uintptr_t first = pages_fresh();
    page_alloc_take(first, PAGES);
    page_alloc_give(page_at(first, 10), PAGES - 10, PAGES_IDLE);
    for (size_t huge = 2; huge > 0; huge--) {
        struct page_run run = run_release(SIZE_MAX);
        assert_int_equal(run.address, page_at(first, huge * PAGES_HUGE));
        assert_int_equal(run.pages, PAGES_HUGE);
    }
    assert_int_equal(run_release(SIZE_MAX).pages, PAGES_RELEASE_STEP);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_need_not_be_zeroed_exactly_if_none_of_its_pages_holds_memory),
        cmocka_unit_test(the_highest_idle_pages_go_first_64_kb_at_a_time),
        cmocka_unit_test(no_more_goes_than_was_asked_for),
        cmocka_unit_test(an_idle_huge_page_goes_whole_and_a_broken_one_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
