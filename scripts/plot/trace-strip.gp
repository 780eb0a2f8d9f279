# Milliseconds of a traced cell under each other: a row per thread, a box per slice, inner ones lower and
# drawn over the outer ones; single events as ticks; over all rows a veil while the world is stopped.
set multiplot
legend_column = 0
do for [k = 1:int(kinds)] {
    if (kind_used[k] > 0) {
        set label 9500 + k kind_name[k] at screen across(24 + 138 * (legend_column % int(legend_columns))), \
            screen down(64 + 18 * (legend_column / int(legend_columns))) left offset 1.2, 0 font text_font textcolor rgb ink \
            point pointtype 5 pointsize 1.1 linecolor rgb kind_color[k]
        legend_column = legend_column + 1
    }
}
plot_top(panel) = head_pixels + 28 + (panel - 1) * panel_pixels
do for [panel = 1:int(panels)] {
    load script_dir.'_marks.gp'
    set lmargin at screen across(left_pixels)
    set rmargin at screen across(width - 30)
    set tmargin at screen down(plot_top(panel))
    set bmargin at screen down(plot_top(panel) + plot_pixels)
    set yrange [rows + 0.5:0.5]
    set xrange [0:1000]
    set border 1
    unset ytics
    set xtics 0, 100, 1000 font note_font
    if (panel == panels) { set xlabel 'microseconds' font text_font textcolor rgb ink offset 0, 0.4 }
    plot for [k = 1:int(kinds)] table using ($1 == panel && $6 == k && $7 == 0 && $5 == 0 ? $3 : NaN):2:3:4:($2 - 0.38):($2 + 0.38) \
            with boxxyerror fillstyle solid 1 noborder linecolor rgb kind_color[k], \
        for [k = 1:int(kinds)] table using ($1 == panel && $6 == k && $7 == 0 && $5 == 1 ? $3 : NaN):2:3:4:($2 - 0.20):($2 + 0.38) \
            with boxxyerror fillstyle solid 1 noborder linecolor rgb kind_color[k], \
        for [k = 1:int(kinds)] table using ($1 == panel && $6 == k && $7 == 0 && $5 >= 2 ? $3 : NaN):2:3:4:($2 - 0.02):($2 + 0.38) \
            with boxxyerror fillstyle solid 1 noborder linecolor rgb kind_color[k], \
        table using ($1 == panel && $6 == kind_stop && $7 == 0 ? $3 : NaN):2:3:4:(0.5):(rows + 0.5) \
            with boxxyerror fillstyle transparent solid 0.22 noborder linecolor rgb kind_color[int(kind_stop)], \
        for [k = 1:int(kinds)] table using ($1 == panel && $6 == k && $7 == 1 ? $3 : NaN):($2 - 0.44):(0):(0.16) \
            with vectors nohead linewidth 1 linecolor rgb '#333333'
    unset label
}
unset multiplot
