//! Test for RSA keys made by the broken generator of old Infineon firmware (ROCA, CVE-2017-15361).
//!
//! Its primes have the form k·M + (65537^a mod M), where M is the product of the first primes. So the modulus is, modulo
//! every small prime, a power of 65537. All 38 odd primes up to 167 divide every M in use; a sound modulus passes
//! all of them with a probability of about 2^-28 (Nemec et al., CCS 2017, section 2.3).

/// The first of them tell nearly all sound moduli: 65537 has few powers modulo each.
const PRIMES: [u32; 38] = [
    11, 13, 37, 53, 61, 97, 3, 5, 7, 17, 19, 23, 29, 31, 41, 43, 47, 59, 67, 71, 73, 79, 83, 89, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// How many primes have a product below 2^32 at least, in this order; their remainders take one pass.
const GROUP: usize = 4;

const GENERATOR: u32 = 65_537;

/// Does the big-endian `modulus` have the shape that the broken generator leaves behind?
#[must_use]
pub fn is_weak(modulus: &[u8]) -> bool {
    let weak_modulo_all = |primes: &[u32]| {
        let product = primes.iter().map(|prime| u64::from(*prime)).product();
        let remainder = remainder(modulus, product);
        primes.iter().all(|prime| is_power_of_generator(remainder % u64::from(*prime), *prime))
    };
    !modulus.is_empty() && PRIMES.chunks(GROUP).all(weak_modulo_all)
}

/// `number` mod `product`, for products below 2^32.
fn remainder(number: &[u8], product: u64) -> u64 {
    let (head, words) = number.as_rchunks::<4>();
    let head = head.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    words
        .iter()
        .fold(head % product, |sum, word| ((sum << 32) | u64::from(u32::from_be_bytes(*word))) % product)
}

fn is_power_of_generator(residue: u64, prime: u32) -> bool {
    let step = GENERATOR % prime;
    let mut power = 1;
    for _ in 0..prime {
        if u64::from(power) == residue {
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
    fn every_group_of_primes_fits_and_each_prime_is_there_once() {
        for primes in PRIMES.chunks(GROUP) {
            assert!(primes.iter().map(|prime| u64::from(*prime)).product::<u64>() < 1 << 32);
        }
        let mut sorted = PRIMES;
        sorted.sort_unstable();
        assert!(sorted.is_sorted_by(|one, next| one < next));
        assert_eq!((sorted[0], sorted[37]), (3, 167));
    }

    #[test]
    fn remainders_are_those_of_byte_by_byte_division() {
        let number: Vec<u8> = (0..=255).collect();
        for length in [1, 3, 4, 5, 7, 256] {
            for product in [3, 167, 3_234_846_615] {
                let slow =
                    number[..length].iter().fold(0, |sum, byte| ((sum << 8) | u64::from(*byte)) % product);
                assert_eq!(remainder(&number[..length], product), slow);
            }
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
