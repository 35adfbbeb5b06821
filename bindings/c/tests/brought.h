// What a delivery's vector brings first.
#ifndef BROUGHT_H
#define BROUGHT_H

#include <keyward.h>

struct in;

// A claim; a challenge's random bytes and the presentation over it, which opens; a revocation list.
struct brought {
    kw_identity identity;
    uint64_t claimed, opened;
    kw_bundle bundle;
    const unsigned char *random;
    kw_bytes presentation, list;
};

// Whether all of it is there.
int find(struct in *in, struct brought *brought);

#endif
