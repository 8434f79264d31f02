/* What is matched.
 *
 * What a machine supports is a set of names, added best first: each namespace is followed by its
 * features, each of these by its values. So the number of a name is its rank, lower for a better
 * namespace, then a better feature, then a better value.
 *
 * A release is read into a draft, which grows, and kept in one piece of memory as small as it can
 * be: an index has many.
 */

#ifndef VARIANTSEL_RELEASE_H
#define VARIANTSEL_RELEASE_H

#include "names.h"

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

INTERNAL void draft_clear(Draft *draft);
INTERNAL void release_clear(Release *release);
INTERNAL int draft_add_variant(Draft *draft, Text label);
INTERNAL int release_from_draft(Release *release, const Draft *draft);
INTERNAL uint32_t *find_label_slot(const Release *release, const HashKey *key, Text label);
INTERNAL int index_labels(Release *release, const HashKey *key);

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

#endif
