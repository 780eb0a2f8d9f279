# Tics at 1, 2 and 5 times powers of ten between `from` and `to`; at the powers alone over many decades, and
# at every third power over very many. Numbers as the words have them:
# "5e-8" below a thousandth, whole ones in full.
decades = log10(to / from)
stride = decades > 16 ? 3 : decades > 9 ? 2 : 1
tic_text(factor, exponent) = exponent < -3 || exponent > 9 ? sprintf('%de%d', factor, exponent) : \
    gprintf(exponent > 3 ? '%.0f' : '%g', factor * 10.0 ** exponent)
set xtics ()
do for [exponent = int(floor(log10(from))):int(ceil(log10(to)))] {
    do for [factor in (decades >= 2.2 ? "1" : "1 2 5")] {
        at_value = factor * 10.0 ** exponent
        if (at_value >= from * 0.999 && at_value <= to * 1.001 && exponent % stride == 0) {
            set xtics add (tic_text(int(factor), exponent) at_value)
        }
    }
}
