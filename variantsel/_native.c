/* Compatibility and order of variants (PEP 825, Variant ordering) in C.
 *
 * variantsel/reference.py is the same rule in Python, and what to read to know it. Here the names
 * of a release and of what a machine supports are turned into numbers, each once, so that matching
 * compares numbers only.
 *
 * Python objects are touched in "From Python" and below. Everything above works on its own memory
 * and needs no GIL. All functions that can fail return 0 on success.
 */

#include <pyconfig.h>
#if !defined(Py_GIL_DISABLED) && !defined(Py_LIMITED_API) /* the former has no stable ABI */
#define Py_LIMITED_API 0x030A0000
#endif

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

/* Makes room for one more item in an array; -1 when there is no memory. */
static int
reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
    if (count < *capacity) {
        return 0;
    }
    size_t larger = *capacity ? *capacity : 8;
    while (larger <= count) {
        if (larger > SIZE_MAX / 2) {
            return -1;
        }
        larger *= 2;
    }
    if (larger > SIZE_MAX / item_size) {
        return -1;
    }
    void *moved = realloc(*items, larger * item_size);
    if (moved == NULL) {
        return -1;
    }
    *items = moved;
    *capacity = larger;
    return 0;
}

/* ---- Names ----
 *
 * A set of names that numbers them in the order in which they were first added. A name belongs to
 * a parent, itself a number: a feature's is its namespace, a value's is its feature.
 */

#define NOWHERE UINT32_MAX

typedef struct {
    const char *at; /* UTF-8; lone surrogates are encoded like any other code point */
    size_t length;
} Text;

typedef struct {
    uint64_t hash; /* of the text alone, so that one set's hashes serve in another */
    size_t start;  /* in Names.text */
    size_t length;
    uint32_t parent;
} Name;

typedef struct {
    Name *names;
    size_t count, capacity;
    char *text;
    size_t text_length, text_capacity;
    uint32_t *slots; /* numbers of names, found by hash; NOWHERE where free */
    unsigned slot_bits;
} Names;

/* A secret of the process: names come from the network, and who wrote them must not be able to
 * choose names that collide. */
typedef struct {
    uint64_t first, second;
} HashKey;

static void
names_clear(Names *names)
{
    free(names->names);
    free(names->text);
    free(names->slots);
    memset(names, 0, sizeof(*names));
}

static Text
name_text(const Names *names, uint32_t number)
{
    const Name *name = &names->names[number];
    return (Text){names->text + name->start, name->length};
}

