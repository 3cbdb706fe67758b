"""Files that appear whole or not at all, and the one owner of each run."""
