# Tics at 1, 2 and 5 times powers of ten between `from` and `to`; at the powers alone over many decades.
set xtics ()
do for [exponent = int(floor(log10(from))):int(ceil(log10(to)))] {
    do for [factor in (log10(to / from) >= 2.2 ? "1" : "1 2 5")] {
        at_value = factor * 10.0 ** exponent
        if (at_value >= from * 0.999 && at_value <= to * 1.001) { set xtics add (gprintf('%g', at_value) at_value) }
    }
}
