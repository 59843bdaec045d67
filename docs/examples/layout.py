"""The bytes of an entry line, from docs/format.md: canonical JSON, signatures, hashes, shapes. No library needed."""
import hashlib, json, re
from datetime import datetime

MAX_LINE, MAX_DEPTH, MAX_INT, ZERO = 16384, 16, 2**53 - 1, "0" * 64


class Fault(Exception):
    pass


def need(kind, true, detail=""):
    if not true:
        raise Fault(kind, detail)


# Canonical JSON (section 2)
def canon(v, depth=1):
    need("limit_exceeded", depth <= MAX_DEPTH or not isinstance(v, (dict, list)), "too deep")
    if isinstance(v, str):
        short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
        return '"' + "".join(short.get(c) or (c if c >= " " else "\\u%04x" % ord(c)) for c in v) + '"'
    if isinstance(v, list):
        return "[" + ",".join(canon(x, depth + 1) for x in v) + "]"
    if isinstance(v, dict):
        names = sorted(v, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canon(name) + ":" + canon(v[name], depth + 1) for name in names) + "}"
    need("not_canonical", v is None or isinstance(v, bool) or (isinstance(v, int) and abs(v) <= MAX_INT), "number")
    return {None: "null", True: "true", False: "false"}[v] if v is None or isinstance(v, bool) else str(v)


def parse(line):
    def members(pairs):
        need("not_canonical", len(dict(pairs)) == len(pairs), "duplicate name")
        return dict(pairs)
    try:
        value = json.loads(line.decode(), object_pairs_hook=members)
        need("not_canonical", canon(value).encode() == line, "another spelling")
        return value
    except RecursionError:
        raise Fault("limit_exceeded", "too deep")
    except ValueError as error:  # also bad UTF-8, lone surrogates, numbers without end
        raise Fault("not_canonical", str(error))


# Ed25519 (RFC 8032 section 5.1), with the conditions of section 4
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def mul(n, p):
    q = NEUTRAL
    for bit in bin(n)[2:]:
        q = add(q, q)
        q = add(q, p) if bit == "1" else q
    return q


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point(data):
    """The point of a canonical encoding, else None."""
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    if y >= P or x * x % P != xx or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


B = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def admitted(key):
    a = point(bytes.fromhex(key))
    return a is not None and not same(mul(8, a), NEUTRAL) and same(mul(L, a), NEUTRAL)


def check_signature(key, message, sig):
    r, s, a = point(sig[:32]), int.from_bytes(sig[32:], "little"), point(bytes.fromhex(key))
    need("signature_not_canonical", s < L and r and not same(mul(8, r), NEUTRAL), key)
    k = int.from_bytes(hashlib.sha512(sig[:32] + bytes.fromhex(key) + message).digest(), "little") % L
    need("signature_invalid", a and same(mul(s, B), add(r, mul(k, a))), key)


# Shapes (sections 1, 3, 4)
def matches(pattern):
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None


def text(v):
    bad = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    return isinstance(v, str) and 1 <= len(v) <= 500 and v.strip() != "" and not re.search(bad, v)


def time(v):
    try:
        return bool(matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z")(v) and datetime.fromisoformat(v[:-1]))
    except ValueError:
        return False


def shape(v, required, optional={}):
    members = {**required, **optional}
    return isinstance(v, dict) and set(required) <= set(v) <= set(members) and all(members[m](v[m]) for m in v)


def whole(v):
    return isinstance(v, int) and not isinstance(v, bool) and v >= 0


def some(item):
    return lambda v: isinstance(v, (list, dict)) and len(v) > 0 and all(map(item, v))


ROLES = """sponsor investigator coordinator pharmacist radiation_therapist physicist radiologist data_manager monitor
    safety_committee""".split()
MEANINGS = "authorship review approval responsibility witness".split()
hash32, name = matches("[0-9a-f]{64}"), matches("[A-Za-z0-9._:-]{1,64}")
PERSON = {"name": text, "organisation": text, "role": lambda v: v in ROLES}
SIGNER = {"key": hash32, "meaning": lambda v: v in MEANINGS, **PERSON}
is_signer = lambda v: shape(v, SIGNER, {"site": name})
SIGNATURE = {"alg": lambda v: v == "ed25519", "key": hash32, "sig": lambda v: isinstance(v, str)}
BODY = {"v": lambda v: v == 1 and whole(v), "ledger": hash32, "seq": whole, "prev": hash32, "recorded_at": time,
        "signer": is_signer, "event": lambda v: isinstance(v, dict)}
SEALED = lambda v: isinstance(v, dict) and some(name)(v) and all(map(hash32, v.values()))
MORE = {"countersigners": lambda v: isinstance(v, list) and some(is_signer)(v), "reason": text, "sealed": SEALED}
LINE = {"body": lambda v: shape(v, BODY, MORE),
        "signatures": lambda v: isinstance(v, list) and all(shape(s, SIGNATURE) for s in v)}


# Hashes (section 5)
def leaf_hash(line):
    return hashlib.sha256(b"\0" + line).hexdigest()


def root(leaves):
    """RFC 6962 section 2.1 over leaf hashes (section 5)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()
