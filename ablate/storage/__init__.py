"""A results folder: files that appear whole or not at all, and one owner for each run.

atomic        writing, locking, sealing and setting aside; every other file here is written by it
npz, journal  arrays that are equal bytes when equal; lines that are appended and survive a torn last one
runs          runs by the hash of their spec, with their artefacts
studies       what was planned under a name, what happened to it, and its tables
leases        which process trains which run
garbage       what takes space, and what of it no study needs
"""
