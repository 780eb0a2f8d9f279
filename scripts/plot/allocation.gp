# B/op and allocs/op side by side: a page per group.
load script_dir.'_bars.gp'
