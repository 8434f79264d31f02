/* What Python sees: the module _native, and its types. */

#include "python.h"

#include "document.h"
#include "from_python.h"
#include "head.h"
#include "match.h"

typedef struct {
    HashKey key;
    PyObject *document_type;
    PyObject *supported_type;
} ModuleState;

/* ---- To Python ---- */

/* The labels of the compatible variants, best first. */
static PyObject *
compatible_labels(const Match *match)
{
    PyObject *labels = PyList_New((Py_ssize_t)match->compatible_count);
    if (labels == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < match->compatible_count; i++) {
        PyObject *label = str_from_text(label_text(match->release, match->candidates[i].variant));
        if (label == NULL || PyList_SetItem(labels, (Py_ssize_t)i, label) < 0) {
            Py_DECREF(labels);
            return NULL;
        }
    }
    return labels;
}

/* ``(label, namespace, feature)`` of a variant that is not compatible. */
static PyObject *
rejection(const Match *match, uint32_t variant)
{
    const Release *release = match->release;
    uint32_t feature = find_reason(match, variant);
    PyObject *names[3] = {
        str_from_text(label_text(release, variant)),
        str_from_text(release_name_text(release, release->names[feature].parent)),
        str_from_text(release_name_text(release, feature)),
    };
    PyObject *reason = NULL;
    if (names[0] != NULL && names[1] != NULL && names[2] != NULL) {
        reason = PyTuple_Pack(3, names[0], names[1], names[2]);
    }
    for (size_t i = 0; i < 3; i++) {
        Py_XDECREF(names[i]);
    }
    return reason;
}

