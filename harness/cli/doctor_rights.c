/* Each right is tried on the least that needs it: an event is opened, valgrind asked for its
   version, a program that does nothing is traced. */
#include "harness/cli/doctor_rights.h"

#include <glib.h>

#include "harness/capture/sampler.h"
#include "harness/run/instruction_count.h"
#include "harness/run/syscall_count.h"

static void samples_try(struct doctor_right *r) {
    enum { FREQUENCY_HZ = 997, STACK_BYTES = 16 << 10 }; /* as profile's defaults */
    struct error why;
    struct sampler *s = sampler_new(&(struct sampler_options){.frequency_hz = FREQUENCY_HZ,
                                                              .stack_bytes = STACK_BYTES,
                                                              .system = &sampler_system},
                                    &why);
    r->what = "CPU samples (profile)";
    r->is_usable = s != NULL;
    r->value = g_strdup(s != NULL ? sampler_event(s) : why.text);
    r->advice = s == NULL ? NULL : g_strdup(sampler_notice(s));
    if (s != NULL)
        sampler_free(s);
}

static void instructions_try(struct doctor_right *r) {
    struct instruction_tool tool;
    struct error why;
    r->what = "instructions counted by valgrind (gate)";
    r->is_usable = instruction_tool_find(&tool, &why);
    r->value =
        r->is_usable ? g_strdup_printf("%s, %s", tool.valgrind, tool.version) : g_strdup(why.text);
    if (r->is_usable)
        instruction_tool_release(&tool);
    else
        r->advice = g_strdup("without it the gate's exact tier counts no instructions");
}

static void syscalls_try(struct doctor_right *r) {
    char *program = g_find_program_in_path("true");
    char *const arguments[] = {program, NULL}, *const environment[] = {NULL};
    struct process_result result;
    struct syscall_count count = {.refusal = NULL};
    struct error why;
    process_result_init(&result);
    bool has_run = program != NULL &&
                   syscall_count_run(&(struct process_request){.arguments = arguments,
                                                               .environment = environment,
                                                               .answers_on_stdout = true,
                                                               .timeout_ns = UINT64_C(5000000000)},
                                     &result, &count, &why);
    uint64_t mapped = count.calls[SYSCALL_MMAP];
    r->what = "system calls counted by ptrace (gate)";
    r->is_usable = has_run && count.refusal == NULL && mapped > 0;
    if (r->is_usable)
        r->value = g_strdup_printf("works: `true` maps memory %" G_GUINT64_FORMAT " times", mapped);
    else if (program == NULL)
        r->value = g_strdup("there is no program `true` on PATH to try it with");
    else if (count.refusal != NULL)
        r->value =
            g_strdup_printf("%s is refused (%s)", count.refusal, g_strerror(count.error_number));
    else
        r->value = g_strdup(has_run ? "nothing was counted" : why.text);
    if (!r->is_usable && program != NULL)
        r->advice = g_strdup("a container's rules, usually: allow ptrace and seccomp there "
                             "(docker run --cap-add=SYS_PTRACE); without it the gate's exact tier "
                             "counts no system calls");
    process_result_release(&result);
    g_free(program);
}

void doctor_rights_try(struct doctor_right out[DOCTOR_RIGHTS]) {
    for (int i = 0; i < DOCTOR_RIGHTS; i++)
        out[i] = (struct doctor_right){.advice = NULL};
    samples_try(&out[0]);
    instructions_try(&out[1]);
    syscalls_try(&out[2]);
}

void doctor_right_release(struct doctor_right *r) {
    g_free(r->value);
    g_free(r->advice);
}
