//! What the lives of one process share: a story as each life of the lock has it, tokens of several
//! links, and cards that admit unchallenged requests. All is signed once.

use chacha20::ChaCha20Rng;
use keyward::{
    Caveats, Epoch, Narrowing, Rights, Seconds, Target, Time, Token, Valid,
    card::{self, CardOrder},
    id::{CardVersion, KeysetVersion, Serial},
    lock::Identity,
};
use rand_core::SeedableRng;

use crate::{
    interleave::{
        cast::{EPOCHS, RESCUERS},
        story::{
            ATTEST, DAY, ENROL, Granted, Grantor, ISSUE, LOCK, Named, REVOKE, Side, Statement,
            Story, What,
        },
    },
    world::{Capability, START, WAY_IN, door, drawn},
};

/// Lives that the lock can be claimed in; one more can begin, and nobody has a claim for it.
pub(super) const LIVES: usize = 3;
/// Ways in which it is claimed.
pub(super) const WAYS: usize = 3;

/// One link of a token.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) id: [u8; 16],
    pub(super) holder: usize,
    pub(super) rights: u8,
    pub(super) valid: Option<(u64, u64)>,
    pub(super) uses: Option<u32>,
    pub(super) max_open: bool,
    pub(super) fresh: Option<u32>,
}

/// A token, in plain values beside its bytes.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) bytes: Vec<u8>,
    pub(super) epoch: u64,
    pub(super) by: Grantor,
    pub(super) serial: u64,
    pub(super) group: bool,
    /// Whether the first link may be handed on.
    pub(super) deep: bool,
    pub(super) links: Vec<Link>,
}

impl Chain {
    /// The holder who presents it.
    pub(super) fn holder(&self) -> usize {
        self.links.last().unwrap().holder
    }
}

/// All but the bytes.
impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch, by, serial, group, links, .. } = self;
        write!(f, "token {serial} of epoch {epoch} by {by:?}, group {group}, {links:?}")
    }
}

/// All that is shared.
pub(super) struct Pool {
    /// The same statements, as each life judges them.
    pub(super) stories: Vec<Story>,
    /// The statements of each epoch.
    pub(super) of_epoch: Vec<Vec<usize>>,
    /// The keyset, list and card that mend each epoch, in each life.
    pub(super) mending: Vec<Vec<[usize; 3]>>,
    /// The cards that admit unchallenged requests.
    pub(super) admitting: Vec<usize>,
    /// The tokens of each epoch; the last of them mends it.
    pub(super) tokens: Vec<Vec<Chain>>,
    /// What the lock is in each life.
    pub(super) identities: Vec<Identity>,
}

impl Pool {
    /// Signs it all; it stays as long as the process.
    pub(super) fn shared() -> &'static Self {
        thread_local!(static POOL: &'static Pool = Box::leak(Box::new(Pool::new(1))));
        POOL.with(|pool| *pool)
    }

    fn new(seed: u64) -> Self {
        let mut stories: Vec<_> = (0..LIVES).map(|_| Story::new(seed)).collect();
        let claim_key = stories[0].door.claim_key.public();
        let mut identities = vec![stories[0].door.identity()];
        let mut rng = ChaCha20Rng::seed_from_u64(!seed ^ 1);
        identities.extend((0..LIVES).map(|_| drawn(&claim_key, &mut rng)));
        let tokens = tokens(&mut stories[0]);
        let (first, rest) = stories.split_first_mut().unwrap();
        let mending: Vec<_> = (0..=EPOCHS).map(|epoch| mending(first, epoch)).collect();
        let plain = first.statements.len();
        let honest = |index: &usize| {
            let card = &first.statements[*index];
            let is_card = matches!(card.what, What::Card { .. });
            is_card && card.side == Side::Honest && card.fault == 0
        };
        let honest: Vec<_> = (0..plain).filter(honest).collect();
        for identity in &identities[..LIVES] {
            for index in &honest {
                let card = admitting(first, *index, identity);
                first.push(card);
            }
        }
        for story in rest {
            story.statements = first.statements.clone();
        }
        for (life, story) in stories.iter_mut().enumerate() {
            for (index, statement) in story.statements.iter_mut().enumerate() {
                let of = index.checked_sub(plain).map_or(0, |behind| behind / honest.len());
                let is_card = matches!(statement.what, What::Card { .. });
                if is_card && of != life && statement.fault != 650 {
                    statement.fault = 651;
                }
            }
            claims(story, &identities[life], plain + life * honest.len());
        }
        let all = &stories[0].statements;
        let of_epoch = |epoch| (0..all.len()).filter(|s| all[*s].epoch == epoch).collect();
        let of_epoch = (0..=EPOCHS as u64).map(of_epoch).collect();
        let admitting = (plain..all.len()).collect();
        let mends = |life: usize| {
            let own = |index| plain + life * honest.len() + honest.binary_search(&index).unwrap();
            mending.iter().map(|[keyset, list, card]| [*keyset, *list, own(*card)]).collect()
        };
        let mending = (0..LIVES).map(mends).collect();
        Self { of_epoch, mending, admitting, tokens, identities, stories }
    }

