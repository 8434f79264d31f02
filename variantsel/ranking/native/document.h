/* Reading a variants.json or variant.json into a release.
 *
 * The same "variants" are valid as for variantsel/formats/metadata_reader.py. What is wrong with
 * the others is for that one to say.
 */

#ifndef VARIANTSEL_DOCUMENT_H
#define VARIANTSEL_DOCUMENT_H

#include "json.h"

INTERNAL int read_release(Reader *reader, Release *release);

#endif
