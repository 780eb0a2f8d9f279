/*
 * The files that GitHub reads: YAML that parses, workflows and an action as GitHub documents them.
 *
 * Nobody can run them here; what can be held is their grammar, that every name they use is
 * declared, and that no text of a user's reaches a shell as part of a script.
 */
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <yaml.h>

#include <cmocka.h>

struct file {
    yaml_document_t document;
    char *text;
};

static void file_load(struct file *f, const char *name) {
    yaml_parser_t parser;
    gsize length;
    char *path = g_build_filename(GITHUB_FILES, name, NULL);
    assert_true(g_file_get_contents(path, &f->text, &length, NULL));
    assert_int_equal(yaml_parser_initialize(&parser), 1);
    yaml_parser_set_input_string(&parser, (const unsigned char *)f->text, length);
    if (yaml_parser_load(&parser, &f->document) != 1)
        fail_msg("%s:%zu: %s", name, parser.problem_mark.line + 1, parser.problem);
    yaml_parser_delete(&parser);
    g_free(path);
}

static void file_release(struct file *f) {
    yaml_document_delete(&f->document);
    g_free(f->text);
}

static const char *scalar(const yaml_node_t *node) {
    return node != NULL && node->type == YAML_SCALAR_NODE
               ? (const char *)(const void *)node->data.scalar.value
               : NULL;
}

/* The value of a key, NULL when it is not there; a key twice is an error that YAML readers hide. */
static yaml_node_t *member(struct file *f, const yaml_node_t *mapping, const char *key) {
    yaml_node_t *found = NULL;
    assert_int_equal(mapping->type, YAML_MAPPING_NODE);
    for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
         p < mapping->data.mapping.pairs.top; p++) {
        if (g_strcmp0(scalar(yaml_document_get_node(&f->document, p->key)), key) != 0)
            continue;
        assert_null(found);
        found = yaml_document_get_node(&f->document, p->value);
    }
    return found;
}

static yaml_node_t *needed(struct file *f, const yaml_node_t *mapping, const char *key) {
    yaml_node_t *found = member(f, mapping, key);
    if (found == NULL)
        fail_msg("there is no %s", key);
    return found;
}

/* A step has one of run and uses; a script holds no expression, which would be a user's text. */
static void step_check(struct file *f, const yaml_node_t *step, bool is_composite) {
    const char *run = scalar(member(f, step, "run")), *uses = scalar(member(f, step, "uses"));
    assert_true((run == NULL) != (uses == NULL));
    if (run != NULL)
        assert_null(strstr(run, "${{"));
    if (run != NULL && is_composite)
        assert_non_null(scalar(member(f, step, "shell")));
    if (uses != NULL)
        assert_non_null(strchr(uses, '@'));
}

static unsigned steps_check(struct file *f, const yaml_node_t *owner, bool is_composite) {
    const yaml_node_t *steps = needed(f, owner, "steps");
    unsigned count = 0;
    assert_int_equal(steps->type, YAML_SEQUENCE_NODE);
    for (yaml_node_item_t *i = steps->data.sequence.items.start; i < steps->data.sequence.items.top;
         i++, count++)
        step_check(f, yaml_document_get_node(&f->document, *i), is_composite);
    return count;
}

static void workflow_check(const char *name) {
    struct file f;
    file_load(&f, name);
    const yaml_node_t *root = yaml_document_get_root_node(&f.document);
    assert_non_null(scalar(needed(&f, root, "name")));
    needed(&f, root, "on");
    needed(&f, root, "permissions");
    const yaml_node_t *jobs = needed(&f, root, "jobs");
    assert_true(jobs->data.mapping.pairs.top > jobs->data.mapping.pairs.start);
    for (yaml_node_pair_t *p = jobs->data.mapping.pairs.start; p < jobs->data.mapping.pairs.top;
         p++) {
        const yaml_node_t *job = yaml_document_get_node(&f.document, p->value);
        assert_non_null(scalar(needed(&f, job, "runs-on")));
        assert_non_null(scalar(needed(&f, job, "timeout-minutes")));
        assert_true(steps_check(&f, job, false) > 0);
    }
    file_release(&f);
}

static void the_workflows_are_as_github_documents_them(void **state) {
    (void)state;
    workflow_check("workflows/test.yml");
    workflow_check("workflows/gate.yml");
}

static void the_action_is_composite_and_says_what_each_input_is(void **state) {
    (void)state;
    struct file f;
    file_load(&f, "actions/gate/action.yml");
    const yaml_node_t *root = yaml_document_get_root_node(&f.document);
    assert_non_null(scalar(needed(&f, root, "name")));
    assert_non_null(scalar(needed(&f, root, "description")));
    const yaml_node_t *runs = needed(&f, root, "runs");
    assert_string_equal(scalar(needed(&f, runs, "using")), "composite");
    assert_true(steps_check(&f, runs, true) > 0);
    const char *const sections[] = {"inputs", "outputs"};
    for (size_t s = 0; s < G_N_ELEMENTS(sections); s++) {
        const yaml_node_t *section = needed(&f, root, sections[s]);
        for (yaml_node_pair_t *p = section->data.mapping.pairs.start;
             p < section->data.mapping.pairs.top; p++) {
            const yaml_node_t *entry = yaml_document_get_node(&f.document, p->value);
            assert_non_null(scalar(needed(&f, entry, "description")));
        }
    }
    file_release(&f);
}

static void every_input_is_used_and_every_one_used_is_declared(void **state) {
    (void)state;
    struct file f;
    unsigned used = 0;
    file_load(&f, "actions/gate/action.yml");
    const yaml_node_t *inputs = needed(&f, yaml_document_get_root_node(&f.document), "inputs");
    for (const char *at = f.text; (at = strstr(at, "${{ inputs.")) != NULL; used++) {
        at += strlen("${{ inputs.");
        char *name = g_strndup(at, strcspn(at, " }"));
        needed(&f, inputs, name);
        g_free(name);
    }
    assert_int_equal(used, inputs->data.mapping.pairs.top - inputs->data.mapping.pairs.start);
    file_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_workflows_are_as_github_documents_them),
        cmocka_unit_test(the_action_is_composite_and_says_what_each_input_is),
        cmocka_unit_test(every_input_is_used_and_every_one_used_is_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
