// keyward's locks for hosts in C: no heap, no panic across, a status from every function.
// README.md beside this shows a lock. Made by cbindgen: don't edit.
//
// SPDX-License-Identifier: MIT OR Apache-2.0

#ifndef KEYWARD_H
#define KEYWARD_H

#include <stddef.h>
#include <stdint.h>

// Capacities: those that the library was built with, by environment variables of these names.
#ifndef KW_COUNTS
#define KW_COUNTS 64 // links whose uses are counted
#endif
#ifndef KW_LANES
#define KW_LANES 16 // holders of unchallenged requests
#endif

// Bytes of a lock, aligned by KW_LOCK_ALIGN. A library of other capacities says KW_SHORT.
#define KW_LOCK_SIZE \
    ((size_t)KW_LOCK_FIXED + (size_t)KW_COUNTS * KW_COUNT_SIZE + (size_t)KW_LANES * KW_LANE_SIZE)

// Of every function: what it writes shares no byte with anything else of the call, nor with the
// lock. One lock is in one call at a time, which the host sees to. A status below 100 comes
// before anything is done, but where something else is said.

// Storage for one lock, in a file or a function.
#ifdef __cplusplus
#define KW_LOCK_STORAGE(name) alignas(KW_LOCK_ALIGN) unsigned char name[KW_LOCK_SIZE]
#else
#define KW_LOCK_STORAGE(name) _Alignas(KW_LOCK_ALIGN) unsigned char name[KW_LOCK_SIZE]
#endif


// Bytes of a lock without its tables, at most; those that round a lock up to its alignment are in it.
#define KW_LOCK_FIXED 8064

// Bytes of one counted link.
#define KW_COUNT_SIZE 46

// Bytes of one holder.
#define KW_LANE_SIZE 53

// How a lock's storage is aligned.
#define KW_LOCK_ALIGN 8

// Bytes of what an unclaimed lock shows.
#define KW_MAX_UNCLAIMED 50

// Bytes of the answer to a claim.
#define KW_MAX_CLAIMED 114

// Epochs that are walked at once, at most.
#define KW_MAX_EPOCHS 16

// Bytes of an anchor, at most.
#define KW_MAX_ANCHOR 101

// The log of openings and changes.
#define KW_LOG_EVENTS 0

// The log of denials.
#define KW_LOG_DENIALS 1

// Nothing but ticks.
#define KW_KNOWS_TICKS 0

// The present is not before `lo`.
#define KW_KNOWS_LO 1

// The present lies in `[lo, hi]`.
#define KW_KNOWS_BOTH 2

// What was asked for was done.
#define KW_DONE 0

// The bolt or motor jammed; the use is spent all the same.
#define KW_JAMMED 1

// Nothing that the actuator reports; so is any number that is none of these.
#define KW_UNKNOWN 2

// Out of a lock only: the actuator was never asked, for the permit came too late.
#define KW_LAPSED 3

// Out of a lock only: power failed before it knew.
#define KW_INTERRUPTED 4

// `unlock`.
#define KW_RIGHT_UNLOCK 0

// `lock`.
#define KW_RIGHT_LOCK 1

// `hold open`.
#define KW_RIGHT_HOLD_OPEN 2

// `status`: nothing moves.
#define KW_RIGHT_STATUS 3

// `read log`: nothing moves, and the log may be read.
#define KW_RIGHT_READ_LOG 4

// `release`: nothing moves, and the life ends.
#define KW_RIGHT_RELEASE 5

// The embedder's condition holds.
#define KW_HOLDS 0

// It doesn't.
#define KW_FAILS 1

// No condition of this tag is known; so is any number that is none of these.
#define KW_UNKNOWN_TAG 2

// Bytes of an entry, sealed or not, at most.
#define KW_MAX_ENTRY KW_MAX_MESSAGE

// Nobody has claimed the lock.
#define KW_UNCLAIMED 0

// The lock is as it was.
#define KW_CLAIMED 1

// The lock is as it was, but for a decision whose outcome nobody knows.
#define KW_CLAIMED_INTERRUPTED 2

// Over a network, or by a message that may have come from anywhere.
#define KW_CHANNEL_REMOTE 0

// Over a radio of some metres' reach.
#define KW_CHANNEL_RADIO 1

