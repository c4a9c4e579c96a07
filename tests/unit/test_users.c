/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of users and the Authorization header: what is taken, what is refused, and how that is said. */

#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>

#include "base/cleanup.h"
#include "daemon/http/users.h"
#include "tests/unit/unit.h"

#define LETTERS_10 "./ABYZabyz"
#define LETTERS_43 LETTERS_10 LETTERS_10 LETTERS_10 LETTERS_10 "019"
#define LETTERS_53 LETTERS_43 LETTERS_10
#define LETTERS_86 LETTERS_43 LETTERS_43

#define BCRYPT     "$2y$05$" LETTERS_53
#define SHA512     "$6$salt$" LETTERS_86
#define YESCRYPT   "$y$j9T$salt$" LETTERS_43

static int allowed = -1; /* allocations until memory is out; -1: it never is */

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);

static bool out_of_memory(void)
{
    return allowed >= 0 && allowed-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return out_of_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return out_of_memory() ? NULL : __real_calloc(count, size);
}

/* Parses an exact-size copy, so that the sanitizers see every byte too far. `expected` is the whole report.
 */
static struct users *parse(const char *data, size_t size, const char *expected)
{
    _cleanup_(buffer_done) struct buffer out = {};
    _cleanup_(freep) char *copy = malloc(size ? size : 1);
    struct report report = {.source = "f", .out = &out};
    struct users *users;

    memcpy(copy, data, size);
    users = users_parse(copy, size, &report);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, expected);
    assert_int_equal(users == NULL, report.errors != 0);
    return users;
}

static void test_good(void **state)
{
    static const char text[] = "# who may ask\n\nprometheus:" BCRYPT "\r\nBj\xc3\xb6rn B:" SHA512 "\n"
                               "c:" YESCRYPT;
    struct users *users = parse(text, strlen(text), "");

    (void)state;
    assert_non_null(users);
    assert_int_equal(users->count, 3);
    assert_string_equal(users->items[0].name, "prometheus");
    assert_string_equal(users->items[0].hash, BCRYPT);
    assert_string_equal(users->items[1].name, "Bj\xc3\xb6rn B");
    assert_string_equal(users->items[1].hash, SHA512);
    assert_string_equal(users->items[2].hash, YESCRYPT);
    assert_ptr_equal(users_ref(users), users);
    assert_null(users_unref(users));
    assert_null(users_unref(users));
    assert_null(users_unref(NULL));
}

#define HASH_BCRYPT   "not a bcrypt hash of a cost from 4 to 14"
#define HASH_SHA512   "not a SHA-512 hash of 1000 to 1000000 rounds"
#define HASH_YESCRYPT "not a yescrypt hash of a cost from 1 to 7"
#define HASH_ANY      "not a hash of bcrypt ($2y$), SHA-512 ($6$) or yescrypt ($y$): htpasswd -B makes one"

static void test_hashes(void **state)
{
    static const struct {
        const char *hash, *problem;
    } cases[] = {
        {"$2a$04$" LETTERS_53, NULL},
        {"$2b$14$" LETTERS_53, NULL},
        {"$2y$03$" LETTERS_53, HASH_BCRYPT},
        {"$2y$15$" LETTERS_53, HASH_BCRYPT},
        {"$2y$5$" LETTERS_53, HASH_BCRYPT},
        {"$2y$005$" LETTERS_53, HASH_BCRYPT},
        {"$2y$999999999999999999$" LETTERS_53, HASH_BCRYPT},
        {"$2y$", HASH_BCRYPT},
        {"$2y$05/" LETTERS_53, HASH_BCRYPT},
        {"$2y$05$" LETTERS_43, HASH_BCRYPT},
        {"$2y$05$" LETTERS_53 "a", HASH_BCRYPT},
        {"$2y$05$" LETTERS_53 " ", HASH_BCRYPT},
        {"$2x$05$" LETTERS_53, HASH_ANY},
        {"$6$s$" LETTERS_86, NULL},
        {"$6$rounds=1000$salt$" LETTERS_86, NULL},
        {"$6$rounds=1000000$salt$" LETTERS_86, NULL},
        {"$6$rounds=999$salt$" LETTERS_86, HASH_SHA512},
        {"$6$rounds=01000$salt$" LETTERS_86, HASH_SHA512},
        {"$6$rounds=1000001$salt$" LETTERS_86, HASH_SHA512},
        {"$6$rounds=1000salt$" LETTERS_86, HASH_SHA512},
        {"$6$$" LETTERS_86, HASH_SHA512},
        {"$6$salt$" LETTERS_43, HASH_SHA512},
        {"$6$salt$" LETTERS_86 ".", HASH_SHA512},
        {"$6$salt$" LETTERS_86 ":", HASH_SHA512},
        {"$6$" LETTERS_10 LETTERS_10 "$" LETTERS_86, HASH_SHA512},
        {"$6$salt", HASH_SHA512},
        {"$y$j75$salt$" LETTERS_43, NULL},
        {"$y$jBT$salt$" LETTERS_43, NULL},
        {"$y$jCT$salt$" LETTERS_43, HASH_YESCRYPT},
        {"$y$j9T$$" LETTERS_43, HASH_YESCRYPT},
        {"$y$j9T$salt$" LETTERS_10, HASH_YESCRYPT},
        {"$y$j9T$salt/" LETTERS_43, HASH_YESCRYPT},
        {"$y$j9T$salt$" LETTERS_43 ":", HASH_YESCRYPT},
        {"$y$j9T$" LETTERS_43 LETTERS_43 "$" LETTERS_43, HASH_YESCRYPT},
        {"$apr1$salt$" LETTERS_10, HASH_ANY},
        {"$1$salt$" LETTERS_10, HASH_ANY},
        {"$5$salt$" LETTERS_43, HASH_ANY},
        {"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", HASH_ANY},
        {"secret", HASH_ANY},
        {"", HASH_ANY},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char text[256], expected[256] = "";

        (void)snprintf(text, sizeof(text), "u:%s\n", cases[i].hash);
        if (cases[i].problem)
            (void)snprintf(expected, sizeof(expected), "f:1: web.users_file: %s\n", cases[i].problem);
        users_unref(parse(text, strlen(text), expected));
    }
}

