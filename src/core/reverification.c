/* SPDX-License-Identifier: Apache-2.0 - how recently a person proved who they are */
#include "reverification.h"

enum { LONGEST_MINUTES = 99998, NO_FACTOR = -1 };

static const struct {
    clerk_factor_level level;
    const char *name;
} levels[] = {
    { CLERK_FIRST_FACTOR, "first_factor" },
    { CLERK_SECOND_FACTOR, "second_factor" },
    { CLERK_MULTI_FACTOR, "multi_factor" },
};

/* ReverificationConfig in `@clerk/shared` */
static const clerk_reverification presets[] = {
    { "strict_mfa", CLERK_MULTI_FACTOR, 10 },
    { "strict", CLERK_SECOND_FACTOR, 10 },
    { "moderate", CLERK_SECOND_FACTOR, 60 },
    { "lax", CLERK_SECOND_FACTOR, 1440 },
};

static int level_parse(clerk_factor_level *level, clerk_slice name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (clerk_slice_is(name, levels[i].name)) {
            *level = levels[i].level;
            return 1;
        }
    }
    return 0;
}

/* Decimal without leading zeros. */
static int minutes_parse(int *minutes, clerk_slice digits)
{
    int value = 0;
    apr_size_t i;

    if (digits.len == 0 || digits.len > 5 || *digits.ptr == '0') {
        return 0;
    }
    for (i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return 0;
        }
        value = value * 10 + (digits.ptr[i] - '0');
    }
    *minutes = value;
    return value <= LONGEST_MINUTES;
}

int clerk_reverification_parse(clerk_reverification *asked, clerk_slice text)
{
    clerk_reverification parsed = { NULL, CLERK_FIRST_FACTOR, 0 };
    clerk_slice name, rest = text;
    apr_size_t i;

    for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (clerk_slice_is(text, presets[i].preset)) {
            *asked = presets[i];
            return 1;
        }
    }
    if (!clerk_slice_cut(&name, &rest, ':') || !level_parse(&parsed.level, name)
        || !minutes_parse(&parsed.after_minutes, rest))
    {
        return 0;
    }
    *asked = parsed;
    return 1;
}

static int age_read(double *age, const clerk_node *value)
{
    return clerk_node_number(age, value) && (*age >= 0 || *age == NO_FACTOR);
}

clerk_factor_ages clerk_factor_ages_read(const clerk_node *fva)
{
    const clerk_factor_ages unknown = { 0, NO_FACTOR, NO_FACTOR };
    clerk_factor_ages ages = { 1, NO_FACTOR, NO_FACTOR };

    const clerk_node *first = clerk_node_first(fva);

    if (!clerk_node_is(fva, CLERK_NODE_ARRAY) || clerk_node_count(fva) != 2
        || !age_read(&ages.first, first)
        || !age_read(&ages.second, clerk_node_next(fva, first)))
    {
        return unknown;
    }
    return ages;
}

static int is_fresh(double age, int after_minutes)
{
    return age >= 0 && age < after_minutes;
}

int clerk_factor_ages_satisfy(const clerk_factor_ages *ages,
                              const clerk_reverification *asked)
{
    int is_first_fresh = is_fresh(ages->first, asked->after_minutes);
    int is_second_fresh = is_fresh(ages->second, asked->after_minutes);
    int has_second = ages->second >= 0;

    if (!ages->known) {
        return 0;
    }
    switch (asked->level) {
    case CLERK_FIRST_FACTOR:
        return is_first_fresh;
    case CLERK_SECOND_FACTOR:
        return has_second ? is_second_fresh : is_first_fresh;
    case CLERK_MULTI_FACTOR:
        return has_second ? is_first_fresh && is_second_fresh : is_first_fresh;
    }
    return 0;
}

const char *clerk_factor_level_name(clerk_factor_level level)
{
    apr_size_t i;

    for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (levels[i].level == level) {
            return levels[i].name;
        }
    }
    return "";
}

/* Nothing needs escaping: names come from the tables above. */
const char *clerk_reverification_hint(const clerk_reverification *asked,
                                      apr_pool_t *pool)
{
    const char *config =
        asked->preset
            ? apr_psprintf(pool, "\"%s\"", asked->preset)
            : apr_psprintf(pool, "{\"level\":\"%s\",\"afterMinutes\":%d}",
                           clerk_factor_level_name(asked->level), asked->after_minutes);

    return apr_psprintf(pool,
                        "{\"clerk_error\":{\"type\":\"forbidden\","
                        "\"reason\":\"reverification-error\","
                        "\"metadata\":{\"reverification\":%s}}}",
                        config);
}
