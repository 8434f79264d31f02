#include "match.h"

typedef int (*Compare)(const Match *match, const Candidate *mine, const Candidate *theirs);

void
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

static int
compare_labels(const Match *match, const Candidate *mine, const Candidate *theirs)
{
    return compare_text(label_text(match->release, mine->variant),
                        label_text(match->release, theirs->variant));
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
    return compare_labels(match, mine, theirs);
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
int
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
int
sort_rejected(Match *match)
{
    Candidate *rejected = match->candidates + match->compatible_count;
    for (size_t i = 0; i < match->rejected_count; i++) {
        rejected[i].prefix = text_prefix(label_text(match->release, rejected[i].variant));
    }
    return sort_candidates(match, rejected, match->rejected_count, compare_labels);
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
uint32_t
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
