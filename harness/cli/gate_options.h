/* What the command line of `heapmark gate`, `gate calibrate` and `gate selftest` asks for. Within
   cli only. */
#ifndef HEAPMARK_HARNESS_CLI_GATE_OPTIONS_H
#define HEAPMARK_HARNESS_CLI_GATE_OPTIONS_H

#include "harness/base/flags.h"
#include "harness/plan/config.h"
#include "harness/present/gate_report.h"
#include "harness/run/gate_plan.h"

extern const struct flag gate_flags[], gate_calibrate_flags[], gate_selftest_flags[],
    gate_baseline_flags[];

/* A report: its format, and the file it goes to; NULL: standard output. */
struct gate_output {
    const struct gate_format *format;
    char *path;
};

struct gate_options {
    struct gate_sides sides; /* borrows from the texts below */
    char *base, *candidate;
    bool has_strategies;   /* --strategies was given */
    struct config config;  /* what is measured on both sides */
    unsigned tiers;        /* of enum gate_tiers, of what config selects */
    char *exact_workloads; /* more, of which the counts alone are judged; NULL: none */
    uint64_t budget_s;
    uint64_t draws;             /* decisions drawn for each point of a selftest's curve */
    double margin, pass_margin; /* shares; NaN: not given */
    GArray *limits;             /* of struct gate_limit; text in `text` */
    char *calibration;          /* a file; NULL: none */
    enum gate_policy policy;
    bool has_policy;
    GArray *outputs; /* of struct gate_output */
    char *dir, *from, *out;
    char *file;         /* of a baseline */
    bool is_save;       /* write it */
    bool has_measuring; /* a flag about measuring was given: not with --from */
    bool help;
    GStringChunk *text;
};

/* Which command's line it is: it decides what must and what may be there. */
enum gate_command { GATE_JUDGE, GATE_CALIBRATE, GATE_SELFTEST };

/* Parses; refuses (EXIT_USAGE). `o` is to be released in either case. */
bool gate_options_parse(struct gate_options *o, const struct command *command, int argc,
                        char **argv, struct error *err);
/* What goes together, and the sides; after gate_options_parse. Refuses (EXIT_USAGE). */
bool gate_options_check(struct gate_options *o, enum gate_command which, struct error *err);
void gate_options_release(struct gate_options *o);

/* "CELL:METRIC=PCT". Refuses (EXIT_USAGE) a metric that is not known, with the nearest. Text goes
   to `text`. */
bool gate_limit_parse(struct gate_limit *out, const char *value, GStringChunk *text,
                      struct error *err);

#endif
