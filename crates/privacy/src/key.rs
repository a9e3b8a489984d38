//! One key: AES-SIV (RFC 5297), which seals the same text to the same ciphertext and notices any change of it.

use std::fmt;

use aes_siv::KeyInit;
use aes_siv::siv::Aes128Siv;
use data_encoding::BASE64URL_NOPAD;
use model::{Personal, Place, Sealed};

use crate::owner::Owner;
use crate::ring::Unopened;

/// How long a key is: half of it authenticates, half of it encrypts.
pub const KEY_BYTES: usize = 32;

/// A key and whose it is.
pub struct Key {
    owner: Owner,
    generation: u32,
    bytes: [u8; KEY_BYTES],
}

impl Key {
    /// The `generation`th key of `owner`.
    #[must_use]
    pub const fn new(owner: Owner, generation: u32, bytes: [u8; KEY_BYTES]) -> Self {
        Self { owner, generation, bytes }
    }

    /// Which of its owner's keys it is, from 1.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The bytes, to be written down.
    pub(crate) const fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Seals what of a place is about a person. What is sealed already stays as it is.
    pub fn seal(&self, place: &mut Place) {
        for (field, text) in place.personal_mut() {
            if let Some(Personal::Clear(clear)) = text {
                *text = Some(self.seal_text(field, clear));
            }
        }
    }

    /// Seals one text. The field is part of what is sealed: a street put in the place of a name does not open.
    #[must_use]
    #[expect(clippy::expect_used, reason = "sealing fails for more than 126 associated texts, and there is one")]
    pub fn seal_text(&self, field: &str, clear: &str) -> Personal {
        let sealed = self.cipher().encrypt([field.as_bytes()], clear.as_bytes()).expect("one associated text");
        Sealed::new(self.owner.as_str(), self.generation, &BASE64URL_NOPAD.encode(&sealed)).into()
    }

    /// Opens one text.
    ///
    /// # Errors
    /// [`Unopened::Gone`] when another key sealed it, [`Unopened::Damaged`] when it is not as it was sealed.
    pub fn open_text(&self, field: &str, sealed: &Sealed) -> Result<Personal, Unopened> {
        if (sealed.owner(), sealed.generation()) != (self.owner.as_str(), self.generation) {
            return Err(Unopened::gone(sealed));
        }
        let damaged = || Unopened::damaged(sealed);
        let ciphertext = BASE64URL_NOPAD.decode(sealed.ciphertext().as_bytes()).map_err(|_| damaged())?;
        let opened = self.cipher().decrypt([field.as_bytes()], &ciphertext).map_err(|_| damaged())?;
        String::from_utf8(opened).map(Personal::clear).map_err(|_| damaged())
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new(&self.bytes.into())
    }
}

/// Without the bytes.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} of {}", self.generation, self.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::CustomerId;
    use proptest::prelude::*;

    fn key(customer: &str, generation: u32, byte: u8) -> Key {
        Key::new(Owner::customer(&CustomerId::new(customer).unwrap()), generation, [byte; KEY_BYTES])
    }

    fn sealed(personal: &Personal) -> &Sealed {
        personal.as_sealed().unwrap()
    }

    /// The text as an entry holds it and back.
    fn stored(personal: &Personal) -> Personal {
        serde_json::from_str(&serde_json::to_string(personal).unwrap()).unwrap()
    }

    fn is_damaged(opened: &Result<Personal, Unopened>) -> bool {
        matches!(opened, Err(Unopened::Damaged { .. }))
    }

    fn is_gone(opened: &Result<Personal, Unopened>) -> bool {
        matches!(opened, Err(Unopened::Gone { .. }))
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_its_key_and_is_the_same_each_time(text in "\\PC{0,60}", byte: u8) {
            let own = key("C 1", 1, byte);
            let once = own.seal_text("name", &text);
            prop_assert_eq!(&once, &own.seal_text("name", &text));
            prop_assert_eq!(stored(&once), once.clone());
            prop_assert_eq!(own.open_text("name", sealed(&once)).unwrap(), Personal::clear(text));
        }

        #[test]
        fn two_texts_are_two_ciphertexts(one in "\\PC{0,30}", other in "\\PC{0,30}") {
            let own = key("C1", 1, 7);
            prop_assert_eq!(one == other, own.seal_text("name", &one) == own.seal_text("name", &other));
        }

        #[test]
        fn no_other_key_opens_it(text in "\\PC{0,60}", byte in 1..=u8::MAX) {
            let once = key("C1", 1, 0).seal_text("name", &text);
            prop_assert!(is_damaged(&key("C1", 1, byte).open_text("name", sealed(&once))));
            prop_assert!(is_gone(&key("C1", 2, 0).open_text("name", sealed(&once))));
            prop_assert!(is_gone(&key("C2", 1, 0).open_text("name", sealed(&once))));
        }

        #[test]
        fn a_changed_ciphertext_does_not_open(text in "\\PC{0,60}", place: prop::sample::Index, bit in 0..8_u8) {
            let own = key("C1", 1, 3);
            let once = own.seal_text("name", &text);
            let mut bytes = BASE64URL_NOPAD.decode(sealed(&once).ciphertext().as_bytes()).unwrap();
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let changed = Sealed::new(sealed(&once).owner(), 1, &BASE64URL_NOPAD.encode(&bytes));
            prop_assert!(is_damaged(&own.open_text("name", &changed)));
            prop_assert!(is_damaged(&own.open_text("street", sealed(&once))));
        }

        #[test]
        fn what_a_partner_passes_off_as_sealed_is_sealed_like_any_text(text in "\\PC{0,40}") {
            let own = key("C1", 1, 3);
            let spoof = String::from(own.seal_text("name", &text));
            let mut place = Place { name: Some(Personal::clear(spoof.as_str())), ..Place::default() };
            own.seal(&mut place);
            let told = stored(place.name.as_ref().unwrap());
            prop_assert_eq!(own.open_text("name", sealed(&told)).unwrap(), Personal::clear(spoof));
        }
    }

    #[test]
    fn of_a_place_what_is_about_a_person_is_sealed_once_and_the_rest_stays() {
        let (own, text) = (key("C1", 1, 9), |text: &str| Some(Personal::clear(text)));
        let city = Some("Berlin".to_owned());
        let mut place =
            Place { name: text("Ada"), street: text("Ring 1"), postal_code: text("10115"), city, ..Place::default() };
        own.seal(&mut place);
        assert_eq!(place.city.as_deref(), Some("Berlin"));
        assert!(place.personal().count() == 3 && place.personal().all(|(_, text)| text.as_sealed().is_some()));
        let again = place.clone();
        own.seal(&mut place);
        assert_eq!(place, again);
    }

    #[test]
    fn a_key_is_shown_without_its_bytes() {
        assert_eq!(format!("{:?}", key("C1", 2, 255)), "key 2 of customer.C1");
    }

    #[test]
    fn sealing_is_that_of_rfc_5297() {
        // The example of its appendix A.1.
        let key: [u8; KEY_BYTES] =
            hex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").try_into().unwrap();
        let associated = hex("101112131415161718191a1b1c1d1e1f2021222324252627");
        let sealed = Aes128Siv::new(&key.into()).encrypt([&associated], &hex("112233445566778899aabbccddee")).unwrap();
        assert_eq!(sealed, hex("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"));
    }

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }
}
