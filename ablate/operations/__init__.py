"""What can be done, as Python: one module a verb."""
