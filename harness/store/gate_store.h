/*
 * The directory of a gate: what was asked (gate.txt), the machine, the cells, and every block and
 * count as it was measured.
 *
 * gate.txt begins with its version, then has a line "key: value" for each thing that was asked, and
 * ends with the state of the gate: "measuring" while it runs, "complete" with the number of rows
 * and the SHA-256 of each file when it is over. So a directory that lost a file, a row or a digit
 * on its way between two machines is refused instead of judged: a gate must never be green because
 * something is missing.
 */
#ifndef HEAPMARK_HARNESS_STORE_GATE_STORE_H
#define HEAPMARK_HARNESS_STORE_GATE_STORE_H

#include <stdbool.h>

#include "harness/base/error.h"
#include "harness/store/gate_rows.h"

#define GATE_FILE         "gate.txt"
#define GATE_MACHINE_FILE "machine.txt"
#define GATE_VERSION      1

/* One line of gate.txt. Both texts live in the pool of the array's owner. */
struct gate_line {
    const char *key, *value;
};

struct gate_store; /* an open directory of a gate */

/* Makes dir (and its parents) with gate.txt, machine.txt and CSV files that have only their header
   lines. `asked`: of struct gate_line; borrowed for the store's life. Refuses a directory that
   holds anything (EXIT_USAGE), and one that cannot be written (EXIT_CANNOT). */
struct gate_store *gate_store_create(const char *dir, const GArray *asked, const char *machine,
                                     struct error *err);

/* Writes cells.csv anew and appends the blocks and counts that came since the last call. False:
   EXIT_CANNOT. */
bool gate_store_write(struct gate_store *s, const struct gate_rows *rows, struct error *err);

/* Writes the rest, and seals gate.txt: "complete". */
bool gate_store_finish(struct gate_store *s, const struct gate_rows *rows, struct error *err);

void gate_store_free(struct gate_store *s); /* closes; NULL is fine */

/*
 * Reads a directory back; strings go to the rows' pool; `asked` (of struct gate_line, empty) gets
 * gate.txt's lines but for its version and its end. Rows must be initialised.
 *
 * Refuses (EXIT_USAGE), with file and line where there is one: another version, a missing, empty,
 * cut or changed file, a row that names a cell that is not there, says something twice, or has a
 * value that no gate writes. Refuses (EXIT_CANNOT) a gate that was not brought to its end.
 */
bool gate_store_read(struct gate_rows *rows, GArray *asked, const char *dir, struct error *err);

/* The value of a key, NULL when it is not there. */
const char *gate_line_find(const GArray *asked, const char *key);
GArray *gate_lines_new(void);

#endif
