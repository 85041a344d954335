//! Test for RSA keys made by the broken generator of old Infineon firmware (ROCA, CVE-2017-15361).
//!
//! Its primes have the form k·M + (65537^a mod M), where M is the product of the first primes. So the modulus is, modulo
//! every small prime, a power of 65537. All 38 odd primes up to 167 divide every M in use; a sound modulus passes
//! all of them with a probability of about 2^-28 (Nemec et al., CCS 2017, section 2.3).

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const GENERATOR: u32 = 65_537;

/// Does the big-endian `modulus` have the shape that the broken generator leaves behind?
#[must_use]
pub fn is_weak(modulus: &[u8]) -> bool {
    !modulus.is_empty()
        && PRIMES.iter().all(|prime| is_power_of_generator(remainder(modulus, *prime), *prime))
}

/// `number` mod `prime`, for primes below 2^16.
fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |sum, byte| ((sum << 8) | u32::from(*byte)) % prime)
}

fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let step = GENERATOR % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == residue {
            return true;
        }
        power = power * step % prime;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 65537^exponent, big-endian: a number of the weak shape without any factoring.
    fn power(exponent: u32) -> Vec<u8> {
        let mut number = vec![1_u8];
        for _ in 0..exponent {
            // Little-endian n·65536 + n.
            let mut next = vec![0, 0];
            next.extend_from_slice(&number);
            let mut carry = 0;
            for (sum, digit) in next.iter_mut().zip(number.iter().chain(&[0, 0])) {
                let total = u16::from(*sum) + u16::from(*digit) + carry;
                *sum = total.to_le_bytes()[0];
                carry = total >> 8;
            }
            if carry != 0 {
                next.push(1);
            }
            number = next;
        }
        number.reverse();
        number
    }

    #[test]
    fn powers_of_the_generator_are_weak() {
        for exponent in [1, 2, 63, 127] {
            assert!(is_weak(&power(exponent)), "{exponent}");
        }
    }

    #[test]
    fn neighbours_of_weak_numbers_and_nothing_are_not() {
        assert!(!is_weak(&[]));
        assert!(!is_weak(&[0]));
        for exponent in [63, 127] {
            let mut number = power(exponent);
            *number.last_mut().unwrap() ^= 2;
            assert!(!is_weak(&number));
        }
    }
}
