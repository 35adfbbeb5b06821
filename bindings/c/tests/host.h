// A lock's host for tests: a log in memory, a clock and a generator that the test sets.
#ifndef HOST_H
#define HOST_H

#include <keyward.h>

#define LOG_BYTES 20000
#define KW_FLASH_HALF 16384
#define KW_FLASH_PAGE 4096
#define KW_FLASH_WORD 4

struct log {
    unsigned char bytes[LOG_BYTES];
    size_t used;
};

struct host {
    struct log logs[2]; // the one that stands, and the new one
    unsigned standing;
    int has_counter;
    uint64_t counter;
    int fails; // whether the store fails
    kw_now now;
    unsigned now_fails; // from the reading of this number on; 0 for never
    unsigned now_asked;
    unsigned char random[64];
    int random_fails; // whether the generator does
    int acts;           // how often the actuator was asked
    int32_t reports;    // what it reports
    kw_lock *calls_back; // the lock that a callback calls
    kw_status called;    // what the lock said to that
    unsigned char cells[2 * KW_FLASH_HALF];
    kw_store store;
    kw_flash flash;
    kw_host host;
};

// A host whose store is empty.
void host_begin(struct host *host);

// The same with a flash, which was never used.
void host_begin_flash(struct host *host);

// Lets the clock fail from its next reading of this number on; 0 for never.
void host_now_fails(struct host *host, unsigned reading);

// Puts a record into the log that stands.
int32_t host_append(void *context, const uint8_t *record, size_t length);

// Says what came out otherwise than expected. Returns whether it did: 1 or 0.
unsigned differs(const char *test, const char *what, uint64_t expected, uint64_t told);

// Copies, compares; freestanding compilers have no string.h.
void copy(void *to, const void *from, size_t length);
int same(const void *one, const void *other, size_t length);

// Prints, by whatever means there are.
void say(const char *text);
void say_number(unsigned long number);

#endif
