// Reads cases: numbers, bytes behind their length, flags.
#ifndef IN_H
#define IN_H

#include <keyward.h>

// What is still to be read. Behind the end all is zeros, and `broken`.
struct in {
    const unsigned char *at;
    size_t left;
    int broken;
};

static const unsigned char zeros[64];

static const unsigned char *take(struct in *in, size_t length)
{
    if (length > in->left) {
        in->broken = 1;
        return length <= sizeof zeros ? zeros : NULL;
    }
    const unsigned char *bytes = in->at;
    in->at += length;
    in->left -= length;
    return bytes;
}

static uint64_t number(struct in *in, size_t length)
{
    const unsigned char *bytes = take(in, length);
    uint64_t number = 0;
    for (size_t at = length; at > 0; at--)
        number = number << 8 | bytes[at - 1];
    return number;
}

static unsigned flag(struct in *in)
{
    return (unsigned)number(in, 1);
}

static kw_bytes counted(struct in *in)
{
    size_t length = (size_t)number(in, 4);
    return (kw_bytes){take(in, length), length};
}

#endif
