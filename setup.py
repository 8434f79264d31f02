"""The tag of the wheel: one for every CPython from 3.10, where CPython has a stable ABI.

Free-threaded CPython has none up to 3.14, and setuptools refuses to pretend. All else stands in
pyproject.toml.
"""

import sysconfig

from setuptools import setup

has_stable_abi = not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(options={"bdist_wheel": {"py_limited_api": "cp310"}} if has_stable_abi else {})
