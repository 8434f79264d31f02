"""The files of a release in the order to try them, what they use of the machine, and saying why."""
