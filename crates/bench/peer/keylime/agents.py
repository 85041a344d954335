"""Agents with software TPMs: keys, EK certificates of a CA made here, and credential activation."""

import base64
import dataclasses
import datetime
import hashlib
import hmac

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

KINDS = ("RSA-2048", "P-256")

# TPM_ALG_ID (TPM 2.0 part 2, section 6.3).
RSA, AES, SHA256, NULL, RSASSA, ECDSA, ECC, CFB_MODE = 0x0001, 0x0006, 0x000B, 0x0010, 0x0014, 0x0018, 0x0023, 0x0043
NIST_P256 = 0x0003
# Attributes of the EK templates and of a restricted signing key (part 2, section 8.3).
EK_ATTRIBUTES, AK_ATTRIBUTES = 0x000300B2, 0x00050072
# PolicySecret of the endorsement hierarchy (TCG EK Credential Profile, annex B).
EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
EK_PURPOSE = ObjectIdentifier("2.23.133.8.1")
TPM_NAME = {"2.23.133.2.1": "id:54455354", "2.23.133.2.2": "Soft TPM", "2.23.133.2.3": "id:00010002"}


@dataclasses.dataclass
class Agent:
    ek: object
    ak_name: bytes
    body: dict

    def activate(self, blob):
        """Opens a challenge (part 1, section 24) in the file format of tpm2-tools."""
        if blob[:8] != bytes.fromhex("badcc0de00000001"):
            raise ValueError("the challenge is no credential file")
        id_object, rest = split(blob[8:])
        secret, rest = split(rest)
        mac, encrypted = split(id_object)
        seed = self.seed(secret)
        key = kdfa(seed, b"INTEGRITY", b"", 256)
        if not hmac.compare_digest(hmac.digest(key, encrypted + self.ak_name, "sha256"), mac):
            raise ValueError("the challenge is for another TPM or key")
        cipher = Cipher(algorithms.AES(kdfa(seed, b"STORAGE", self.ak_name, 128)), CFB(bytes(16)))
        return split(cipher.decryptor().update(encrypted))[0]

    def seed(self, secret):
        if isinstance(self.ek, rsa.RSAPrivateKey):
            oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"IDENTITY\0")
            return self.ek.decrypt(secret, oaep)
        x, rest = split(secret)
        y, _ = split(rest)
        peer = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
        own = number(self.ek.public_key().public_numbers().x, 32)
        z = self.ek.exchange(ec.ECDH(), peer)
        return hashlib.sha256(word(1, 4) + z + b"IDENTITY\0" + x + own).digest()


def make(kind, count):
    """Agents with EKs of their own and eight AKs between them: the registrar compares neither between agents."""
    new_key = {
        "RSA-2048": lambda: rsa.generate_private_key(65537, 2048),
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    }[kind]
    ca = ec.generate_private_key(ec.SECP256R1())
    aks = [signing_area(new_key()) for _ in range(8)]
    agents = []
    for place in range(count):
        ek, ak = new_key(), aks[place % len(aks)]
        text = lambda data: base64.b64encode(data).decode()
        body = {
            "ek_tpm": text(sized(storage_area(ek))),
            "ekcert": text(certificate(ek, ca, place)),
            "aik_tpm": text(sized(ak)),
            "ip": "127.0.0.1",
            "port": 9002,
            "mtls_cert": "disabled",
        }
        agents.append(Agent(ek, word(SHA256, 2) + hashlib.sha256(ak).digest(), body))
    return agents


def certificate(ek, ca, place):
    """As TPM makers issue them."""
    now = datetime.datetime(2026, 1, 1)
    is_rsa = isinstance(ek, rsa.RSAPrivateKey)
    usage = x509.KeyUsage(False, False, is_rsa, False, not is_rsa, False, False, False, False)
    attributes = [
        x509.RelativeDistinguishedName([x509.NameAttribute(ObjectIdentifier(oid), value)])
        for oid, value in TPM_NAME.items()
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Soft TPM Root CA")]))
        .public_key(ek.public_key())
        .serial_number(place + 1)
        .not_valid_before(now)
        .not_valid_after(now.replace(year=2046))
        .add_extension(x509.SubjectAlternativeName([x509.DirectoryName(x509.Name(attributes))]), True)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(usage, True)
        .add_extension(x509.ExtendedKeyUsage([EK_PURPOSE]), False)
    )
    return builder.sign(ca, hashes.SHA256()).public_bytes(Encoding.DER)


def storage_area(key):
    """TPMT_PUBLIC of an EK (part 2, section 12.2.4)."""
    symmetric = word(AES, 2) + word(128, 2) + word(CFB_MODE, 2)
    return public_area(key, EK_ATTRIBUTES, EK_POLICY, symmetric, word(NULL, 2))


def signing_area(key):
    """TPMT_PUBLIC of an AK."""
    scheme = RSASSA if isinstance(key, rsa.RSAPrivateKey) else ECDSA
    return public_area(key, AK_ATTRIBUTES, b"", word(NULL, 2), word(scheme, 2) + word(SHA256, 2))


def public_area(key, attributes, policy, symmetric, scheme):
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        kind, parameters, unique = RSA, word(2048, 2) + word(0, 4), sized(number(numbers.n, 256))
    else:
        kind, parameters = ECC, word(NIST_P256, 2) + word(NULL, 2)
        unique = sized(number(numbers.x, 32)) + sized(number(numbers.y, 32))
    head = word(kind, 2) + word(SHA256, 2) + word(attributes, 4) + sized(policy)
    return head + symmetric + scheme + parameters + unique


def kdfa(key, label, context, bits):
    """KDFa (part 1, section 11.4.10.2) for at most one block of SHA-256."""
    return hmac.digest(key, word(1, 4) + label + b"\0" + context + word(bits, 4), "sha256")[: bits // 8]


def word(value, length):
    return value.to_bytes(length, "big")


number = word


def sized(data):
    return word(len(data), 2) + data


def split(data):
    """Takes a TPM2B off the front."""
    end = 2 + int.from_bytes(data[:2], "big")
    return data[2:end], data[end:]
