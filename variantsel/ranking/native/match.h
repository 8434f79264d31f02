/* Matching a release with what a machine supports. */

#ifndef VARIANTSEL_MATCH_H
#define VARIANTSEL_MATCH_H

#include "release.h"

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

INTERNAL void match_clear(Match *match);
INTERNAL int match_release(Match *match, const HashKey *key, const Release *release,
                           const Names *supported);
INTERNAL int sort_rejected(Match *match);
INTERNAL uint32_t find_reason(const Match *match, uint32_t variant);

#endif
