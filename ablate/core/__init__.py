"""Plain frozen data: what is asked, what came out, and the hash that names it."""
