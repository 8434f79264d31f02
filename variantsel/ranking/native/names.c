#include "names.h"

void
names_clear(Names *names)
{
    free(names->names);
    free(names->text);
    free(names->slots);
    memset(names, 0, sizeof(*names));
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
uint64_t
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

Fingerprint
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
int
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
