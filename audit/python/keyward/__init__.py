"""A second implementation of the keyward format and verifier, version 1.

Written from SPEC.md and the test vectors alone. Section numbers in the
docstrings are those of SPEC.md.
"""