    /// The key of a clerk, or of an epoch's emergency.
    pub(super) fn issuer(&self, by: Grantor, epoch: u64) -> [u8; 32] {
        let story = &self.stories[0];
        match by {
            Grantor::Clerk(who) => *story.clerks[who].public().as_bytes(),
            Grantor::Emergency => {
                *story.keys[usize::try_from(epoch).unwrap()].emergency.public().as_bytes()
            }
        }
    }
}

/// The keyset, list and card that mend an epoch, as statements like any other.
fn mending(story: &mut Story, epoch: usize) -> [usize; 3] {
    let rescue = &story.rescues[epoch];
    let (version, order, at) = (1000, (1000, 1), rescue.state.at.0);
    let (from, first) = (START.0 - DAY, RESCUERS + 4 * epoch);
    let issuers = [ISSUE, ATTEST, REVOKE, ENROL].into_iter().zip(first..);
    let until = from + u64::from(u32::MAX);
    let issuers = issuers.map(|(roles, who)| Named { who, roles, from, until }).collect();
    let library = rescue.library.clone();
    let parts = [
        (library.keyset, What::Keyset { version, issuers, names_device: false }),
        (
            library.list.unwrap(),
            What::List { by: first + 2, order, entries: vec![], floors: vec![] },
        ),
        (library.cards[&LOCK].clone(), What::Card { by: first + 3, order, grouped: true }),
    ];
    parts.map(|(bytes, what)| {
        let (body, epoch, side) = (story.statements.len(), epoch as u64, Side::Honest);
        story.push(Statement { bytes, body, side, epoch, at, what, fault: 0 })
    })
}

/// A card like another, a little later, that admits unchallenged requests in one life.
fn admitting(story: &Story, like: usize, identity: &Identity) -> Statement {
    let like = &story.statements[like];
    let What::Card { by, order, .. } = like.what else { unreachable!() };
    let order = (order.0, order.1 + 10);
    let key = &story.clerks[by];
    let draft = card::Draft {
        scope: story.scope(like.epoch),
        order: CardOrder { keyset: KeysetVersion(order.0), version: CardVersion(order.1) },
        at: Time(like.at),
        lock: LOCK,
        groups: &[WAY_IN],
        device: identity.device,
        sealing: None,
        sealed_only: false,
        unchallenged: true,
        zone: None,
        nonce: identity.nonce,
    };
    let bytes = draft.by(&key.public()).unwrap().sign(key).unwrap().as_bytes().to_vec();
    let (body, what) = (story.statements.len(), What::Card { by, order, grouped: true });
    Statement { bytes, body, what, ..like.clone() }
}

/// The ways in which a life is claimed, by its own cards, which begin at `first`.
fn claims(story: &mut Story, identity: &Identity, first: usize) {
    let lock = door::fresh::<door::Memory, keyward::lock::Home>(*identity, door::Memory::new());
    let cards = story.statements.len().min(first);
    story.claims.clear();
    for (epoch, listed) in [(0, true), (0, false), (1, true)] {
        let find = |from: usize, wanted: fn(&What) -> bool| {
            let fits = |s: &Statement| s.side == Side::Honest && s.epoch == epoch && s.fault == 0;
            let place = story.statements[from..].iter().position(|s| fits(s) && wanted(&s.what));
            from + place.unwrap()
        };
        let keyset = find(0, |what| matches!(what, What::Keyset { .. }));
        let list = find(0, |what| matches!(what, What::List { .. }));
        let card = find(cards, |what| matches!(what, What::Card { .. }));
        let bytes = &story.epochs[usize::try_from(epoch).unwrap()].0;
        let epoch = Epoch::decode(bytes).unwrap();
        let signed = keyward::Card::decode(&story.statements[card].bytes).unwrap();
        let key = &story.door.claim_key;
        let draft = lock.unclaimed().claim(story.domain, &epoch, &signed, &key.public()).unwrap();
        let claim = draft.sign(key).unwrap().as_bytes().to_vec();
        story.claims.push((claim, [keyset, card], listed.then_some(list)));
    }
}

