"""How fast, against what, and how it grows: `make bench` measures and writes benchmarks.md beside this file.

Machines are noisy, so nothing here is compared across runs of the benchmark: contenders are processes that
wait for each other, epochs alternate, and what is quoted is the median of the ratios of neighbours. A
ratio below its floor makes the command fail.
"""
