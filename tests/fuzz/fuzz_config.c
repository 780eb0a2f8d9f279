/* The config reader: what it takes, config_text writes and it reads again as the same. */
#include <string.h>

#include "harness/plan/config_file.h"
#include "tests/fuzz/fuzz.h"

#include <glib.h>

const char *const fuzz_seeds[] = {
    "workloads: [create, 'churn-*']\nstrategies:\n  - malloc\n  - \"x:A=\\\"b\\\"\"\nops: 1000\n",
    "threads: [1, 2, small=4]\nparam:\n  - create-copy.bytes=8,80\n  - depth=*\ncpus: 0-1,3\n",
    "effort: full\nrepetitions: 3\nseed: 7\ntimeout: 5\nmemory-limit: 64M\ncounters: cycles\n",
    "? a\n: &x b\n---\n...\n%YAML 1.1\n!!str ops: *x\n<<: {a: b}\n| \n >\n",
    NULL,
};

static void check_again(const struct config *config) {
    struct config again;
    struct error err;
    char *text = config_text(config);
    config_init(&again);
    fuzz_check(config_text_read(&again, "again", text, strlen(text), &err), "own text is refused");
    char *second = config_text(&again);
    fuzz_check(strcmp(text, second) == 0, "own text reads back as another");
    g_free(second);
    g_free(text);
    config_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct config config;
    struct error err = {0};
    config_init(&config);
    if (config_text_read(&config, "fuzz", (const char *)bytes, length, &err))
        check_again(&config);
    else
        fuzz_check_refusal(&err);
    config_release(&config);
    return 0;
}
