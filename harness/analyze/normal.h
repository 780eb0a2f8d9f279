/* The normal distribution, as far as power and intervals of shares need it. */
#ifndef HEAPMARK_HARNESS_ANALYZE_NORMAL_H
#define HEAPMARK_HARNESS_ANALYZE_NORMAL_H

/* P(Z <= z). */
double normal_below(double z);

/* The z with P(Z <= z) = p, to about 1e-14; 0 < p < 1. */
double normal_quantile(double p);

/* The quantile of Student's t with so many degrees of freedom (>= 4), by the expansion of
   Abramowitz and Stegun 26.7.5: within 1 % down to p = 0.0005 at 10 degrees. */
double student_quantile(double p, double degrees);

#endif
