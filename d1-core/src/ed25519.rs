//! What keys that sign have in common (Ed25519, RFC 8032), whatever they sign.
//!
//! Each kind of signature has types of its own, so that a key for one thing is none for another.

/// Gives a private and a public key their forms: the private one is never printed, the public
/// one is 64 lower-case hexadecimal digits.
macro_rules! forms {
    ($private:ident, $public:ident, $error:ident) => {
        impl $private {
            /// The key that is made of this seed.
            #[must_use]
            pub fn from_seed(seed: &[u8; 32]) -> Self {
                Self(ed25519_dalek::SigningKey::from_bytes(seed))
            }

            /// What it is made of: the secret itself, to be kept where only its owner reads.
            #[must_use]
            pub fn seed(&self) -> [u8; 32] {
                self.0.to_bytes()
            }

            /// The half that others may know.
            #[must_use]
            pub fn public(&self) -> $public {
                $public(self.0.verifying_key())
            }
        }

        impl $public {
            /// Its 32 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Debug for $private {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($private)).field(&self.public()).finish()
            }
        }

        impl std::fmt::Display for $public {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::ed25519::hex(self.as_bytes()))
            }
        }

        impl std::fmt::Debug for $public {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $public {
            type Err = $error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                let bytes = $crate::ed25519::unhex(s).ok_or($error)?;
                ed25519_dalek::VerifyingKey::from_bytes(&bytes)
                    .map(Self)
                    .map_err(|_not_a_point| $error)
            }
        }

        impl TryFrom<String> for $public {
            type Error = $error;
            fn try_from(s: String) -> Result<Self, Self::Error> {
                s.parse()
            }
        }

        impl From<$public> for String {
            fn from(key: $public) -> Self {
                key.to_string()
            }
        }
    };
}
pub(crate) use forms;

/// Fills `bytes` from the system's randomness.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), String> {
    getrandom::fill(bytes).map_err(|error| error.to_string())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of exactly `N` pairs of lower-case hexadecimal digits.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    bytes_of_hex(text)?.try_into().ok()
}

/// The bytes of pairs of lower-case hexadecimal digits.
pub(crate) fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !text.len().is_multiple_of(2) || !text.bytes().all(is_hex) {
        return None;
    }
    let pair = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}
