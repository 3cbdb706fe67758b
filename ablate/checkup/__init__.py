"""What `ablate doctor` looks at, one module a subject: each gives what it found, and how to mend what is wrong."""
