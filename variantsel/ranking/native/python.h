/* Python's C interface: its stable part, where the Python built for has one. Included first. */

#ifndef VARIANTSEL_PYTHON_H
#define VARIANTSEL_PYTHON_H

#include <pyconfig.h>
#if !defined(Py_GIL_DISABLED) && !defined(Py_LIMITED_API) /* the former has no stable ABI */
#define Py_LIMITED_API 0x030A0000
#endif

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#endif
