/* Numbers as people read them: three significant digits, a unit, a dash for what is not known. */
#ifndef HEAPMARK_HARNESS_PRESENT_QUANTITY_H
#define HEAPMARK_HARNESS_PRESENT_QUANTITY_H

/* A short text, by value, so that it can stand in an argument list. */
struct quantity {
    char text[48];
};

/* What stands for a number that is not known. */
#define QUANTITY_NONE "–"

/* "0.312", "1.52", "55.1", "2224": three significant digits, all digits of a whole part; an
 * exponent below a thousandth only ("5.00e-8"). */
struct quantity quantity_plain(double value);
/* "80", "0", "12.5": whole numbers exactly, others with up to two decimals. */
struct quantity quantity_exact(double value);
/* "1.52 ns", "12.3 µs", "4.56 ms", "1.20 s" */
struct quantity quantity_time(double ns);
/* "80 B", "3.20 KiB", "14.5 MiB" */
struct quantity quantity_memory(double bytes);
/* "0 B", "80 B", "12.5 B", "73728 B": exact, because B/op is */
struct quantity quantity_bytes(double bytes);
/* "×1.02", "×10.2", "×381" */
struct quantity quantity_ratio(double ratio);
/* "±1.2 %" of a share (0.012) */
struct quantity quantity_spread(double share);
/* Size of an object as its axis has it: "8", "1K", "1M" */
struct quantity quantity_size(double bytes);

#endif
