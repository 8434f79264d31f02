#include "document.h"

/* Clears a word from the first quote on; returns how many bytes stand before it. */
static inline size_t
cut_at_quote(uint64_t *word)
{
    uint64_t quotes = bytes_equal(*word, '"');
    uint64_t before = bits_before(quotes);
    *word &= before;
    return count_bytes(before);
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
static ALWAYS_INLINE int
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
int
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
