#include "from_python.h"

/* The text of a str, whatever its subclass does: no Python code runs. ``owner`` keeps the text
 * alive where the str itself does not. */
int
text_of(PyObject *object, const char *what, Text *text, PyObject **owner)
{
    Py_ssize_t length;
    *owner = NULL;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not %R", what,
                     (PyObject *)Py_TYPE(object));
        return -1;
    }
    text->at = PyUnicode_AsUTF8AndSize(object, &length);
    if (text->at != NULL) {
        text->length = (size_t)length;
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
        return -1;
    }
    PyErr_Clear();
    char *bytes;
    *owner = PyUnicode_AsEncodedString(object, "utf-8", "surrogatepass");
    if (*owner == NULL || PyBytes_AsStringAndSize(*owner, &bytes, &length) < 0) {
        Py_CLEAR(*owner);
        return -1;
    }
    *text = (Text){bytes, (size_t)length};
    return 0;
}

PyObject *
str_from_text(Text text)
{
    return PyUnicode_DecodeUTF8(text.at, (Py_ssize_t)text.length, "surrogatepass");
}

int
append_str(PyObject *list, Text text)
{
    PyObject *string = str_from_text(text);
    int failed = string == NULL ? -1 : PyList_Append(list, string);
    Py_XDECREF(string);
    return failed;
}

/* Adds the text of a str to a set of names. */
int
add_object(Names *names, const HashKey *key, uint32_t parent, PyObject *object, const char *what,
           uint32_t *number)
{
    Text text;
    PyObject *owner;
    if (text_of(object, what, &text, &owner) < 0) {
        return -1;
    }
    int failed = names_add(names, key, parent, text, number);
    Py_XDECREF(owner);
    if (failed) {
        PyErr_NoMemory();
    }
    return failed;
}

/* A mapping as a dict: itself, or a copy in the mapping's own order. */
static PyObject *
as_dict(PyObject *mapping, const char *what)
{
    if (PyDict_CheckExact(mapping)) {
        Py_INCREF(mapping);
        return mapping;
    }
    PyObject *items = PyMapping_Check(mapping) ? PyMapping_Items(mapping) : NULL;
    if (items == NULL) {
        if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
            PyErr_Format(PyExc_TypeError, "%s must be a mapping, not %R", what,
                         (PyObject *)Py_TYPE(mapping));
        }
        return NULL;
    }
    PyObject *dict = PyDict_New();
    if (dict != NULL && PyDict_MergeFromSeq2(dict, items, 1) < 0) {
        Py_CLEAR(dict);
    }
    Py_DECREF(items);
    return dict;
}

static int
visit_dict(Builder *builder, PyObject *dict, Visit visit)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    Py_ssize_t size = PyDict_Size(dict);
    while (PyDict_Next(dict, &position, &key, &value)) {
        /* Mappings that are no dicts run their own code, which may change this one. */
        Py_INCREF(key);
        Py_INCREF(value);
        int failed = visit(builder, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
        if (failed) {
            return -1;
        }
        if (PyDict_Size(dict) != size) {
            PyErr_SetString(PyExc_RuntimeError, "dictionary changed size during iteration");
            return -1;
        }
    }
    return 0;
}

int
visit_items(Builder *builder, PyObject *mapping, const char *what, Visit visit)
{
    PyObject *dict = as_dict(mapping, what);
    if (dict == NULL) {
        return -1;
    }
    int failed;
#if defined(Py_GIL_DISABLED)
    Py_BEGIN_CRITICAL_SECTION(dict);
    failed = visit_dict(builder, dict, visit);
    Py_END_CRITICAL_SECTION();
#else
    failed = visit_dict(builder, dict, visit);
#endif
    Py_DECREF(dict);
    return failed;
}

static int
add_value(Builder *builder, PyObject *value)
{
    uint32_t number;
    if (builder->supported != NULL) {
        return add_object(builder->supported, builder->key, builder->feature, value,
                          "a supported value", &number);
    }
    if (add_object(&builder->draft->names, builder->key, builder->feature, value,
                   "a variant's value", &number) < 0) {
        return -1;
    }
    if (draft_add_value(builder->draft, number) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

static PyObject *
list_item(PyObject *list, Py_ssize_t index)
{
#if defined(Py_GIL_DISABLED)
    return PyList_GetItemRef(list, index);
#else
    PyObject *item = PyList_GetItem(list, index);
    Py_XINCREF(item);
    return item;
#endif
}

static int
add_values(Builder *builder, PyObject *values)
{
    if (PyTuple_Check(values)) {
        Py_ssize_t size = PyTuple_Size(values);
        for (Py_ssize_t i = 0; i < size; i++) {
            if (add_value(builder, PyTuple_GetItem(values, i)) < 0) {
                return -1;
            }
        }
        return 0;
    }
    if (!PyList_Check(values)) {
        PyErr_Format(PyExc_TypeError, "the values of a feature must be a list or a tuple, not %R",
                     (PyObject *)Py_TYPE(values));
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyList_Size(values); i++) {
        PyObject *value = list_item(values, i);
        if (value == NULL) {
            return -1;
        }
        int failed = add_value(builder, value);
        Py_DECREF(value);
        if (failed) {
            return -1;
        }
    }
    return 0;
}

int
add_supported_feature(Builder *builder, PyObject *feature, PyObject *values)
{
    if (add_object(builder->supported, builder->key, builder->namespace, feature,
                   "a supported feature", &builder->feature) < 0) {
        return -1;
    }
    return add_values(builder, values);
}

int
add_supported_namespace(Builder *builder, PyObject *name, PyObject *features)
{
    if (add_object(builder->supported, builder->key, NOWHERE, name,
                   "a supported namespace", &builder->namespace) < 0) {
        return -1;
    }
    return visit_items(builder, features, "the supported features of a namespace",
                       add_supported_feature);
}

static int
add_variant_feature(Builder *builder, PyObject *feature, PyObject *values)
{
    if (add_object(&builder->draft->names, builder->key, builder->namespace, feature,
                   "a variant's feature", &builder->feature) < 0) {
        return -1;
    }
    if (draft_add_feature(builder->draft, builder->feature) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return add_values(builder, values);
}

static int
add_variant_namespace(Builder *builder, PyObject *name, PyObject *features)
{
    if (add_object(&builder->draft->names, builder->key, NOWHERE, name, "a variant's namespace",
                   &builder->namespace) < 0) {
        return -1;
    }
    return visit_items(builder, features, "the features of a variant's namespace",
                       add_variant_feature);
}

int
add_variant(Builder *builder, PyObject *label, PyObject *properties)
{
    Text text;
    PyObject *owner;
    if (text_of(label, "a variant's label", &text, &owner) < 0) {
        return -1;
    }
    int failed = draft_add_variant(builder->draft, text);
    Py_XDECREF(owner);
    if (failed) {
        PyErr_NoMemory();
        return -1;
    }
    return visit_items(builder, properties, "a variant's properties", add_variant_namespace);
}
