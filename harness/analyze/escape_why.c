/* From a decision to the rule that it illustrates: the strongest fact first. */
#include "harness/analyze/escape_why.h"

#include <string.h>

static bool is_closure(const struct escape_decision *d) {
    return strcmp(d->subject, "func literal") == 0;
}

/* "&T{...}", "new(T)" */
static bool is_address(const struct escape_decision *d) {
    return *d->subject == '&' || g_str_has_prefix(d->subject, "new(");
}

/* "T{...}", "[]int{}", "map[string]int{...}" */
static bool is_literal(const struct escape_decision *d) {
    return g_str_has_suffix(d->subject, "}");
}

static bool is_made(const struct escape_decision *d) {
    return g_str_has_prefix(d->subject, "make(") || g_str_has_prefix(d->subject, "append");
}

/* A struct literal that an interface holds has no "[" in front of its brace, a slice's or map's. */
static bool is_collection(const struct escape_decision *d) {
    return is_literal(d) && (*d->subject == '[' || g_str_has_prefix(d->subject, "map["));
}

/* "s.Area" where the package has a method Area: a closure over s. A field of that name would look
   the same, but a type that has both does not compile. */
static bool is_method_value(const struct escape_decision *d,
                            const struct escape_functions *functions) {
    const char *dot = strrchr(d->subject, '.');
    if (dot == NULL || *dot == '\0' || strchr(d->subject, '(') != NULL)
        return false;
    for (guint i = 0; i < functions->items->len; i++) {
        const struct escape_function *f = g_ptr_array_index(functions->items, i);
        const char *method = strrchr(f->name, '.');
        if (method != NULL && strcmp(method, dot) == 0)
            return true;
    }
    return false;
}

bool escape_is_boxed(const struct escape_decision *d, const struct escape_functions *functions) {
    if (d->kind != ESCAPE_TO_HEAP && d->kind != ESCAPE_STAYS)
        return false;
    return !is_closure(d) && !is_address(d) && !is_collection(d) && !is_made(d) &&
           !is_method_value(d, functions) && strcmp(d->subject, "... argument") != 0;
}

/* "string(b)", "([]byte)(s)": makes a copy. */
static bool is_conversion(const struct escape_decision *d) {
    return g_str_has_prefix(d->subject, "string(") || g_str_has_prefix(d->subject, "([]byte)(") ||
           g_str_has_prefix(d->subject, "([]rune)(");
}

/* A literal: "\"x\"", "5", "-1"; 1.19 shows the conversion that boxes an inlined one. */
static bool is_constant(const struct escape_decision *d) {
    static const char conversion[] = "(interface {})(string(";
    const char *text = *d->subject == '-' ? d->subject + 1 : d->subject;
    if (g_str_has_prefix(text, conversion))
        text += strlen(conversion);
    return g_ascii_isdigit(*text) || (*text == '"' && strstr(text, "\" + ") == NULL);
}

bool escape_has_unknown_size(const struct escape_decision *d) {
    const char *last = strrchr(d->subject, ',');
    if (!g_str_has_prefix(d->subject, "make(") || g_str_has_prefix(d->subject, "make(map[") ||
        g_str_has_prefix(d->subject, "make(chan ") || last == NULL)
        return false;
    last += strspn(last, ", ");
    return *last != '\0' && last[strspn(last, "0123456789")] != ')';
}

static bool is_name(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && *at != '_' && (unsigned char)*at < 0x80)
            return false;
    }
    return !g_ascii_isdigit(*text);
}

/* What stands alone before the body opens is a parameter. */
static bool is_parameter(const struct escape_decision *d, const struct escape_function *function) {
    return function != NULL && is_name(d->subject) && d->line <= function->body_line;
}

static const char *why_shared(const struct escape_decision *d) {
    if (d->last_step == ESCAPE_STEP_RETURN)
        return d->kind == ESCAPE_MOVED || is_address(d) ? "sharing up: its address is returned"
                                                        : "sharing up: it is returned";
    if (d->last_step == ESCAPE_STEP_APPEND || d->last_step == ESCAPE_STEP_ELEMENT)
        return "stored in a slice or map that outlives the frame";
    if (d->last_step == ESCAPE_STEP_CALL)
        return "passed to a call that may keep it";
    if (d->last_step == ESCAPE_STEP_ASSIGN)
        return "stored where it outlives the frame";
    return "may be reached after the frame is gone";
}

static const char *why_heap(const struct escape_decision *d,
                            const struct escape_functions *functions) {
    if (d->steps & ESCAPE_STEP_LARGE)
        return "too large for the stack";
    if (d->steps & ESCAPE_STEP_UNKNOWN_SIZE)
        return "size not known at compile time";
    if (is_closure(d) || is_method_value(d, functions))
        return "a closure that outlives the frame";
    if (d->steps & ESCAPE_STEP_CAPTURE)
        return "captured by a closure that outlives the frame";
    if (is_conversion(d))
        return "a conversion whose copy outlives the frame";
    if (is_constant(d))
        return "a constant in an interface (boxed): read-only data, no memory is taken";
    if (strstr(d->subject, " + ") != NULL && escape_is_boxed(d, functions))
        return "a computed string, or a number in an interface, that outlives the frame";
    if (escape_is_boxed(d, functions))
        return "stored in an interface (boxed)";
    if (d->steps & ESCAPE_STEP_SEND)
        return "sent on a channel";
    return why_shared(d);
}

static const char *why_stays(const struct escape_decision *d,
                             const struct escape_functions *functions) {
    if (is_parameter(d, escape_function_at(functions, d->file, d->line)))
        return "sharing down: the pointer stays below";
    if (escape_has_unknown_size(d))
        return "nothing outlives the frame; if its size is known at run time only, a large one is "
               "allocated";
    if (is_closure(d) || is_method_value(d, functions))
        return "a closure that ends before the frame";
    if (strcmp(d->subject, "... argument") == 0)
        return "the argument list is not kept";
    if (escape_is_boxed(d, functions))
        return "in an interface, or copied, that ends before the frame";
    return "nothing outlives the frame";
}

/* Whether it is in no function of the package, which leaves its variables. */
static bool is_outside(const struct escape_decision *d, const struct escape_functions *functions) {
    return !escape_is_elsewhere(d) && !escape_is_generated(d) &&
           escape_function_at(functions, d->file, d->line) == NULL;
}

const char *escape_why(const struct escape_decision *decision,
                       const struct escape_functions *functions) {
    switch (decision->kind) {
    case ESCAPE_MOVED:
    case ESCAPE_TO_HEAP:
        return is_outside(decision, functions) ? "a package variable leads to it"
                                               : why_heap(decision, functions);
    case ESCAPE_STAYS:
        return why_stays(decision, functions);
    case ESCAPE_LEAKS:
        return g_str_has_prefix(decision->text, "leaking param content")
                   ? "what it points to may outlive the call"
                   : "the pointer itself may outlive the call";
    case ESCAPE_LEAKS_RESULT:
        return "sharing up: it comes back in a result";
    case ESCAPE_CAN_INLINE:
        return "small: copied into its callers, whose frame then holds its variables";
    case ESCAPE_INLINES_CALL:
        return "the body stands here instead of the call";
    case ESCAPE_KIND_COUNT:
        break;
    }
    g_assert_not_reached();
}
