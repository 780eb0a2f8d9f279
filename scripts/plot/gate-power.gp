# The share of decisions that are REGRESSED over the planted slow-down, a line per time a cell is given.
set lmargin at screen across(80)
set rmargin at screen across(width - 40)
set tmargin at screen down(80)
set bmargin at screen down(height - 80)
set xrange [-0.4:10.4]
set yrange [-2:102]
set xtics (0, 1, 2, 3, 5, 10) font note_font
set ytics 0, 20, 100 font note_font
set format x '%g %%'
set format y '%g %%'
set xlabel 'planted slow-down' font note_font textcolor rgb ink
set ylabel 'REGRESSED' font note_font textcolor rgb ink
set grid xtics ytics
set key at graph 0.98, graph 0.06 right bottom Left reverse samplen 2 font note_font textcolor rgb ink
array look_color[4] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7']
array look_point[4] = [7, 5, 9, 11]
look(i) = int(i - 1) % 4 + 1
plot for [i = 1:int(lines)] table index i - 1 using 1:2:3:4 with yerrorbars notitle pointtype 0 \
        linecolor rgb look_color[look(i)], \
     for [i = 1:int(lines)] table index i - 1 using 1:2 with linespoints title line_name[i] linewidth 1.6 \
        pointtype look_point[look(i)] linecolor rgb look_color[look(i)]
