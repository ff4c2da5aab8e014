/* SPDX-License-Identifier: Apache-2.0 - JSON or HTML for this client */
#include "accept.h"

#include <strings.h>

/** How much a media type is wanted, by the most specific range met so far. */
typedef struct preference {
    int specificity; /* 0 none, 1 any type, 2 any subtype, 3 the type itself */
    int quality;     /* thousandths */
} preference;

static int equals_ignoring_case(clerk_slice slice, const char *text)
{
    return slice.len == strlen(text) && strncasecmp(slice.ptr, text, slice.len) == 0;
}

/** A weight (RFC 9110, 12.4.2), 0.000 to 1.000; what is malformed weighs nothing. */
static int read_quality(clerk_slice text)
{
    static const int places[] = { 100, 10, 1 };
    int quality;
    apr_size_t i;

    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1')) {
        return 0;
    }
    quality = (text.ptr[0] - '0') * 1000;
    if (text.len > 1 && text.ptr[1] != '.') {
        return 0;
    }
    for (i = 2; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return 0;
        }
        quality += (text.ptr[i] - '0') * places[i - 2];
    }
    return quality > 1000 ? 1000 : quality;
}

static int quality_of(clerk_slice parameters)
{
    clerk_slice parameter, name;

    while (parameters.len > 0) {
        clerk_slice_cut(&parameter, &parameters, ';');
        if (clerk_slice_cut(&name, &parameter, '=')
            && equals_ignoring_case(clerk_slice_trim(name), "q")) {
            return read_quality(clerk_slice_trim(parameter));
        }
    }
    return 1000;
}

static void consider(preference *wanted, int specificity, int quality)
{
    if (specificity > wanted->specificity) {
        wanted->specificity = specificity;
        wanted->quality = quality;
    }
}

int clerk_accept_prefers_html(clerk_slice accept)
{
    preference html = { 0, 0 }, json = { 0, 0 };
    clerk_slice range, type;

    while (accept.len > 0) {
        int quality;

        clerk_slice_cut(&range, &accept, ',');
        clerk_slice_cut(&type, &range, ';');
        type = clerk_slice_trim(type);
        quality = quality_of(range);
        if (equals_ignoring_case(type, "*/*")) {
            consider(&html, 1, quality);
            consider(&json, 1, quality);
        }
        else if (equals_ignoring_case(type, "text/*")) {
            consider(&html, 2, quality);
        }
        else if (equals_ignoring_case(type, "application/*")) {
            consider(&json, 2, quality);
        }
        else if (equals_ignoring_case(type, "text/html")) {
            consider(&html, 3, quality);
        }
        else if (equals_ignoring_case(type, "application/json")) {
            consider(&json, 3, quality);
        }
    }
    return html.quality > json.quality;
}
