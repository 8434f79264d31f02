#include "json.h"

int
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

int
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

/* How many of eight bytes of a string, from the first, are ASCII that stands for itself. */
static inline size_t
plain_bytes(uint64_t word)
{
    uint64_t controls = (word - ONES * 0x20) & ~word; /* the high bits of bytes below a space */
    uint64_t others = ((controls | word) & ONES * 0x80) | bytes_equal(word, '"')
        | bytes_equal(word, '\\');
    return count_bytes(bits_before(others));
}

/* Reads a string, of which the escapes are decoded. The text stays until the next string. */
int
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

/* Reads a string of the characters that names may have; ``dot`` is '.' where it is one of them,
 * otherwise '_'. */
int
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

/* Reads a key of an object outside "variants", which must not have it yet, and what follows up to
 * the value. The text stays until the next string. */
int
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

int
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
