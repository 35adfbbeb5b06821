// The tests where an operating system is below: `hosted misuse`, `hosted vectors FILE`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

int misuse(void);
int vectors(const unsigned char *bytes, size_t length);

void say(const char *text)
{
    fputs(text, stdout);
}

void say_number(unsigned long number)
{
    printf("%lu", number);
}

static int vectors_of(const char *path)
{
    static unsigned char bytes[8u << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 2;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    // Of its exact size, so that a sanitizer sees who reads behind it.
    unsigned char *exact = malloc(length);
    if (exact == NULL)
        return 2;
    memcpy(exact, bytes, length);
    int failed = vectors(exact, length);
    free(exact);
    return failed;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "misuse") == 0)
        return misuse();
    if (count == 3 && strcmp(arguments[1], "vectors") == 0)
        return vectors_of(arguments[2]);
    fputs("usage: hosted misuse | vectors FILE\n", stderr);
    return 2;
}
