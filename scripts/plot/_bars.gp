# Horizontal bars with whiskers, from zero or, where panel_start says so, on a logarithmic axis; one or more
# panels side by side over the same rows.
left = label_pixels
room = panels > 1 ? 130 : 170          # for the values beside the longest bar
step = (width - left) / panels
set multiplot
do for [panel = 1:int(panels)] {
    axis_from = panel_start[panel]
    load script_dir.'_marks.gp'
    set lmargin at screen across(left + (panel - 1) * step)
    set rmargin at screen across(left + panel * step - room)
    set tmargin at screen down(84)
    set bmargin at screen down(height - 58)
    set yrange [rows:0]
    if (axis_from > 0) { set logscale x } else { unset logscale x }
    set xrange [axis_from:panel_end[panel] * (axis_from > 0 ? 1.1 : 1.02)]
    set border 2
    unset ytics
    set format x (panel_end[panel] >= 1e5 ? '%.0f' : '%g')
    set xtics nice_above(panel_end[panel] / 6) font note_font
    if (axis_from > 0) {
        from = axis_from; to = panel_end[panel] * 1.1
        load script_dir.'_log_tics.gp'
    }
    set grid xtics
    plot table using ($1 == panel && $6 == 0 ? $3 : NaN):2:(axis_from):3:($2 - 0.38):($2 + 0.38) \
            with boxxyerror fillstyle solid 0.85 noborder linecolor rgb '#999999', \
        for [s = 1:strategies] table using ($1 == panel && $6 == s ? $3 : NaN):2:(axis_from):3:($2 - 0.38):($2 + 0.38) \
            with boxxyerror fillstyle solid 0.85 noborder linecolor rgb strategy_color[s], \
        table using ($1 == panel ? $3 : NaN):2:4:5 with xerrorbars linecolor rgb '#333333' pointtype 0
}
