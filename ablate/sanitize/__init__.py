"""What comes from elsewhere, and what goes out to others.

arrays        .npz within bounds: no pickle, no bomb, no header that lies
files         regular files alone, none that is waited for
paths         where a person says that something lies
types         JSON as the dataclass that it claims to be
text          control characters spelt out, names of files that are safe
redact        what of a command may be published
"""