// By touch: NFC, a reader, a cable.
#define KW_CHANNEL_CONTACT 2

// Over a radio that measured the distance.
#define KW_CHANNEL_RANGED 3

// Bytes of a challenge, at most.
#define KW_MAX_CHALLENGE 86

// Bytes of a message that can mean anything, at most: a host need not receive a longer one.
#define KW_MAX_MESSAGE 1587

// Bytes of a receipt, at most.
#define KW_MAX_RECEIPT 362

// Done.
#define KW_STORE_OK 0

// Of `read` alone: no record is behind this place.
#define KW_STORE_END 1

// This log has no room for the record; it is as it was, and a new one is written beside it. A new
// log has room for all of `KW_STORE_BYTES`: where the medium has no room for that, it has failed.
#define KW_STORE_FULL 2

// The log was damaged after it was written: what it held can't be told.
#define KW_STORE_CORRUPT 3

// The medium failed; until power fails, the log is as it was. So is any number that is none of
// these.
#define KW_STORE_FAILED 4

// A request was granted, committed, acted on and recorded.
#define KW_RECORDED 1

// The same, and the store didn't confirm the outcome: `kw_lock_record` tries once more, and the
// next start closes the decision as interrupted.
#define KW_UNRECORDED 2

// A release was granted and done: the host draws the next life, for `kw_lock_release`.
#define KW_RELEASED 3

// A statement was taken in, or was held already.
#define KW_TAKEN 4

// An epoch was walked to; it is taken in with its keyset.
#define KW_WALKED 5

// Nothing was taken in: it was held already.
#define KW_UNCHANGED 0

// A claim was.
#define KW_CLAIM 1

// An epoch was, with its keyset.
#define KW_EPOCH 2

// A keyset was.
#define KW_KEYSET 3

// A revocation list was.
#define KW_LIST 4

// A card was.
#define KW_CARD 5

// A status's time was.
#define KW_TIME 6

// Links of a token, at most.
#define KW_MAX_LINKS 4

// Witnesses of a presentation, at most.
#define KW_MAX_WITNESSES 2

// A lock, in storage of the caller's.
typedef struct kw_lock kw_lock;

// 0 for done, below 100 what the boundary says, from 100 on a denial by its number (SPEC.md
// section 15), from 600 on a refusal by its (section 19).
typedef int32_t kw_status;

// Bytes that are read.
typedef struct {
  // They.
  const uint8_t *data;
  // Their number.
  size_t length;
} kw_bytes;

// All that a claim needs, taken in by one write.
typedef struct {
  // The claim key's word.
  kw_bytes claim;
  // The current epoch.
  kw_bytes epoch;
  // Its keyset.
  kw_bytes keyset;
  // The lock's card.
  kw_bytes card;
  // The newest list; its data NULL where there is none.
  kw_bytes list;
} kw_bundle;

// What a lock is in one of its lives, drawn anew at each reset, and kept where no thief of the
// store can read it. All pointers are to 32 bytes but `life`'s, and are read during the call
// alone.
typedef struct {
  // The public half of the lock's own key. NULL where its seed is there.
  const uint8_t *device;
  // The seed of the lock's own key. NULL where the host signs.
  const uint8_t *device_seed;
  // Names the life, 16 bytes.
  const uint8_t *life;
  // Authenticates the journal and makes nonces.
  const uint8_t *secret;
  // The public half of the key in the lock's box. NULL: the host's contact claims.
  const uint8_t *claim_key;
  // What opens that is sealed to the lock. NULL: nothing does.
  const uint8_t *opening_key;
  // What did before, while cards still name it. Mostly NULL.
  const uint8_t *opening_key_before;
} kw_identity;

// What became of a message.
typedef struct {
  // The number of the log's entry, where one was recorded.
  uint64_t sequence;
  // `KW_RECORDED` to `KW_WALKED`, or 0 where nothing was done.
  uint32_t what;
  // `KW_UNCHANGED` to `KW_TIME`, of `KW_TAKEN`.
  uint32_t taken;
  // `KW_DONE` to `KW_INTERRUPTED`, of a request that was acted on.
  int32_t outcome;
  // Whether the session may read the log in the clear from now on.
  uint8_t may_read;
  // Whether the owner has acknowledged the log by this request.
  uint8_t acknowledged;
  // The coarse answer for the wire; it says no more than a stranger may know. To be sent
  // whatever the status was.
  uint8_t answer[3];
} kw_handled;

