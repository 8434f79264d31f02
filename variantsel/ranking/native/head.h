/* Reading a head: what a document says beside its variants, as formats/metadata_reader.py reads it,
 * and what of that a machine supports, as ranking/support.py says.
 *
 * Only what most documents say is read: a head that is not valid, or that a generation spells in
 * its own way, is left to those two, and counts as a failure here.
 */

#ifndef VARIANTSEL_HEAD_H
#define VARIANTSEL_HEAD_H

#include "python.h"
#include "json.h"

typedef struct {
    Reader *reader; /* of the head, whose JSON is known to be valid */
    PyObject *ask;     /* what a provider supports, see compile_head_doc */
    PyObject *enabled; /* a container of namespaces */
    PyObject *stated;  /* another, or NULL */
    Names *supported;
    Names used;   /* the namespaces of which variants list features */
    Names listed; /* the namespaces of "default-priorities" */
    Names unused; /* where the values of providers go that support nothing */
    int minor, patch;     /* of the generation 0.minor.patch */
    int has_feature_list; /* "default-priorities" has "feature" */
} Head;

INTERNAL void head_clear(Head *head);
INTERNAL int add_used_names(Head *head, PyObject *used);
INTERNAL int read_head(Head *head);

#endif
