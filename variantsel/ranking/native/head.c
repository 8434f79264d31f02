#include "head.h"

#include "from_python.h"

/* As in formats/text_limits.py; what has more is left to the reader in Python. */
#define MAX_REQUIREMENT_LENGTH (16 * 1024)
#define MAX_REQUIREMENT_NESTING 32
#define MAX_REQUIREMENT_DIGITS 100

/* What one of "providers" says: the places of values in the head, NULL where there is none. */
typedef struct {
    const unsigned char *requires, *plugin_api, *builtin, *static_properties, *feature_order;
    const unsigned char *enable_if;
    int optional;
} Provider;

void
head_clear(Head *head)
{
    names_clear(&head->used);
    names_clear(&head->listed);
    names_clear(&head->unused);
}

/* Goes to a place in the head. */
static void
go_to(Reader *reader, const unsigned char *place)
{
    reader->at = place;
}

/* Goes past a value, whose brackets and quotes are known to fit. */
static int
pass_value(Reader *reader)
{
    const unsigned char *at = reader->at;
    int depth = 0;
    do {
        switch (*at) {
        case '"':
            for (at++; *at != '"'; at++) {
                if (*at == '\\') {
                    at++;
                }
                if (*at == 0) {
                    return -1;
                }
            }
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            depth--;
            break;
        case ',':
            break;
        default: /* space, or a number or literal, which nothing is asked about */
            if (at >= reader->end) {
                return -1;
            }
        }
        at++;
    } while (depth > 0 || (*at != ',' && *at != '}' && *at != ']'));
    reader->at = at;
    return 0;
}

/* Reads a number of up to nine digits; -1 where there is none. */
static int
read_version_part(const char **at, const char *end)
{
    int number = 0;
    const char *first = *at;
    while (*at < end && **at >= '0' && **at <= '9' && *at - first < 9) {
        number = number * 10 + (**at - '0');
        (*at)++;
    }
    return *at > first ? number : -1;
}

/* Reads the generation from the value of "$schema". */
static int
read_schema(Head *head)
{
    Text text;
    if (next_is(head->reader, 'n')) { /* null: as where there is none */
        return skip_literal(head->reader, "null");
    }
    if (read_string(head->reader, &text) < 0) {
        return -1;
    }
    const char *end = text.at + text.length;
    const char *at = end;
    while (at > text.at && at[-1] != '/') {
        at--;
    }
    if (at == end) {
        return text.length > 0 ? 0 : -1;
    }
    if (end - at < 3 || memcmp(at, "v0.", 3) != 0) {
        return -1;
    }
    at += 3;
    head->minor = read_version_part(&at, end);
    if (head->minor < 0 || at == end || *at++ != '.') {
        return -1;
    }
    head->patch = read_version_part(&at, end);
    return head->patch >= 0 && text_is((Text){at, (size_t)(end - at)}, ".json") ? 0 : -1;
}

/* Whether the priorities of features and values count, which is left to the reader in Python. */
static int
has_feature_priorities(const Head *head)
{
    return head->minor == 0 || (head->minor == 1 && head->patch == 0);
}

/* Reads a list of words and adds them to a set of names. */
static int
read_words(Reader *reader, unsigned char dot, Names *names, uint32_t parent)
{
    int more;
    if (enter(reader, '[') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, ']', i)) > 0; i++) {
        uint32_t number;
        if (read_name(reader, dot, names, parent, &number) < 0) {
            return -1;
        }
    }
    return more;
}

static int
read_default_priorities(Head *head)
{
    Reader *reader = head->reader;
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        if (text_is(key, "namespace")) {
            if (read_words(reader, '_', &head->listed, NOWHERE) < 0) {
                return -1;
            }
            continue;
        }
        head->has_feature_list |= text_is(key, "feature");
        if (has_feature_priorities(head)
            && (text_is(key, "feature") || text_is(key, "property"))
            && (reader->at[0] != '{' || reader->at[1] != '}')) {
            return -1;
        }
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    return more < 0 || head->listed.count == 0 ? -1 : 0;
}

