/* Compatibility and order of variants (PEP 825, Variant ordering) in C.
 *
 * variantsel/ranking/reference.py is the same rule in Python, and what to read to know it. Here the names
 * of a release and of what a machine supports are turned into numbers, each once, so that matching
 * compares numbers only.
 *
 * Python objects are touched in "From Python" and below. Everything above works on its own memory
 * and needs no GIL. Functions that can fail return 0 on success unless they say otherwise.
 */

#include <pyconfig.h>
#if !defined(Py_GIL_DISABLED) && !defined(Py_LIMITED_API) /* the former has no stable ABI */
#define Py_LIMITED_API 0x030A0000
#endif

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

/* Makes room in an array for an item after ``count``. Returns the array, which may have moved, or
 * NULL when there is no memory; then the array is as it was. */
static inline void *
reserve(void *items, size_t *capacity, size_t count, size_t item_size)
{
    if (count < *capacity) {
        return items;
    }
    size_t larger = *capacity ? *capacity : 2048 / item_size + 1;
    while (larger <= count) {
        if (larger > SIZE_MAX / 2) {
            return NULL;
        }
        larger *= 2;
    }
    if (larger > SIZE_MAX / item_size) {
        return NULL;
    }
    void *moved = realloc(items, larger * item_size);
    if (moved != NULL) {
        *capacity = larger;
    }
    return moved;
}

/* ---- Names ----
 *
 * A set of namespaces, features and values that numbers them in the order in which they were first
 * added. A name belongs to a parent, itself the number of a name: a feature's is its namespace, a
 * value's is its feature.
 */

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

