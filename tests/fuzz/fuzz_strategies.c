/* Lists of strategies: what is taken has names of its own, and allocators are never opened by luck.
 */
#include <string.h>

#include "harness/plan/strategy.h"
#include "tests/fuzz/fuzz.h"

const char *const fuzz_seeds[] = {
    "malloc,goheap:gogc=200:gc=stw,bump",
    "g{1,2}=goheap:gogc={50,100},malloc:MALLOC_CONF=\"dirty_decay_ms:0,narenas:1\"",
    "mine=./nothing.so:zero=calloc,boehm, tight = goheap:gogc=off",
    "{a,{b,c}}{d,e}=malloc:X={\"{\",}",
    "{{{{{{{{{{{{{{{{malloc}}}}}}}}}}}}}}}}",
    NULL,
};

static const char known[] = "heapmark-describe 1\nbinding goheap\nsummary s\nlink shared\noffers \n"
                            "setting gogc\t1..100000|off\t100\ts\n"
                            "setting gc\tconcurrent|stw|off\tstw\ts\nend\n";

static void check_strategies(const GPtrArray *strategies) {
    for (guint i = 0; i < strategies->len; i++) {
        const struct strategy *s = strategies->pdata[i];
        fuzz_check(s->name != NULL && s->name[0] != '\0' && s->spec != NULL, "no name");
        fuzz_check(s->binding_name != NULL, "no binding");
        fuzz_check(s->binding != NULL || s->unavailable != NULL, "neither here nor unavailable");
        fuzz_check(g_utf8_validate(s->name, -1, NULL), "a name that is not UTF-8");
        char *settings = strategy_settings_text(s);
        fuzz_check(settings != NULL, "no settings' text");
        g_free(settings);
        for (guint j = 0; j < i; j++) {
            const struct strategy *other = strategies->pdata[j];
            fuzz_check(g_strcmp0(s->name, other->name) != 0, "two strategies of one name");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct catalogue c;
    struct error err = {0};
    char *list = g_strndup((const char *)bytes, length);
    GPtrArray *strategies = strategies_new();
    GStringChunk *text = g_string_chunk_new(256);
    catalogue_init(&c);
    fuzz_check(catalogue_add(&c, "known", known, &err), "the known binding is refused");
    if (strategies_parse(strategies, list, &c, text, &err))
        check_strategies(strategies);
    else
        fuzz_check_refusal(&err);
    g_ptr_array_free(strategies, TRUE);
    g_string_chunk_free(text);
    catalogue_release(&c);
    g_free(list);
    return 0;
}
