# A heat map: boxes coloured by C (column 4), words set as marks, a scale below.
panel = 1
load script_dir.'_marks.gp'
set lmargin at screen across(left_pixels)
set rmargin at screen across(left_pixels + strategies * 88)
set tmargin at screen down(head_pixels)
set bmargin at screen down(height - 80)
set yrange [rows:0]
set xrange [0:strategies]
unset border
unset tics
unset grid
do for [i = 1:5] {
    set object i rectangle from screen across(left_pixels + (i - 1) * 60), screen down(height - 64) to \
        screen across(left_pixels + i * 60), screen down(height - 48) fillstyle solid noborder \
        fillcolor rgb int(swatch_color[i])
    set label 9300 + i swatch_text[i] at screen across(left_pixels + (i - 0.5) * 60), screen down(height - 38) \
        center font note_font textcolor rgb ink
}
plot table using 1:2:($1 - 0.49):($1 + 0.49):($2 - 0.47):($2 + 0.47):4 with boxxyerror \
    fillstyle solid noborder linecolor rgb variable