static uint64_t
rotated(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

/* SipHash-1-3. */
static uint64_t
text_hash(HashKey key, Text text)
{
    uint64_t v[4] = {
        key.first ^ 0x736f6d6570736575u,
        key.second ^ 0x646f72616e646f6du,
        key.first ^ 0x6c7967656e657261u,
        key.second ^ 0x7465646279746573u,
    };
    uint64_t word;
    const char *at = text.at;
    const char *last = text.at + (text.length & ~(size_t)7);
    for (; at < last; at += 8) {
        memcpy(&word, at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, at, text.length & 7);
    word ^= (uint64_t)text.length << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t
first_slot(const Names *names, uint32_t parent, uint64_t hash)
{
    return (size_t)((hash + parent * 0x9e3779b97f4a7c15u) >> (64 - names->slot_bits));
}

/* The slot that holds a name, or the free one where it belongs. */
static size_t
find_slot(const Names *names, uint32_t parent, uint64_t hash, Text text)
{
    size_t mask = ((size_t)1 << names->slot_bits) - 1;
    size_t slot = first_slot(names, parent, hash);
    for (;; slot = (slot + 1) & mask) {
        uint32_t number = names->slots[slot];
        if (number == NOWHERE) {
            return slot;
        }
        const Name *name = &names->names[number];
        if (name->hash == hash && name->parent == parent && name->length == text.length
            && memcmp(names->text + name->start, text.at, text.length) == 0) {
            return slot;
        }
    }
}

/* The number of a name, or NOWHERE. */
static uint32_t
names_find(const Names *names, uint32_t parent, uint64_t hash, Text text)
{
    if (names->slots == NULL) {
        return NOWHERE;
    }
    return names->slots[find_slot(names, parent, hash, text)];
}

/* Adds a name at the end without looking whether it is there; -1 when there is no memory. */
static int
names_append(Names *names, uint32_t parent, uint64_t hash, Text text)
{
    if (names->count >= NOWHERE
        || reserve((void **)&names->names, &names->capacity, names->count, sizeof(Name)) < 0) {
        return -1;
    }
    if (text.length >= SIZE_MAX - names->text_length
        || reserve((void **)&names->text, &names->text_capacity,
                   names->text_length + text.length, 1) < 0) {
        return -1;
    }
    memcpy(names->text + names->text_length, text.at, text.length);
    names->names[names->count++] = (Name){hash, names->text_length, text.length, parent};
    names->text_length += text.length;
    return 0;
}

/* Doubles the slots; at least a quarter of them stays free. */
static int
names_rehash(Names *names)
{
    unsigned bits = names->slot_bits ? names->slot_bits + 1 : 4;
    size_t size = (size_t)1 << bits;
    if (size > SIZE_MAX / sizeof(uint32_t)) {
        return -1;
    }
    uint32_t *slots = malloc(size * sizeof(uint32_t));
    if (slots == NULL) {
        return -1;
    }
    memset(slots, 0xff, size * sizeof(uint32_t)); /* NOWHERE */
    free(names->slots);
    names->slots = slots;
    names->slot_bits = bits;
    for (size_t number = 0; number < names->count; number++) {
        const Name *name = &names->names[number];
        size_t slot = first_slot(names, name->parent, name->hash);
        while (slots[slot] != NOWHERE) {
            slot = (slot + 1) & (size - 1);
        }
        slots[slot] = (uint32_t)number;
    }
    return 0;
}

/* Finds a name, or adds it; -1 when there is no memory. */
static int
names_add(Names *names, HashKey key, uint32_t parent, Text text, uint32_t *number)
{
    if ((names->slots == NULL || names->count >= ((size_t)3 << names->slot_bits) / 4)
        && names_rehash(names) < 0) {
        return -1;
    }
    uint64_t hash = text_hash(key, text);
    size_t slot = find_slot(names, parent, hash, text);
    if (names->slots[slot] == NOWHERE) {
        if (names_append(names, parent, hash, text) < 0) {
            return -1;
        }
        names->slots[slot] = (uint32_t)(names->count - 1);
    }
    *number = names->slots[slot];
    return 0;
}

static int
compare_text(Text mine, Text theirs)
{
    size_t shorter = mine.length < theirs.length ? mine.length : theirs.length;
    int difference = memcmp(mine.at, theirs.at, shorter);
    if (difference != 0) {
        return difference;
    }
    return (mine.length > theirs.length) - (mine.length < theirs.length);
}

/* ---- What is matched ---- */

/* What a machine supports. Everything is added best first, so the number of a property is its
 * rank: lower for a better namespace, then a better feature, then a better value. */
typedef struct {
    Names namespaces, features, properties;
} Supported;

/* A feature that a variant lists, with the values it was built for. */
typedef struct {
    uint32_t feature;
    uint32_t values_end; /* in Release.values; they start where the feature before ends */
} ListedFeature;

typedef struct {
    Names labels; /* the variants, in the order of the document */
    Names namespaces, features, properties;
    uint32_t *listed_end; /* of each variant, in listed; they start where the one before ends */
    size_t listed_end_capacity;
    ListedFeature *listed;
    size_t listed_count, listed_capacity;
    uint32_t *values; /* numbers of properties */
    size_t value_count, value_capacity;
} Release;

static void
supported_clear(Supported *supported)
{
    names_clear(&supported->namespaces);
    names_clear(&supported->features);
    names_clear(&supported->properties);
}

static void
release_clear(Release *release)
{
    names_clear(&release->labels);
    names_clear(&release->namespaces);
    names_clear(&release->features);
    names_clear(&release->properties);
    free(release->listed_end);
    free(release->listed);
    free(release->values);
    memset(release, 0, sizeof(*release));
}

static uint32_t
listed_start(const Release *release, uint32_t variant)
{
    return variant ? release->listed_end[variant - 1] : 0;
}

/* Adds a variant that lists nothing yet, after its label was added; -1 when there is no memory. */
static int
release_add_variant(Release *release)
{
    size_t variant = release->labels.count - 1;
    if (reserve((void **)&release->listed_end, &release->listed_end_capacity, variant,
                sizeof(uint32_t)) < 0) {
        return -1;
    }
    release->listed_end[variant] = (uint32_t)release->listed_count;
    return 0;
}

/* Adds a feature without values to the last variant; -1 when there is no memory. */
static int
release_add_feature(Release *release, uint32_t feature)
{
    if (release->listed_count >= NOWHERE
        || reserve((void **)&release->listed, &release->listed_capacity, release->listed_count,
                   sizeof(ListedFeature)) < 0) {
        return -1;
    }
    release->listed[release->listed_count++] =
        (ListedFeature){feature, (uint32_t)release->value_count};
    release->listed_end[release->labels.count - 1] = (uint32_t)release->listed_count;
    return 0;
}

/* Adds a value to the last feature of the last variant; -1 when there is no memory. */
static int
release_add_value(Release *release, uint32_t property)
{
    if (release->value_count >= NOWHERE
        || reserve((void **)&release->values, &release->value_capacity, release->value_count,
                   sizeof(uint32_t)) < 0) {
        return -1;
    }
    release->values[release->value_count++] = property;
    release->listed[release->listed_count - 1].values_end = (uint32_t)release->value_count;
    return 0;
}

/* ---- Matching ---- */

typedef struct {
    uint64_t prefix; /* the start of what variants are compared by */
    uint32_t variant;
} Candidate;

typedef struct {
    const Release *release;
    const Supported *supported;
    uint32_t *namespace_ranks; /* of the release's namespaces in supported, or NOWHERE */
    uint32_t *feature_ranks;
    uint32_t *property_ranks;
    uint32_t *ranks; /* in the place of each variant's listed features, the ranks, ascending */
    Candidate *compatible;
    size_t compatible_count;
    Candidate *rejected;
    size_t rejected_count;
} Match;

typedef int (*Compare)(const Match *match, const Candidate *mine, const Candidate *theirs);

static void
match_clear(Match *match)
{
    free(match->namespace_ranks);
    free(match->feature_ranks);
    free(match->property_ranks);
    free(match->ranks);
    free(match->compatible);
    free(match->rejected);
    memset(match, 0, sizeof(*match));
}

/* Where each of the release's names stands in what is supported. ``parent_ranks`` are the answers
 * for the parents; NULL for namespaces, which have none. */
static uint32_t *
find_ranks(const Names *names, const Names *supported, const uint32_t *parent_ranks)
{
    uint32_t *ranks = malloc((names->count + 1) * sizeof(uint32_t));
    if (ranks == NULL) {
        return NULL;
    }
    for (size_t number = 0; number < names->count; number++) {
        const Name *name = &names->names[number];
        uint32_t parent = parent_ranks == NULL ? 0 : parent_ranks[name->parent];
        ranks[number] = parent == NOWHERE
            ? NOWHERE
            : names_find(supported, parent, name->hash, name_text(names, (uint32_t)number));
    }
    return ranks;
}

static int
compare_ranks(const void *mine, const void *theirs)
{
    uint32_t a = *(const uint32_t *)mine;
    uint32_t b = *(const uint32_t *)theirs;
    return (a > b) - (a < b);
}

static void
sort_ranks(uint32_t *ranks, size_t count)
{
    if (count > 16) {
        qsort(ranks, count, sizeof(uint32_t), compare_ranks);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t rank = ranks[i];
        size_t place = i;
        for (; place > 0 && ranks[place - 1] > rank; place--) {
            ranks[place] = ranks[place - 1];
        }
        ranks[place] = rank;
    }
}

/* Lists compare element by element, lower first; if one runs out, the longer one is better: as if
 * every list went on with elements higher than any rank. */
static int
compare_compatible(const Match *match, const Candidate *mine, const Candidate *theirs)
{
    if (mine->prefix != theirs->prefix) {
        return mine->prefix < theirs->prefix ? -1 : 1;
    }
    const Release *release = match->release;
    uint32_t a = listed_start(release, mine->variant);
    uint32_t a_end = release->listed_end[mine->variant];
    uint32_t b = listed_start(release, theirs->variant);
    uint32_t b_end = release->listed_end[theirs->variant];
    for (; a < a_end && b < b_end; a++, b++) {
        if (match->ranks[a] != match->ranks[b]) {
            return match->ranks[a] < match->ranks[b] ? -1 : 1;
        }
    }
    if (a_end - a != b_end - b) {
        return a_end - a > b_end - b ? -1 : 1;
    }
    return compare_text(name_text(&release->labels, mine->variant),
                        name_text(&release->labels, theirs->variant));
}

static int
compare_rejected(const Match *match, const Candidate *mine, const Candidate *theirs)
{
    if (mine->prefix != theirs->prefix) {
        return mine->prefix < theirs->prefix ? -1 : 1;
    }
    return compare_text(name_text(&match->release->labels, mine->variant),
                        name_text(&match->release->labels, theirs->variant));
}

/* Merge sort; -1 when there is no memory. */
static int
sort_candidates(const Match *match, Candidate *candidates, size_t count, Compare compare)
{
    const size_t run = 8;
    for (size_t start = 0; start < count; start += run) {
        size_t end = count - start < run ? count : start + run;
        for (size_t i = start + 1; i < end; i++) {
            Candidate candidate = candidates[i];
            size_t place = i;
            for (; place > start && compare(match, &candidates[place - 1], &candidate) > 0;
                 place--) {
                candidates[place] = candidates[place - 1];
            }
            candidates[place] = candidate;
        }
    }
    if (count <= run) {
        return 0;
    }
    Candidate *scratch = malloc(count * sizeof(Candidate));
    if (scratch == NULL) {
        return -1;
    }
    for (size_t width = run; width < count; width *= 2) {
        for (size_t left = 0; count - left > width; left += 2 * width) {
            size_t right = left + width;
            size_t end = count - right < width ? count : right + width;
            if (compare(match, &candidates[right - 1], &candidates[right]) <= 0) {
                if (end == count) {
                    break;
                }
                continue;
            }
            memcpy(scratch, candidates + left, width * sizeof(Candidate));
            size_t from_left = 0;
            for (size_t place = left; from_left < width; place++) {
                if (right < end && compare(match, &scratch[from_left], &candidates[right]) > 0) {
                    candidates[place] = candidates[right++];
                }
                else {
                    candidates[place] = scratch[from_left++];
                }
            }
            if (end == count) {
                break;
            }
        }
    }
    free(scratch);
    return 0;
}

static uint64_t
rank_prefix(const uint32_t *ranks, uint32_t count)
{
    uint64_t first = count > 0 ? ranks[0] : NOWHERE;
    uint64_t second = count > 1 ? ranks[1] : NOWHERE;
    return first << 32 | second;
}

static uint64_t
text_prefix(Text text)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < text.length ? (unsigned char)text.at[i] : 0);
    }
    return prefix;
}

