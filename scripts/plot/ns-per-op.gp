# Time per operation: a page per group.
load script_dir.'_bars.gp'
