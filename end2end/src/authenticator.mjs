// Chromium's virtual authenticator (Chrome DevTools Protocol, domain WebAuthn).

/** Plugs an authenticator into a page; `keys` are those that another one had. */
export async function addAuthenticator(page, { keys = [], verifiesUser = true } = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verifiesUser,
      automaticPresenceSimulation: true,
    },
  });
  for (const credential of keys) await cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
  return {
    /** What it holds, counters included. */
    async keys() {
      return (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    },
    async remove() {
      await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
    },
  };
}
