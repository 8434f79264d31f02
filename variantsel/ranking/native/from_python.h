/* Names, releases and what is supported, from Python's objects. */

#ifndef VARIANTSEL_FROM_PYTHON_H
#define VARIANTSEL_FROM_PYTHON_H

#include "python.h"
#include "release.h"

/* Where the items of nested mappings and sequences go. One of the two is NULL. */
typedef struct {
    const HashKey *key;
    Names *supported;
    Draft *draft;
    uint32_t namespace, feature; /* whose items are being added */
} Builder;

typedef int (*Visit)(Builder *builder, PyObject *key, PyObject *value);

INTERNAL PyObject *str_from_text(Text text);
INTERNAL int append_str(PyObject *list, Text text);
INTERNAL int text_of(PyObject *object, const char *what, Text *text, PyObject **owner);
INTERNAL int add_object(Names *names, const HashKey *key, uint32_t parent, PyObject *object,
                        const char *what, uint32_t *number);
INTERNAL int visit_items(Builder *builder, PyObject *mapping, const char *what, Visit visit);
INTERNAL int add_supported_feature(Builder *builder, PyObject *feature, PyObject *values);
INTERNAL int add_supported_namespace(Builder *builder, PyObject *name, PyObject *features);
INTERNAL int add_variant(Builder *builder, PyObject *label, PyObject *properties);

#endif