// A NOR flash: bits are programmed to zeros and erased to ones by the page. Callbacks return 0
// for done; offsets are from the start of the journal's part, which begins on a page.
typedef struct {
  // What each callback gets first; it stays the host's.
  void *context;
  // Reads bytes.
  int32_t (*read)(void *context, uint32_t offset, uint8_t *bytes, size_t length);
  // Programs whole words.
  int32_t (*program)(void *context, uint32_t offset, const uint8_t *bytes, size_t length);
  // Erases whole pages.
  int32_t (*erase)(void *context, uint32_t offset, uint32_t length);
  // Bytes of the journal's part: at least two halves of `KW_FLASH_HALF`.
  uint32_t size;
  // Bytes of a page: `KW_FLASH_PAGE`.
  uint32_t page;
  // Bytes of a word: `KW_FLASH_WORD`.
  uint32_t word;
} kw_flash;

// What a lock trusts, by number.
typedef struct {
  // The domain.
  uint8_t domain[32];
  // The lock's name.
  uint8_t lock[8];
  // The epoch.
  uint64_t epoch;
  // The keyset's version.
  uint64_t keyset;
  // The list's place: keyset and number.
  uint64_t list[2];
  // The card's place: keyset and version.
  uint64_t card[2];
  // The earliest that the present can be, by host and lock together.
  uint64_t lo;
} kw_held;

// The end of a log.
typedef struct {
  // How many entries there were.
  uint64_t next;
  // The hash of the last.
  uint8_t hash[32];
} kw_head;

// What the host knows of the present. A clock that nobody trusts knows nothing.
typedef struct {
  // The earliest that it can be, in Unix seconds.
  uint64_t lo;
  // The latest that it can be, in Unix seconds.
  uint64_t hi;
  // Milliseconds since some start, from a counter that never goes back: see
  // `kw_lock_clock_restarted`.
  uint64_t uptime;
  // How far the counter may be off, in parts per million.
  uint32_t drift_ppm;
  // `KW_KNOWS_TICKS`, `KW_KNOWS_LO` or `KW_KNOWS_BOTH`.
  uint32_t knows;
} kw_now;

// What the actuator is to do, valid while it is called.
typedef struct {
  // What the right is exercised on.
  const uint8_t *parameter;
  // Its bytes.
  size_t parameter_length;
  // Secure the door again after so many seconds, network or none; 0 for no such duty.
  uint32_t relock_within;
  // The right.
  uint8_t right;
} kw_order;

// A condition of the embedder's own, valid while it is asked for.
typedef struct {
  // Its data.
  const uint8_t *data;
  // The data's bytes.
  size_t data_length;
  // What the request's right is exercised on.
  const uint8_t *parameter;
  // Its bytes.
  size_t parameter_length;
  // Names the condition.
  uint32_t tag;
  // The request's right.
  uint8_t right;
} kw_app;

// A log of records of the host's own (SPEC.md section 22): durable, whole, honest and healing as
// `keyward::store::Store` has it. A host with a bare NOR flash takes `kw_flash`, which is all
// that.
typedef struct {
  // What each callback gets first; it stays the host's.
  void *context;
  // Reads the record behind a place: 0, or what `next` was before. Tells its length and the
  // place behind it, or returns `KW_STORE_END`.
  int32_t (*read)(void *context,
                  uint32_t at,
                  uint8_t *record,
                  size_t size,
                  size_t *length,
                  uint32_t *next);
  // Appends a record; it is durable when this returns.
  int32_t (*append)(void *context, const uint8_t *record, size_t length);
  // Starts a new log beside the one that stands, and forgets one that was started before.
  int32_t (*begin)(void *context);
  // Puts a record into the new log. The old one can still be read.
  int32_t (*stage)(void *context, const uint8_t *record, size_t length);
  // Lets the new log take the place of the old, at one stroke.
  int32_t (*publish)(void *context);
  // Reads the hardware's monotonic counter. NULL where there is none.
  int32_t (*counter)(void *context, uint64_t *value);
  // Raises the counter to at least this value. NULL where there is none.
  int32_t (*advance)(void *context, uint64_t to);
} kw_store;

