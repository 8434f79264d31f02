/* Compatibility and order of variants (PEP 825, Variant ordering) in C. Start here.
 *
 * variantsel/ranking/reference.py is the same rule in Python, and what to read to know it. Here
 * the names of a release and of what a machine supports are turned into numbers, each once, so that
 * matching compares numbers only.
 *
 * Read on in this order, a header before its file:
 *
 *   names        texts turned into numbers (this file)
 *   release      what is matched: what the variants of a release list
 *   match        which variants a machine supports, in order, and why not the others
 *   json         reading JSON, one value at a time
 *   document     a variants.json read into a release
 *   from_python  the same from Python's mappings
 *   head         the rest of a variants.json, and what a machine supports by it
 *   module       what Python sees
 *
 * Up to document they work on their own memory, touch no Python object and need no GIL. Functions
 * that can fail return 0 on success unless they say otherwise.
 *
 * A set of namespaces, features and values numbers them in the order in which they were first
 * added. A name belongs to a parent, itself the number of a name: a feature's is its namespace, a
 * value's is its feature.
 */

#ifndef VARIANTSEL_NAMES_H
#define VARIANTSEL_NAMES_H

#include "memory.h"

#define NOWHERE UINT32_MAX /* no number; the parent of namespaces */

typedef struct {
    const char *at; /* UTF-8; lone surrogates are encoded like any other code point */
    size_t length;
} Text;

/* A text of up to 16 bytes, followed by zeros; of a longer one a hash, and its end. */
typedef struct {
    uint64_t first, second;
} Fingerprint;

typedef struct {
    Fingerprint print;
    uint32_t start; /* in Names.text */
    uint32_t length;
    uint32_t parent;
    /* Kept by the JSON reader: */
    uint32_t listed_by; /* the last variant that listed it, from 1 */
    uint32_t likely_child; /* the first one it had the last time it had any */
    uint32_t likely_next;  /* what was listed after it then */
    /* Kept by the reader of heads: */
    uint32_t place; /* where that is which it is the key of, 0 where there is none */
} Name;

typedef struct {
    uint32_t number; /* NOWHERE where the slot is free */
    uint32_t hash;
} Slot;

typedef struct {
    Name *names;
    size_t count, capacity;
    char *text;
    size_t text_length, text_capacity;
    Slot *slots; /* found by the hash's first bits */
    unsigned slot_bits;
} Names;

/* Secrets of the process: names come from the network, and who wrote them must not be able to
 * choose names that collide. */
typedef struct {
    uint64_t sip[2];
    uint64_t factors[7];
} HashKey;

INTERNAL void names_clear(Names *names);
INTERNAL uint64_t sip_hash(const uint64_t key[2], Text text);
INTERNAL Fingerprint fingerprint(const HashKey *key, Text text);
INTERNAL int names_add(Names *names, const HashKey *key, uint32_t parent, Text text,
                       uint32_t *number);

static inline Text
name_text(const Names *names, uint32_t number)
{
    const Name *name = &names->names[number];
    return (Text){names->text + name->start, name->length};
}

static inline int
text_is(Text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.at, expected, text.length) == 0;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t
load_8(const char *at)
{
    const unsigned char *byte = (const unsigned char *)at;
    return (uint64_t)byte[0] | (uint64_t)byte[1] << 8 | (uint64_t)byte[2] << 16
        | (uint64_t)byte[3] << 24 | (uint64_t)byte[4] << 32 | (uint64_t)byte[5] << 40
        | (uint64_t)byte[6] << 48 | (uint64_t)byte[7] << 56;
}

static inline uint64_t
load_4(const char *at)
{
    const unsigned char *byte = (const unsigned char *)at;
    return (uint64_t)byte[0] | (uint64_t)byte[1] << 8 | (uint64_t)byte[2] << 16
        | (uint64_t)byte[3] << 24;
}

/* Up to eight bytes, the first one lowest, followed by zeros. Some are loaded twice. */
static inline uint64_t
load_up_to_8(const char *at, size_t length)
{
    if (length >= 8) {
        return load_8(at);
    }
    if (length >= 4) {
        return load_4(at) | load_4(at + length - 4) << 8 * (length - 4);
    }
    if (length == 0) {
        return 0;
    }
    const unsigned char *byte = (const unsigned char *)at;
    return (uint64_t)byte[0] | (uint64_t)byte[length / 2] << 8 * (length / 2)
        | (uint64_t)byte[length - 1] << 8 * (length - 1);
}

/* A strongly universal hash: Lemire and Kaser, "Strongly universal string hashing is fast",
 * Multilinear-HM. */
static inline uint32_t
name_hash(const HashKey *key, uint32_t parent, Fingerprint print, size_t length)
{
    const uint64_t *k = key->factors;
    uint64_t sum = k[0] + k[1] * parent + k[2] * (uint32_t)length;
    sum += (k[3] + (uint32_t)print.first) * (k[4] + (print.first >> 32));
    sum += (k[5] + (uint32_t)print.second) * (k[6] + (print.second >> 32));
    return (uint32_t)(sum >> 32);
}

/* The slot that holds a name, or the free one where it belongs. */
static inline Slot *
find_slot(const Names *names, uint32_t hash, uint32_t parent, Fingerprint print, Text text)
{
    size_t mask = ((size_t)1 << names->slot_bits) - 1;
    size_t place = hash >> (32 - names->slot_bits);
    for (;; place = (place + 1) & mask) {
        Slot *slot = &names->slots[place];
        if (slot->number == NOWHERE) {
            return slot;
        }
        if (slot->hash != hash) {
            continue;
        }
        const Name *name = &names->names[slot->number];
        if (name->print.first == print.first && name->print.second == print.second
            && name->length == text.length && name->parent == parent
            && (text.length <= 16
                || memcmp(names->text + name->start, text.at, text.length) == 0)) {
            return slot;
        }
    }
}

/* The number of a name, or NOWHERE. */
static inline uint32_t
names_find(const Names *names, const HashKey *key, uint32_t parent, Fingerprint print, Text text)
{
    if (names->slots == NULL) {
        return NOWHERE;
    }
    uint32_t hash = name_hash(key, parent, print, text.length);
    return find_slot(names, hash, parent, print, text)->number;
}

/* Adds a name at the end without looking whether it is there; -1 when there is no memory. */
static ALWAYS_INLINE int
names_append(Names *names, uint32_t parent, Fingerprint print, Text text)
{
    if (names->count >= NOWHERE || text.length >= UINT32_MAX - names->text_length) {
        return -1;
    }
    Name *array = reserve(names->names, &names->capacity, names->count, sizeof(Name));
    if (array == NULL) {
        return -1;
    }
    names->names = array;
    uint32_t start = (uint32_t)names->text_length;
    if (append_bytes(&names->text, &names->text_length, &names->text_capacity, text.at,
                     text.length) < 0) {
        return -1;
    }
    names->names[names->count++] =
        (Name){print, start, (uint32_t)text.length, parent, 0, NOWHERE, NOWHERE, 0};
    return 0;
}

#endif
