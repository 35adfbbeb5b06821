//! What denies a request that was verified, and what ends or changes a lock's life: 500 to 507
//! (SPEC.md sections 14, 18.2 and 24.6).

use super::Reason;

/// Commit, act, record; release and change of key.
pub(super) const COMMIT: &[Reason] = &[
    Reason {
        code: 500,
        name: "TableFull",
        section: "14.4",
        means: "The lock has no room to count another link, or to remember another holder who asks \
            without a challenge. Or the token's first link or its issuer has its share of the room \
            already.",
        todo: "Tokens that count nothing still open at the door. Room comes when the lock learns \
            that counted tokens have ended: bring it a new status (`keyward status`) or list \
            (`keyward lock sync`), for its own clock frees none.",
    },
    Reason {
        code: 501,
        name: "Changed",
        section: "14.1",
        means: "Something came between the lock's verdict on the request and what was to follow: \
            another request, a start, a new epoch, or the door being secured. To be sure, the lock \
            did nothing more for it.",
        todo: "Take a new challenge and present again; whoever was reading the log begins anew. If \
            it comes often, the lock's host mixes up what belongs to different requests: tell its \
            maker.",
    },
    Reason {
        code: 502,
        name: "StoreFailed",
        section: "14.4",
        means: "The lock couldn't make durable what it was about to do, so it didn't do it. If it \
            was only the outcome that couldn't be recorded, the bolt has been moved.",
        todo: "Try again. If it fails again, the store is full, worn out or broken: have it \
            replaced. Meanwhile an emergency token opens, if the lock's host keeps an anchor.",
    },
    Reason {
        code: 503,
        name: "NotReleased",
        section: "18.2",
        means: "The lock was to be given up, and what was done was no release, or the bolt didn't \
            report that the door is secured. The lock still belongs to its owner, and the attempt \
            is in its log.",
        todo: "See why the bolt didn't move, secure the door (`keyward lock secure`), and release \
            the lock again (`keyward lock release`).",
    },
    Reason {
        code: 504,
        name: "SameLife",
        section: "18.2",
        means: "A release, a reset or a change of the device key was to begin with new secrets, \
            and one of them is the old one.",
        todo: "Let the host draw device key, claim nonce and device secret anew, then repeat the \
            step. If they come out the same again, its random generator is broken: don't use the \
            lock.",
    },
    Reason {
        code: 505,
        name: "TooLate",
        section: "14.1",
        means: "More than 20 seconds passed between the lock's verdict on the request and its \
            grant, or the lock can't tell how many. No use was spent.",
        todo: "Take a new challenge and present again. If it comes again, the lock's host or its \
            store is too slow, or its ticks go back: tell its maker.",
    },
    Reason {
        code: 506,
        name: "ReleaseDue",
        section: "15",
        means: "The lock was given up and the door is secured, and its host tried to record that \
            like any other opening. A release ends with the erasing of the lock's memory instead.",
        todo: "This is for the lock's maker: the act goes to `Lock::release`, not to \
            `Lock::record`. At its next start the lock says 195 Releasing: then secure the door \
            and reset it by hand.",
    },
    Reason {
        code: 507,
        name: "DeviceSignature",
        section: "24.6",
        means: "The lock was to change its device key, and the old key or the new one hasn't \
            signed this change for this place of the log. The old key is still in force.",
        todo: "Draft the change again and have both keys sign it at once: an entry that comes \
            between makes the signatures worthless.",
    },
];
