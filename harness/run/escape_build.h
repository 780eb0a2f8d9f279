/*
 * Runs what `heapmark escape` asks: the Go toolchain, go-functions, and the Go cell program for the
 * functions of its workloads.
 *
 * Nothing is downloaded, and nobody's flags change what is built: GOTOOLCHAIN=local, GOPROXY=off,
 * GOFLAGS neutral. A user's package is built for the platform and with the experiments that the
 * user's environment names; our own sources are sealed from it. The result of a build goes to
 * /dev/null: the compiler's words are what is wanted. They come although the package is built
 * already: go keeps them with the compiled package and says them again (since 1.10; seen with 1.19
 * and 1.26).
 */
#ifndef HEAPMARK_HARNESS_RUN_ESCAPE_BUILD_H
#define HEAPMARK_HARNESS_RUN_ESCAPE_BUILD_H

#include "harness/base/error.h"

struct go_toolchain {
    char *program;                   /* absolute path of go */
    char *version;                   /* "go1.26.8" */
    bool is_sealed;                  /* for our own sources; set before go_toolchain_find */
    const volatile int *interrupted; /* set by a signal handler; NULL: never */
};

/* `program`: a path, or a name on PATH; NULL: go. Refuses (EXIT_CANNOT) when it is not there or
   does not answer. Caller releases, also after false. */
bool go_toolchain_find(struct go_toolchain *go, const char *program, struct error *err);
void go_toolchain_release(struct go_toolchain *go);

/* What a command printed, stdout and stderr together; its exit status is zero or not. */
struct go_answer {
    char *output; /* caller frees with g_free */
    bool succeeded;
};

/* go build -gcflags=GCFLAGS in the package's directory. False: it could not be run to its end
   (EXIT_CANNOT), or was interrupted (EXIT_INTERRUPTED). */
bool escape_build(const struct go_toolchain *go, const char *directory, const char *gcflags,
                  struct go_answer *answer, struct error *err);

/* go test -bench REGEX -benchmem -benchtime BENCHTIME in the package's directory; as above. */
bool escape_bench_run(const struct go_toolchain *go, const char *directory, const char *regex,
                      const char *benchtime, struct go_answer *answer, struct error *err);

/* What go-functions prints of a package's directory. Refuses (EXIT_CANNOT) when it is not installed
   or fails. Caller frees *output with g_free. */
bool escape_functions_print(const char *directory, char **output, struct error *err);

/* What `cell-go --functions` prints; `program`: the cell program. As above. */
bool escape_subjects_print(const char *program, char **output, struct error *err);

#endif
