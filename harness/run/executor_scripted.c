/* An executor that runs nothing: a function makes each observation. */
#include "harness/run/executor.h"
#include "harness/run/identity.h"

struct executor_scripted {
    struct executor base;
    executor_script script;
    void *context;
};

static bool executor_scripted_execute(struct executor *base, const struct cell *cell,
                                      unsigned repetition, struct observation *out,
                                      struct error *err) {
    struct executor_scripted *self = (struct executor_scripted *)base;
    (void)err;
    identity_fill(out, cell, NULL, repetition);
    self->script(self->context, cell, repetition, out);
    return true;
}

static void executor_scripted_release(struct executor *base) {
    g_free((struct executor_scripted *)base);
}

struct executor *executor_scripted_new(executor_script script, void *context) {
    struct executor_scripted *self = g_new0(struct executor_scripted, 1);
    self->base.execute = executor_scripted_execute;
    self->base.release = executor_scripted_release;
    self->script = script;
    self->context = context;
    return &self->base;
}