// A lock's host. Callbacks return 0 for done where nothing else is said. They may not call into
// the lock, which says `KW_REENTERED` to it, nor leave by `longjmp`.
typedef struct {
  // What each callback gets first; it stays the host's.
  void *context;
  // Tells the present. While it fails, whatever needs the time says `KW_CALLBACK` and changes
  // nothing, and a door with a duty to relock is due. One that fails in the midst of a request
  // makes it too late. Securing, recording, release and reset don't ask.
  int32_t (*now)(void *context, kw_now *now);
  // Fills bytes from the host's generator.
  int32_t (*random)(void *context, uint8_t *bytes, size_t length);
  // Does what was committed, and returns `KW_DONE`, `KW_JAMMED` or `KW_UNKNOWN`.
  int32_t (*act)(void *context, const kw_order *order);
  // Signs a message by the key whose public half is `signer` (32 bytes) with pure Ed25519 into
  // 64 bytes: a secure element, PSA Crypto. NULL where the lock is given the key's seed.
  int32_t (*sign)(void *context,
                  const uint8_t *signer,
                  const uint8_t *message,
                  size_t length,
                  uint8_t *signature);
  // Says `KW_HOLDS`, `KW_FAILS` or `KW_UNKNOWN_TAG` of an `App` caveat. NULL: none is known.
  int32_t (*check)(void *context, const kw_app *app);
  // Where the journal is: a log of the host's own. Either this or `flash` is NULL.
  const kw_store *store;
  // Where the journal is: a NOR flash, in which the library keeps it.
  const kw_flash *flash;
} kw_host;

// What a start has found.
typedef struct {
  // Of `KW_CLAIMED_INTERRUPTED`: the number of the decision's entry.
  uint64_t interrupted;
  // `KW_UNCLAIMED`, `KW_CLAIMED` or `KW_CLAIMED_INTERRUPTED`.
  uint32_t found;
} kw_restored;

// A challenge that was given and not spent.
typedef struct {
  // When it was given, by `kw_now`'s `uptime`.
  uint64_t issued;
  // `KW_CHANNEL_REMOTE` to `KW_CHANNEL_RANGED`.
  uint32_t channel;
  // The nonce.
  uint8_t nonce[16];
} kw_open_challenge;

// How a link was used.
typedef struct {
  // The lower bound of the time at the first use.
  uint64_t first;
  // The number of uses.
  uint32_t spent;
  // Whether `first` is known: 1 or 0.
  uint8_t has_first;
} kw_uses;

// Which counters of a holder were seen.
typedef struct {
  // The highest.
  uint64_t highest;
  // Bit n: `highest - n` was.
  uint64_t seen;
  // Whether any was: 1 or 0.
  uint8_t is_known;
} kw_window;

// What a presentation is verified against. Nobody looks at the signatures of keyset, card and
// list: the caller vouches for them.
typedef struct {
  // What each callback gets first; it stays the caller's.
  void *context;
  // The domain, 32 bytes.
  const uint8_t *domain;
  // The epoch's emergency key, 32 bytes. NULL where there is none.
  const uint8_t *emergency;
  // The keyset.
  kw_bytes keyset;
  // The lock's card.
  kw_bytes card;
  // The revocation list; its data NULL where there is none.
  kw_bytes list;
  // The challenge of the session. NULL where none is open.
  const kw_open_challenge *challenge;
  // Tells how a link (16 bytes) was used.
  void (*uses)(void *context, const uint8_t *link, kw_uses *uses);
  // Tells which counters of a holder (16 bytes) were seen.
  void (*window)(void *context, const uint8_t *holder, kw_window *window);
  // As `kw_host`'s.
  int32_t (*check)(void *context, const kw_app *app);
  // The epoch.
  uint64_t epoch;
  // The present.
  kw_now now;
} kw_view;

// One use that a request would spend.
typedef struct {
  // Must be kept until then.
  uint64_t keep_until;
  // The first use, from now on.
  uint64_t first;
  // The uses, from now on.
  uint32_t spent;
  // The link.
  uint8_t link[16];
  // Link 0 of its token.
  uint8_t root[16];
  // The token's issuer.
  uint8_t issuer[8];
} kw_counted;

