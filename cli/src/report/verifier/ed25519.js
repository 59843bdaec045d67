// Bytes, hashes and Ed25519: docs/format.md sections 4 and 5.
//
// Promises the answers of section 4. WebCrypto hashes and checks the equation; what it leaves open (encodings, points of
// small order, keys with a small-order part) is checked here.
"use strict";

const Bytes = (() => {
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const concat = (...parts) => {
    const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

  /** The bytes of canonical, padded base64, or null. */
  function unbase64(text) {
    try {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      return base64(bytes) === text ? bytes : null;
    } catch {
      return null;
    }
  }
  const utf8 = new TextEncoder();
  return { hex, unhex, concat, sha256, base64, unbase64, utf8: (text) => utf8.encode(text) };
})();

const Ed25519 = (() => {
  const { unhex } = Bytes;
  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const mod = (n) => ((n % P) + P) % P;
  const power = (base, exponent) => {
    let result = 1n;
    for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
    return result;
  };
  const inverse = (n) => power(n, P - 2n);
  const D = mod(-121665n * inverse(121666n));
  const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
  const littleEndian = (bytes) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

  const littleEndianBytes = (n) => Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));

  /** The point of its one canonical encoding in extended coordinates, or null. */
  function point(bytes) {
    const encoded = littleEndian(bytes);
    const sign = encoded >> 255n, y = encoded & (2n ** 255n - 1n);
    if (y >= P) return null;
    const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
    let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
    if (mod(v * x * x) !== u) x = mod(x * ROOT_OF_MINUS_ONE);
    if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return null;
    if ((x & 1n) !== sign) x = mod(-x);
    return [x, y, 1n, mod(x * y)];
  }
  function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
    const c = mod(2n * D * t1 * t2), d = mod(2n * z1 * z2);
    const [e, f, g, h] = [b - a, d - c, d + c, b + a];
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }
  function times(scalar, base) {
    let sum = [0n, 1n, 1n, 0n];
    for (let p = base, n = scalar; n > 0n; n >>= 1n, p = add(p, p)) if (n & 1n) sum = add(sum, p);
    return sum;
  }
  const isNeutral = ([x, y, z]) => x === 0n && y === z;

  /** Whether a key may enter the roster: canonical, not of small order, without a small-order part. */
  function admissible(key) {
    const a = point(unhex(key));
    return a !== null && !isNeutral(times(8n, a)) && isNeutral(times(L, a));
  }

  // The y of the points of small order: 0, 1, -1 and the two of order 8.
  const Y8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
  const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

  /** The kind of fault of a signature, or null. */
  async function judged(publicKey, signature, message) {
    const y = littleEndian(signature.slice(0, 32)) & (2n ** 255n - 1n);
    if (littleEndian(signature.slice(32)) >= L || SMALL_ORDER.has(y % P)) return "signature_not_canonical";
    // A second spelling of a point; where it is the spelling of none, the equation does not hold.
    if (y >= P) return point(littleEndianBytes(y % P)) ? "signature_not_canonical" : "signature_invalid";
    return (await crypto.subtle.verify("Ed25519", publicKey, signature, message)) ? null : "signature_invalid";
  }

  async function supported() {
    try {
      await crypto.subtle.importKey("raw", unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), "Ed25519", false, ["verify"]);
      return true;
    } catch {
      return false;
    }
  }

  const imported = new Map();

  /** A key that WebCrypto checks signatures with, by its hexadecimal. */
  async function key(text) {
    if (!imported.has(text)) imported.set(text, await crypto.subtle.importKey("raw", unhex(text), "Ed25519", false, ["verify"]));
    return imported.get(text);
  }

  return { admissible, judged: async (text, signature, message) => judged(await key(text), signature, message), supported };
})();
