/* Memory that grows, and what every file here begins with. */

#ifndef VARIANTSEL_MEMORY_H
#define VARIANTSEL_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of functions that several files call, and nobody outside of the extension. */
#if defined(__GNUC__)
#define INTERNAL __attribute__((visibility("hidden")))
/* Of a few functions in whose calls most of the time would go. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define INTERNAL
#define ALWAYS_INLINE inline
#endif

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

/* Adds bytes at the end of others; -1 when there is no memory, and then they are as they were. */
static inline int
append_bytes(char **bytes, size_t *length, size_t *capacity, const char *more, size_t count)
{
    char *moved = reserve(*bytes, capacity, *length + count, 1);
    if (moved == NULL) {
        return -1;
    }
    *bytes = moved;
    memcpy(moved + *length, more, count);
    *length += count;
    return 0;
}

#endif