static PyObject *
rejections(const Match *match)
{
    PyObject *list = PyList_New((Py_ssize_t)match->rejected_count);
    if (list == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < match->rejected_count; i++) {
        const Candidate *rejected = &match->candidates[match->compatible_count + i];
        PyObject *reason = rejection(match, rejected->variant);
        if (reason == NULL || PyList_SetItem(list, (Py_ssize_t)i, reason) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* Releases the GIL where that is worth while: getting it back can take longer than the work on a
 * small release does. */
static PyThreadState *
allow_threads(int worthwhile)
{
    return worthwhile ? PyEval_SaveThread() : NULL;
}

static void
forbid_threads(PyThreadState *thread)
{
    if (thread != NULL) {
        PyEval_RestoreThread(thread);
    }
}

PyDoc_STRVAR(order_variants_doc,
"order_variants(variants, supported)\n--\n\n"
"Order the compatible variants of a release, as variantsel.ranking.reference.order_variants does.");

static PyObject *
order_variants(PyObject *module, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"variants", "supported", NULL};
    const ModuleState *state = PyModule_GetState(module);
    PyObject *variants, *machine;
    if (state == NULL
        || !PyArg_ParseTupleAndKeywords(arguments, keywords, "OO:order_variants", names,
                                        &variants, &machine)) {
        return NULL;
    }
    Draft draft = {0};
    Release release = {0};
    Names supported = {0};
    Match match = {0};
    PyObject *labels = NULL, *rejected = NULL, *result = NULL;
    Builder draft_builder = {.key = &state->key, .draft = &draft};
    Builder supported_builder = {.key = &state->key, .supported = &supported};
    if (visit_items(&draft_builder, variants, "variants", add_variant) < 0
        || visit_items(&supported_builder, machine, "supported", add_supported_namespace) < 0) {
        goto done;
    }
    PyThreadState *thread = allow_threads(draft.word_count > 1000);
    int failed = release_from_draft(&release, &draft) < 0
        || match_release(&match, &state->key, &release, &supported) < 0
        || sort_rejected(&match) < 0;
    forbid_threads(thread);
    if (failed) {
        PyErr_NoMemory();
        goto done;
    }
    labels = compatible_labels(&match);
    if (labels == NULL) {
        goto done;
    }
    rejected = rejections(&match);
    if (rejected == NULL) {
        goto done;
    }
    result = PyTuple_Pack(2, labels, rejected);
done:
    Py_XDECREF(labels);
    Py_XDECREF(rejected);
    match_clear(&match);
    names_clear(&supported);
    release_clear(&release);
    draft_clear(&draft);
    return result;
}

/* ---- Types ---- */

typedef struct {
    PyObject_HEAD
    Names names;
} SupportedObject;

static void
supported_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    names_clear(&((SupportedObject *)self)->names);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot supported_slots[] = {
    {Py_tp_doc, "What a machine supports, made ready by compile_supported()."},
    {Py_tp_dealloc, supported_dealloc},
    {0, NULL},
};

static PyType_Spec supported_spec = {
    .name = "variantsel.ranking._native.Supported",
    .basicsize = sizeof(SupportedObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = supported_slots,
};

static SupportedObject *
supported_new(const ModuleState *state)
{
    SupportedObject *self = PyObject_New(SupportedObject, (PyTypeObject *)state->supported_type);
    if (self != NULL) {
        memset(&self->names, 0, sizeof(self->names));
    }
    return self;
}

PyDoc_STRVAR(compile_supported_doc,
"compile_supported(supported, /)\n--\n\n"
"Make ``{namespace: {feature: [value, ...]}}``, each best first, ready for any number of\n"
"releases.");

static PyObject *
compile_supported(PyObject *module, PyObject *mapping)
{
    const ModuleState *state = PyModule_GetState(module);
    if (state == NULL) {
        return NULL;
    }
    SupportedObject *self = supported_new(state);
    if (self == NULL) {
        return NULL;
    }
    Builder builder = {.key = &state->key, .supported = &self->names};
    if (visit_items(&builder, mapping, "supported", add_supported_namespace) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

typedef struct {
    PyObject_HEAD
    Release release;
    PyObject *head;
    PyObject *namespaces;
} DocumentObject;

static void
document_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    DocumentObject *document = (DocumentObject *)self;
    release_clear(&document->release);
    Py_XDECREF(document->head);
    Py_XDECREF(document->namespaces);
    PyObject_Free(self);
    Py_DECREF(type);
}

/* Matches a document's release with a Supported; -1 with an exception set when that fails. Either
 * way match_clear() is due. */
static int
match_document(Match *match, PyObject *self, PyObject *argument, int with_rejected)
{
    memset(match, 0, sizeof(*match));
    const ModuleState *state = PyType_GetModuleState(Py_TYPE(self));
    if (state == NULL) {
        return -1;
    }
    if (!PyObject_TypeCheck(argument, (PyTypeObject *)state->supported_type)) {
        PyErr_Format(PyExc_TypeError, "expected a Supported, not %R",
                     (PyObject *)Py_TYPE(argument));
        return -1;
    }
    const Release *release = &((DocumentObject *)self)->release;
    PyThreadState *thread = allow_threads(release->word_count > 1000);
    int failed = match_release(match, &state->key, release,
                               &((SupportedObject *)argument)->names) < 0
        || (with_rejected && sort_rejected(match) < 0);
    forbid_threads(thread);
    if (failed) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

PyDoc_STRVAR(document_order_doc,
"order(supported, /)\n--\n\n"
"The labels of the compatible variants, best first.");

static PyObject *
document_order(PyObject *self, PyObject *supported)
{
    Match match;
    int failed = match_document(&match, self, supported, 0);
    PyObject *labels = failed ? NULL : compatible_labels(&match);
    match_clear(&match);
    return labels;
}

PyDoc_STRVAR(document_rejected_doc,
"rejected(supported, /)\n--\n\n"
"``(label, namespace, feature)`` for each other variant, as order_variants() returns them.");

static PyObject *
document_rejected(PyObject *self, PyObject *supported)
{
    Match match;
    int failed = match_document(&match, self, supported, 1);
    PyObject *list = failed ? NULL : rejections(&match);
    match_clear(&match);
    return list;
}

/* The values of the feature at ``word`` as a sorted tuple. */
static PyObject *
values_of(const Release *release, const uint32_t *word)
{
    PyObject *values = PyList_New(0);
    for (uint32_t i = 0; values != NULL && i < word[1]; i++) {
        if (append_str(values, release_name_text(release, word[2 + i])) < 0) {
            Py_CLEAR(values);
        }
    }
    PyObject *sorted = NULL;
    if (values != NULL && PyList_Sort(values) == 0) {
        sorted = PyList_AsTuple(values);
    }
    Py_XDECREF(values);
    return sorted;
}

/* Puts the feature at ``word`` into ``{namespace: {feature: values}}``. */
static int
put_feature(const Release *release, const uint32_t *word, PyObject *properties)
{
    int failed = -1;
    PyObject *features = NULL;
    PyObject *name = str_from_text(release_name_text(release, *word));
    PyObject *values = values_of(release, word);
    PyObject *namespace = str_from_text(release_name_text(release, release->names[*word].parent));
    if (name == NULL || values == NULL || namespace == NULL) {
        goto done;
    }
    features = PyDict_GetItemWithError(properties, namespace);
    Py_XINCREF(features);
    if (features == NULL) {
        if (PyErr_Occurred()) {
            goto done;
        }
        features = PyDict_New();
        if (features == NULL || PyDict_SetItem(properties, namespace, features) < 0) {
            goto done;
        }
    }
    failed = PyDict_SetItem(features, name, values);
done:
    Py_XDECREF(features);
    Py_XDECREF(name);
    Py_XDECREF(values);
    Py_XDECREF(namespace);
    return failed;
}

PyDoc_STRVAR(document_properties_doc,
"properties(label, /)\n--\n\n"
"``{namespace: {feature: (value, ...)}}`` of one variant, values sorted; namespaces without\n"
"features are left out. Raises KeyError when there is no such label.");

static PyObject *
document_properties(PyObject *self, PyObject *label)
{
    const ModuleState *state = PyType_GetModuleState(Py_TYPE(self));
    const Release *release = &((DocumentObject *)self)->release;
    Text text;
    PyObject *owner;
    if (state == NULL || text_of(label, "a label", &text, &owner) < 0) {
        return NULL;
    }
    uint32_t variant = *find_label_slot(release, &state->key, text);
    Py_XDECREF(owner);
    if (variant == NOWHERE) {
        PyErr_SetObject(PyExc_KeyError, label);
        return NULL;
    }
    PyObject *properties = PyDict_New();
    const uint32_t *word = release->words + words_start(release, variant);
    const uint32_t *end = release->words + release->variants[variant].words;
    for (; properties != NULL && word < end; word += 2 + word[1]) {
        if (put_feature(release, word, properties) < 0) {
            Py_CLEAR(properties);
        }
    }
    return properties;
}

static PyMethodDef document_methods[] = {
    {"order", document_order, METH_O, document_order_doc},
    {"rejected", document_rejected, METH_O, document_rejected_doc},
    {"properties", document_properties, METH_O, document_properties_doc},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef document_members[] = {
    {"head", T_OBJECT_EX, offsetof(DocumentObject, head), READONLY,
     "The document as it was, with ``{}`` in place of the variants: bytes."},
    {"namespaces", T_OBJECT_EX, offsetof(DocumentObject, namespaces), READONLY,
     "The namespaces of which variants list features: a tuple of str."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot document_slots[] = {
    {Py_tp_doc, "The variants of a release, read by read_document()."},
    {Py_tp_dealloc, document_dealloc},
    {Py_tp_methods, document_methods},
    {Py_tp_members, document_members},
    {0, NULL},
};

static PyType_Spec document_spec = {
    .name = "variantsel.ranking._native.Document",
    .basicsize = sizeof(DocumentObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = document_slots,
};

/* The document with ``{}`` in place of the variants. */
static PyObject *
head_of(const Reader *reader)
{
    size_t before = (size_t)(reader->variants - reader->start);
    size_t after = (size_t)(reader->end - reader->variants_end);
    PyObject *head = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(before + 2 + after));
    if (head == NULL) {
        return NULL;
    }
    char *bytes = PyBytes_AsString(head);
    if (bytes == NULL) {
        Py_DECREF(head);
        return NULL;
    }
    memcpy(bytes, reader->start, before);
    memcpy(bytes + before, "{}", 2);
    memcpy(bytes + before + 2, reader->variants_end, after);
    return head;
}

/* The namespaces of which variants list features. */
static PyObject *
used_namespaces(const Names *names)
{
    PyObject *used = PyList_New(0);
    for (size_t i = 0; used != NULL && i < names->count; i++) {
        if (names->names[i].parent != NOWHERE || names->names[i].likely_child == NOWHERE) {
            continue;
        }
        if (append_str(used, name_text(names, (uint32_t)i)) < 0) {
            Py_CLEAR(used);
        }
    }
    PyObject *tuple = used == NULL ? NULL : PyList_AsTuple(used);
    Py_XDECREF(used);
    return tuple;
}

/* Takes another document's object in place of an equal one; -1 when comparing them fails. */
static int
share_object(PyObject **mine, PyObject *theirs)
{
    int equal = PyObject_RichCompareBool(*mine, theirs, Py_EQ);
    if (equal > 0) {
        Py_INCREF(theirs);
        Py_DECREF(*mine);
        *mine = theirs;
    }
    return equal < 0 ? -1 : 0;
}

/* Shares with another document what is equal outside of the variants: many releases of a project
 * that are kept would otherwise all keep the same. */
static int
share(DocumentObject *document, PyObject *like)
{
    const DocumentObject *other = (const DocumentObject *)like;
    return share_object(&document->head, other->head) < 0
            || share_object(&document->namespaces, other->namespaces) < 0
        ? -1
        : 0;
}

PyDoc_STRVAR(read_document_doc,
"read_document(document, like=None, /)\n--\n\n"
"Read the bytes of a variants.json or variant.json into a Document, or None.\n\n"
"It shares what it has in common with ``like``, another Document, outside of the variants.\n"
"None means that metadata_reader is to read it: because it is not valid, which is then what that\n"
"raises, or because there is more than 64 KiB of it beside the variants.");

static PyObject *
read_document(PyObject *module, PyObject *arguments)
{
    const ModuleState *state = PyModule_GetState(module);
    PyObject *document, *like = Py_None;
    char *bytes;
    Py_ssize_t size;
    if (state == NULL || !PyArg_ParseTuple(arguments, "O|O:read_document", &document, &like)
        || PyBytes_AsStringAndSize(document, &bytes, &size) < 0) {
        return NULL;
    }
    if (like != Py_None && !PyObject_TypeCheck(like, (PyTypeObject *)state->document_type)) {
        PyErr_Format(PyExc_TypeError, "expected a Document or None, not %R",
                     (PyObject *)Py_TYPE(like));
        return NULL;
    }
    if (size > MAX_BYTES) {
        Py_RETURN_NONE;
    }
    DocumentObject *self = PyObject_New(DocumentObject, (PyTypeObject *)state->document_type);
    if (self == NULL) {
        return NULL;
    }
    memset(&self->release, 0, sizeof(self->release));
    self->head = NULL;
    self->namespaces = NULL;
    Draft draft = {0};
    Reader reader = {
        .start = (const unsigned char *)bytes,
        .at = (const unsigned char *)bytes,
        .end = (const unsigned char *)bytes + size,
        .key = &state->key,
        .draft = &draft,
        .likely_namespace = NOWHERE,
    };
    PyThreadState *thread = allow_threads(size > 32 * 1024);
    int failed = read_release(&reader, &self->release);
    names_clear(&reader.keys);
    free(reader.decoded);
    forbid_threads(thread);
    if (!failed) {
        self->head = head_of(&reader);
        self->namespaces = self->head == NULL ? NULL : used_namespaces(&draft.names);
    }
    draft_clear(&draft);
    if (self->namespaces != NULL && (like == Py_None || share(self, like) == 0)) {
        return (PyObject *)self;
    }
    Py_DECREF(self);
    if (!failed) {
        return NULL;
    }
    if (reader.no_memory) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(compile_head_doc,
"compile_head(head, used, ask, enabled, stated=(), /)\n--\n\n"
"Read the head of a Document, and what a machine supports by it of the used namespaces, a tuple.\n\n"
"``ask(namespace, requires, plugin_api, builtin, enable_if, optional)`` says which features and\n"
"values a provider supports that the head describes so: a mapping, or None where the head is not\n"
"valid. ``enabled`` holds the namespaces whose optional providers are enabled, ``stated`` those of\n"
"which the user said what is supported. The answer is None where metadata_reader is to read the\n"
"head: because it is not valid, which is then what that raises, or because it says what only older\n"
"generations do.");

static PyObject *
compile_head(PyObject *module, PyObject *arguments)
{
    const ModuleState *state = PyModule_GetState(module);
    PyObject *bytes, *used, *ask, *enabled, *stated = NULL;
    char *text;
    Py_ssize_t size;
    if (state == NULL
        || !PyArg_ParseTuple(arguments, "SO!OO|O:compile_head", &bytes, &PyTuple_Type, &used, &ask,
                             &enabled, &stated)
        || PyBytes_AsStringAndSize(bytes, &text, &size) < 0) {
        return NULL;
    }
    if (size > MAX_HEAD_BYTES) {
        Py_RETURN_NONE;
    }
    SupportedObject *supported = supported_new(state);
    if (supported == NULL) {
        return NULL;
    }
    Reader reader = {
        .start = (const unsigned char *)text,
        .at = (const unsigned char *)text,
        .end = (const unsigned char *)text + size,
        .key = &state->key,
        .keys_are_known = 1,
    };
    Head head = {
        .reader = &reader, .ask = ask, .enabled = enabled, .stated = stated,
        .supported = &supported->names};
    int failed = add_used_names(&head, used) < 0 || read_head(&head) < 0;
    head_clear(&head);
    free(reader.decoded);
    if (!failed) {
        return (PyObject *)supported;
    }
    Py_DECREF(supported);
    if (PyErr_Occurred()) {
        return NULL;
    }
    if (reader.no_memory) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

/* ---- Module ---- */

/* Python's own secret for hashing str gives ours. */
static int
hash_key_init(HashKey *key)
{
    const char *names[2] = {"variantsel first", "variantsel second"};
    for (size_t i = 0; i < 2; i++) {
        PyObject *name = PyUnicode_FromString(names[i]);
        if (name == NULL) {
            return -1;
        }
        Py_hash_t hash = PyObject_Hash(name);
        Py_DECREF(name);
        if (hash == -1 && PyErr_Occurred()) {
            return -1;
        }
        key->sip[i] = (uint64_t)hash;
    }
    for (size_t i = 0; i < sizeof(key->factors) / sizeof(key->factors[0]); i++) {
        char number = (char)i;
        key->factors[i] = sip_hash(key->sip, (Text){&number, 1});
    }
    return 0;
}

static int
module_exec(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    if (state == NULL || hash_key_init(&state->key) < 0) {
        return -1;
    }
    state->document_type = PyType_FromModuleAndSpec(module, &document_spec, NULL);
    state->supported_type = PyType_FromModuleAndSpec(module, &supported_spec, NULL);
    return state->document_type == NULL || state->supported_type == NULL ? -1 : 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    ModuleState *state = PyModule_GetState(module);
    Py_VISIT(state->document_type);
    Py_VISIT(state->supported_type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    Py_CLEAR(state->document_type);
    Py_CLEAR(state->supported_type);
    return 0;
}

static void
module_free(void *module)
{
    module_clear(module);
}

static PyMethodDef module_methods[] = {
    {"order_variants", (PyCFunction)(void (*)(void))order_variants, METH_VARARGS | METH_KEYWORDS,
     order_variants_doc},
    {"compile_supported", compile_supported, METH_O, compile_supported_doc},
    {"compile_head", compile_head, METH_VARARGS, compile_head_doc},
    {"read_document", read_document, METH_VARARGS, read_document_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
#if defined(Py_GIL_DISABLED)
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "variantsel.ranking._native",
    .m_doc = "The ranking in C; variantsel.ranking.reference is the same in Python.",
    .m_size = sizeof(ModuleState),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