/* Whether a requirement is no larger than what formats/text_limits.py lets be read. */
static int
is_within_limits(Text text)
{
    int depth = 0, digits = 0;
    if (text.length > MAX_REQUIREMENT_LENGTH) {
        return 0;
    }
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        depth += (c == '(') - (c == ')');
        /* Of other scripts' digits, which are no ASCII, each byte counts. */
        digits = (c >= '0' && c <= '9') || c >= 0x80 ? digits + 1 : 0;
        if (depth > MAX_REQUIREMENT_NESTING || digits > MAX_REQUIREMENT_DIGITS) {
            return 0;
        }
    }
    return 1;
}

/* Reads a list of requirements, into a tuple if ``strings`` is not NULL. */
static int
read_requirements(Reader *reader, PyObject *strings)
{
    int more;
    if (enter(reader, '[') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, ']', i)) > 0; i++) {
        Text text;
        if (read_string(reader, &text) < 0 || !is_within_limits(text)) {
            return -1;
        }
        if (strings != NULL && append_str(strings, text) < 0) {
            return -1;
        }
    }
    return more;
}

/* Notes where a string stands; nothing where null does. */
static int
note_string(Reader *reader, const unsigned char **place)
{
    Text text;
    if (next_is(reader, 'n')) {
        return skip_literal(reader, "null");
    }
    *place = reader->at;
    return read_string(reader, &text);
}

/* Reads "true" or "false". */
static int
read_flag(Reader *reader, int *flag)
{
    *flag = next_is(reader, 't');
    return skip_literal(reader, *flag ? "true" : "false");
}

/* Reads the value of one key of a provider. */
static int
read_provider_key(Head *head, Text key, Provider *provider)
{
    Reader *reader = head->reader;
    if (text_is(key, "requires")) {
        provider->requires = reader->at;
        return read_requirements(reader, NULL);
    }
    if (text_is(key, "plugin-api")) {
        return note_string(reader, &provider->plugin_api);
    }
    if (text_is(key, "builtin")) {
        return note_string(reader, &provider->builtin);
    }
    if (text_is(key, "optional")) {
        return read_flag(reader, &provider->optional);
    }
    if (head->minor > 0) {
        if (text_is(key, "static-properties")) {
            provider->static_properties = reader->at;
        }
        else if (text_is(key, "feature-order")) {
            provider->feature_order = reader->at;
        }
        return pass_value(reader);
    }
    if (text_is(key, "enable-if")) {
        return note_string(reader, &provider->enable_if);
    }
    if (head->patch <= 2 && text_is(key, "plugin-use")) {
        return skip_literal(reader, "\"all\"");
    }
    if (head->patch > 2 && text_is(key, "install-time")) {
        return skip_literal(reader, "true");
    }
    return pass_value(reader);
}

static int
read_provider(Head *head, Provider *provider)
{
    Reader *reader = head->reader;
    int sources = 0;
    int more;
    *provider = (Provider){0};
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        sources += text_is(key, "requires") || text_is(key, "static-properties")
            || text_is(key, "builtin");
        if (read_provider_key(head, key, provider) < 0) {
            return -1;
        }
    }
    return more < 0 || (head->minor > 0 && sources != 1) ? -1 : 0;
}

