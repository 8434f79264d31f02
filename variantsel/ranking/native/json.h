/* Reading JSON.
 *
 * The same documents are valid as for variantsel/formats/json_reader.py. What is wrong with the
 * others is for that one to say.
 */

#ifndef VARIANTSEL_JSON_H
#define VARIANTSEL_JSON_H

#include "release.h"

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

INTERNAL int skip_literal(Reader *reader, const char *literal);
INTERNAL int skip_number(Reader *reader);
INTERNAL int read_string(Reader *reader, Text *text);
INTERNAL int read_word(Reader *reader, unsigned char dot, Text *text);
INTERNAL int read_key(Reader *reader, uint32_t object, Text *text);
INTERNAL int skip_value(Reader *reader, int depth);

static inline int
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

/* The high bit of the first byte that equals ``c``, and of maybe more behind it, or 0. */
static inline uint64_t
bytes_equal(uint64_t word, unsigned char c)
{
    uint64_t zero_where_equal = word ^ ONES * c;
    return (zero_where_equal - ONES) & ~zero_where_equal & ONES * 0x80;
}

/* All bits of the bytes before the first whose high bit is set; all there are where none is. */
static inline uint64_t
bits_before(uint64_t high_bits)
{
    return ((high_bits & (~high_bits + 1)) >> 7) - 1;
}

/* How many bytes have all their bits set; the others have none. */
static inline size_t
count_bytes(uint64_t bytes)
{
    return (size_t)(((bytes & ONES) * ONES) >> 56);
}

static inline int
is_word_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
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

/* Reads a word and adds it to a set of names. */
static inline int
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

#endif
