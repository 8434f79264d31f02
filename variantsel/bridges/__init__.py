"""How today's projects encode hardware, as data, and turning their builds into variants.

PyPI has no variant wheels yet: what is installed there names its hardware by an index for each
backend, a suffix of the project's name, an extra, or the version. A bridge is a file that says so
for one family of projects (``docs/bridges.md``, ``spec/README.md``, Bridges).
"""