// A request that may be granted, once what it spends is durable.
typedef struct {
  // The earliest that the present can be.
  uint64_t lo;
  // The latest, where `has_hi` is 1.
  uint64_t hi;
  // The counter that it spends, where `has_counter` is 1.
  uint64_t counter;
  // The time that the request names, where `has_counter` is 1. The holder's lane keeps the
  // greatest, and is over once the durable floor is above it by more than 900 (SPEC.md section
  // 14.2).
  uint64_t time;
  // The time that an attester signed, where `has_heard` is 1.
  uint64_t heard;
  // What binds the request.
  uint8_t core[32];
  // Whose key asked.
  uint8_t holder[16];
  // The links, from the issuer's on.
  uint8_t links[KW_MAX_LINKS][16];
  // What the witnesses named as evidence.
  uint8_t evidence[KW_MAX_WITNESSES][16];
  // The uses that it spends.
  kw_counted counted[KW_MAX_LINKS];
  // The issuer.
  uint8_t issuer[8];
  // The longest that the door may stay open, in seconds; 0 for no bound.
  uint32_t relock_within;
  // How many links there are.
  uint8_t links_count;
  // How many witnesses.
  uint8_t evidence_count;
  // How many uses.
  uint8_t counted_count;
  // The right.
  uint8_t right;
  // 1 or 0.
  uint8_t has_hi;
  // 1 or 0.
  uint8_t has_counter;
  // 1 or 0.
  uint8_t has_heard;
  // Of a denial too: whether all signatures held, 1 or 0.
  uint8_t is_evidence;
  // Of a denial: the coarse answer for the wire.
  uint8_t answer[3];
} kw_accepted;

// Done.
#define KW_OK 0

// A pointer is NULL that must not be.
#define KW_NULL 1

// A pointer is not aligned for what it points to.
#define KW_MISALIGNED 2

// A buffer, or a lock's storage, is shorter than the most that can come.
#define KW_SHORT 3

// Two buffers of a call share bytes, or one shares them with the lock.
#define KW_OVERLAPPING 4

// The storage holds no lock: it was never initialised, was ended, or overwritten.
#define KW_UNINITIALISED 5

// The lock is in a call: a callback has called back.
#define KW_REENTERED 6

// The storage holds a lock already.
#define KW_INITIALISED 7

// A number or a length that its place doesn't admit.
#define KW_RANGE 8

// A key that is none, or two that don't belong together.
#define KW_KEY 9

// A callback failed without which it can't go on.
#define KW_CALLBACK 10

// The signature that the host made doesn't hold, or it made none.
#define KW_SIGNATURE 11

// No such session is open.
#define KW_SESSION 12

// All sessions are taken.
#define KW_BUSY 13

// There is nothing (more) of what was asked for.
#define KW_END 14

// The flash is not laid out as the library was built for.
#define KW_LAYOUT 15

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Bytes of a lock's storage in this library: `KW_LOCK_SIZE`, where both sides were built with the
// same capacities.
size_t kw_lock_size(void);

// Writes what an unclaimed lock shows: `KW_MAX_UNCLAIMED` bytes.
kw_status kw_lock_unclaimed(kw_lock *lock, uint8_t *out, size_t size, size_t *length);

// Takes a claim in. `contact` is 1 where the host asserts that the claimant stands at the lock.
kw_status kw_lock_claim(kw_lock *lock,
                        const kw_bundle *bundle,
                        uint8_t contact);

// Writes the answer to a claim, signed by the lock's label key: `KW_MAX_CLAIMED` bytes. `label` is
// that key's public half, printed on the lock; `label_seed` its seed, or NULL where the host
// signs. Both 32 bytes.
kw_status kw_lock_claimed(kw_lock *lock,
                          const uint8_t *label,
                          const uint8_t *label_seed,
                          uint8_t *out,
                          size_t size,
                          size_t *length);

// Takes a keyset, a card or a status that came without a session, by a gateway say; of another
// object the refusal is 600 `Malformed`. `taken` gets `KW_UNCHANGED` to `KW_TIME`. With a session
// a status over its nonce is taken too; 0 is none.
kw_status kw_lock_take(kw_lock *lock,
                       uint32_t session,
                       const uint8_t *statement,
                       size_t statement_length,
                       uint32_t *taken);