/* Adds static features and values, in the order that the provider says. */
static int
add_static_properties(Head *head, const Provider *provider, Names *names, uint32_t namespace)
{
    Reader *reader = head->reader;
    uint32_t first = (uint32_t)names->count;
    int has_order = provider->feature_order != NULL;
    int more;
    if (has_order) {
        go_to(reader, provider->feature_order);
        if (read_words(reader, '_', names, namespace) < 0) {
            return -1;
        }
    }
    else if (head->has_feature_list) {
        return -1;
    }
    uint32_t end = has_order ? (uint32_t)names->count : first + 1;
    uint32_t next = first; /* the first feature whose values are not added yet */
    uint32_t count = 0;
    go_to(reader, provider->static_properties);
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (; (more = next_item(reader, '}', count)) > 0; count++) {
        uint32_t feature;
        if (read_name(reader, '_', names, namespace, &feature) < 0 || feature >= end
            || skip_colon(reader) < 0) {
            return -1;
        }
        if (feature == next) {
            next++;
            if (read_words(reader, '.', names, feature) < 0) {
                return -1;
            }
            continue;
        }
        names->names[feature].place = (uint32_t)(reader->at - reader->start);
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    /* An order of fewer than two features may be any. */
    if (more < 0 || (count > 1 && count != end - first)) {
        return -1;
    }
    const unsigned char *after = reader->at;
    for (; has_order && next < end; next++) { /* without an order there was one at most */
        if (names->names[next].place == 0) {
            continue;
        }
        go_to(reader, reader->start + names->names[next].place);
        if (read_words(reader, '.', names, next) < 0) {
            return -1;
        }
    }
    go_to(reader, after);
    return 0;
}

/* Reads static features and values that support nothing, only to know that they are valid. */
static int
check_static_properties(Head *head, const Provider *provider, Text namespace)
{
    uint32_t number;
    if (provider->static_properties == NULL) {
        return 0;
    }
    if (names_add(&head->unused, head->reader->key, NOWHERE, namespace, &number) < 0) {
        return out_of_memory(head->reader);
    }
    return add_static_properties(head, provider, &head->unused, number);
}

/* The string at a place, or None where there is none. */
static PyObject *
str_at(Reader *reader, const unsigned char *place)
{
    Text text;
    if (place == NULL) {
        Py_INCREF(Py_None);
        return Py_None;
    }
    go_to(reader, place);
    return read_string(reader, &text) < 0 ? NULL : str_from_text(text);
}

/* Adds what a provider answers that has to be asked. */
static int
add_answer(Head *head, const Provider *provider, PyObject *name, uint32_t namespace)
{
    Reader *reader = head->reader;
    int failed = -1;
    PyObject *answer = NULL, *requires = NULL;
    PyObject *strings = PyList_New(0);
    PyObject *plugin_api = str_at(reader, provider->plugin_api);
    PyObject *builtin = str_at(reader, provider->builtin);
    PyObject *enable_if = str_at(reader, provider->enable_if);
    if (strings == NULL || plugin_api == NULL || builtin == NULL || enable_if == NULL) {
        goto done;
    }
    if (provider->requires != NULL) {
        go_to(reader, provider->requires);
        if (read_requirements(reader, strings) < 0) {
            goto done;
        }
    }
    requires = PyList_AsTuple(strings);
    if (requires == NULL) {
        goto done;
    }
    answer = PyObject_CallFunctionObjArgs(head->ask, name, requires, plugin_api, builtin,
                                          enable_if, provider->optional ? Py_True : Py_False, NULL);
    if (answer == NULL || answer == Py_None) {
        goto done;
    }
    Builder builder = {
        .key = reader->key, .supported = head->supported, .namespace = namespace};
    failed = visit_items(&builder, answer, "the supported features of a namespace",
                         add_supported_feature);
done:
    Py_XDECREF(strings);
    Py_XDECREF(plugin_api);
    Py_XDECREF(builtin);
    Py_XDECREF(enable_if);
    Py_XDECREF(requires);
    Py_XDECREF(answer);
    return failed;
}

/* Adds a namespace that variants use, and what is supported of it. ``place`` is that of what is
 * said of its provider, NULL where nothing is. */
static int
add_used_namespace(Head *head, Text text, const unsigned char *place)
{
    uint32_t namespace;
    Provider provider = {0};
    if (names_add(head->supported, head->reader->key, NOWHERE, text, &namespace) < 0) {
        return out_of_memory(head->reader);
    }
    if (head->minor != 1) {
        if (place == NULL) {
            return 0;
        }
        go_to(head->reader, place);
        if (read_provider(head, &provider) < 0) {
            return -1;
        }
    }
    if (text_is(text, "abi_dependency")) { /* reserved: nothing of it is supported */
        return provider.enable_if == NULL ? check_static_properties(head, &provider, text) : -1;
    }
    PyObject *name = str_from_text(text);
    if (name == NULL) {
        return -1;
    }
    /* What the user stated decides before static properties do: that is for Python to say. */
    int is_stated =
        provider.static_properties != NULL && head->stated != NULL
        ? PySequence_Contains(head->stated, name)
        : 0;
    if (is_stated != 0) {
        Py_DECREF(name);
        return -1;
    }
    int is_enabled = provider.optional ? PySequence_Contains(head->enabled, name) : 1;
    int failed = is_enabled < 0 ? -1 : 0;
    if (failed == 0 && provider.static_properties == NULL) {
        failed = add_answer(head, &provider, name, namespace);
    }
    else if (failed == 0 && is_enabled) {
        failed = add_static_properties(head, &provider, head->supported, namespace);
    }
    else if (failed == 0) {
        failed = check_static_properties(head, &provider, text);
    }
    Py_DECREF(name);
    return failed;
}

/* Reads a provider of a namespace that no variant uses, after its name, only to know that it is
 * valid. Whether a marker is, is for Python to say. */
static int
check_unused_provider(Head *head, Text text)
{
    Provider provider;
    uint32_t number;
    if (names_add(&head->unused, head->reader->key, NOWHERE, text, &number) < 0) {
        return out_of_memory(head->reader);
    }
    if (skip_colon(head->reader) < 0 || read_provider(head, &provider) < 0
        || provider.enable_if != NULL) {
        return -1;
    }
    const unsigned char *after = head->reader->at;
    if (provider.static_properties != NULL
        && add_static_properties(head, &provider, &head->unused, number) < 0) {
        return -1;
    }
    go_to(head->reader, after);
    return 0;
}

/* Notes where what is said of the used namespaces' providers stands, and checks the others. */
static int
read_providers(Head *head)
{
    Reader *reader = head->reader;
    int more;
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text text;
        if (read_word(reader, '_', &text) < 0) {
            return -1;
        }
        Fingerprint print = fingerprint(reader->key, text);
        uint32_t number = names_find(&head->listed, reader->key, NOWHERE, print, text);
        if (number == NOWHERE
            || names_find(&head->used, reader->key, NOWHERE, print, text) == NOWHERE) {
            if (check_unused_provider(head, text) < 0) {
                return -1;
            }
            continue;
        }
        if (skip_colon(reader) < 0) {
            return -1;
        }
        head->listed.names[number].place = (uint32_t)(reader->at - reader->start);
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    return more;
}

/* Takes over the names of the namespaces that variants use. */
int
add_used_names(Head *head, PyObject *used)
{
    Py_ssize_t size = PyTuple_Size(used);
    for (Py_ssize_t i = 0; i < size; i++) {
        uint32_t number;
        if (add_object(&head->used, head->reader->key, NOWHERE, PyTuple_GetItem(used, i),
                       "a used namespace", &number) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Reads the head, and adds what is supported of the namespaces that variants use. -1 when that is
 * to be done in Python, with an exception set or no_memory where it cannot be done at all. */
int
read_head(Head *head)
{
    Reader *reader = head->reader;
    const unsigned char *schema = NULL, *priorities = NULL, *providers = NULL;
    int more;
    skip_space(reader);
    if (enter(reader, '{') < 0) {
        return -1;
    }
    for (size_t i = 0; (more = next_item(reader, '}', i)) > 0; i++) {
        Text key;
        if (read_key(reader, 0, &key) < 0) {
            return -1;
        }
        const unsigned char **place = text_is(key, "$schema") ? &schema
            : text_is(key, "default-priorities")              ? &priorities
            : text_is(key, "providers")                       ? &providers
                                                              : NULL;
        if (place != NULL) {
            *place = reader->at;
        }
        if (pass_value(reader) < 0) {
            return -1;
        }
    }
    if (more < 0 || priorities == NULL) {
        return -1;
    }
    head->minor = 0;
    head->patch = 1;
    if (schema != NULL) {
        go_to(reader, schema);
        if (read_schema(head) < 0) {
            return -1;
        }
    }
    go_to(reader, priorities);
    if (read_default_priorities(head) < 0) {
        return -1;
    }
    if (head->minor != 1 && providers != NULL) {
        go_to(reader, providers);
        if (read_providers(head) < 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < head->listed.count; i++) {
        const Name *name = &head->listed.names[i];
        Text text = name_text(&head->listed, i);
        if (names_find(&head->used, reader->key, NOWHERE, name->print, text) == NOWHERE) {
            continue;
        }
        if (add_used_namespace(head, text, name->place ? reader->start + name->place : NULL) < 0) {
            return -1;
        }
    }
    return 0;
}
