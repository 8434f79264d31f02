#include "release.h"

void
draft_clear(Draft *draft)
{
    names_clear(&draft->names);
    free(draft->variants);
    free(draft->labels);
    free(draft->words);
    memset(draft, 0, sizeof(*draft));
}

void
release_clear(Release *release)
{
    free(release->variants);
    free(release->label_slots);
    memset(release, 0, sizeof(*release));
}

/* Adds a variant that lists nothing yet; -1 when there is no memory. */
int
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
    if (append_bytes(&draft->labels, &draft->label_length, &draft->label_capacity, label.at,
                     label.length) < 0) {
        return -1;
    }
    draft->variants[draft->variant_count++] =
        (VariantEnd){(uint32_t)draft->label_length, (uint32_t)draft->word_count};
    return 0;
}

/* Copies a draft into a release, which was zero; -1 when there is no memory. */
int
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

/* The slot that holds the number of the variant with a label, or the free one where it belongs. */
uint32_t *
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
int
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