// Takes a later epoch in: all epochs from the one behind the lock's on, at most `KW_MAX_EPOCHS`,
// and the keyset of the last.
kw_status kw_lock_take_epochs(kw_lock *lock,
                              const kw_bytes *epochs,
                              size_t count,
                              const uint8_t *keyset,
                              size_t keyset_length,
                              uint32_t *taken);

// Ends this life after `KW_RELEASED`, and begins the next by an identity that the host has drawn
// and keeps already. `out` gets the last receipt, which the old device key signs: a host that
// signs itself keeps both until this returns. The anchor was erased before.
//
// With `KW_SIGNATURE` it is done all the same: `handled` is written, the next life has begun, and
// the last receipt alone is missing, for good. A host that kept the old identity could be claimed
// by what claimed it before. 502 `StoreFailed`: the lock denies all until `kw_lock_reset`.
kw_status kw_lock_release(kw_lock *lock,
                          const kw_identity *next,
                          kw_handled *handled,
                          uint8_t *out,
                          size_t size,
                          size_t *length);

// Ends this life by hand, by the button within the housing, and begins the next by an identity
// that the host has drawn and keeps already. It works whatever the store holds. A host that finds
// the lock unclaimed after a cut draws once more.
kw_status kw_lock_reset(kw_lock *lock,
                        const kw_identity *next);

// Erases a journal, whatever there is of it: before the first start, and where `kw_lock_init`
// finds it damaged and the owner begins anew by hand. Erasing it is no way to forgive a damage:
// uses that were spent could be spent again.
kw_status kw_flash_wipe(const kw_flash *flash);

// Tells what the lock trusts.
kw_status kw_lock_held(kw_lock *lock, kw_held *held);

// Tells the end of `KW_LOG_EVENTS` or `KW_LOG_DENIALS`.
kw_status kw_lock_head(kw_lock *lock, uint32_t log, kw_head *head);

// Writes what the host keeps apart from the store, for the next `kw_lock_restore`: to be kept anew
// when a claim, an epoch or a card was taken in, after it, and erased before a release.
// `size` is at least `KW_MAX_ANCHOR`.
kw_status kw_lock_anchor(kw_lock *lock,
                         uint8_t *out,
                         size_t size,
                         size_t *length);

// Starts to read the logs. With `denials` 1 the denials that were counted are written down before.
kw_status kw_lock_log_begin(kw_lock *lock,
                            uint8_t denials);

// Writes the next entry with its signed receipt, each log from its oldest on: in the clear to the
// session whose `read log` request was granted, for everybody else sealed to the owner's log key.
// `session` is 0 for nobody in particular. `KW_END` behind the last, and where no reading was begun
// in this life since the start; `KW_KEY` where the owner has no log key, or one that is none, and
// the entry is passed over; 501 `Changed` where the log was written anew meanwhile, and is to be
// begun once more. A call that fails otherwise loses no entry: the next one gives it.
kw_status kw_lock_log_next(kw_lock *lock,
                           uint32_t session,
                           uint8_t *out,
                           size_t size,
                           size_t *length);

// Tells the number of entries that are held of both logs, and leaves the reading behind the last.
kw_status kw_lock_log_count(kw_lock *lock,
                            uint32_t *count);

// Makes a lock in `storage`, which holds none: `KW_LOCK_SIZE` bytes, aligned by `KW_LOCK_ALIGN`,
// initialised by anything. The storage is the lock's until `kw_lock_end`, and isn't moved. `host`
// and what it points to is copied, but for the contexts. A flash's journal is opened; the lock
// does nothing before it is restored.
//
// Beside the boundary's: `KW_LAYOUT`, 193 `StateCorrupt` and 502 `StoreFailed` of a flash. No lock
// is there then.
kw_status kw_lock_init(uint8_t *storage,
                       size_t size,
                       const kw_host *host,
                       const kw_identity *identity,
                       kw_lock **lock);