static void test_bad_lines(void **state)
{
    static const char text[] = "nobody\n"
                               ":" BCRYPT "\n"
                               "a\tb:" BCRYPT "\n"
                               "a\x7f"
                               "b:" BCRYPT "\n" LETTERS_53 LETTERS_10 "xx:" BCRYPT "\n"
                               "u:" BCRYPT "\n"
                               "u:" SHA512 "\n";

    (void)state;
    parse(text, strlen(text),
          "f:1: web.users_file: expected name:hash\n"
          "f:2: web.users_file: a name has 1 to 64 bytes, and no control characters\n"
          "f:3: web.users_file: a name has 1 to 64 bytes, and no control characters\n"
          "f:4: web.users_file: a name has 1 to 64 bytes, and no control characters\n"
          "f:5: web.users_file: a name has 1 to 64 bytes, and no control characters\n"
          "f:7: web.users_file: a user who is there already\n");
    parse("", 0, "f: web.users_file: nobody is in it\n");
    parse("# u:x\n", 6, "f: web.users_file: nobody is in it\n");
    parse("u:\0", 3, "f: web.users_file: a NUL byte is in it\n");
}

static void test_too_many(void **state)
{
    _cleanup_(buffer_done) struct buffer text = {};

    (void)state;
    for (unsigned i = 0; i < USERS_MAX; i++)
        buffer_printf(&text, "user%u:" BCRYPT "\n", i);
    users_unref(parse(text.data, text.size, ""));
    buffer_text(&text, "more:" BCRYPT "\n");
    parse(text.data, text.size, "f:257: web.users_file: more than 256 users\n");
}

static void test_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        char text[256];
        _cleanup_(buffer_done) struct buffer out = {};
        struct report report = {.source = "f", .out = &out};

        buffer_text(&out, " "); /* has its memory */
        allowed = i;
        assert_null(users_parse("u:" BCRYPT, strlen("u:" BCRYPT), &report));
        allowed = -1;
        (void)snprintf(text, sizeof(text), "%.*s", (int)out.size, out.data);
        assert_string_equal(text, " f: out of memory\n");
    }
}

static void test_credentials(void **state)
{
    static const struct {
        const char *header, *name, *password;
    } cases[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
        {"basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Aladdin", "open sesame"},
        {"BASIC Og==", "", ""},
        {"Basic YTpiOmM=", "a", "b:c"},
        {"", NULL, NULL},
        {"Basic", NULL, NULL},
        {"Basic ", NULL, NULL},
        {"Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", NULL, NULL},
        {"Basic YWI=", NULL, NULL},     /* no colon */
        {"Basic YTpi!", NULL, NULL},    /* not base64 */
        {"Basic YTpiY", NULL, NULL},    /* cut off */
        {"Basic YTpiAGM=", NULL, NULL}, /* a NUL in the password */
        {"Basic AGE6Yg==", NULL, NULL}, /* a NUL before the colon */
    };
    struct credentials credentials;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (credentials_parse(cases[i].header, &credentials) != (cases[i].name != NULL))
            fail_msg("%s", cases[i].header);
        if (!cases[i].name)
            continue;
        assert_string_equal(credentials.name, cases[i].name);
        assert_string_equal(credentials.password, cases[i].password);
        assert_int_equal(credentials.size, strlen(cases[i].name) + 1 + strlen(cases[i].password));
    }
}

/* Up to the limits, and beyond them. */
static void test_long_credentials(void **state)
{
    static const size_t names[] = {1, USER_NAME_MAX, USER_NAME_MAX + 1, 1000};
    static const size_t passwords[] = {0, 1, PASSWORD_MAX, PASSWORD_MAX + 1, 1000};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++)
        for (size_t k = 0; k < ELEMENTS(passwords); k++) {
            bool taken = names[i] <= USER_NAME_MAX && passwords[k] <= PASSWORD_MAX;
            char text[2002], header[4096] = "Basic ";
            struct credentials credentials;
            size_t size = names[i] + 1 + passwords[k];

            memset(text, 'x', size);
            text[names[i]] = ':';
            base64_encode_raw(header + strlen(header), size, (const uint8_t *)text);
            assert_int_equal(credentials_parse(header, &credentials), taken);
            if (taken)
                assert_int_equal(credentials.size, size);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_long_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
