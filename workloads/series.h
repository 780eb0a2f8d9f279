/* Constant initialisers that count up: SERIES_64(n) is n, n + 1, ... n + 63. */
#ifndef HEAPMARK_WORKLOADS_SERIES_H
#define HEAPMARK_WORKLOADS_SERIES_H

#define SERIES_4(n)   (n), (n) + 1, (n) + 2, (n) + 3
#define SERIES_16(n)  SERIES_4(n), SERIES_4((n) + 4), SERIES_4((n) + 8), SERIES_4((n) + 12)
#define SERIES_64(n)  SERIES_16(n), SERIES_16((n) + 16), SERIES_16((n) + 32), SERIES_16((n) + 48)
#define SERIES_256(n) SERIES_64(n), SERIES_64((n) + 64), SERIES_64((n) + 128), SERIES_64((n) + 192)

#endif
