# ns/op over object size, both logarithmic; the borders of goheap's paths as thin lines.
panel = 1
legend_left = width - right_pixels + 24
legend_top = 78
load script_dir.'_marks.gp'
set lmargin at screen across(88)
set rmargin at screen across(width - right_pixels)
set tmargin at screen down(66)
set bmargin at screen down(height - 70)
set logscale xy
set xrange [x_least / 1.3:x_most * 1.3]
set yrange [nice_below(y_least):nice_above(y_most)]
set xlabel 'bytes of an object, logarithmic' font text_font textcolor rgb ink
set ylabel 'ns/op, logarithmic' font text_font textcolor rgb ink
set xtics ()
do for [exponent = 0:30] {
    bytes = 2.0 ** exponent
    if (bytes >= x_least / 1.3 && bytes <= x_most * 1.3 && (exponent % 2 == 1 || log(x_most / x_least) < 5)) {
        set xtics add ((bytes < 1024 ? sprintf('%g', bytes) : bytes < 1048576 ? sprintf('%gK', bytes / 1024) : \
            sprintf('%gM', bytes / 1048576)) bytes)
    }
}
set format y '%g'
set grid xtics ytics
do for [border in "16 32768"] {
    if (border + 0 > x_least && border + 0 < x_most) {
        set arrow from first border + 0, graph 0 to first border + 0, graph 1 nohead dashtype 3 linecolor rgb '#888888'
    }
}
set label 9100 'tiny | small' at first 16, graph 0.02 center font note_font textcolor rgb '#555555'
set label 9101 'small | large' at first 32768, graph 0.02 center font note_font textcolor rgb '#555555'
plot for [s = 1:strategies] table using 1:($5 == s ? $2 : NaN):3:4 with yerrorbars pointtype 0 \
        linecolor rgb strategy_color[s], \
    for [s = 1:strategies] table index (s - 1) using 1:2 with lines dashtype strategy_dash[s] \
        linewidth 1.8 linecolor rgb strategy_color[s], \
    for [s = 1:strategies] table index (s - 1) using 1:2 with points \
        pointtype below(strategy_point[s]) pointsize 1 linecolor rgb '#ffffff', \
    for [s = 1:strategies] table index (s - 1) using 1:2 with points \
        pointtype strategy_point[s] pointsize 1 linecolor rgb strategy_color[s]
