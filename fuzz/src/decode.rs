use keyward::{
    Answer, Card, Challenge, Claim, Claimed, Encoded, Epoch, Keyset, Origin, Presentation, Request,
    Status, Token, Unclaimed, WitnessStatement,
    caveat::CaveatSet,
    receipt::{Entry, Receipt},
    recording::Recording,
    seal::Sealed,
    wire::Kind,
};
use keyward_testkit::oracle::{self, receipts, statements};

/// What decodes has one encoding: what is written of it is what came.
pub fn decode(data: &[u8]) {
    let rewritten = [
        Token::decode(data).ok().map(|token| owned(token.encode().as_ref())),
        Origin::decode(data).ok().map(|origin| owned(origin.encode().as_ref())),
        Challenge::decode(data).ok().map(|challenge| owned(challenge.encode().as_ref())),
        Request::decode(data).ok().map(|request| owned(request.encode().as_ref())),
        Answer::decode(data).ok().map(|answer| answer.encode().to_vec()),
        Unclaimed::decode(data).ok().map(|shown| owned(shown.encode().as_ref())),
        // These the crate only reads: the oracle writes them once more.
        Status::decode(data).ok().map(|_| again::<oracle::Status>(data)),
        WitnessStatement::decode(data).ok().map(|_| again::<oracle::Witness>(data)),
        Presentation::decode(data).ok().map(|_| again::<oracle::Presentation>(data)),
        Epoch::decode(data).ok().map(|_| again::<statements::Epoch>(data)),
        Keyset::decode(data).ok().map(|_| again::<statements::Keyset>(data)),
        Card::decode(data).ok().map(|_| again::<statements::Card>(data)),
        Claim::decode(data).ok().map(|_| again::<statements::Claim>(data)),
        Claimed::decode(data).ok().map(|_| again::<statements::Claimed>(data)),
        Receipt::decode(data).ok().map(|_| again::<receipts::Receipt>(data)),
        Entry::decode(data).ok().map(|_| again::<receipts::Entry>(data)),
        Recording::decode(data).ok().map(|_| again::<receipts::Recording>(data)),
        // Whatever is in it has no structure.
        Sealed::decode(data).ok().map(|_| data.to_vec()),
    ];
    let mut kinds = 0;
    for bytes in rewritten.into_iter().flatten() {
        assert_eq!(bytes, data);
        kinds += 1;
    }
    assert!(kinds <= 1, "one string of bytes is {kinds} objects");
}

fn owned<const N: usize, E: core::fmt::Debug>(encoded: Result<&Encoded<N>, E>) -> Vec<u8> {
    encoded.expect("what was read can be written").as_bytes().to_vec()
}

fn again<T: oracle::Object>(bytes: &[u8]) -> Vec<u8> {
    oracle::encode(&oracle::decode::<T>(bytes).expect("the oracle reads it too"))
}

/// The crate's decoders take what the oracle takes, and nothing else.
pub fn decode_vs_postcard(data: &[u8]) {
    for (kind, name) in Kind::ALL {
        let (ours, theirs) = match kind {
            Kind::Token => (Token::decode(data).err(), oracle::decodes_token(data)),
            Kind::Origin => (Origin::decode(data).err(), oracle::decodes_origin(data)),
            Kind::Status => (Status::decode(data).err(), oracle::decodes_status(data)),
            Kind::Challenge => (Challenge::decode(data).err(), oracle::decodes_challenge(data)),
            Kind::Request => (Request::decode(data).err(), oracle::decodes_request(data)),
            Kind::Witness => (WitnessStatement::decode(data).err(), oracle::decodes_witness(data)),
            Kind::Presentation => {
                (Presentation::decode(data).err(), oracle::decodes_presentation(data))
            }
            Kind::Answer => (Answer::decode(data).err(), oracle::decodes_answer(data)),
            Kind::Epoch => (Epoch::decode(data).err(), statements::decodes_epoch(data)),
            Kind::Keyset => (Keyset::decode(data).err(), statements::decodes_keyset(data)),
            Kind::Card => (Card::decode(data).err(), statements::decodes_card(data)),
            Kind::Unclaimed => (Unclaimed::decode(data).err(), statements::decodes_unclaimed(data)),
            Kind::Claim => (Claim::decode(data).err(), statements::decodes_claim(data)),
            Kind::Claimed => (Claimed::decode(data).err(), statements::decodes_claimed(data)),
            Kind::Sealed => (Sealed::decode(data).err(), statements::decodes_sealed(data)),
            Kind::Receipt => (Receipt::decode(data).err(), receipts::decodes_receipt(data)),
            Kind::Entry => (Entry::decode(data).err(), receipts::decodes_entry(data)),
            Kind::Recording => (Recording::decode(data).err(), receipts::decodes_recording(data)),
            other => panic!("{other:?} has no oracle"),
        };
        assert_eq!(ours.is_none(), theirs, "{name}: {ours:?}");
    }
    let ours = CaveatSet::decode(data).err();
    assert_eq!(ours.is_none(), oracle::decodes_caveats(data), "caveats: {ours:?}");
}
