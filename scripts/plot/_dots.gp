# A row per work, a point per strategy with its whiskers; on a logarithmic axis zeros stand at the left.
panel = 1
load script_dir.'_marks.gp'
set lmargin at screen across(left_pixels)
set rmargin at screen across(width - right_pixels)
set tmargin at screen down(66 + 20 * key_lines)
set bmargin at screen down(height - 74)
set yrange [rows:0]
set border 1
unset ytics
set xlabel axis font text_font textcolor rgb ink offset 0, 0.3
if (logarithmic > 0) {
    set logscale x 10
    from = nice_below(axis_start / unit)
    to = nice_above(axis_end / unit)
    zero_at = from / (to / from) ** 0.08
    set xrange [(has_zero > 0 ? zero_at / (to / from) ** 0.03 : from):to]
    load script_dir.'_log_tics.gp'
    if (has_zero > 0) { set xtics add ('0' zero_at) }
} else {
    zero_at = 0
    set xrange [0:axis_end / unit * 1.05]
}
set grid xtics ytics linestyle 1
do for [row = 1:int(rows) - 1] {
    set arrow row from graph 0, first row to graph 1, first row nohead linecolor rgb faint linewidth 0.7 back
}
shown(v) = v > 0 ? v / unit : zero_at
do for [s = 1:strategies] {
    key_column = (s - 1) % int(key_columns)
    key_line = (s - 1) / int(key_columns)
    set label 9400 + s strategy_name[s] at screen across(24 + key_column * key_pixels), screen down(64 + 20 * key_line) \
        left offset 1.2, 0 font text_font textcolor rgb ink point pointtype strategy_point[s] pointsize 1.15 \
        linecolor rgb strategy_color[s]
}
plot for [s = 1:strategies] table using ($5 == s ? shown($2) : NaN):1:(shown($3)):(shown($4)) with xerrorbars \
        linecolor rgb strategy_color[s] pointtype 0, \
    for [s = 1:strategies] table using ($5 == s ? shown($2) : NaN):1 with points \
        pointtype strategy_point[s] pointsize 1.15 linecolor rgb strategy_color[s]
