"""What is written about variants, read into values: wheel names and labels, properties, every
generation of variant metadata, variant markers.

Parses, validates, merges and writes; of files it reads what it is given, and nothing else.
"""
