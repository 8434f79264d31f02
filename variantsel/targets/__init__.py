"""The machines to install for: what a target supports, target files, machines and clouds by name,
and how two of them differ."""