// Reads the store, at each start and before anything else. `anchor` is what the host keeps apart
// of it, by `kw_lock_anchor`, or NULL. The start is durable when it returns; an open door is then
// due to be secured, see `kw_lock_relock_within`.
//
// 502 `StoreFailed` may be tried again. An anchor that is damaged is as good as none.
kw_status kw_lock_restore(kw_lock *lock,
                          const uint8_t *anchor,
                          size_t anchor_length,
                          kw_restored *restored);

// Ends the lock, and zeroes its storage. What is durable stays.
kw_status kw_lock_end(kw_lock *lock);

// The host's tick counter started anew, or stood still in sleep: forgets what rests on it, and
// ends all sessions.
kw_status kw_lock_clock_restarted(kw_lock *lock);

// The host has secured the door, or tried: for the button, the timer, the door's sensor.
// `reported` is `KW_DONE`, `KW_JAMMED` or `KW_UNKNOWN`. It needs no token, and a duty to relock
// ends with `KW_DONE`.
kw_status kw_lock_secured(kw_lock *lock,
                          int32_t reported);

// How long the door may still stay open, in seconds: 0 is now, as after each start and while the
// host's clock fails. `KW_END` where there is no such duty.
kw_status kw_lock_relock_within(kw_lock *lock,
                                uint32_t *seconds);

// Opens a link session over a channel, as the host observes it, and writes its challenge: at most
// `KW_MAX_CHALLENGE` bytes. Sessions have numbers, never 0.
kw_status kw_lock_challenge(kw_lock *lock,
                            uint32_t channel,
                            uint32_t *session,
                            uint8_t *out,
                            size_t size,
                            size_t *length);

// Closes a session: its link is gone.
kw_status kw_lock_close(kw_lock *lock, uint32_t session);

// Takes one message of a session: a presentation, sealed or not, an epoch, a keyset, a card, a
// status. It verifies, commits, has the host act, records and signs: `out` gets the receipt that
// the phone waits for, at most `KW_MAX_RECEIPT` bytes, or none. `message` is opened in place.
//
// The status is a denial's or refusal's number where nothing was done. `handled` is written
// whatever the status is, unless the status is the boundary's own; of `KW_CALLBACK` too, where
// `now` fails and nothing was done, and of `KW_SIGNATURE`, for then the door has moved, and the
// entry waits in the log.
kw_status kw_lock_handle(kw_lock *lock,
                         uint32_t session,
                         uint8_t *message,
                         size_t message_length,
                         kw_handled *handled,
                         uint8_t *out,
                         size_t size,
                         size_t *length);

// Takes a presentation that came without a challenge, sealed or not: a QR code, a gateway's queue.
// All else is as with `kw_lock_handle`.
kw_status kw_lock_handle_unchallenged(kw_lock *lock,
                                      uint8_t *message,
                                      size_t message_length,
                                      kw_handled *handled,
                                      uint8_t *out,
                                      size_t size,
                                      size_t *length);

// Tries once more to record what was acted on, after `KW_UNRECORDED`. `KW_END` where there is
// nothing to record; 502 `StoreFailed` once more, 501 `Changed` where a start has closed it.
// With `KW_SIGNATURE` it is recorded: `handled` is written, and the entry waits in the log.
kw_status kw_lock_record(kw_lock *lock,
                         kw_handled *handled,
                         uint8_t *out,
                         size_t size,
                         size_t *length);

#if defined(KW_VECTORS)
// Opens the session `UINT32_MAX` over a nonce of the caller's choice: for test vectors alone.
kw_status kw_vector_session(kw_lock *lock,
                            const uint8_t *nonce);
#endif

// The status's name, in memory that stays; "Unknown" for a number that is none. Never NULL.
const char *kw_status_name(kw_status status);

// Verifies a presentation. It changes nothing, here or there: what `accepted` says is spent the
// caller makes durable before anything moves. A sealed one is 215 `NotOpened` here.
//
// The status is the denial's number; `accepted` tells `answer` and `is_evidence` of it.
kw_status kw_verify(const kw_view *view,
                    const uint8_t *presentation,
                    size_t presentation_length,
                    kw_accepted *accepted);

#if defined(KW_PANIC_HANDLER)
// The host's: resets the board, and never returns. A lock keeps its promises over a reset at
// any instruction.
extern void kw_panic(void);
#endif

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KEYWARD_H */
