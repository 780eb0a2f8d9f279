/*
 * heapmark: the command line. A table of commands, and nothing that one of them should do itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"

static const struct command *const commands[] = {
    &command_run,   &command_list,   &command_plot,   &command_compare, &command_gate,
    &command_trace, &command_escape, &command_export, &command_doctor,  &command_profile,
};

int command_refuse(const struct error *err) {
    fprintf(stderr, "heapmark: %s\n", err->text);
    return err->exit_status;
}

int command_help_print(const struct command *command) {
    char *help = command_help(command);
    fputs(help, stdout);
    g_free(help);
    return EXIT_OK;
}

static void main_usage(FILE *stream) {
    fputs("usage: heapmark COMMAND [OPTIONS]\n\n"
          "Measures memory-allocation strategies against each other: mallocs, garbage collectors,\n"
          "pools, values against pointers.\n\ncommands:\n",
          stream);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(stream, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\noptions:\n"
          "  --help     print this text and do nothing\n"
          "  --version  print the version\n\n"
          "heapmark COMMAND --help tells more of each.\n",
          stream);
}

static const struct command *command_find(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static int main_unknown(const char *word) {
    const char *names[G_N_ELEMENTS(commands) + 3] = {"--help", "--version"};
    struct error err;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i + 2] = commands[i]->name;
    char *advice = nearest_advice(word, names);
    const char *kind = word[0] == '-' ? "option" : "command";
    error_set(&err, EXIT_USAGE, "no %s is called \"%s\"%s", kind, word,
              *advice != '\0' ? advice : "; heapmark --help lists what there is");
    g_free(advice);
    return command_refuse(&err);
}

static int main_dispatch(int argc, char **argv) {
    if (argc < 2) {
        main_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        main_usage(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("heapmark " HEAPMARK_VERSION);
        return EXIT_OK;
    }
    const struct command *command = command_find(argv[1]);
    return command == NULL ? main_unknown(argv[1]) : command->run(command, argc - 2, argv + 2);
}

/* A file opened later must not become standard output because the caller closed that. */
static void main_open_standard_descriptors(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Results that did not reach their reader are a failure, even when everything else went well. */
static int main_flush(int status) {
    struct error err;
    bool fails_now = fflush(stdout) != 0;
    if (!fails_now && ferror(stdout) == 0)
        return status;
    error_set(&err, EXIT_CANNOT, "standard output cannot be written%s%s",
              fails_now ? ": " : " to its end", fails_now ? g_strerror(errno) : "");
    return command_refuse(&err);
}

int main(int argc, char **argv) {
    main_open_standard_descriptors();
    /* A file-size limit then fails a write, which is said, instead of ending the process. */
    signal(SIGXFSZ, SIG_IGN);
    return main_flush(main_dispatch(argc, argv));
}
