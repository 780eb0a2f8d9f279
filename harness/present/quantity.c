/* Numbers as people read them. */
#include "harness/present/quantity.h"

#include <math.h>
#include <stdio.h>

/* "5.00e-8": below a thousandth nobody counts zeros. */
static void digits_write_small(char *out, size_t bytes, double value) {
    int exponent = (int)floor(log10(fabs(value)));
    double mantissa = value / pow(10, exponent);
    if (fabs(mantissa) >= 9.995) {
        mantissa /= 10;
        exponent++;
    }
    snprintf(out, bytes, "%.2fe%d", mantissa, exponent);
}

/* Three significant digits, but never fewer than the whole part has. A value that rounds up to the
   next power of ten loses a decimal: 9.996 is "10.0". */
static void digits_write(char *out, size_t bytes, double value) {
    double size = fabs(value);
    int decimals = 0;
    if (size > 0 && size < 0.0009995) {
        digits_write_small(out, bytes, value);
        return;
    }
    if (size > 0 && size < 999.5) {
        int exponent = (int)floor(log10(size));
        decimals = 2 - exponent;
        if (size * pow(10, decimals) >= 999.5) {
            decimals--;
        }
    }
    snprintf(out, bytes, "%.*f", decimals, value);
}

static struct quantity quantity_none(void) {
    return (struct quantity){QUANTITY_NONE};
}

/* The value in the largest unit that leaves at least one of it. */
static struct quantity quantity_scaled(double value, const char *const *units, unsigned count,
                                       double step) {
    if (isnan(value)) {
        return quantity_none();
    }
    unsigned unit = 0;
    while (unit + 1 < count && fabs(value) >= step * 0.99951) {
        value /= step;
        unit++;
    }
    char digits[32];
    digits_write(digits, sizeof digits, value);
    struct quantity q;
    snprintf(q.text, sizeof q.text, "%s %s", digits, units[unit]);
    return q;
}

struct quantity quantity_plain(double value) {
    if (isnan(value)) {
        return quantity_none();
    }
    struct quantity q = {""};
    digits_write(q.text, sizeof q.text, value);
    return q;
}

struct quantity quantity_exact(double value) {
    if (isnan(value)) {
        return quantity_none();
    }
    struct quantity q;
    if (fabs(value - round(value)) < 0.0005) {
        snprintf(q.text, sizeof q.text, "%.0f", fabs(round(value)) > 0 ? round(value) : 0.0);
    } else if (fabs(value) < 0.1) {
        digits_write(q.text, sizeof q.text, value);
    } else {
        snprintf(q.text, sizeof q.text, "%.*f", fabs(value * 10 - round(value * 10)) < 0.05 ? 1 : 2,
                 value);
    }
    return q;
}

struct quantity quantity_time(double ns) {
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    return quantity_scaled(ns, units, 4, 1000);
}

struct quantity quantity_memory(double bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    return quantity_scaled(bytes, units, 5, 1024);
}

struct quantity quantity_bytes(double bytes) {
    if (isnan(bytes)) {
        return quantity_none();
    }
    struct quantity q;
    snprintf(q.text, sizeof q.text, "%.40s B", quantity_exact(bytes).text);
    return q;
}

struct quantity quantity_ratio(double ratio) {
    if (isnan(ratio)) {
        return quantity_none();
    }
    struct quantity q;
    snprintf(q.text, sizeof q.text, "×%.40s", quantity_plain(ratio).text);
    return q;
}

struct quantity quantity_spread(double share) {
    if (isnan(share)) {
        return quantity_none();
    }
    struct quantity q;
    double percent = share * 100;
    snprintf(q.text, sizeof q.text, "±%.*f %%", percent < 9.95 ? 1 : 0, percent);
    return q;
}

struct quantity quantity_size(double bytes) {
    static const char *const suffixes[] = {"", "K", "M", "G"};
    unsigned suffix = 0;
    while (suffix < 3 && bytes >= 1024 && fmod(bytes, 1024) < 0.5) {
        bytes /= 1024;
        suffix++;
    }
    struct quantity q;
    snprintf(q.text, sizeof q.text, "%.0f%s", bytes, suffixes[suffix]);
    return q;
}
