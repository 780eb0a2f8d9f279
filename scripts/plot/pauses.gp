# A histogram per row over the logarithm of time; a line at the median, a diamond at the 99th
# percentile, a cross at the longest stop.
panel = 1
load script_dir.'_marks.gp'
set lmargin at screen across(left_pixels)
set rmargin at screen across(width - 300)
set tmargin at screen down(66)
set bmargin at screen down(height - 76)
set yrange [rows:0]
set border 1
unset ytics
set logscale x 10
from = nice_below(axis_start)
to = nice_above(axis_end)
set xrange [from:to]
set xlabel 'time of a single stop, logarithmic' font text_font textcolor rgb ink
set xtics ()
do for [exponent = 0:11] {
    do for [factor in (log10(to / from) > 3.5 ? "1" : "1 2 5")] {
        ns = factor * 10.0 ** exponent
        if (ns >= from * 0.999 && ns <= to * 1.001) {
            text = ns < 999 ? sprintf('%g ns', ns) : ns < 999e3 ? sprintf('%g µs', ns / 1e3) : \
                ns < 999e6 ? sprintf('%g ms', ns / 1e6) : sprintf('%g s', ns / 1e9)
            set xtics add (text ns)
        }
    }
}
set grid xtics
plot for [s = 1:strategies] table index 0 using ($5 == s ? $2 : NaN):1:2:3:($1 - $4):1 with boxxyerror \
        fillstyle solid 0.75 noborder linecolor rgb strategy_color[s], \
    table index 1 using 2:1:(0):(-0.9) with vectors nohead linecolor rgb '#ffffff' linewidth 4, \
    table index 1 using 2:1:(0):(-0.9) with vectors nohead linecolor rgb ink linewidth 1.6, \
    table index 1 using 3:($1 - 0.12) with points pointtype 13 pointsize 1.7 linecolor rgb '#ffffff', \
    table index 1 using 3:($1 - 0.12) with points pointtype 13 pointsize 1.1 linecolor rgb ink, \
    table index 1 using 4:($1 - 0.12) with points pointtype 2 pointsize 0.9 linecolor rgb ink
