"""Plain frozen data: what is asked, what came out, and the hash that names it. Nothing here opens a file.

identity      canonical text, digests, and the format numbers that stand in them
specs         everything that determines a run; a sweep and a study before and after they are laid out
plans         the same as it is stored: a study with its arms, seeds and run ids
records       what is stored of a run, and what each of its numbers means
artefacts     what can be kept of a run beside its record, and the meaning of each number in it
claims        the grammar of statements that a sweep tests; `parse_error` points at the wrong word
machine       what this machine is
versions      what in two environments may change numbers
errors        what is told to the person who asked: message, hint, exit code
"""
