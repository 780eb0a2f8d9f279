# Peak resident memory.
load script_dir.'_dots.gp'