/* The best supported one of the values of a listed feature, or NOWHERE. */
static uint32_t
best_rank(const Match *match, uint32_t listed)
{
    const Release *release = match->release;
    uint32_t best = NOWHERE;
    uint32_t value = listed ? release->listed[listed - 1].values_end : 0;
    for (; value < release->listed[listed].values_end; value++) {
        uint32_t rank = match->property_ranks[release->values[value]];
        if (rank < best) {
            best = rank;
        }
    }
    return best;
}

/* Tells the compatible variants, which it sorts best first, from the others, which stay in the
 * order of the document. -1 when there is no memory. Either way match_clear() is due. */
static int
match_release(Match *match, const Release *release, const Supported *supported)
{
    size_t variants = release->labels.count;
    memset(match, 0, sizeof(*match));
    match->release = release;
    match->supported = supported;
    match->namespace_ranks = find_ranks(&release->namespaces, &supported->namespaces, NULL);
    if (match->namespace_ranks == NULL) {
        return -1;
    }
    match->feature_ranks =
        find_ranks(&release->features, &supported->features, match->namespace_ranks);
    if (match->feature_ranks == NULL) {
        return -1;
    }
    match->property_ranks =
        find_ranks(&release->properties, &supported->properties, match->feature_ranks);
    if (match->property_ranks == NULL) {
        return -1;
    }
    match->ranks = malloc((release->listed_count + 1) * sizeof(uint32_t));
    match->compatible = malloc((variants + 1) * sizeof(Candidate));
    match->rejected = malloc((variants + 1) * sizeof(Candidate));
    if (match->ranks == NULL || match->compatible == NULL || match->rejected == NULL) {
        return -1;
    }
    uint32_t start = 0;
    for (uint32_t variant = 0; variant < variants; variant++) {
        uint32_t end = release->listed_end[variant];
        uint32_t listed = start;
        for (; listed < end; listed++) {
            match->ranks[listed] = best_rank(match, listed);
            if (match->ranks[listed] == NOWHERE) {
                break;
            }
        }
        if (listed < end) {
            match->rejected[match->rejected_count++] =
                (Candidate){text_prefix(name_text(&release->labels, variant)), variant};
        }
        else {
            sort_ranks(match->ranks + start, end - start);
            match->compatible[match->compatible_count++] =
                (Candidate){rank_prefix(match->ranks + start, end - start), variant};
        }
        start = end;
    }
    return sort_candidates(match, match->compatible, match->compatible_count, compare_compatible);
}

