/* libFuzzer's entry: hands every input to check() of tests/fuzz/differential.py, or to the function
 * there that the variable FUZZ_CHECK names. An exception there is a finding, as is whatever the
 * sanitizers see in the extension. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static PyObject *check;

static void
give_up(void)
{
    PyErr_Print();
    abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    Py_Initialize();
    PyObject *module = PyImport_ImportModule("fuzz.differential");
    const char *name = getenv("FUZZ_CHECK");
    check = module == NULL ? NULL : PyObject_GetAttrString(module, name == NULL ? "check" : name);
    if (check == NULL) {
        give_up();
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PyObject *result =
        PyObject_CallFunction(check, "y#", (const char *)data, (Py_ssize_t)size);
    if (result == NULL) {
        give_up();
    }
    Py_DECREF(result);
    return 0;
}
