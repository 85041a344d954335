// A maker of TPMs: a CA of its own, which puts an EK certificate into a software TPM, as makers do with chips.

import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createConnection } from "node:net";

// DER (X.690).
const tlv = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts) => tlv(0x30, ...parts);
const oid = (hex) => tlv(0x06, Buffer.from(hex, "hex"));
const integer = (bytes) => tlv(0x02, bytes[0] < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
const text = (value) => tlv(0x0c, Buffer.from(value));
const bits = (unused, bytes) => tlv(0x03, Buffer.from([unused]), bytes);
const attribute = (type, value) => tlv(0x31, sequence(oid(type), text(value)));
const time = (value) => tlv(0x17, Buffer.from(value));
const extension = (type, critical, value) =>
  sequence(oid(type), ...(critical ? [tlv(0x01, Buffer.from([255]))] : []), tlv(0x04, value));

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const VALIDITY = sequence(time("200101000000Z"), time("491231235959Z"));

/** Starts a maker; `pem` is its CA, `equip` puts a certificate into the TPM of a machine. */
export function startMaker(name) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = sequence(attribute("55040a", "Gatehouse tests"), attribute("550403", name));
  const issue = (serial, subject, spki, extensions) => {
    const tbs = sequence(
      ...[tlv(0xa0, integer(Buffer.from([2]))), integer(serial), ECDSA_SHA256, issuer, VALIDITY, subject, spki],
      tlv(0xa3, sequence(...extensions)),
    );
    return sequence(tbs, ECDSA_SHA256, bits(0, sign("sha256", tbs, privateKey)));
  };
  const spki = publicKey.export({ type: "spki", format: "der" });
  const ca = issue(Buffer.from([1]), issuer, spki, [
    extension("551d13", true, sequence(tlv(0x01, Buffer.from([255])))),
    extension("551d0f", true, bits(1, Buffer.from([0x06]))),
  ]);
  const base64 = ca.toString("base64").replace(/.{1,64}/g, "$&\n");
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`,
    fingerprint: createHash("sha256").update(ca).digest("hex"),
    /** Certifies the RSA EK of a machine's TPM, and writes the certificate where TPMs keep it. */
    async equip(machine) {
      const tpm = await openTpm(machine.ours.TCTI.replace("swtpm:path=", ""));
      try {
        const modulus = await tpm.rsaEk();
        const names = [
          attribute("6781050201", "id:00001014"),
          attribute("6781050202", "swtpm"),
          attribute("6781050203", "id:20191023"),
        ];
        const certificate = issue(modulus.subarray(0, 8).map((byte, at) => (at ? byte : byte & 0x7f || 1)), sequence(), rsa(modulus), [
          extension("551d13", true, sequence()),
          extension("551d0f", true, bits(5, Buffer.from([0x20]))),
          extension("551d25", false, sequence(oid("6781050801"))),
          extension("551d11", true, sequence(tlv(0xa4, sequence(...names)))),
        ]);
        await tpm.writeNv(0x01c00002, certificate);
      } finally {
        tpm.close();
      }
    },
  };
}

const rsa = (n) =>
  createPublicKey({ key: { kty: "RSA", n: n.toString("base64url"), e: "AQAB" }, format: "jwk" }).export({
    type: "spki",
    format: "der",
  });

const u16 = (value) => Buffer.from([value >> 8, value & 255]);
const u32 = (value) => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
const sized = (...parts) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([u16(content.length), content]);
};
/** An empty password (TPM 2.0 part 1, section 19.4). */
const PASSWORD = Buffer.concat([u32(9), u32(0x40000009), u16(0), Buffer.from([0]), u16(0)]);
const POLICY_A = Buffer.from("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa", "hex");

/** Commands of TPM 2.0 part 3 over the socket of swtpm. */
async function openTpm(path) {
  const socket = createConnection(path);
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const send = async (tag, code, ...parts) => {
    const body = Buffer.concat(parts);
    socket.write(Buffer.concat([u16(tag), u32(body.length + 10), u32(code), body]));
    let answer = Buffer.alloc(0);
    while (answer.length < 10 || answer.length < answer.readUInt32BE(2)) {
      const chunk = await new Promise((resolve, reject) => socket.once("data", resolve).once("error", reject));
      answer = Buffer.concat([answer, chunk]);
    }
    const result = answer.readUInt32BE(6);
    if (result !== 0) throw new Error(`the TPM refused command ${code.toString(16)}: ${result.toString(16)}`);
    return answer.subarray(10);
  };
  const [ENDORSEMENT, PLATFORM] = [u32(0x4000000b), u32(0x4000000c)];
  return {
    /** The modulus of the RSA-2048 EK of template L-1 (TCG EK Credential Profile). */
    async rsaEk() {
      const template = sized(
        ...[u16(1), u16(0x0b), u32(0x000300b2), sized(POLICY_A), u16(6), u16(128), u16(0x43), u16(0x10), u16(2048)],
        ...[u32(0), sized(Buffer.alloc(256))],
      );
      const made = await send(0x8002, 0x131, ENDORSEMENT, PASSWORD, sized(u16(0), u16(0)), template, u16(0), u32(0));
      await send(0x8001, 0x165, made.subarray(0, 4));
      const unique = 4 + 4 + 2 + 8 + 34 + 6 + 2 + 2 + 4;
      return made.subarray(unique + 2, unique + 258);
    },
    async writeNv(index, bytes) {
      const attributes = 1 + (1 << 16) + (1 << 17) + (1 << 18) + (1 << 25) + (1 << 30);
      const area = sized(u32(index), u16(0x0b), u32(attributes), u16(0), u16(bytes.length));
      await send(0x8002, 0x12a, PLATFORM, PASSWORD, u16(0), area);
      for (let at = 0; at < bytes.length; at += 512) {
        const part = bytes.subarray(at, at + 512);
        await send(0x8002, 0x137, PLATFORM, u32(index), PASSWORD, sized(part), u16(at));
      }
    },
    close: () => socket.end(),
  };
}