/* Sorts the variants that are not compatible by label; -1 when there is no memory. */
static int
sort_rejected(Match *match)
{
    return sort_candidates(match, match->rejected, match->rejected_count, compare_rejected);
}

/* Which of two features is named as the reason: by the rank of the namespace, those not listed
 * last; then by name. */
static int
compare_reasons(const Match *match, uint32_t mine, uint32_t theirs)
{
    const Release *release = match->release;
    uint32_t my_namespace = release->features.names[mine].parent;
    uint32_t their_namespace = release->features.names[theirs].parent;
    uint32_t my_rank = match->namespace_ranks[my_namespace];
    uint32_t their_rank = match->namespace_ranks[their_namespace];
    if (my_rank != their_rank) {
        return my_rank < their_rank ? -1 : 1;
    }
    int difference = compare_text(name_text(&release->namespaces, my_namespace),
                                  name_text(&release->namespaces, their_namespace));
    if (difference != 0) {
        return difference;
    }
    return compare_text(name_text(&release->features, mine),
                        name_text(&release->features, theirs));
}

/* The feature that rejects a variant. */
static uint32_t
find_reason(const Match *match, uint32_t variant)
{
    const Release *release = match->release;
    uint32_t reason = NOWHERE;
    uint32_t listed = listed_start(release, variant);
    for (; listed < release->listed_end[variant]; listed++) {
        uint32_t feature = release->listed[listed].feature;
        if (best_rank(match, listed) == NOWHERE
            && (reason == NOWHERE || compare_reasons(match, feature, reason) < 0)) {
            reason = feature;
        }
    }
    return reason;
}

