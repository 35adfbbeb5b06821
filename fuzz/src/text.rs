use keyward::{
    PublicKey, SigningKey, role,
    text::{self, MAX_TEXT, TextError},
};

/// A text that is read has one form, and so has every object.
pub fn text(data: &[u8]) {
    let (mut bytes, mut again) = ([0; MAX_TEXT], [0; MAX_TEXT]);
    if let Ok(text) = str::from_utf8(data) {
        if let Ok(object) = text::decode(text, &mut bytes) {
            // A text may carry bytes that are too many for any object; only those don't fit.
            match text::encode(object, &mut again) {
                Ok(rewritten) => assert_eq!(rewritten, text),
                Err(error) => assert!(error == TextError::BufferTooSmall && text.len() > MAX_TEXT),
            }
        }
        secret::<role::Holder>(text);
        secret::<role::Issuer>(text);
        public::<role::Holder>(text);
        public::<role::Issuer>(text);
        if let Ok(key) = text::decode_sealing(text) {
            assert_eq!(text::encode_sealing(&key, &mut again), Ok(text));
        }
    }
    if let Ok(text) = text::encode(data, &mut again) {
        assert_eq!(text::decode(text, &mut bytes), Ok(data));
    }
}

fn public<R: role::Role>(text: &str) {
    let mut again = [0; 128];
    if let Ok(key) = text::decode_public::<R>(text) {
        let key: PublicKey<R> = key;
        assert_eq!(text::encode_public(&key, &mut again), Ok(text));
        assert_eq!(PublicKey::from_bytes(key.as_bytes()), Ok(key));
    }
}

fn secret<R: role::Role>(text: &str) {
    let mut again = [0; 128];
    if let Ok(key) = text::decode_secret::<R>(text) {
        let key: SigningKey<R> = key;
        assert_eq!(text::encode_secret(&key, &mut again), Ok(text));
    }
}