/// The story's tokens, and those of several links that two clerks grant beside.
fn tokens(story: &mut Story) -> Vec<Vec<Chain>> {
    let mut tokens = vec![Vec::new(); EPOCHS + 1];
    for granted in &story.tokens {
        let Granted { token, link, epoch, by, holder, serial, .. } = granted.clone();
        let link = Link {
            id: link.0,
            holder,
            rights: 1,
            valid: Some((granted.from, granted.until)),
            uses: granted.uses,
            max_open: false,
            fresh: granted.fresh,
        };
        let (links, group) = (vec![link], granted.group);
        let chain = Chain { bytes: token, epoch, by, serial, group, deep: false, links };
        tokens[usize::try_from(epoch).unwrap()].push(chain);
    }
    let long = Some((START.0 - DAY, START.0 + 4000 * DAY));
    let link = |holder, rights, uses| Link {
        id: [0; 16],
        holder,
        rights,
        valid: None,
        uses,
        max_open: false,
        fresh: None,
    };
    for epoch in 0..EPOCHS as u64 {
        let mine = &mut tokens[usize::try_from(epoch).unwrap()];
        for who in [0, 1 + 7 * usize::try_from(epoch).unwrap()] {
            let by = Grantor::Clerk(who);
            let mut root = link(0, 0b11_0011, None);
            (root.valid, root.max_open) = (long, who == 0);
            let root = granted(story, epoch, by, root);
            let counted = Link { uses: Some(6), ..root.links[0].clone() };
            let counted = granted(story, epoch, by, counted);
            for holder in 1..3 {
                let mut fresh = link(holder, 1, Some(1));
                fresh.fresh = Some(900);
                let child = handed_on(story, &root, link(holder, 1, None));
                let short = Link { valid: Some((START.0, START.0 + 60 * DAY)), ..link(0, 1, None) };
                mine.push(handed_on(story, &child, short));
                mine.push(handed_on(story, &root, fresh));
                mine.push(child);
                let child = handed_on(story, &counted, link(holder, 0b11, Some(2)));
                mine.push(handed_on(story, &child, link(0, 1, Some(1))));
                mine.push(handed_on(story, &child, link(3 - holder, 3, Some(1))));
                mine.push(child);
            }
            mine.extend([root, counted]);
        }
    }
    for (epoch, mine) in tokens.iter_mut().enumerate() {
        let rescue = &story.rescues[epoch];
        let (from, by) = (START.0 - DAY, Grantor::Clerk(RESCUERS + 4 * epoch));
        let mut only = link(0, 1, Some(1));
        only.valid = Some((from, from + u64::from(u32::MAX)));
        only.fresh = (epoch == EPOCHS).then_some(60);
        let token = Token::decode(&rescue.held.token).unwrap();
        let serial = token.unverified_serial().0;
        only.id = last_id(&rescue.held);
        let (bytes, links) = (rescue.held.token.clone(), vec![only]);
        let epoch = epoch as u64;
        mine.push(Chain { bytes, epoch, by, serial, group: true, deep: false, links });
    }
    tokens
}

fn granted(story: &Story, epoch: u64, by: Grantor, mut link: Link) -> Chain {
    let Grantor::Clerk(who) = by else { unreachable!() };
    let (from, until) = link.valid.unwrap();
    let valid = Valid { from: Time(from), lasts: Seconds(u32::try_from(until - from).unwrap()) };
    let targets = [Target::Lock(LOCK)];
    let mut grant = Caveats::grant(Rights(link.rights.into()), &targets, valid).unwrap();
    if let Some(uses) = link.uses {
        grant = grant.uses(uses).unwrap();
    }
    if link.max_open {
        grant = grant.max_open(Seconds(60)).unwrap();
    }
    let (key, to) = (&story.clerks[who], story.holders[link.holder].public());
    let serial = 10_000 + u64::from(link.uses.is_some());
    let scope = story.scope(epoch);
    let draft = Token::issue(scope, &key.public(), Serial(serial), &to, 3, &grant).unwrap();
    let bytes = draft.sign(key).unwrap().as_bytes().to_vec();
    link.id = last_id(&Capability { origin: story.origin(by, epoch, epoch), token: bytes.clone() });
    Chain { bytes, epoch, by, serial, group: false, deep: true, links: vec![link] }
}

/// The same token, narrowed by one link more.
fn handed_on(story: &Story, held: &Chain, mut link: Link) -> Chain {
    let origin = story.origin(held.by, held.epoch, held.epoch);
    let capability = Capability { origin, token: held.bytes.clone() };
    let mut caveats: Narrowing = Caveats::narrowing().rights(Rights(link.rights.into())).unwrap();
    if let Some((from, until)) = link.valid {
        let lasts = Seconds(u32::try_from(until - from).unwrap());
        caveats = caveats.valid(Valid { from: Time(from), lasts }).unwrap();
    }
    if let Some(uses) = link.uses {
        caveats = caveats.uses(uses).unwrap();
    }
    if let Some(fresh) = link.fresh {
        caveats = caveats.fresh(Seconds(fresh)).unwrap();
    }
    let to = story.holders[link.holder].public();
    let depth = 3 - u8::try_from(held.links.len()).unwrap();
    let handed = story.holders[held.holder()].delegate(&capability, &to, depth, &caveats);
    link.id = last_id(&handed);
    let links = held.links.iter().cloned().chain([link]).collect();
    Chain { bytes: handed.token, links, ..held.clone() }
}

fn last_id(held: &Capability) -> [u8; 16] {
    let (token, origin) = (Token::decode(&held.token).unwrap(), &held.origin);
    let checked = token.check(&keyward::Origin::decode(origin).unwrap()).unwrap();
    checked.links().last().unwrap().id().0
}
