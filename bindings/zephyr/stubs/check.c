// The store's contract, with power cut in front of every change of the medium.
#include <stdio.h>

#include <keyward_zms.h>

static struct zms_fs fs = {.sector_size = 4096, .sector_count = 16};
static struct keyward_zms zms;
static kw_store store;
static unsigned failures;

// The log as letters, one a record; "?" for one that can't be read.
static const char *log_now(void)
{
    static char letters[32];
    size_t count = 0, length;
    uint32_t at = 0;
    unsigned char record[1400];
    int32_t told = keyward_zms_open(&zms, &fs, &store);
    if (told != KW_STORE_OK)
        return "?";
    while ((told = store.read(&zms, at, record, sizeof record, &length, &at)) == KW_STORE_OK)
        letters[count++] = (char)record[0];
    letters[count] = 0;
    return told == KW_STORE_END ? letters : "?";
}

static int is(const char *one, const char *other)
{
    while (*one && *one == *other)
        one++, other++;
    return *one == *other;
}

static void expect(const char *what, const char *one, const char *other)
{
    const char *log = log_now();
    if (is(log, one) || is(log, other))
        return;
    failures++;
    printf("%s: %s, and not %s or %s\n", what, log, one, other);
}

static int32_t replace(const char *log)
{
    int32_t told = store.begin(&zms);
    for (; told == KW_STORE_OK && *log; log++)
        told = store.stage(&zms, (const unsigned char *)log, 1);
    return told == KW_STORE_OK ? store.publish(&zms) : told;
}

int main(void)
{
    unsigned cuts = 0;
    int32_t told = KW_STORE_FAILED;
    for (unsigned cut = 1; told != KW_STORE_OK; cut++, cuts++) {
        stub_clear();
        expect("nothing", "", "");
        store.append(&zms, (const unsigned char *)"a", 1);
        store.append(&zms, (const unsigned char *)"b", 1);
        expect("appended", "ab", "ab");
        stub_cut(cut);
        told = replace("xyz");
        stub_cut(0);
        expect("replaced", told == KW_STORE_OK ? "xyz" : "ab", "xyz");
        if (told != KW_STORE_OK && !is(log_now(), "xyz"))
            expect("a new log that was not published", "ab", "ab");
        store.append(&zms, (const unsigned char *)"c", 1);
        expect("appended behind", "xyzc", told == KW_STORE_OK ? "xyzc" : "abc");
        replace("pq");
        expect("replaced once more", "pq", "pq");
    }
    // A record within the log is gone.
    replace("mno");
    zms_delete(&fs, (zms.generation % 2 + 1) * 0x10000 + 1);
    expect("a gap", "?", "?");
    printf("power_cuts: %u\nfailures: %u\n", cuts, failures);
    return failures != 0;
}
