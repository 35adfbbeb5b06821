// The store's contract, with power cut in front of every change of the medium; changes that fail and
// are done all the same; entries that ZMS drops; a log and a medium that are full.
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
    while (count + 1 < sizeof letters &&
           (told = store.read(&zms, at, record, sizeof record, &length, &at)) == KW_STORE_OK)
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

static int32_t append(const char *record)
{
    return store.append(&zms, (const unsigned char *)record, 1);
}

static void expect_told(const char *what, int32_t expected, int32_t told)
{
    if (told == expected)
        return;
    failures++;
    printf("%s: %d, and not %d\n", what, (int)told, (int)expected);
}

// A record of the log that stands, or of the one beside it, is gone.
static void lose(unsigned beside, uint32_t number)
{
    uint32_t generation = 0;
    zms_read(&fs, 1, &generation, sizeof generation);
    zms_delete(&fs, ((generation + beside) % 2 + 1) * 0x10000 + number);
}

// A log of these records alone.
static void begin(const char *log)
{
    stub_clear();
    expect("nothing", "", "");
    expect_told("a log", KW_STORE_OK, replace(log));
    expect("a log", log, log);
}

// An append that power cuts, and one that fails while power stays.
static unsigned appends(void)
{
    int32_t told = KW_STORE_FAILED;
    unsigned cuts = 0;
    for (unsigned cut = 1; told != KW_STORE_OK; cut++, cuts++) {
        begin("ab");
        stub_cut(cut);
        told = append("c");
        stub_cut(0);
        expect("an append that was cut", told == KW_STORE_OK ? "abc" : "ab", "abc");
        begin("ab");
        stub_cut(cut);
        told = append("c");
        stub_cut(0);
        expect_told("an append behind it", KW_STORE_OK, append("d"));
        expect("appended behind it", told == KW_STORE_OK ? "abcd" : "abd", "abd");
        expect_told("a replacement behind it", KW_STORE_OK, replace("x"));
        expect_told("a second one", KW_STORE_OK, replace("y"));
        expect("replaced twice", "y", "y");
    }
    return cuts;
}

// Each change of a new log fails and is done all the same; then power cuts each of the next log's.
static unsigned lied(void)
{
    int32_t told = KW_STORE_FAILED;
    unsigned cuts = 0;
    for (unsigned lie = 1; told != KW_STORE_OK; lie++) {
        int32_t behind = KW_STORE_FAILED;
        for (unsigned cut = 1; behind != KW_STORE_OK; cut++, cuts++) {
            begin("ab");
            stub_lie(lie);
            told = replace("xyz");
            stub_lie(0);
            stub_cut(cut);
            behind = replace("pq");
            stub_cut(0);
            const char *before = told == KW_STORE_OK ? "xyz" : "ab";
            expect("a new log that was cut behind one that failed",
                   behind == KW_STORE_OK ? "pq" : before, behind == KW_STORE_OK ? "pq" : "xyz");
            expect_told("a new log behind both", KW_STORE_OK, replace("w"));
            expect("a new log behind both", "w", "w");
        }
    }
    return cuts;
}

// Each run of records that ZMS drops, within the log and at its end.
static void lost(void)
{
    for (uint32_t first = 0; first < 5; first++)
        for (uint32_t last = first; last < 5; last++) {
            begin("mno");
            append("p");
            append("q");
            for (uint32_t number = first; number <= last; number++)
                lose(0, number);
            expect("records that are gone", "?", "?");
        }
    // Heads are gone: ZMS tells the one before.
    for (uint32_t gone = 1; gone <= 3; gone++) {
        begin("mno");
        append("p");
        append("q");
        uint32_t head[2];
        zms_read(&fs, 1, head, sizeof head);
        head[1] -= gone;
        zms_write(&fs, 1, head, sizeof head);
        expect("heads that are gone", gone == 1 ? "mnopq" : "?", gone == 1 ? "mnopq" : "?");
    }
    begin("mno");
    zms_delete(&fs, 1);
    expect("all heads are gone", "?", "?");
    // Of a log that was never published; what is behind its gap lies in no later log.
    begin("mno");
    store.begin(&zms);
    for (const char *letter = "stuv"; *letter; letter++)
        store.stage(&zms, (const unsigned char *)letter, 1);
    lose(1, 1);
    expect("a gap beside the log", "mno", "mno");
    replace("w");
    expect("a log where a longer one was begun", "w", "w");
}

static void full(void)
{
    static unsigned char record[1331] = {'r'};
    size_t count = 0;
    begin("");
    while (store.append(&zms, record, sizeof record) == KW_STORE_OK)
        count++;
    expect_told("a log of 15 360 bytes", 11, (int32_t)count);
    expect_told("a full log", KW_STORE_FULL, store.append(&zms, record, sizeof record));
    expect("a full log", "rrrrrrrrrrr", "rrrrrrrrrrr");
    expect_told("a new log", KW_STORE_OK, replace("s"));
    expect_told("an append behind it", KW_STORE_OK, store.append(&zms, record, sizeof record));
    expect("a new log", "sr", "sr");
    // The medium keeps less than the log was promised.
    stub_room(3);
    expect_told("a full medium", KW_STORE_FAILED, append("t"));
    expect_told("a new log on it", KW_STORE_FAILED, replace("u"));
    expect("a full medium", "sr", "sr");
}

int main(void)
{
    unsigned cuts = appends() + lied();
    int32_t told = KW_STORE_FAILED;
    for (unsigned cut = 1; told != KW_STORE_OK; cut++, cuts++) {
        stub_clear();
        expect("nothing", "", "");
        append("a");
        append("b");
        expect("appended", "ab", "ab");
        stub_cut(cut);
        told = replace("xyz");
        stub_cut(0);
        expect("replaced", told == KW_STORE_OK ? "xyz" : "ab", "xyz");
        if (told != KW_STORE_OK && !is(log_now(), "xyz"))
            expect("a new log that was not published", "ab", "ab");
        append("c");
        expect("appended behind", "xyzc", told == KW_STORE_OK ? "xyzc" : "abc");
        replace("pq");
        expect("replaced once more", "pq", "pq");
    }
    lost();
    full();
    printf("power_cuts: %u\nfailures: %u\n", cuts, failures);
    return failures != 0;
}
