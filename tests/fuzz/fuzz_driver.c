/*
 * A small deterministic fuzzer: fuzz-NAME ITERATIONS [FILE...]
 *
 * Every input is a seed with a few mutations: a bit, a byte, a run taken out, doubled or replaced
 * by part of another seed, a word of the formats put in, the tail cut off. The random numbers are
 * splitmix64's (Steele, Lea, Flood 2014) from a fixed start, so a failing input is found again by
 * its number, which is printed before it can crash the program.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { MUTATIONS_MAX = 6, RUN_MAX = 64, INPUT_MAX = 1 << 20 };

static uint64_t random_state = 1;

static uint64_t random_next(void) {
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 ... limit - 1; 0 when limit is 0. */
static size_t random_below(size_t limit) {
    return limit == 0 ? 0 : random_next() % limit;
}

static void word_insert(GByteArray *input, size_t at) {
    static const char *const words[] = {"\"",
                                        ",",
                                        "\n",
                                        ":",
                                        "=",
                                        "{",
                                        "}",
                                        "*",
                                        "\t",
                                        "\r",
                                        "-",
                                        "[",
                                        "]",
                                        "#",
                                        "0",
                                        "1",
                                        "\\",
                                        "&",
                                        "|",
                                        "..",
                                        "\xff",
                                        "\n-",
                                        "\xc3",
                                        "'",
                                        " ",
                                        "!",
                                        "?",
                                        "%s",
                                        "\xef\xbb\xbf",
                                        "18446744073709551615"};
    const char *word = words[random_below(G_N_ELEMENTS(words))];
    GByteArray *tail = g_byte_array_new();
    g_byte_array_append(tail, input->data + at, (guint)(input->len - at));
    g_byte_array_set_size(input, (guint)at);
    g_byte_array_append(input, (const guint8 *)word, (guint)strlen(word));
    g_byte_array_append(input, tail->data, tail->len);
    g_byte_array_free(tail, TRUE);
}

static void run_copy(GByteArray *input, size_t at, const GByteArray *from) {
    if (from->len == 0)
        return;
    size_t start = random_below(from->len);
    size_t length = random_below(MIN(from->len - start, (size_t)RUN_MAX)) + 1;
    for (size_t i = 0; i < length && at + i < input->len; i++)
        input->data[at + i] = from->data[start + i];
}

/* Where to mutate: half of the time near the front, where headers are. */
static size_t place(const GByteArray *input) {
    size_t near = MIN(input->len, 1024u);
    return random_below(random_below(2) == 0 ? near : input->len);
}

static void mutate(GByteArray *input, const GByteArray *other) {
    size_t at = place(input);
    if (input->len == 0) {
        word_insert(input, 0);
        return;
    }
    switch (random_below(8)) {
    case 0:
        input->data[at] ^= (guint8)(1u << random_below(8));
        break;
    case 1:
        input->data[at] = (guint8)random_next();
        break;
    case 2:
        g_byte_array_remove_range(input, (guint)at,
                                  (guint)(random_below(MIN(input->len - at, (size_t)RUN_MAX)) + 1));
        break;
    case 3:
        run_copy(input, at, other);
        break;
    case 4:
        g_byte_array_set_size(input, (guint)at);
        break;
    case 5:
        if (input->len + other->len < INPUT_MAX)
            g_byte_array_append(input, other->data, other->len);
        break;
    default:
        word_insert(input, at);
        break;
    }
}

static GPtrArray *seeds_load(int count, char **files) {
    GPtrArray *seeds = g_ptr_array_new();
    for (const char *const *seed = fuzz_seeds; *seed != NULL; seed++) {
        GByteArray *bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)*seed, (guint)strlen(*seed));
        g_ptr_array_add(seeds, bytes);
    }
    for (int i = 0; i < count; i++) {
        char *text;
        gsize length;
        if (!g_file_get_contents(files[i], &text, &length, NULL)) {
            fprintf(stderr, "fuzz: cannot read %s\n", files[i]);
            exit(EXIT_USAGE);
        }
        GByteArray *bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)text, (guint)length);
        g_ptr_array_add(seeds, bytes);
        g_free(text);
    }
    return seeds;
}

/* Runs one input from a heap block of exactly its length, so that a sanitizer sees a read past it.
 */
static void input_run(const GByteArray *input) {
    uint8_t *exact = malloc(input->len == 0 ? 1 : input->len);
    if (exact == NULL)
        abort();
    if (input->len > 0)
        memcpy(exact, input->data, input->len);
    LLVMFuzzerTestOneInput(exact, input->len);
    free(exact);
}

int main(int argc, char **argv) {
    unsigned long iterations = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    GPtrArray *seeds = seeds_load(argc > 2 ? argc - 2 : 0, argv + 2);
    GByteArray *input = g_byte_array_new();
    for (guint i = 0; i < seeds->len; i++)
        input_run(seeds->pdata[i]);
    for (unsigned long i = 0; i < iterations; i++) {
        random_state = i; /* an input depends on its number alone */
        const GByteArray *seed = seeds->pdata[random_below(seeds->len)];
        const GByteArray *other = seeds->pdata[random_below(seeds->len)];
        g_byte_array_set_size(input, 0);
        g_byte_array_append(input, seed->data, seed->len);
        for (size_t m = random_below(MUTATIONS_MAX) + 1; m > 0; m--)
            mutate(input, other);
        input_run(input);
    }
    for (guint i = 0; i < seeds->len; i++)
        g_byte_array_free(seeds->pdata[i], TRUE);
    g_ptr_array_free(seeds, TRUE);
    g_byte_array_free(input, TRUE);
    printf("%lu inputs\n", iterations);
    return 0;
}