/* ---- From Python ---- */

typedef struct {
    HashKey key;
} ModuleState;

/* The text of a str, whatever its subclass does: no Python code runs. ``owner`` keeps the text
 * alive where the str itself does not. */
static int
text_of(PyObject *object, const char *what, Text *text, PyObject **owner)
{
    Py_ssize_t length;
    *owner = NULL;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a str, not %R", what, (PyObject *)Py_TYPE(object));
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

/* Adds the text of a str to a set of names. */
static int
add_object(Names *names, HashKey key, uint32_t parent, PyObject *object, const char *what,
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

/* Where the items of nested mappings and sequences go. One of the two is NULL. */
typedef struct {
    HashKey key;
    Supported *supported;
    Release *release;
    uint32_t namespace, feature; /* whose items are being added */
} Builder;

typedef int (*Visit)(Builder *builder, PyObject *key, PyObject *value);

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

static int
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
    uint32_t property;
    if (builder->supported != NULL) {
        return add_object(&builder->supported->properties, builder->key, builder->feature, value,
                          "a supported value", &property);
    }
    if (add_object(&builder->release->properties, builder->key, builder->feature, value,
                   "a variant's value", &property) < 0) {
        return -1;
    }
    if (release_add_value(builder->release, property) < 0) {
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

static int
add_supported_feature(Builder *builder, PyObject *feature, PyObject *values)
{
    if (add_object(&builder->supported->features, builder->key, builder->namespace, feature,
                   "a supported feature", &builder->feature) < 0) {
        return -1;
    }
    return add_values(builder, values);
}

static int
add_supported_namespace(Builder *builder, PyObject *name, PyObject *features)
{
    if (add_object(&builder->supported->namespaces, builder->key, 0, name,
                   "a supported namespace", &builder->namespace) < 0) {
        return -1;
    }
    return visit_items(builder, features, "the supported features of a namespace",
                       add_supported_feature);
}

static int
add_variant_feature(Builder *builder, PyObject *feature, PyObject *values)
{
    if (add_object(&builder->release->features, builder->key, builder->namespace, feature,
                   "a variant's feature", &builder->feature) < 0) {
        return -1;
    }
    if (release_add_feature(builder->release, builder->feature) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return add_values(builder, values);
}

static int
add_variant_namespace(Builder *builder, PyObject *name, PyObject *features)
{
    if (add_object(&builder->release->namespaces, builder->key, 0, name, "a variant's namespace",
                   &builder->namespace) < 0) {
        return -1;
    }
    return visit_items(builder, features, "the features of a variant's namespace",
                       add_variant_feature);
}

static int
add_variant(Builder *builder, PyObject *label, PyObject *properties)
{
    Text text;
    PyObject *owner;
    if (text_of(label, "a variant's label", &text, &owner) < 0) {
        return -1;
    }
    int failed = names_append(&builder->release->labels, 0, 0, text) < 0
        || release_add_variant(builder->release) < 0;
    Py_XDECREF(owner);
    if (failed) {
        PyErr_NoMemory();
        return -1;
    }
    return visit_items(builder, properties, "a variant's properties", add_variant_namespace);
}

/* ---- To Python ---- */

static PyObject *
str_from_name(const Names *names, uint32_t number)
{
    Text text = name_text(names, number);
    return PyUnicode_DecodeUTF8(text.at, (Py_ssize_t)text.length, "surrogatepass");
}

/* The labels of the compatible variants, best first. */
static PyObject *
compatible_labels(const Match *match)
{
    PyObject *labels = PyList_New((Py_ssize_t)match->compatible_count);
    if (labels == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < match->compatible_count; i++) {
        PyObject *label = str_from_name(&match->release->labels, match->compatible[i].variant);
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
        str_from_name(&release->labels, variant),
        str_from_name(&release->namespaces, release->features.names[feature].parent),
        str_from_name(&release->features, feature),
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
        PyObject *reason = rejection(match, match->rejected[i].variant);
        if (reason == NULL || PyList_SetItem(list, (Py_ssize_t)i, reason) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* Releases the GIL, unless a release is so small that getting it back could take longer than
 * matching does. */
static PyThreadState *
allow_threads(const Release *release)
{
    return release->value_count > 1000 ? PyEval_SaveThread() : NULL;
}

static void
forbid_threads(PyThreadState *thread)
{
    if (thread != NULL) {
        PyEval_RestoreThread(thread);
    }
}

PyDoc_STRVAR(order_variants_doc,
"order_variants(variants, supported, /)\n--\n\n"
"Order the compatible variants of a release, as variantsel.reference.order_variants does.");

static PyObject *
order_variants(PyObject *module, PyObject *arguments)
{
    const ModuleState *state = PyModule_GetState(module);
    PyObject *variants, *machine;
    if (state == NULL
        || !PyArg_ParseTuple(arguments, "OO:order_variants", &variants, &machine)) {
        return NULL;
    }
    Release release = {0};
    Supported supported = {0};
    Match match = {0};
    PyObject *labels = NULL, *rejected = NULL, *result = NULL;
    Builder release_builder = {.key = state->key, .release = &release};
    Builder supported_builder = {.key = state->key, .supported = &supported};
    if (visit_items(&release_builder, variants, "variants", add_variant) < 0
        || visit_items(&supported_builder, machine, "supported", add_supported_namespace) < 0) {
        goto done;
    }
    PyThreadState *thread = allow_threads(&release);
    int failed = match_release(&match, &release, &supported) < 0 || sort_rejected(&match) < 0;
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
    supported_clear(&supported);
    release_clear(&release);
    return result;
}

/* ---- Module ---- */

/* Python's own secret for hashing str, for both halves of ours. */
static int
hash_key_init(HashKey *key)
{
    uint64_t *halves[2] = {&key->first, &key->second};
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
        *halves[i] = (uint64_t)hash;
    }
    return 0;
}

static int
module_exec(PyObject *module)
{
    ModuleState *state = PyModule_GetState(module);
    return state == NULL ? -1 : hash_key_init(&state->key);
}

static PyMethodDef module_methods[] = {
    {"order_variants", order_variants, METH_VARARGS, order_variants_doc},
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
    .m_name = "variantsel._native",
    .m_doc = "The ranking in C; variantsel.reference is the same in Python.",
    .m_size = sizeof(ModuleState),
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module_definition);
}
