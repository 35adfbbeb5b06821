//! One of each denial and refusal, or more where the answer depends on what it carries.

use keyward::{
    DecodeError, Denial, Refusal, SignatureFault, Time,
    denial::Place,
    id::{Epoch, KeyId, KeysetVersion, Serial},
    replay::CounterFault,
    seal::SealFault,
    token::LinkFault,
};

const KEY: KeyId = KeyId([7; 8]);
const FAULT: SignatureFault = SignatureFault::Mismatch;
const PLACE: Place = Place::Issuer;
const EARLY: Time = Time(100);
const LATE: Time = Time(200);
const LATEST: [Option<Time>; 2] = [None, Some(LATE)];

pub(super) fn denials() -> Vec<Denial> {
    let mut denials = admitted();
    denials.extend(judged());
    denials.extend(timed());
    denials.extend(committed());
    denials.sort_by_key(Denial::code);
    denials
}

fn admitted() -> Vec<Denial> {
    vec![
        Denial::Malformed(DecodeError::Truncated),
        Denial::Unclaimed,
        Denial::NotRestored,
        Denial::StateTooNew,
        Denial::StateCorrupt,
        Denial::StateRolledBack,
        Denial::Releasing,
        Denial::UnknownIssuer(KEY),
        Denial::NotAnIssuer(KEY),
        Denial::IssuerDisabled(KEY),
        Denial::NoChallenge,
        Denial::ChallengeExpired,
        Denial::UnchallengedRefused,
        Denial::UnchallengedRight,
        Denial::SealedOnly,
        Denial::NotOpened(SealFault::NoKey),
        Denial::EmergencyDepth,
        Denial::EmergencyRight,
        Denial::EmergencyUnchallenged,
        Denial::EmergencyCounted,
        Denial::StatusOtherEpoch { held: Epoch(1), got: Epoch(2) },
        Denial::StatusUnknownIssuer(KEY),
        Denial::StatusNotAttested(KEY),
        Denial::StatusNonceUnchallenged,
        Denial::StatusIssuerDisabled(KEY),
        Denial::HolderSignature(FAULT),
        Denial::LinkSignature(LinkFault { link: 0, fault: FAULT }),
        Denial::WitnessSignature { witness: 0, fault: FAULT },
        Denial::StatusSignature(FAULT),
    ]
}

fn judged() -> Vec<Denial> {
    vec![
        Denial::SerialRevoked { serial: Serial(1), floor: Serial(2) },
        Denial::LinkRevoked(0),
        Denial::KeyRevoked(0),
        Denial::WitnessRevoked(0),
        Denial::RightNotGranted(PLACE),
        Denial::OtherTarget(PLACE),
        Denial::Expired { place: PLACE, lo: LATE, until: EARLY },
        Denial::OutsideSchedule(PLACE),
        Denial::ExceptedDate(PLACE),
        Denial::ZoneUnknown(PLACE),
        Denial::ScheduleTimeUnknown(PLACE),
        Denial::UsesSpent { link: 0, spent: 1, limit: 1 },
        Denial::ChannelRefused(PLACE),
        Denial::WitnessMissing { place: PLACE, needed: 1, counted: 0 },
        Denial::WitnessUnchallenged(PLACE),
        Denial::StatusMissing(PLACE),
        Denial::StatusSelfAttested(PLACE),
        Denial::StatusAhead(PLACE),
        Denial::StatusTime { at: EARLY },
        Denial::AppUnchecked { place: PLACE, tag: 1 },
        Denial::AppRefused { place: PLACE, tag: 1 },
        Denial::CounterRefused(CounterFault::Seen),
        Denial::RequestLate { hi: LATE, time: EARLY },
        Denial::RequestExpired { hi: LATE, expires: EARLY },
    ]
}

/// What depends on whether a latest time is known.
fn timed() -> Vec<Denial> {
    let timed = |hi| {
        [
            Denial::TooEarly { place: PLACE, lo: EARLY, hi, from: LATE },
            Denial::TooEarly { place: PLACE, lo: EARLY, hi, from: Time(LATE.0 + 1) },
            Denial::MayHaveExpired { place: PLACE, hi, until: EARLY },
            Denial::FirstUseTooLate { link: 0, hi, by: EARLY },
            Denial::FirstUseOver { link: 0, hi, until: EARLY },
            Denial::StatusStale { place: PLACE, hi, at: EARLY },
            Denial::RequestFromFuture { hi, time: Time(LATE.0 + 1) },
        ]
    };
    LATEST.into_iter().flat_map(timed).collect()
}

fn committed() -> Vec<Denial> {
    vec![
        Denial::TableFull,
        Denial::Changed,
        Denial::StoreFailed,
        Denial::NotReleased,
        Denial::SameLife,
        Denial::TooLate,
        Denial::ReleaseDue,
        Denial::DeviceSignature(FAULT),
    ]
}

pub(super) fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::Malformed(DecodeError::Truncated),
        Refusal::Unclaimed,
        Refusal::AlreadyClaimed,
        Refusal::NotRestored,
        Refusal::StateTooNew,
        Refusal::StateCorrupt,
        Refusal::StateRolledBack,
        Refusal::Releasing,
        Refusal::OtherEpoch { held: Epoch(1), got: Epoch(2) },
        Refusal::OtherEpoch { held: Epoch(2), got: Epoch(1) },
        Refusal::Older,
        Refusal::Fork,
        Refusal::EpochSkipped { held: Epoch(1), got: Epoch(3) },
        Refusal::KeysetAhead { held: KeysetVersion(1), got: KeysetVersion(2) },
        Refusal::TooManyEpochs,
        Refusal::SignatureCount { needed: 2, got: 1 },
        Refusal::UnknownSigner(3),
        Refusal::StatementSignature { signer: 0, fault: FAULT },
        Refusal::NotCommitted,
        Refusal::ColdKeysReused,
        Refusal::UnknownIssuer(KEY),
        Refusal::WrongRole(KEY),
        Refusal::IssuerDisabled(KEY),
        Refusal::TimeOutside { at: EARLY },
        Refusal::KeyInTwoClasses,
        Refusal::EqualKeyIds,
        Refusal::OtherLock,
        Refusal::OtherLife,
        Refusal::OtherDevice,
        Refusal::OtherSealing,
        Refusal::OtherDomain,
        Refusal::ClaimSignature(FAULT),
        Refusal::ClaimUnsigned,
        Refusal::NotInContact,
        Refusal::NotAList,
        Refusal::StoreFailed,
    ]
}