/* SipHash-1-3. */
static uint64_t
sip_hash(const uint64_t key[2], Text text)
{
    uint64_t v[4] = {
        key[0] ^ 0x736f6d6570736575u,
        key[1] ^ 0x646f72616e646f6du,
        key[0] ^ 0x6c7967656e657261u,
        key[1] ^ 0x7465646279746573u,
    };
    const char *at = text.at;
    const char *last = text.at + (text.length & ~(size_t)7);
    for (; at < last; at += 8) {
        uint64_t word = load_8(at);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t word = load_up_to_8(at, text.length & 7) | (uint64_t)text.length << 56;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static Fingerprint
fingerprint(const HashKey *key, Text text)
{
    if (text.length > 16) {
        return (Fingerprint){sip_hash(key->sip, text), load_8(text.at + text.length - 8)};
    }
    if (text.length > 8) {
        return (Fingerprint){load_8(text.at), load_up_to_8(text.at + 8, text.length - 8)};
    }
    return (Fingerprint){load_up_to_8(text.at, text.length), 0};
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
static uint32_t
names_find(const Names *names, const HashKey *key, uint32_t parent, Fingerprint print, Text text)
{
    if (names->slots == NULL) {
        return NOWHERE;
    }
    uint32_t hash = name_hash(key, parent, print, text.length);
    return find_slot(names, hash, parent, print, text)->number;
}

/* Adds a name at the end without looking whether it is there; -1 when there is no memory. */
static int
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
    char *all_text =
        reserve(names->text, &names->text_capacity, names->text_length + text.length, 1);
    if (all_text == NULL) {
        return -1;
    }
    names->text = all_text;
    memcpy(names->text + names->text_length, text.at, text.length);
    names->names[names->count++] = (Name){
        print, (uint32_t)names->text_length, (uint32_t)text.length, parent, 0, NOWHERE, NOWHERE, 0};
    names->text_length += text.length;
    return 0;
}

/* Doubles the slots; -1 when there is no memory. */
static int
names_rehash(Names *names)
{
    unsigned bits = names->slot_bits ? names->slot_bits + 1 : 8;
    size_t size = (size_t)1 << bits;
    if (bits > 31 || size > SIZE_MAX / sizeof(Slot)) {
        return -1;
    }
    Slot *slots = malloc(size * sizeof(Slot));
    if (slots == NULL) {
        return -1;
    }
    memset(slots, 0xff, size * sizeof(Slot)); /* NOWHERE */
    for (size_t i = 0; names->slots != NULL && i < size / 2; i++) {
        Slot slot = names->slots[i];
        if (slot.number == NOWHERE) {
            continue;
        }
        size_t place = slot.hash >> (32 - bits);
        while (slots[place].number != NOWHERE) {
            place = (place + 1) & (size - 1);
        }
        slots[place] = slot;
    }
    free(names->slots);
    names->slots = slots;
    names->slot_bits = bits;
    return 0;
}

/* Finds a name, or adds it; -1 when there is no memory. */
static int
names_add(Names *names, const HashKey *key, uint32_t parent, Text text, uint32_t *number)
{
    if ((names->slots == NULL || names->count >= (size_t)1 << (names->slot_bits - 1))
        && names_rehash(names) < 0) {
        return -1;
    }
    Fingerprint print = fingerprint(key, text);
    uint32_t hash = name_hash(key, parent, print, text.length);
    Slot *slot = find_slot(names, hash, parent, print, text);
    if (slot->number == NOWHERE) {
        if (names_append(names, parent, print, text) < 0) {
            return -1;
        }
        *slot = (Slot){(uint32_t)(names->count - 1), hash};
    }
    *number = slot->number;
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

/* ---- What is matched ----
 *
 * What a machine supports is a set of names, added best first: each namespace is followed by its
 * features, each of these by its values. So the number of a name is its rank, lower for a better
 * namespace, then a better feature, then a better value.
 *
 * A release is read into a draft, which grows, and kept in one piece of memory as small as it can
 * be: an index has many.
 */

/* Where what belongs to a variant ends; it starts where that of the variant before ends. */
typedef struct {
    uint32_t label; /* in the labels */
    uint32_t words; /* in the words */
} VariantEnd;

/* What a variant lists is a sequence of words: of each feature its name's number, how many values
 * follow, and the numbers of their names. */
typedef struct {
    Names names;
    VariantEnd *variants; /* in the order of the document */
    size_t variant_count, variant_capacity;
    char *labels;
    size_t label_length, label_capacity;
    uint32_t *words;
    size_t word_count, word_capacity;
    size_t last_feature; /* in the words */
} Draft;

typedef struct {
    uint32_t start; /* in Release.text */
    uint32_t length;
    uint32_t parent;
} ReleaseName;

typedef struct {
    VariantEnd *variants; /* the first in the piece of memory */
    ReleaseName *names;
    uint32_t *words;
    uint32_t *label_slots; /* the numbers of variants by label, where index_labels() was called */
    char *labels;
    char *text; /* of the names */
    uint32_t variant_count, name_count, word_count;
    unsigned slot_bits;
} Release;

static void
draft_clear(Draft *draft)
{
    names_clear(&draft->names);
    free(draft->variants);
    free(draft->labels);
    free(draft->words);
    memset(draft, 0, sizeof(*draft));
}

static void
release_clear(Release *release)
{
    free(release->variants);
    free(release->label_slots);
    memset(release, 0, sizeof(*release));
}

/* Adds a variant that lists nothing yet; -1 when there is no memory. */
static int
draft_add_variant(Draft *draft, Text label)
{
    if (draft->variant_count >= NOWHERE || label.length >= UINT32_MAX - draft->label_length) {
        return -1;
    }
    VariantEnd *variants = reserve(draft->variants, &draft->variant_capacity,
                                   draft->variant_count, sizeof(VariantEnd));
    if (variants == NULL) {
        return -1;
    }
    draft->variants = variants;
    char *labels =
        reserve(draft->labels, &draft->label_capacity, draft->label_length + label.length, 1);
    if (labels == NULL) {
        return -1;
    }
    draft->labels = labels;
    memcpy(draft->labels + draft->label_length, label.at, label.length);
    draft->label_length += label.length;
    draft->variants[draft->variant_count++] =
        (VariantEnd){(uint32_t)draft->label_length, (uint32_t)draft->word_count};
    return 0;
}

/* Adds a word to the last variant; -1 when there is no memory. */
static inline int
draft_add_word(Draft *draft, uint32_t word)
{
    if (draft->word_count >= NOWHERE) {
        return -1;
    }
    uint32_t *words =
        reserve(draft->words, &draft->word_capacity, draft->word_count, sizeof(uint32_t));
    if (words == NULL) {
        return -1;
    }
    draft->words = words;
    draft->words[draft->word_count++] = word;
    draft->variants[draft->variant_count - 1].words = (uint32_t)draft->word_count;
    return 0;
}

/* Adds a feature without values to the last variant; -1 when there is no memory. */
static inline int
draft_add_feature(Draft *draft, uint32_t feature)
{
    draft->last_feature = draft->word_count;
    return draft_add_word(draft, feature) < 0 ? -1 : draft_add_word(draft, 0);
}

/* Adds a value to the last feature of the last variant; -1 when there is no memory. */
static inline int
draft_add_value(Draft *draft, uint32_t value)
{
    if (draft_add_word(draft, value) < 0) {
        return -1;
    }
    draft->words[draft->last_feature + 1]++;
    return 0;
}

/* Copies a draft into a release, which was zero; -1 when there is no memory. */
static int
release_from_draft(Release *release, const Draft *draft)
{
    const Names *names = &draft->names;
    size_t variants_size = draft->variant_count * sizeof(VariantEnd);
    size_t names_size = names->count * sizeof(ReleaseName);
    size_t words_size = draft->word_count * sizeof(uint32_t);
    char *memory = malloc(variants_size + names_size + words_size + draft->label_length
                          + names->text_length + 1);
    if (memory == NULL) {
        return -1;
    }
    release->variants = (VariantEnd *)memory;
    release->names = (ReleaseName *)(memory + variants_size);
    release->words = (uint32_t *)(memory + variants_size + names_size);
    release->labels = memory + variants_size + names_size + words_size;
    release->text = release->labels + draft->label_length;
    release->variant_count = (uint32_t)draft->variant_count;
    release->name_count = (uint32_t)names->count;
    release->word_count = (uint32_t)draft->word_count;
    if (draft->variant_count > 0) {
        memcpy(release->variants, draft->variants, variants_size);
        memcpy(release->labels, draft->labels, draft->label_length);
    }
    for (size_t i = 0; i < names->count; i++) {
        const Name *name = &names->names[i];
        release->names[i] = (ReleaseName){name->start, name->length, name->parent};
    }
    if (draft->word_count > 0) {
        memcpy(release->words, draft->words, words_size);
    }
    if (names->count > 0) {
        memcpy(release->text, names->text, names->text_length);
    }
    return 0;
}

static inline Text
label_text(const Release *release, uint32_t variant)
{
    uint32_t start = variant ? release->variants[variant - 1].label : 0;
    return (Text){release->labels + start, release->variants[variant].label - start};
}

static inline uint32_t
words_start(const Release *release, uint32_t variant)
{
    return variant ? release->variants[variant - 1].words : 0;
}

static inline Text
release_name_text(const Release *release, uint32_t number)
{
    const ReleaseName *name = &release->names[number];
    return (Text){release->text + name->start, name->length};
}

/* The slot that holds the number of the variant with a label, or the free one where it belongs. */
static uint32_t *
find_label_slot(const Release *release, const HashKey *key, Text label)
{
    size_t mask = ((size_t)1 << release->slot_bits) - 1;
    size_t place = name_hash(key, 0, fingerprint(key, label), label.length)
        >> (32 - release->slot_bits);
    for (;; place = (place + 1) & mask) {
        uint32_t *slot = &release->label_slots[place];
        if (*slot == NOWHERE) {
            return slot;
        }
        Text other = label_text(release, *slot);
        if (other.length == label.length && memcmp(other.at, label.at, label.length) == 0) {
            return slot;
        }
    }
}

/* Makes the variants found by their labels. Returns 1 when two have the same one, -1 when there is
 * no memory. */
static int
index_labels(Release *release, const HashKey *key)
{
    unsigned bits = 3;
    while (bits < 31 && (size_t)1 << (bits - 1) < release->variant_count) {
        bits++;
    }
    size_t size = (size_t)1 << bits;
    if (size <= release->variant_count || size > SIZE_MAX / sizeof(uint32_t)) {
        return -1;
    }
    release->label_slots = malloc(size * sizeof(uint32_t));
    if (release->label_slots == NULL) {
        return -1;
    }
    memset(release->label_slots, 0xff, size * sizeof(uint32_t)); /* NOWHERE */
    release->slot_bits = bits;
    for (uint32_t variant = 0; variant < release->variant_count; variant++) {
        uint32_t *slot = find_label_slot(release, key, label_text(release, variant));
        if (*slot != NOWHERE) {
            return 1;
        }
        *slot = variant;
    }
    return 0;
}

/* ---- Matching ---- */

typedef struct {
    uint64_t prefix;  /* the start of what variants are compared by */
    uint32_t variant;
    uint32_t ranks; /* in Match.ranks, where the variant is compatible */
} Candidate;

typedef struct {
    const Release *release;
    uint32_t *name_ranks; /* of the release's names in what is supported, or NOWHERE */
    uint32_t *ranks;      /* of each compatible variant, ascending, followed by NOWHERE */
    Candidate *candidates; /* the compatible variants, then the rejected ones */
    size_t compatible_count, rejected_count;
    int prefixes_suffice; /* to compare any two lists of ranks */
} Match;

typedef int (*Compare)(const Match *match, const Candidate *mine, const Candidate *theirs);

static void
match_clear(Match *match)
{
    free(match->name_ranks);
    free(match->candidates);
    memset(match, 0, sizeof(*match));
}

/* Finds where each of the release's names stands in what is supported. */
static void
find_ranks(const Release *release, const Names *supported, const HashKey *key, uint32_t *ranks)
{
    for (uint32_t number = 0; number < release->name_count; number++) {
        uint32_t parent = release->names[number].parent; /* it stands before its children */
        if (parent != NOWHERE) {
            parent = ranks[parent];
            if (parent == NOWHERE) {
                ranks[number] = NOWHERE;
                continue;
            }
        }
        Text text = release_name_text(release, number);
        ranks[number] = names_find(supported, key, parent, fingerprint(key, text), text);
    }
}

static int
compare_numbers(const void *mine, const void *theirs)
{
    uint32_t a = *(const uint32_t *)mine;
    uint32_t b = *(const uint32_t *)theirs;
    return (a > b) - (a < b);
}

static inline void
sort_ranks(uint32_t *ranks, size_t count)
{
    if (count > 16) {
        qsort(ranks, count, sizeof(uint32_t), compare_numbers);
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
 * every list went on with elements higher than any rank, as NOWHERE is. */
static int
compare_compatible(const Match *match, const Candidate *mine, const Candidate *theirs)
{
    if (!match->prefixes_suffice) {
        const uint32_t *a = match->ranks + mine->ranks;
        const uint32_t *b = match->ranks + theirs->ranks;
        for (; *a == *b && *a != NOWHERE; a++, b++) {
        }
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return compare_text(label_text(match->release, mine->variant),
                        label_text(match->release, theirs->variant));
}

static int
compare_rejected(const Match *match, const Candidate *mine, const Candidate *theirs)
{
    return compare_text(label_text(match->release, mine->variant),
                        label_text(match->release, theirs->variant));
}

/* Whether a candidate belongs behind another; ``compare`` is asked where the prefixes are equal. */
static inline int
is_behind(const Match *match, const Candidate *mine, const Candidate *theirs, Compare compare)
{
    if (mine->prefix != theirs->prefix) {
        return mine->prefix > theirs->prefix;
    }
    return compare(match, mine, theirs) > 0;
}

/* Merge sort; -1 when there is no memory. */
static inline int
sort_candidates(const Match *match, Candidate *candidates, size_t count, Compare compare)
{
    const size_t run = 8;
    for (size_t start = 0; start < count; start += run) {
        size_t end = count - start < run ? count : start + run;
        for (size_t i = start + 1; i < end; i++) {
            Candidate candidate = candidates[i];
            size_t place = i;
            for (; place > start
                 && is_behind(match, &candidates[place - 1], &candidate, compare);
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
            if (is_behind(match, &candidates[right - 1], &candidates[right], compare)) {
                memcpy(scratch, candidates + left, width * sizeof(Candidate));
                size_t from_left = 0;
                for (size_t place = left; from_left < width; place++) {
                    if (right < end
                        && is_behind(match, &scratch[from_left], &candidates[right], compare)) {
                        candidates[place] = candidates[right++];
                    }
                    else {
                        candidates[place] = scratch[from_left++];
                    }
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

/* The start of an ascending list of ranks that NOWHERE ends, as a number that compares as lists
 * do: as many ranks as fit, each in ``bits``. */
static inline uint64_t
rank_prefix(const uint32_t *ranks, unsigned bits)
{
    uint64_t prefix = 0;
    for (unsigned filled = 0; filled < 64; filled += bits) {
        uint32_t rank = *ranks;
        if (rank != NOWHERE) {
            ranks++;
        }
        prefix = prefix << bits | (rank & (((uint64_t)1 << bits) - 1));
    }
    return prefix;
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

/* The best supported one of the values of the feature at ``word``, or NOWHERE. */
static inline uint32_t
best_rank(const Match *match, const uint32_t *word)
{
    uint32_t best = NOWHERE;
    for (const uint32_t *value = word + 2; value < word + 2 + word[1]; value++) {
        uint32_t rank = match->name_ranks[*value];
        if (rank < best) {
            best = rank;
        }
    }
    return best;
}

/* Tells the compatible variants, which it sorts best first, from the others, which it does not
 * sort. -1 when there is no memory. Either way match_clear() is due. */
static int
match_release(Match *match, const HashKey *key, const Release *release, const Names *supported)
{
    uint32_t variants = release->variant_count;
    memset(match, 0, sizeof(*match));
    match->release = release;
    match->candidates = malloc(((size_t)variants + 1) * sizeof(Candidate));
    /* A feature takes two words at least. */
    match->name_ranks =
        malloc(((size_t)release->name_count + release->word_count / 2 + variants + 1)
               * sizeof(uint32_t));
    if (match->candidates == NULL || match->name_ranks == NULL) {
        return -1;
    }
    match->ranks = match->name_ranks + release->name_count;
    find_ranks(release, supported, key, match->name_ranks);
    unsigned bits = supported->count < 0xffff ? 16 : 32;
    size_t most = 0;
    uint32_t rank_count = 0;
    const uint32_t *word = release->words;
    for (uint32_t variant = 0; variant < variants; variant++) {
        const uint32_t *end = release->words + release->variants[variant].words;
        uint32_t start = rank_count;
        uint32_t rank = 0;
        for (; word < end && rank != NOWHERE; word += 2 + word[1]) {
            rank = best_rank(match, word);
            match->ranks[rank_count++] = rank;
        }
        if (rank == NOWHERE) {
            match->rejected_count++;
            match->candidates[variants - match->rejected_count] = (Candidate){0, variant, 0};
            word = end;
            rank_count = start;
            continue;
        }
        size_t listed = rank_count - start;
        most = listed > most ? listed : most;
        sort_ranks(match->ranks + start, listed);
        match->ranks[rank_count++] = NOWHERE;
        match->candidates[match->compatible_count++] =
            (Candidate){rank_prefix(match->ranks + start, bits), variant, start};
    }
    match->prefixes_suffice = most <= 64 / bits;
    return sort_candidates(match, match->candidates, match->compatible_count, compare_compatible);
}

/* Sorts the variants that are not compatible by label; -1 when there is no memory. */
static int
sort_rejected(Match *match)
{
    Candidate *rejected = match->candidates + match->compatible_count;
    for (size_t i = 0; i < match->rejected_count; i++) {
        rejected[i].prefix = text_prefix(label_text(match->release, rejected[i].variant));
    }
    return sort_candidates(match, rejected, match->rejected_count, compare_rejected);
}

/* Which of two features is named as the reason: by the rank of the namespace, those not listed
 * last; then by name. */
static int
compare_reasons(const Match *match, uint32_t mine, uint32_t theirs)
{
    const Release *release = match->release;
    uint32_t my_namespace = release->names[mine].parent;
    uint32_t their_namespace = release->names[theirs].parent;
    uint32_t my_rank = match->name_ranks[my_namespace];
    uint32_t their_rank = match->name_ranks[their_namespace];
    if (my_rank != their_rank) {
        return my_rank < their_rank ? -1 : 1;
    }
    int difference = compare_text(release_name_text(release, my_namespace),
                                  release_name_text(release, their_namespace));
    if (difference != 0) {
        return difference;
    }
    return compare_text(release_name_text(release, mine), release_name_text(release, theirs));
}

/* The feature that rejects a variant. */
static uint32_t
find_reason(const Match *match, uint32_t variant)
{
    const Release *release = match->release;
    uint32_t reason = NOWHERE;
    const uint32_t *word = release->words + words_start(release, variant);
    const uint32_t *end = release->words + release->variants[variant].words;
    for (; word < end; word += 2 + word[1]) {
        if (best_rank(match, word) == NOWHERE
            && (reason == NOWHERE || compare_reasons(match, *word, reason) < 0)) {
            reason = *word;
        }
    }
    return reason;
}

/* ---- Reading JSON ----
 *
 * The same documents are valid as for variantsel/formats/json_reader.py, and the same "variants" as for
 * variantsel/formats/metadata_reader.py. What is wrong with the others is for those two to say.
 */

#define MAX_BYTES (32 * 1024 * 1024)
#define MAX_NESTING 32
#define MAX_HEAD_BYTES (64 * 1024)

typedef struct {
    const unsigned char *start, *at, *end;
    const unsigned char *variants, *variants_end; /* the value of the root's key "variants" */
    const HashKey *key;
    Draft *draft;
    Names keys; /* of all objects outside "variants"; the parent is the object */
    uint32_t objects;
    int keys_are_known; /* to be without duplicates */
    uint32_t likely_namespace; /* the first one of the variant before */
    char *decoded; /* room for a string with escapes; one is needed at a time */
    int no_memory;
} Reader;

static int
out_of_memory(Reader *reader)
{
    reader->no_memory = 1;
    return -1;
}

/* The document ends with a NUL byte beyond its end, as every bytes object does. NUL has no place in
 * JSON, so whoever looks at one byte after the other comes to a stop there. */
static inline int
next_is(const Reader *reader, unsigned char c)
{
    return *reader->at == c;
}

#define ONES 0x0101010101010101u /* times a byte: a word of eight of it */

static inline int
is_space(unsigned char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline void
skip_space(Reader *reader)
{
    const unsigned char *at = reader->at;
    if (*at > ' ') {
        return;
    }
    while (is_space(*at)) {
        at++;
        while (reader->end - at >= 4 && memcmp(at, "    ", 4) == 0) { /* indentation */
            at += 4;
        }
    }
    reader->at = at;
}

static int
skip_literal(Reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if (strncmp((const char *)reader->at, literal, length) != 0) {
        return -1;
    }
    reader->at += length;
    return 0;
}

static int
skip_digits(Reader *reader)
{
    const unsigned char *first = reader->at;
    while (*reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return reader->at > first ? 0 : -1;
}

static int
skip_number(Reader *reader)
{
    if (next_is(reader, '-')) {
        reader->at++;
    }
    if (next_is(reader, '0')) {
        reader->at++;
    }
    else if (skip_digits(reader) < 0) {
        return -1;
    }
    if (next_is(reader, '.')) {
        reader->at++;
        if (skip_digits(reader) < 0) {
            return -1;
        }
    }
    if (next_is(reader, 'e') || next_is(reader, 'E')) {
        reader->at++;
        if (next_is(reader, '+') || next_is(reader, '-')) {
            reader->at++;
        }
        return skip_digits(reader);
    }
    return 0;
}

/* The length of a well-formed UTF-8 sequence of two to four bytes, or 0. */
static size_t
utf8_length(const unsigned char *at)
{
    unsigned char least = 0x80, most = 0xbf; /* of the second byte */
    size_t length = *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (*at < 0xc2 || *at > 0xf4) {
        return 0;
    }
    switch (*at) {
    case 0xe0:
        least = 0xa0; /* below: longer than needed */
        break;
    case 0xed:
        most = 0x9f; /* above: surrogates */
        break;
    case 0xf0:
        least = 0x90;
        break;
    case 0xf4:
        most = 0x8f; /* above: beyond Unicode */
        break;
    }
    if (at[1] < least || at[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf) {
            return 0;
        }
    }
    return length;
}

/* The code unit of the escape ``\uXXXX`` at a place, or -1. */
static int32_t
unicode_escape(const unsigned char *at)
{
    int32_t unit = 0;
    if (at[0] != '\\' || at[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        unsigned char c = at[i];
        int32_t digit;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        }
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (c | 0x20) - 'a' + 10;
        }
        else {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

static size_t
put_utf8(char *to, int32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Decodes the escape at ``at``; returns how many bytes it takes, or 0. */
static size_t
decode_escape(const unsigned char *at, char *to, size_t *length)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (at[1] == 'u') {
        int32_t unit = unicode_escape(at);
        if (unit < 0) {
            return 0;
        }
        if (unit >= 0xd800 && unit < 0xdc00) {
            int32_t low = unicode_escape(at + 6);
            if (low >= 0xdc00 && low < 0xe000) {
                *length += put_utf8(to, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
                return 12;
            }
        }
        *length += put_utf8(to, unit);
        return 6;
    }
    const char *letter = at[1] == 0 ? NULL : strchr(letters, at[1]);
    if (letter == NULL) {
        return 0;
    }
    *to = meanings[letter - letters];
    *length += 1;
    return 2;
}

/* The high bit of the first byte that equals ``c``, and of maybe more behind it, or 0. */
static uint64_t
bytes_equal(uint64_t word, unsigned char c)
{
    uint64_t zero_where_equal = word ^ ONES * c;
    return (zero_where_equal - ONES) & ~zero_where_equal & ONES * 0x80;
}

/* How many of eight bytes of a string, from the first, are ASCII that stands for itself. */
static inline size_t
plain_bytes(uint64_t word)
{
    uint64_t controls = (word - ONES * 0x20) & ~word; /* the high bits of bytes below a space */
    uint64_t others = ((controls | word) & ONES * 0x80) | bytes_equal(word, '"')
        | bytes_equal(word, '\\');
    uint64_t before = ((others & (~others + 1)) >> 7) - 1; /* all bits before the first, or all */
    return (size_t)(((before & ONES) * ONES) >> 56);
}

/* Reads a string, of which the escapes are decoded. The text stays until the next string. */
static int
read_string(Reader *reader, Text *text)
{
    if (!next_is(reader, '"')) {
        return -1;
    }
    const unsigned char *at = reader->at + 1;
    const unsigned char *copied = at; /* everything before is in reader->decoded */
    size_t decoded = 0;
    int has_escapes = 0;
    for (;;) {
        if (reader->end - at >= 8) {
            at += plain_bytes(load_8((const char *)at));
        }
        if (*at == '"') {
            break;
        }
        if (*at == '\\') {
            if (reader->decoded == NULL) {
                /* No string is longer decoded than it is in the document. */
                reader->decoded = malloc((size_t)(reader->end - reader->start));
                if (reader->decoded == NULL) {
                    return out_of_memory(reader);
                }
            }
            memcpy(reader->decoded + decoded, copied, (size_t)(at - copied));
            decoded += (size_t)(at - copied);
            size_t taken = decode_escape(at, reader->decoded + decoded, &decoded);
            if (taken == 0) {
                return -1;
            }
            at += taken;
            copied = at;
            has_escapes = 1;
        }
        else if (*at < 0x20) {
            return -1;
        }
        else if (*at < 0x80) {
            at++;
        }
        else {
            size_t length = utf8_length(at);
            if (length == 0) {
                return -1;
            }
            at += length;
        }
    }
    reader->at = at + 1;
    *text = (Text){(const char *)copied, (size_t)(at - copied)};
    if (has_escapes) {
        memcpy(reader->decoded + decoded, copied, text->length);
        *text = (Text){reader->decoded, decoded + text->length};
    }
    return 0;
}

static int
is_word_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Reads a string of the characters that names may have; ``dot`` is '.' where it is one of them,
 * otherwise '_'. */
static int
read_word(Reader *reader, unsigned char dot, Text *text)
{
    if (!next_is(reader, '"')) {
        return -1;
    }
    const unsigned char *first = reader->at + 1;
    const unsigned char *at = first;
    while (is_word_character(*at) || *at == dot) {
        at++;
    }
    if (*at == '"') {
        *text = (Text){(const char *)first, (size_t)(at - first)};
        reader->at = at + 1;
    }
    else {
        if (*at != '\\' || read_string(reader, text) < 0) {
            return -1;
        }
        for (size_t i = 0; i < text->length; i++) {
            unsigned char c = (unsigned char)text->at[i];
            if (!is_word_character(c) && c != dot) {
                return -1;
            }
        }
    }
    return text->length > 0 ? 0 : -1;
}

/* Enters an object or array. */
static inline int
enter(Reader *reader, unsigned char bracket)
{
    if (!next_is(reader, bracket)) {
        return -1;
    }
    reader->at++;
    return 0;
}

/* Goes on to an item of the object or array entered, the ``count``-th from 0. Returns 1 there, 0
 * after the closing bracket, -1 when neither comes. */
static inline int
next_item(Reader *reader, unsigned char closing_bracket, size_t count)
{
    skip_space(reader);
    if (count > 0 && next_is(reader, ',')) {
        reader->at++;
        skip_space(reader);
        return 1;
    }
    if (next_is(reader, closing_bracket)) {
        reader->at++;
        return 0;
    }
    return count == 0 ? 1 : -1;
}

static inline int
skip_colon(Reader *reader)
{
    skip_space(reader);
    if (!next_is(reader, ':')) {
        return -1;
    }
    reader->at++;
    skip_space(reader);
    return 0;
}

/* Reads a key of an object outside "variants", which must not have it yet, and what follows up to
 * the value. The text stays until the next string. */
static int
read_key(Reader *reader, uint32_t object, Text *text)
{
    uint32_t number;
    size_t keys = reader->keys.count;
    if (read_string(reader, text) < 0) {
        return -1;
    }
    if (!reader->keys_are_known) {
        if (keys > MAX_HEAD_BYTES) {
            return -1;
        }
        if (names_add(&reader->keys, reader->key, object, *text, &number) < 0) {
            return out_of_memory(reader);
        }
        if (number != keys) {
            return -1;
        }
    }
    return skip_colon(reader);
}

static int
skip_value(Reader *reader, int depth)
{
    Text text;
    int more;
    if (depth == MAX_NESTING && (next_is(reader, '{') || next_is(reader, '['))) {
        return -1;
    }
    switch (*reader->at) {
    case '{': {
        uint32_t object = reader->objects++;
        reader->at++;
        for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
            if (read_key(reader, object, &text) < 0 || skip_value(reader, depth + 1) < 0) {
                return -1;
            }
        }
        return more;
    }
    case '[':
        reader->at++;
        for (size_t i = 0; (more = next_item(reader, ']', i)) > 0; i++) {
            if (skip_value(reader, depth + 1) < 0) {
                return -1;
            }
        }
        return more;
    case '"':
        return read_string(reader, &text);
    case 't':
        return skip_literal(reader, "true");
    case 'f':
        return skip_literal(reader, "false");
    case 'n':
        return skip_literal(reader, "null");
    default:
        return skip_number(reader);
    }
}

/* Reads a word and adds it to a set of names. */
static int
read_name(Reader *reader, unsigned char dot, Names *names, uint32_t parent, uint32_t *number)
{
    Text text;
    if (read_word(reader, dot, &text) < 0) {
        return -1;
    }
    if (names_add(names, reader->key, parent, text, number) < 0) {
        return out_of_memory(reader);
    }
    return 0;
}

/* Clears a word from the first quote on; returns how many bytes stand before it. */
static inline size_t
cut_at_quote(uint64_t *word)
{
    uint64_t quotes = bytes_equal(*word, '"');
    uint64_t before = ((quotes & (~quotes + 1)) >> 7) - 1; /* all bits before the first, or all */
    *word &= before;
    return (size_t)(((before & ONES) * ONES) >> 56);
}

/* The fingerprint of the text that a quote ends, if that is within 16 bytes, which are there.
 * Returns the length of the text, 16 where there is no quote. */
static inline size_t
short_fingerprint(const char *at, Fingerprint *print)
{
    *print = (Fingerprint){load_8(at), 0};
    size_t length = cut_at_quote(&print->first);
    if (length == 8) {
        print->second = load_8(at + 8);
        length += cut_at_quote(&print->second);
    }
    return length;
}

/* Names of one parent that follow one another in the document. */
typedef struct {
    uint32_t parent;
    uint32_t last;     /* what came before, NOWHERE at first */
    unsigned char dot; /* as for read_word() */
} Listing;

/* Where it is kept what came next in a listing the last time. The place moves with the names. */
static inline uint32_t *
likely_name(Reader *reader, const Listing *listing)
{
    Name *names = reader->draft->names.names;
    if (listing->last != NOWHERE) {
        return &names[listing->last].likely_next;
    }
    return listing->parent == NOWHERE ? &reader->likely_namespace
                                      : &names[listing->parent].likely_child;
}

/* Whether a name has a text. */
static int
is_name(const Names *names, uint32_t number, Text text, Fingerprint print)
{
    const Name *name = &names->names[number];
    return name->print.first == print.first && name->print.second == print.second
        && name->length == text.length
        && (text.length <= 16 || memcmp(names->text + name->start, text.at, text.length) == 0);
}

/* Reads the next name of a listing as read_name() does, faster where it is one that came before,
 * fastest where it came at the same place: what was valid then need not be looked at again. */
static inline int
read_listed_name(Reader *reader, Listing *listing, uint32_t *number)
{
    Names *names = &reader->draft->names;
    if (!next_is(reader, '"')) {
        return -1;
    }
    Text text = {(const char *)reader->at + 1, 16};
    Fingerprint print;
    size_t left = (size_t)((const char *)reader->end - text.at);
    if (left >= 16) {
        text.length = short_fingerprint(text.at, &print);
    }
    if (text.length == 16) {
        const char *quote = memchr(text.at, '"', left);
        if (quote == NULL) {
            return -1;
        }
        text.length = (size_t)(quote - text.at);
        print = fingerprint(reader->key, text);
    }
    *number = *likely_name(reader, listing);
    if (*number == NOWHERE || !is_name(names, *number, text, print)) {
        *number = names_find(names, reader->key, listing->parent, print, text);
        if (*number == NOWHERE) {
            if (read_name(reader, listing->dot, names, listing->parent, number) < 0) {
                return -1;
            }
            text.length = 0; /* it was read */
        }
        *likely_name(reader, listing) = *number;
    }
    if (text.length > 0) {
        reader->at += text.length + 2;
    }
    listing->last = *number;
    return 0;
}

/* Notes that the last variant lists a name; 0 when it already did. */
static inline int
list_name(const Draft *draft, uint32_t number)
{
    Name *name = &draft->names.names[number];
    uint32_t variant = (uint32_t)draft->variant_count;
    if (name->listed_by == variant) {
        return 0;
    }
    name->listed_by = variant;
    return 1;
}

static int
read_values(Reader *reader, uint32_t feature)
{
    Draft *draft = reader->draft;
    Listing listing = {feature, NOWHERE, '.'};
    size_t count = 0;
    int more;
    if (enter(reader, '[') < 0) {
        return -1;
    }
    for (; (more = next_item(reader, ']', count)) > 0; count++) {
        uint32_t value;
        if (read_listed_name(reader, &listing, &value) < 0) {
            return -1;
        }
        if (list_name(draft, value) && draft_add_value(draft, value) < 0) {
            return out_of_memory(reader);
        }
    }
    return more < 0 || count == 0 ? -1 : 0;
}

static int
read_features(Reader *reader, uint32_t namespace)
{
    Draft *draft = reader->draft;
    Listing listing = {namespace, NOWHERE, '_'};
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        uint32_t feature;
        if (read_listed_name(reader, &listing, &feature) < 0 || !list_name(draft, feature)
            || skip_colon(reader) < 0) {
            return -1;
        }
        if (draft_add_feature(draft, feature) < 0) {
            return out_of_memory(reader);
        }
        if (read_values(reader, feature) < 0) {
            return -1;
        }
    }
    return more;
}

static int
read_namespaces(Reader *reader)
{
    Listing listing = {NOWHERE, NOWHERE, '_'};
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        uint32_t namespace;
        if (read_listed_name(reader, &listing, &namespace) < 0
            || !list_name(reader->draft, namespace) || skip_colon(reader) < 0
            || read_features(reader, namespace) < 0) {
            return -1;
        }
    }
    return more;
}

static int
text_is(Text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.at, expected, text.length) == 0;
}

/* Reads a variant that follows its label. The label says that it lists nothing exactly where it
 * does; the older one of the two may say so of any. */
static int
read_variant(Reader *reader, Text label)
{
    Draft *draft = reader->draft;
    size_t start = draft->word_count;
    int is_null = text_is(label, "null");
    int is_old_null = text_is(label, "00000000");
    if (draft_add_variant(draft, label) < 0) {
        return out_of_memory(reader);
    }
    if (skip_colon(reader) < 0 || read_namespaces(reader) < 0) {
        return -1;
    }
    if (draft->word_count > start) {
        return is_null ? -1 : 0;
    }
    return is_null || is_old_null ? 0 : -1;
}

/* Reads the variants; whether two have the same label is not looked at. */
static int
read_variants(Reader *reader)
{
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text label;
        if (read_word(reader, '.', &label) < 0 || read_variant(reader, label) < 0) {
            return -1;
        }
    }
    return more;
}

/* Reads the document up to its end; -1 when it is not valid, or there is no memory. */
static int
read_root(Reader *reader)
{
    int more;
    uint32_t root = reader->objects++;
    skip_space(reader);
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, root, &key) < 0) {
            return -1;
        }
        if (text_is(key, "variants")) {
            reader->variants = reader->at;
            if (read_variants(reader) < 0) {
                return -1;
            }
            reader->variants_end = reader->at;
        }
        else if (skip_value(reader, 1) < 0) {
            return -1;
        }
    }
    skip_space(reader);
    if (more < 0 || reader->at < reader->end || reader->variants == NULL) {
        return -1;
    }
    size_t before = (size_t)(reader->variants - reader->start);
    size_t after = (size_t)(reader->end - reader->variants_end);
    return before + strlen("{}") + after > MAX_HEAD_BYTES ? -1 : 0;
}

/* Reads the whole document into a release; -1 when it is not valid, or there is no memory. */
static int
read_release(Reader *reader, Release *release)
{
    if (read_root(reader) < 0) {
        return -1;
    }
    if (release_from_draft(release, reader->draft) < 0) {
        return out_of_memory(reader);
    }
    int failed = index_labels(release, reader->key);
    if (failed < 0) {
        return out_of_memory(reader);
    }
    return failed ? -1 : 0;
}

/* ---- From Python ---- */

typedef struct {
    HashKey key;
    PyObject *document_type;
    PyObject *supported_type;
} ModuleState;

/* The text of a str, whatever its subclass does: no Python code runs. ``owner`` keeps the text
 * alive where the str itself does not. */
static int
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

static PyObject *
str_from_text(Text text)
{
    return PyUnicode_DecodeUTF8(text.at, (Py_ssize_t)text.length, "surrogatepass");
}

/* Adds the text of a str to a set of names. */
static int
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

/* Where the items of nested mappings and sequences go. One of the two is NULL. */
typedef struct {
    const HashKey *key;
    Names *supported;
    Draft *draft;
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

static int
add_supported_feature(Builder *builder, PyObject *feature, PyObject *values)
{
    if (add_object(builder->supported, builder->key, builder->namespace, feature,
                   "a supported feature", &builder->feature) < 0) {
        return -1;
    }
    return add_values(builder, values);
}

static int
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

static int
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

/* ---- Reading a head ----
 *
 * What a document says beside its variants, as variantsel/formats/metadata_reader.py reads it, and what of
 * that a machine supports, as variantsel/ranking/support.py says. Only what most documents say is read: a
 * head that is not valid, or that a generation spells in its own way, is left to those two, and
 * counts as a failure here.
 */

typedef struct {
    Reader *reader; /* of the head, whose JSON is known to be valid */
    PyObject *ask;     /* what a provider supports, see compile_head_doc */
    PyObject *enabled; /* a container of namespaces */
    Names *supported;
    Names used;   /* the namespaces of which variants list features */
    Names listed; /* the namespaces of "default-priorities" */
    Names unused; /* where the values of providers go that support nothing */
    int minor, patch;     /* of the generation 0.minor.patch */
    int has_feature_list; /* "default-priorities" has "feature" */
} Head;

/* What one of "providers" says: the places of values in the head, NULL where there is none. */
typedef struct {
    const unsigned char *requires, *plugin_api, *builtin, *static_properties, *feature_order;
    const unsigned char *enable_if;
    int optional;
} Provider;

static void
head_clear(Head *head)
{
    names_clear(&head->used);
    names_clear(&head->listed);
    names_clear(&head->unused);
}

/* Goes to a place in the head. */
static void
go_to(Reader *reader, const unsigned char *place)
{
    reader->at = place;
}

/* Goes past a value, whose brackets and quotes are known to fit. */
static int
pass_value(Reader *reader)
{
    const unsigned char *at = reader->at;
    int depth = 0;
    do {
        switch (*at) {
        case '"':
            for (at++; *at != '"'; at++) {
                if (*at == '\\') {
                    at++;
                }
                if (*at == 0) {
                    return -1;
                }
            }
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            depth--;
            break;
        case ',':
            break;
        default: /* space, or a number or literal, which nothing is asked about */
            if (at >= reader->end) {
                return -1;
            }
        }
        at++;
    } while (depth > 0 || (*at != ',' && *at != '}' && *at != ']'));
    reader->at = at;
    return 0;
}

/* Reads a number of up to nine digits; -1 where there is none. */
static int
read_version_part(const char **at, const char *end)
{
    int number = 0;
    const char *first = *at;
    while (*at < end && **at >= '0' && **at <= '9' && *at - first < 9) {
        number = number * 10 + (**at - '0');
        (*at)++;
    }
    return *at > first ? number : -1;
}

/* Reads the generation from the value of "$schema". */
static int
read_schema(Head *head)
{
    Text text;
    if (next_is(head->reader, 'n')) { /* null: as where there is none */
        return skip_literal(head->reader, "null");
    }
    if (read_string(head->reader, &text) < 0) {
        return -1;
    }
    const char *end = text.at + text.length;
    const char *at = end;
    while (at > text.at && at[-1] != '/') {
        at--;
    }
    if (at == end) {
        return text.length > 0 ? 0 : -1;
    }
    if (end - at < 3 || memcmp(at, "v0.", 3) != 0) {
        return -1;
    }
    at += 3;
    head->minor = read_version_part(&at, end);
    if (head->minor < 0 || at == end || *at++ != '.') {
        return -1;
    }
    head->patch = read_version_part(&at, end);
    return head->patch >= 0 && text_is((Text){at, (size_t)(end - at)}, ".json") ? 0 : -1;
}

/* Whether the priorities of features and values count, which is left to the reader in Python. */
static int
has_feature_priorities(const Head *head)
{
    return head->minor == 0 || (head->minor == 1 && head->patch == 0);
}

/* Reads a list of words and adds them to a set of names. */
static int
read_words(Reader *reader, unsigned char dot, Names *names, uint32_t parent)
{
    int more;
    if (enter(reader, '[') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, ']', i)) > 0; i++) {
        uint32_t number;
        if (read_name(reader, dot, names, parent, &number) < 0) {
            return -1;
        }
    }
    return more;
}

static int
read_default_priorities(Head *head)
{
    Reader *reader = head->reader;
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        if (text_is(key, "namespace")) {
            if (read_words(reader, '_', &head->listed, NOWHERE) < 0) {
                return -1;
            }
            continue;
        }
        head->has_feature_list |= text_is(key, "feature");
        if (has_feature_priorities(head)
            && (text_is(key, "feature") || text_is(key, "property"))
            && (reader->at[0] != '{' || reader->at[1] != '}')) {
            return -1;
        }
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    return more < 0 || head->listed.count == 0 ? -1 : 0;
}

/* Reads a list of strings, into a tuple if ``strings`` is not NULL. */
static int
read_strings(Reader *reader, PyObject *strings)
{
    int more;
    if (enter(reader, '[') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, ']', i)) > 0; i++) {
        Text text;
        if (read_string(reader, &text) < 0) {
            return -1;
        }
        if (strings != NULL) {
            PyObject *string = str_from_text(text);
            int failed = string == NULL || PyList_Append(strings, string) < 0;
            Py_XDECREF(string);
            if (failed) {
                return -1;
            }
        }
    }
    return more;
}

/* Notes where a string stands; nothing where null does. */
static int
note_string(Reader *reader, const unsigned char **place)
{
    Text text;
    if (next_is(reader, 'n')) {
        return skip_literal(reader, "null");
    }
    *place = reader->at;
    return read_string(reader, &text);
}

/* Reads "true" or "false". */
static int
read_flag(Reader *reader, int *flag)
{
    *flag = next_is(reader, 't');
    return skip_literal(reader, *flag ? "true" : "false");
}

/* Reads the value of one key of a provider. */
static int
read_provider_key(Head *head, Text key, Provider *provider)
{
    Reader *reader = head->reader;
    if (text_is(key, "requires")) {
        provider->requires = reader->at;
        return read_strings(reader, NULL);
    }
    if (text_is(key, "plugin-api")) {
        return note_string(reader, &provider->plugin_api);
    }
    if (text_is(key, "builtin")) {
        return note_string(reader, &provider->builtin);
    }
    if (text_is(key, "optional")) {
        return read_flag(reader, &provider->optional);
    }
    if (head->minor > 0) {
        if (text_is(key, "static-properties")) {
            provider->static_properties = reader->at;
        }
        else if (text_is(key, "feature-order")) {
            provider->feature_order = reader->at;
        }
        return pass_value(reader);
    }
    if (text_is(key, "enable-if")) {
        return note_string(reader, &provider->enable_if);
    }
    if (head->patch <= 2 && text_is(key, "plugin-use")) {
        return skip_literal(reader, "\"all\"");
    }
    if (head->patch > 2 && text_is(key, "install-time")) {
        return skip_literal(reader, "true");
    }
    return pass_value(reader);
}

static int
read_provider(Head *head, Provider *provider)
{
    Reader *reader = head->reader;
    int sources = 0;
    int more;
    *provider = (Provider){0};
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        sources += text_is(key, "requires") || text_is(key, "static-properties")
            || text_is(key, "builtin");
        if (read_provider_key(head, key, provider) < 0) {
            return -1;
        }
    }
    return more < 0 || (head->minor > 0 && sources != 1) ? -1 : 0;
}

/* Adds static features and values, in the order that the provider says. */
static int
add_static_properties(Head *head, const Provider *provider, Names *names, uint32_t namespace)
{
    Reader *reader = head->reader;
    uint32_t first = (uint32_t)names->count;
    int has_order = provider->feature_order != NULL;
    int more;
    if (has_order) {
        go_to(reader, provider->feature_order);
        if (read_words(reader, '_', names, namespace) < 0) {
            return -1;
        }
    }
    else if (head->has_feature_list) {
        return -1;
    }
    uint32_t end = has_order ? (uint32_t)names->count : first + 1;
    uint32_t next = first; /* the first feature whose values are not added yet */
    uint32_t count = 0;
    go_to(reader, provider->static_properties);
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (; (more = next_item(reader, '}', count)) > 0; count++) {
        uint32_t feature;
        if (read_name(reader, '_', names, namespace, &feature) < 0 || feature >= end
            || skip_colon(reader) < 0) {
            return -1;
        }
        if (feature == next) {
            next++;
            if (read_words(reader, '.', names, feature) < 0) {
                return -1;
            }
            continue;
        }
        names->names[feature].place = (uint32_t)(reader->at - reader->start);
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    /* An order of fewer than two features may be any. */
    if (more < 0 || (count > 1 && count != end - first)) {
        return -1;
    }
    const unsigned char *after = reader->at;
    for (; has_order && next < end; next++) { /* without an order there was one at most */
        if (names->names[next].place == 0) {
            continue;
        }
        go_to(reader, reader->start + names->names[next].place);
        if (read_words(reader, '.', names, next) < 0) {
            return -1;
        }
    }
    go_to(reader, after);
    return 0;
}

/* Reads static features and values that support nothing, only to know that they are valid. */
static int
check_static_properties(Head *head, const Provider *provider, Text namespace)
{
    uint32_t number;
    if (provider->static_properties == NULL) {
        return 0;
    }
    if (names_add(&head->unused, head->reader->key, NOWHERE, namespace, &number) < 0) {
        return out_of_memory(head->reader);
    }
    return add_static_properties(head, provider, &head->unused, number);
}

/* The string at a place, or None where there is none. */
static PyObject *
str_at(Reader *reader, const unsigned char *place)
{
    Text text;
    if (place == NULL) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    go_to(reader, place);
    return read_string(reader, &text) < 0 ? NULL : str_from_text(text);
}

/* Adds what a provider answers that has to be asked. */
static int
add_answer(Head *head, const Provider *provider, PyObject *name, uint32_t namespace)
{
    Reader *reader = head->reader;
    int failed = -1;
    PyObject *answer = NULL, *requires = NULL;
    PyObject *strings = PyList_New(0);
    PyObject *plugin_api = str_at(reader, provider->plugin_api);
    PyObject *builtin = str_at(reader, provider->builtin);
    PyObject *enable_if = str_at(reader, provider->enable_if);
    if (strings == NULL || plugin_api == NULL || builtin == NULL || enable_if == NULL) {
        goto done;
    }
    if (provider->requires != NULL) {
        go_to(reader, provider->requires);
        if (read_strings(reader, strings) < 0) {
            goto done;
        }
    }
    requires = PyList_AsTuple(strings);
    if (requires == NULL) {
        goto done;
    }
    answer = PyObject_CallFunctionObjArgs(head->ask, name, requires, plugin_api, builtin,
                                          enable_if, provider->optional ? Py_True : Py_False, NULL);
    if (answer == NULL || answer == Py_None) {
        goto done;
    }
    Builder builder = {
        .key = reader->key, .supported = head->supported, .namespace = namespace};
    failed = visit_items(&builder, answer, "the supported features of a namespace",
                         add_supported_feature);
done:
    Py_XDECREF(strings);
    Py_XDECREF(plugin_api);
    Py_XDECREF(builtin);
    Py_XDECREF(enable_if);
    Py_XDECREF(requires);
    Py_XDECREF(answer);
    return failed;
}

/* Adds a namespace that variants use, and what is supported of it. ``place`` is that of what is
 * said of its provider, NULL where nothing is. */
static int
add_used_namespace(Head *head, Text text, const unsigned char *place)
{
    uint32_t namespace;
    Provider provider = {0};
    if (names_add(head->supported, head->reader->key, NOWHERE, text, &namespace) < 0) {
        return out_of_memory(head->reader);
    }
    if (head->minor != 1) {
        if (place == NULL) {
            return 0;
        }
        go_to(head->reader, place);
        if (read_provider(head, &provider) < 0) {
            return -1;
        }
    }
    if (text_is(text, "abi_dependency")) { /* reserved: nothing of it is supported */
        return provider.enable_if == NULL ? check_static_properties(head, &provider, text) : -1;
    }
    PyObject *name = str_from_text(text);
    if (name == NULL) {
        return -1;
    }
    int is_enabled = provider.optional ? PySequence_Contains(head->enabled, name) : 1;
    int failed = is_enabled < 0 ? -1 : 0;
    if (failed == 0 && provider.static_properties == NULL) {
        failed = add_answer(head, &provider, name, namespace);
    }
    else if (failed == 0 && is_enabled) {
        failed = add_static_properties(head, &provider, head->supported, namespace);
    }
    else if (failed == 0) {
        failed = check_static_properties(head, &provider, text);
    }
    Py_DECREF(name);
    return failed;
}

/* Reads a provider of a namespace that no variant uses, after its name, only to know that it is
 * valid. Whether a marker is, is for Python to say. */
static int
check_unused_provider(Head *head, Text text)
{
    Provider provider;
    uint32_t number;
    if (names_add(&head->unused, head->reader->key, NOWHERE, text, &number) < 0) {
        return out_of_memory(head->reader);
    }
    if (skip_colon(head->reader) < 0 || read_provider(head, &provider) < 0
        || provider.enable_if != NULL) {
        return -1;
    }
    const unsigned char *after = head->reader->at;
    if (provider.static_properties != NULL
        && add_static_properties(head, &provider, &head->unused, number) < 0) {
        return -1;
    }
    go_to(head->reader, after);
    return 0;
}

/* Notes where what is said of the used namespaces' providers stands, and checks the others. */
static int
read_providers(Head *head)
{
    Reader *reader = head->reader;
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text text;
        if (read_word(reader, '_', &text) < 0) {
            return -1;
        }
        Fingerprint print = fingerprint(reader->key, text);
        uint32_t number = names_find(&head->listed, reader->key, NOWHERE, print, text);
        if (number == NOWHERE
            || names_find(&head->used, reader->key, NOWHERE, print, text) == NOWHERE) {
            if (check_unused_provider(head, text) < 0) {
                return -1;
            }
            continue;
        }
        if (skip_colon(reader) < 0) {
            return -1;
        }
        head->listed.names[number].place = (uint32_t)(reader->at - reader->start);
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    return more;
}

/* Takes over the names of the namespaces that variants use. */
static int
add_used_names(Head *head, PyObject *used)
{
    Py_ssize_t size = PyTuple_Size(used);
    for (Py_ssize_t i = 0; i < size; i++) {
        uint32_t number;
        if (add_object(&head->used, head->reader->key, NOWHERE, PyTuple_GetItem(used, i),
                       "a used namespace", &number) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Reads the head, and adds what is supported of the namespaces that variants use. -1 when that is
 * to be done in Python, with an exception set or no_memory where it cannot be done at all. */
static int
read_head(Head *head)
{
    Reader *reader = head->reader;
    const unsigned char *schema = NULL, *priorities = NULL, *providers = NULL;
    int more;
    skip_space(reader);
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        const unsigned char **place = text_is(key, "$schema") ? &schema
            : text_is(key, "default-priorities")              ? &priorities
            : text_is(key, "providers")                       ? &providers
                                                              : NULL;
        if (place != NULL) {
            *place = reader->at;
        }
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    if (more < 0 || priorities == NULL) {
        return -1;
    }
    head->minor = 0;
    head->patch = 1;
    if (schema != NULL) {
        go_to(reader, schema);
        if (read_schema(head) < 0) {
            return -1;
        }
    }
    go_to(reader, priorities);
    if (read_default_priorities(head) < 0) {
        return -1;
    }
    if (head->minor != 1 && providers != NULL) {
        go_to(reader, providers);
        if (read_providers(head) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < head->listed.count; i++) {
        const Name *name = &head->listed.names[i];
        Text text = name_text(&head->listed, i);
        if (names_find(&head->used, reader->key, NOWHERE, name->print, text) == NOWHERE) {
            continue;
        }
        if (add_used_namespace(head, text, name->place ? reader->start + name->place : NULL) < 0) {
            return -1;
        }
    }
    return 0;
}

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
        PyObject *text = str_from_text(release_name_text(release, word[2 + i]));
        if (text == NULL || PyList_Append(values, text) < 0) {
            Py_CLEAR(values);
        }
        Py_XDECREF(text);
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
        PyObject *name = str_from_text(name_text(names, (uint32_t)i));
        if (name == NULL || PyList_Append(used, name) < 0) {
            Py_CLEAR(used);
        }
        Py_XDECREF(name);
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
"None means that variantsel.formats.metadata_reader is to read it: because it is not valid, which is then\n"
"what that raises, or because there is more than 64 KiB of it beside the variants.");

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
"compile_head(head, used, ask, enabled, /)\n--\n\n"
"Read the head of a Document, and what a machine supports by it of the used namespaces, a tuple.\n\n"
"``ask(namespace, requires, plugin_api, builtin, enable_if, optional)`` says which features and\n"
"values a provider supports that the head describes so: a mapping, or None where the head is not\n"
"valid. ``enabled`` holds the namespaces whose optional providers are enabled. The answer is None\n"
"where variantsel.formats.metadata_reader is to read the head: because it is not valid, which is then what\n"
"that raises, or because it says what only older generations do.");

static PyObject *
compile_head(PyObject *module, PyObject *arguments)
{
    const ModuleState *state = PyModule_GetState(module);
    PyObject *bytes, *used, *ask, *enabled;
    char *text;
    Py_ssize_t size;
    if (state == NULL
        || !PyArg_ParseTuple(arguments, "SO!OO:compile_head", &bytes, &PyTuple_Type, &used, &ask,
                             &enabled)
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
        .reader = &reader, .ask = ask, .enabled = enabled, .supported = &supported->names};
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
